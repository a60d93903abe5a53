//! `/.well-known/kaika.json`: by it an agent tells which portal a card belongs to.

use crate::{AuthorityId, Bytes, Input, JobKind, Protocol};
use serde::{Deserialize, Serialize};

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
    /// Whether its holders see the PUK and type it on the reader's keypad when they unlock a card.
    #[serde(default)]
    pub unlocks_by_keypad: bool,
    /// The certificates of all its generations (DER); a card belongs here when one of them issued its 9E certificate.
    pub ca_certificates: Vec<Bytes>,
}

impl PortalAuthority {
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
