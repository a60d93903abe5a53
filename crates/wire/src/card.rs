//! Words for what is on a card: slots, key algorithms, roles and states of certificates.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A key slot of a PIV card (SP 800-73-4 part 1 table 4b), by its key reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// 9A: login.
    Authentication,
    /// 9C: signature, the PIN before every use.
    Signature,
    /// 9D: encryption.
    KeyManagement,
    /// 9E: proves the card, no PIN.
    CardAuthentication,
    /// 82–95: retired key management keys, numbered 1 to 20.
    Retired(RetiredSlot),
}

/// 1 to 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RetiredSlot(u8);

impl Slot {
    /// The key reference byte.
    pub fn reference(self) -> u8 {
        match self {
            Self::Authentication => 0x9a,
            Self::Signature => 0x9c,
            Self::KeyManagement => 0x9d,
            Self::CardAuthentication => 0x9e,
            Self::Retired(RetiredSlot(n)) => 0x81 + n,
        }
    }

    pub fn from_reference(reference: u8) -> Option<Self> {
        Some(match reference {
            0x9a => Self::Authentication,
            0x9c => Self::Signature,
            0x9d => Self::KeyManagement,
            0x9e => Self::CardAuthentication,
            0x82..=0x95 => Self::Retired(RetiredSlot(reference - 0x81)),
            _ => return None,
        })
    }

    /// The tag of the data object that holds the slot's certificate (SP 800-73-4 part 1 table 3).
    pub fn certificate_tag(self) -> u32 {
        match self {
            Self::Authentication => 0x5f_c105,
            Self::Signature => 0x5f_c10a,
            Self::KeyManagement => 0x5f_c10b,
            Self::CardAuthentication => 0x5f_c101,
            Self::Retired(RetiredSlot(n)) => 0x5f_c10c + u32::from(n),
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.reference())
    }
}

impl std::str::FromStr for Slot {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u8::from_str_radix(text, 16).ok().and_then(Self::from_reference).ok_or("a slot is 9a, 9c, 9d, 9e or 82 to 95")
    }
}

impl Serialize for Slot {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyAlgorithm {
    Rsa2048,
    P256,
    P384,
}

impl KeyAlgorithm {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA-2048",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }
}

/// When a key asks for the PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinPolicy {
    /// As the standard has it for the slot.
    Default,
    Never,
    Once,
    Always,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateRole {
    Signature,
    Encryption,
    Login,
    CardAuthentication,
}

impl CertificateRole {
    pub const ALL: [Self; 4] = [Self::Signature, Self::Encryption, Self::Login, Self::CardAuthentication];

    /// The slot where a certificate of this role lives.
    pub fn slot(self) -> Slot {
        match self {
            Self::Signature => Slot::Signature,
            Self::Encryption => Slot::KeyManagement,
            Self::Login => Slot::Authentication,
            Self::CardAuthentication => Slot::CardAuthentication,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Encryption => "encryption",
            Self::Login => "login",
            Self::CardAuthentication => "card_authentication",
        }
    }
}

/// A certificate's state at a given time, as people ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateStatus {
    /// Issued, not yet accepted by its holder.
    Held,
    Valid,
    Suspended,
    Revoked,
    Expired,
}

/// How one certificate of a card stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleStatus {
    pub role: CertificateRole,
    pub status: CertificateStatus,
}

impl RoleStatus {
    /// Whether one word says it of all.
    pub fn all_alike(told: &[Self]) -> bool {
        told.windows(2).all(|pair| pair[0].status == pair[1].status)
    }
}

impl CertificateStatus {
    /// What can be used first, what never can be again last.
    pub const ALL: [Self; 5] = [Self::Valid, Self::Held, Self::Suspended, Self::Expired, Self::Revoked];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}
