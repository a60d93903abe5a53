//! `kaika certificate`: what the authority itself does to certificates.

use super::Place;
use crate::output;
use anyhow::Result;
use clap::{Args, Subcommand};
use kaika_app::certificates::{Which, change_status_by_authority};
use kaika_wire::{
    CardNumber, CertificateStatus, ResumeReason, RevokeReason, SerialNumber, StatusChange, StatusChangeKind,
    SuspendReason,
};
use serde_json::json;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Work {
    /// Suspend (停用): a hold of the authority, which its holder cannot lift
    #[command(after_help = "Example:\n  kaika certificate suspend --card GC00000000000017 --reason lost")]
    Suspend {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        which: Named,
        /// lost, not_in_use, other
        #[arg(long)]
        reason: SuspendReason,
    },
    /// Resume (復用): lifts the authority's own hold, and no other
    #[command(after_help = "Example:\n  kaika certificate resume --card GC00000000000017 --reason found")]
    Resume {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        which: Named,
        /// found, other
        #[arg(long)]
        reason: ResumeReason,
    },
    /// Revoke (廢止): for good
    #[command(after_help = "Example:\n  \
        kaika certificate revoke --serial 4f3a9c0d5b7e816243a1f09c8d7e6b51 --reason key_compromise")]
    Revoke {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        which: Named,
        /// lost, key_compromise, affiliation_changed, superseded, ceased, other
        #[arg(long)]
        reason: RevokeReason,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct Named {
    /// All certificates of this card, in whatever state it is
    #[arg(long, value_name = "NUMBER")]
    card: Option<CardNumber>,
    /// One certificate, by its serial number in hexadecimal
    #[arg(long, value_name = "HEX")]
    serial: Option<SerialNumber>,
}

pub(super) async fn run(work: Work) -> Result<ExitCode> {
    let (place, named, change) = match work {
        Work::Suspend { place, which, reason } => (place, which, StatusChange::Suspend(reason)),
        Work::Resume { place, which, reason } => (place, which, StatusChange::Resume(reason)),
        Work::Revoke { place, which, reason } => (place, which, StatusChange::Revoke(reason)),
    };
    let which = match named {
        Named { card: Some(number), .. } => Which::Card(number),
        Named { serial: Some(serial), .. } => Which::Serial(serial),
        Named { card: None, serial: None } => unreachable!("the command line asks for one of them"),
    };
    let installation = place.open().await?;
    let done = change_status_by_authority(&installation.app, &which, change, &place.operator.actor()).await?;
    if place.json {
        output::print_json(&json!({
            "change": change.kind(),
            "reason": change.reason(),
            "card": done.card,
            "certificates": done.certificates,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(number) = &done.card {
        kaika_say::say!("Card {number}:");
    }
    for certificate in &done.certificates {
        kaika_say::say!("{} {} {}", certificate.serial, certificate.role.as_str(), word(certificate.status));
    }
    let others = done.certificates.iter().any(|certificate| certificate.status == CertificateStatus::Suspended);
    if change.kind() == StatusChangeKind::Resume && others {
        kaika_say::say!("What is still suspended is held by its holder or a counter, and only they lift that.");
    }
    Ok(ExitCode::SUCCESS)
}

fn word(status: CertificateStatus) -> &'static str {
    match status {
        CertificateStatus::Held => "held",
        CertificateStatus::Valid => "valid",
        CertificateStatus::Suspended => "suspended",
        CertificateStatus::Revoked => "revoked",
        CertificateStatus::Expired => "expired",
    }
}
