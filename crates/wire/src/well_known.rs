//! `/.well-known/kaika.json`: by it an agent tells which portal a card belongs to.

use crate::{AuthorityId, Bytes, Input, JobKind, Protocol, words::words};
use serde::{Deserialize, Deserializer, Serialize};

pub const WELL_KNOWN_PATH: &str = "/.well-known/kaika.json";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WellKnown {
    /// Which version of this document and of the API beside it.
    pub version: u32,
    /// The portal's.
    #[serde(default)]
    pub protocol: Protocol,
    pub origin: String,
    /// Path of the job API.
    pub jobs: String,
    pub authorities: Vec<PortalAuthority>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PortalAuthority {
    pub id: AuthorityId,
    /// What people call it, in Chinese and in English.
    pub name: String,
    pub name_en: String,
    /// Path of its pages.
    pub portal: String,
    /// The colour of its pages, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// How many digits a PIN has that its holders choose.
    #[serde(default)]
    pub pin_digits: PinDigits,
    /// What else it has to be; a portal that does not tell has the usual.
    #[serde(default)]
    pub pin_rules: PinRules,
    /// Whether its holders see the PUK and type it on the reader's keypad when they unlock a card.
    #[serde(default)]
    pub unlocks_by_keypad: bool,
    /// The certificates of all its generations (DER); a card belongs here when one of them issued its 9E certificate.
    pub ca_certificates: Vec<Bytes>,
}

impl PortalAuthority {
    /// What a new PIN of its holders has to be.
    pub fn pin_form(&self) -> PinForm {
        PinForm { digits: self.pin_digits, rules: self.pin_rules.clone() }
    }

    /// What has to be asked before a job with a card of this authority starts.
    pub fn inputs(&self, kind: JobKind) -> &'static [Input] {
        match kind {
            JobKind::Unlock if self.unlocks_by_keypad => &[Input::UserCode],
            kind => kind.inputs(),
        }
    }
}

/// Both ends included; a PIV card takes 6 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinDigits {
    pub min: u8,
    pub max: u8,
}

impl Default for PinDigits {
    fn default() -> Self {
        Self { min: 6, max: 8 }
    }
}

words! {
    /// What makes a PIN easy to guess.
    pub enum PinPattern {
        /// 777777
        OneDigit = "one_digit",
        /// Each digit one more than that before it, or each one less; 0 comes after 9.
        Run = "run",
        /// Day, month and year in one of the orders that people write them in.
        Date = "date",
    }
}

/// Which new PINs are not taken, and of which a person is warned. On a keypad nothing is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinRules {
    #[serde(default = "PinRules::usually_refused", deserialize_with = "known")]
    pub refused: Vec<PinPattern>,
    #[serde(default = "PinRules::usually_warned_of", deserialize_with = "known")]
    pub warned_of: Vec<PinPattern>,
}

impl PinRules {
    pub fn usually_refused() -> Vec<PinPattern> {
        vec![PinPattern::OneDigit, PinPattern::Run]
    }

    pub fn usually_warned_of() -> Vec<PinPattern> {
        vec![PinPattern::Date]
    }
}

impl Default for PinRules {
    fn default() -> Self {
        Self { refused: Self::usually_refused(), warned_of: Self::usually_warned_of() }
    }
}

/// What a later portal has a word for, an earlier agent cannot look for.
fn known<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PinPattern>, D::Error> {
    let words = Vec::<String>::deserialize(from)?;
    Ok(PinPattern::ALL.into_iter().filter(|pattern| words.iter().any(|word| word == pattern.as_str())).collect())
}

/// What a new PIN has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinForm {
    pub digits: PinDigits,
    pub rules: PinRules,
}
