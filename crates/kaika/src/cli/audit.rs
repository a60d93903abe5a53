//! `kaika audit`: is the log what was once written, and is the database what it tells of?

use super::Place;
use crate::{
    installation::{Places, Schema},
    output,
};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use kaika_app::{
    audit::{Anchor, AuditFinding, verify_audit},
    cards::{RecordFinding, verify_records},
};
use kaika_vault::{AuditKey, AuditPublicKey, read_anchors, read_passphrase};
use serde::Serialize;
use std::{
    fmt,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Subcommand)]
pub(super) enum Work {
    /// Go through the whole log, and hold the database's rows against it: what was altered, is missing, cut off or undone
    /// is found
    Verify(Verify),
}

#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    place: Place,
    /// Anchors of another server, or a copy that was kept elsewhere; compared with those of this one (repeatable)
    #[arg(long = "anchors", value_name = "FILE")]
    anchors: Vec<PathBuf>,
    /// A copy of audit.pub that was kept elsewhere: it goes before the one that lies beside the keys
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    events: u64,
    anchors: u64,
    certificates: u64,
    cards: u64,
    public_key: Checked,
    findings: Vec<Finding>,
    /// Findings beyond those.
    unlisted: u64,
}

/// Against what the public key was checked that checks the anchors.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Checked {
    /// The one that was given.
    Given,
    /// The sealed key, which the passphrase has opened.
    Sealed,
    /// Nothing: it is what lies in `audit.pub`.
    Unchecked,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Finding {
    File(FileFinding),
    Audit(AuditFinding),
    Record(RecordFinding),
}

#[derive(Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
enum FileFinding {
    PublicKey { file: PathBuf },
    Anchor { file: PathBuf, line: usize },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(FileFinding::PublicKey { file }) => {
                let file = file.display();
                write!(f, "{file} is not the authority's: it was replaced, and anchors may have been signed anew")
            }
            Self::File(FileFinding::Anchor { file, line }) => {
                write!(f, "line {line} of {} is not what was signed", file.display())
            }
            Self::Audit(finding) => finding.fmt(f),
            Self::Record(finding) => finding.fmt(f),
        }
    }
}

pub(super) async fn run(work: Work) -> Result<ExitCode> {
    let Work::Verify(Verify { place, anchors, public_key }) = work;
    let places = place.places()?;
    let mut findings = Vec::new();
    let (key, checked) = trusted_key(&places, public_key.as_deref(), &mut findings)?;
    let anchors = gather_anchors(&places, &anchors, &key, &mut findings)?;
    let store = places.open_store(Schema::Check).await?;
    let audit = verify_audit(store.as_ref(), &anchors).await?;
    let records = verify_records(store.as_ref(), audit.events).await?;
    store.close().await;
    let mut findings: Vec<Finding> = findings.into_iter().map(Finding::File).collect();
    findings.extend(audit.findings.into_iter().map(Finding::Audit));
    findings.extend(records.findings.into_iter().map(Finding::Record));
    let report = Report {
        events: audit.events,
        anchors: audit.anchors,
        certificates: records.certificates,
        cards: records.cards,
        public_key: checked,
        findings,
        unlisted: audit.unlisted + records.unlisted,
    };
    for finding in &report.findings {
        kaika_say::complain!("{finding}");
    }
    if report.unlisted > 0 {
        kaika_say::complain!("and {} more", report.unlisted);
    }
    let is_whole = report.findings.is_empty();
    if place.json {
        output::print_json(&report);
    } else if is_whole {
        let Report { events, anchors, certificates, cards, .. } = report;
        kaika_say::say!("{events} events and {anchors} anchors: the audit log is whole.");
        kaika_say::say!("{certificates} certificates and {cards} cards are what it tells of.");
        if checked == Checked::Unchecked {
            kaika_say::say!(
                "The key in audit.pub was checked against nothing: keep a copy of it elsewhere, and give that by --public-key."
            );
        }
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The public key to go by. Of what is at hand, the one that was given goes first, then the sealed one; `audit.pub` itself
/// can be replaced by whoever writes the folder.
fn trusted_key(
    places: &Places,
    given: Option<&Path>,
    findings: &mut Vec<FileFinding>,
) -> Result<(AuditPublicKey, Checked)> {
    let unreadable = "the audit log's public key cannot be read";
    let given = given.map(AuditPublicKey::read_file).transpose().context(unreadable)?;
    let sealed = match read_passphrase(&places.passphrase_file) {
        Ok(passphrase) => Some(AuditKey::open(&places.secrets, &passphrase).context("the audit log's key")?),
        // It is kept elsewhere, or from whoever checks.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => None,
        Err(error) => return Err(error).context("the passphrase cannot be read"),
    };
    let beside = places.secrets.join("audit.pub");
    let (key, checked) = match (&given, &sealed) {
        (Some(given), _) => (given.clone(), Checked::Given),
        (None, Some(sealed)) => (sealed.public().clone(), Checked::Sealed),
        (None, None) => (AuditPublicKey::read_file(&beside).context(unreadable)?, Checked::Unchecked),
    };
    if sealed.is_some_and(|sealed| *sealed.public() != key) {
        findings.push(FileFinding::PublicKey { file: places.secrets.join("audit.key") });
    }
    if beside.exists() && AuditPublicKey::read_file(&beside).ok().as_ref() != Some(&key) {
        findings.push(FileFinding::PublicKey { file: beside });
    }
    Ok((key, checked))
}

/// The configured file need not be there, others have to.
fn gather_anchors(
    places: &Places,
    others: &[PathBuf],
    key: &AuditPublicKey,
    findings: &mut Vec<FileFinding>,
) -> Result<Vec<Anchor>> {
    let mut anchors = Vec::new();
    for file in [&places.anchors].into_iter().chain(others) {
        let unreadable = || format!("the anchors in {} cannot be read", file.display());
        if !others.is_empty() && others.contains(file) {
            file.metadata().with_context(unreadable)?;
        }
        let read = read_anchors(file, key).with_context(unreadable)?;
        anchors.extend(read.anchors);
        findings.extend(read.forged.into_iter().map(|line| FileFinding::Anchor { file: file.clone(), line }));
    }
    Ok(anchors)
}
