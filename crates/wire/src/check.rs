//! What a check of a card came to (檢測): the card's contents beside the database's; and what a test of its certificates
//! (憑證測試).

use crate::{CertificateRole, CertificateStatus, JobKind, RoleStatus, SerialNumber, Slot};
use serde::{Deserialize, Serialize};

/// The outcomes as cardholders know them from their authority's manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckResult {
    /// A: valid, and the card is as the database has it.
    #[serde(rename = "A")]
    Same,
    /// B-1: valid, but the card is not as the database has it: to be written again.
    #[serde(rename = "B-1")]
    Differs,
    /// B-2: written again, and valid.
    #[serde(rename = "B-2")]
    Rewritten,
    /// C: suspended, revoked or expired: nothing is written.
    #[serde(rename = "C")]
    NotValid,
}

impl CheckResult {
    pub const ALL: [Self; 4] = [Self::Same, Self::Differs, Self::Rewritten, Self::NotValid];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "A",
            Self::Differs => "B-1",
            Self::Rewritten => "B-2",
            Self::NotValid => "C",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardCheck {
    pub result: CheckResult,
    /// Of the holder's certificates together: the one that bars most.
    pub status: CertificateStatus,
    pub slots: Vec<SlotCheck>,
    /// Jobs that were begun with this card and cut; doing them again brings them to their end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<JobKind>,
}

impl CardCheck {
    /// How the certificates stand, where not all of them can be used and one word is not true of all.
    pub fn mixed(&self) -> Option<Vec<RoleStatus>> {
        let told = self.slots.iter().filter_map(|slot| Some(RoleStatus { role: slot.role, status: slot.status? }));
        let told: Vec<_> = told.collect();
        (self.result == CheckResult::NotValid && !RoleStatus::all_alike(&told)).then_some(told)
    }
}

/// One slot of the holder's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotCheck {
    pub role: CertificateRole,
    pub slot: Slot,
    /// None where the slot is empty, or holds what is no certificate.
    pub on_card: Option<SerialNumber>,
    pub in_database: Option<SerialNumber>,
    /// Of the one in the database; a portal of 0.2 does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<CertificateStatus>,
    /// Octet by octet.
    pub same: bool,
}

/// All in order, or what is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardTest {
    pub passed: bool,
    pub tests: Vec<CertificateTest>,
}

/// One of the holder's certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateTest {
    pub role: CertificateRole,
    pub slot: Slot,
    pub serial: SerialNumber,
    /// The card holds the very certificate that the database has.
    pub on_card: bool,
    /// Its key did what it is for: signed, and the signature verified; or, of the encryption certificate, agreed on or
    /// recovered a secret.
    pub key: bool,
    /// Issued by the authority, and that by its root.
    pub chain: bool,
    pub status: CertificateStatus,
}

impl CertificateTest {
    pub fn passed(&self) -> bool {
        self.on_card && self.key && self.chain && self.status == CertificateStatus::Valid
    }
}
