//! Tickets: how a job that a portal's page asked for comes to the agent, and how the page learns what became of it.
//!
//! `POST /{authority}/{kind}/tickets` with [`crate::JobDetails`] answers an [`IssuedTicket`]. The page hands the ticket to the card window, whose
//! agent looks at it with [`LookAtTicket`] and redeems it in [`crate::StartJob`] at the portal of its own configuration. `GET` of the outcome's path answers
//! a [`JobOutcome`] to whoever accepts `application/json`, and a page to others.

use crate::{
    Aftermath, AuthorityId, CardNumber, CertificateRole, CertificateStatus, JobKind, JobResult, Refusal, SerialNumber,
};
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

/// To look at a ticket without using it. No `Debug`.
#[derive(Serialize, Deserialize)]
pub struct LookAtTicket {
    pub ticket: String,
}

/// What a ticket is for: whoever holds it knows before anything is asked of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketFacts {
    pub kind: JobKind,
    pub authority: AuthorityId,
    /// The one card that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<CardNumber>,
    /// The digits of its number, where the holder has typed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<String>,
}

impl TicketFacts {
    /// Whether it is for this card, as far as it names one.
    pub fn is_for(&self, card: &CardNumber) -> bool {
        self.number.as_ref().is_none_or(|number| number == card)
            && self.digits.as_ref().is_none_or(|digits| digits == card.digits())
    }
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
        /// The job's card.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<CardNumber>,
    },
    /// The ticket ran out unused; or the job was left half-way, or taken over by another window.
    Over {
        /// What it has left, if it was begun.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        aftermath: Option<Aftermath>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<CardNumber>,
    },
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
