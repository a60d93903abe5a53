//! The documents that the card tool answers with.

use crate::{advice::Advice, certificate::CardCertificate};
use kaika_wire::{
    AuthorityId, Capabilities, CardNumber, IssuedCertificate, KeyAlgorithm, Lack, ManagementKeyFound, PinDigits,
    PinForm, PinRules,
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
    /// As people say it.
    #[serde(default)]
    pub holder_name: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_after: Option<OffsetDateTime>,
    /// None where no portal was asked.
    pub activated: Option<bool>,
    /// How the card stands, and what helps; none where no portal was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Advice>,
    pub pin_tries_left: Option<u8>,
    /// None where the card does not tell.
    pub puk_tries_left: Option<u8>,
    pub certificates: Vec<ToldCertificate>,
    /// Of a card without a number: what it lacks for being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<Lack>>,
}

/// What a card can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardProbe {
    pub reader: String,
    pub piv: bool,
    pub yubico_extensions: bool,
    pub management_key: ManagementKeyFound,
    /// Of Kaika's, those that the card is known to have.
    pub algorithms: Vec<KeyAlgorithm>,
    /// Tries left; none where the card does not tell.
    pub pin_tries: Option<u8>,
    pub puk_tries: Option<u8>,
    pub serial: Option<u32>,
    pub can_be_used: bool,
    pub can_be_made: bool,
    /// What it lacks for being made.
    pub missing: Vec<Lack>,
}

impl CardProbe {
    pub(super) fn new(reader: String, found: Capabilities) -> Self {
        Self {
            reader,
            can_be_used: found.can_be_used(),
            can_be_made: found.can_be_made(),
            missing: found.missing(),
            piv: found.piv,
            yubico_extensions: found.yubico_extensions,
            management_key: found.management_key,
            algorithms: found.algorithms,
            pin_tries: found.pin_tries,
            puk_tries: found.puk_tries,
            serial: found.serial,
        }
    }
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
    #[serde(default)]
    pub pin_rules: PinRules,
}

impl CardTries {
    pub fn pin_form(&self) -> PinForm {
        PinForm { digits: self.pin_digits, rules: self.pin_rules.clone() }
    }
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
