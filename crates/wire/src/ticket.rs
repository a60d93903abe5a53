//! Tickets: how a job that a portal's page asked for comes to the agent, and how the page learns what became of it.
//!
//! `POST /{authority}/{kind}/tickets` with [`crate::JobDetails`] answers an [`IssuedTicket`]. The page hands the ticket to the card window, whose
//! agent redeems it in [`crate::StartJob`] at the portal of its own configuration. `GET` of the outcome's path answers
//! a [`JobOutcome`] to whoever accepts `application/json`, and a page to others.

use crate::{CardNumber, CertificateRole, CertificateStatus, JobResult, Refusal, SerialNumber};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// No `Debug`: whoever has the ticket may start the job.
#[derive(Serialize, Deserialize)]
pub struct IssuedTicket {
    /// 256 random bits, base64url; good once.
    pub ticket: String,
    /// Path of the page that tells how it ends; it has a secret of its own.
    pub outcome: String,
    /// Seconds.
    pub expires_in: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobOutcome {
    /// The ticket is good and was not used yet.
    Waiting,
    Running,
    Succeeded {
        number: CardNumber,
        /// As on the screen, C first.
        holder: String,
        certificates: Vec<CertificateOutcome>,
        standing: CardStanding,
        #[serde(with = "time::serde::rfc3339")]
        ended_at: OffsetDateTime,
        #[serde(flatten)]
        result: JobResult,
    },
    Failed {
        error: Refusal,
    },
    /// The ticket ran out unused; or the job was left half-way, or taken over by another window.
    Over,
}

/// How a card stands, beside the status of its certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardStanding {
    /// It is activated.
    pub in_use: bool,
    /// Its holder has suspended certificates of it.
    pub held_by_holder: bool,
    /// A counter or the authority has.
    pub held_by_others: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateOutcome {
    pub role: CertificateRole,
    pub serial: SerialNumber,
    pub status: CertificateStatus,
}
