//! The documents that the card tool answers with.

use crate::{certificate::CardCertificate, engine::Finished};
use kaika_wire::{
    AuthorityId, CardCheck, CardNumber, CardTest, EmailAddress, EmailState, EmailWrite, IssuedCertificate, JobId,
    PinDigits,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardList {
    pub readers: Vec<ListedReader>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedReader {
    pub reader: String,
    /// Whether a card is in it.
    pub card: bool,
    /// None for a card that says none, or that another program has for itself.
    pub number: Option<CardNumber>,
    /// None without a portal, or for a card that is not of the portal's.
    pub authority: Option<AuthorityId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardView {
    pub reader: String,
    pub number: Option<CardNumber>,
    pub authority: Option<AuthorityId>,
    /// The subject, C first.
    pub holder: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_after: Option<OffsetDateTime>,
    /// None where no portal was asked.
    pub activated: Option<bool>,
    pub pin_tries_left: Option<u8>,
    /// None where the card does not tell.
    pub puk_tries_left: Option<u8>,
    pub certificates: Vec<ToldCertificate>,
}

/// What somebody should know who is about to type a PIN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardTries {
    pub number: CardNumber,
    /// None where the card does not tell.
    pub pin_tries_left: Option<u8>,
    pub puk_tries_left: Option<u8>,
    /// As the card's authority has it; without a portal, what PIV takes.
    pub pin_digits: PinDigits,
}

/// A certificate, and for what kind of key it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldCertificate {
    #[serde(flatten)]
    pub issued: IssuedCertificate,
    /// Kind and size: `P-256`, `RSA-2048`. None where the certificate cannot be read.
    pub key: Option<String>,
}

impl From<IssuedCertificate> for ToldCertificate {
    fn from(issued: IssuedCertificate) -> Self {
        let key = CardCertificate::from_pem(&issued.pem).and_then(|certificate| certificate.key());
        Self { issued, key }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobDone {
    /// None where no server had a part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    pub state: Succeeded,
    pub number: CardNumber,
    pub certificates: Vec<ToldCertificate>,
    /// Of a check, and of a re-write.
    #[serde(flatten)]
    pub check: Option<CardCheck>,
    /// Of a test.
    #[serde(flatten)]
    pub test: Option<CardTest>,
    /// The address that the certificates name, or are to name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// Of a check, where the card tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_tries_left: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub puk_tries_left: Option<u8>,
}

impl JobDone {
    pub(super) fn of(finished: Finished) -> Self {
        let email = finished.succeeded.email;
        let awaits = |email: &EmailWrite| email.state == EmailState::AwaitingConfirmation;
        Self {
            job: Some(finished.job),
            state: if email.as_ref().is_some_and(awaits) {
                Succeeded::AwaitingConfirmation
            } else {
                Succeeded::Succeeded
            },
            number: finished.card,
            certificates: finished.succeeded.certificates.into_iter().map(Into::into).collect(),
            check: finished.succeeded.check,
            test: finished.succeeded.test,
            email: email.map(|email| email.address),
            pin_tries_left: None,
            puk_tries_left: None,
        }
    }

    pub(super) fn alone(number: CardNumber) -> Self {
        Self {
            job: None,
            state: Succeeded::Succeeded,
            number,
            certificates: Vec::new(),
            check: None,
            test: None,
            email: None,
            pin_tries_left: None,
            puk_tries_left: None,
        }
    }
}

/// The states that a finished job has here; all others are refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Succeeded {
    Succeeded,
    /// A mail was sent; the job is to be begun again with the code in it, or once its link was followed.
    AwaitingConfirmation,
}
