//! What a card remembers without power: the content of its file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use crate::keys::Key;
use crate::quirk::{Quirk, Quirks};
use crate::reference::Reference;
use crate::symmetric::{ManagementAlgorithm, ManagementKey};

/// Raised when an older program could not understand the file any more.
pub(crate) const FORMAT: u32 = 1;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) format: u32,
    pub(crate) serial: u32,
    pub(crate) strict: bool,
    pub(crate) pin: Reference,
    pub(crate) puk: Reference,
    pub(crate) management: ManagementKey,
    pub(crate) keys: BTreeMap<Slot, Key>,
    pub(crate) objects: BTreeMap<ObjectTag, Content>,
    #[serde(default, skip_serializing_if = "Quirks::is_empty")]
    pub(crate) quirks: Quirks,
    /// Keys that [`Quirk::ResetBreaksKeys`] has made unusable.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) broken: BTreeSet<Slot>,
    /// How large the objects may be at most, with [`Quirk::ObjectsFixed`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sizes: BTreeMap<ObjectTag, usize>,
}

impl State {
    /// A card from the factory, but for its attestation key.
    pub(crate) fn blank(serial: u32, strict: bool, quirks: Quirks) -> State {
        let tries = if quirks.has(Quirk::FiveTries) { 5 } else { 3 };
        State {
            format: FORMAT,
            serial,
            strict,
            pin: Reference::factory_pin(tries),
            puk: Reference::factory_puk(tries),
            management: ManagementKey::factory(factory_algorithm(quirks)),
            keys: BTreeMap::new(),
            objects: BTreeMap::new(),
            quirks,
            broken: BTreeSet::new(),
            sizes: BTreeMap::new(),
        }
    }

    pub(crate) fn has(&self, quirk: Quirk) -> bool {
        self.quirks.has(quirk)
    }

    /// What the card says of itself.
    pub(crate) fn told_serial(&self) -> u32 {
        if self.has(Quirk::FixedSerial) { 0 } else { self.serial }
    }

    pub(crate) fn has_factory_management_key(&self) -> bool {
        self.management.is_factory(factory_algorithm(self.quirks))
    }
}

/// AES-192, as YubiKeys have it from firmware 5.7 on.
fn factory_algorithm(quirks: Quirks) -> ManagementAlgorithm {
    match quirks.has(Quirk::TripleDesOnly) {
        true => ManagementAlgorithm::TripleDes,
        false => ManagementAlgorithm::Aes192,
    }
}

/// A key reference of an asymmetric key, such as 9A (SP 800-73-4 part 1 table 4b).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Slot(pub(crate) u8);

impl Slot {
    /// Yubico's slot of the key that vouches for the others.
    pub(crate) const ATTESTATION: Slot = Slot(0xF9);
    pub(crate) const AUTHENTICATION: Slot = Slot(0x9A);
    pub(crate) const SIGNATURE: Slot = Slot(0x9C);
    pub(crate) const KEY_MANAGEMENT: Slot = Slot(0x9D);
    pub(crate) const CARD_AUTHENTICATION: Slot = Slot(0x9E);

    /// The slots whose keys the holder uses: 9A, 9C, 9D, 9E and the retired 82–95.
    pub(crate) fn of_holder(reference: u8) -> Option<Slot> {
        matches!(reference, 0x9A | 0x9C..=0x9E | 0x82..=0x95).then_some(Slot(reference))
    }
}

/// The BER-TLV tag of a data object, such as 5FC102 (SP 800-73-4 part 1 table 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ObjectTag(pub(crate) u32);

macro_rules! named_in_hex {
    ($type:ident, $number:ty) => {
        impl From<$type> for String {
            fn from(name: $type) -> String {
                format!("{:x}", name.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = std::num::ParseIntError;

            fn try_from(name: String) -> Result<$type, Self::Error> {
                <$number>::from_str_radix(&name, 16).map($type)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:X}", self.0)
            }
        }
    };
}

named_in_hex!(Slot, u8);
named_in_hex!(ObjectTag, u32);

/// What a data object holds: the value of its tag 53, or of 7E for the Discovery Object.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Content(#[serde(with = "hexed")] pub(crate) Vec<u8>);

/// Bytes in hexadecimal, as the file has them.
pub(crate) mod hexed {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub(crate) fn serialize<S: Serializer>(bytes: &impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(hex::encode(bytes)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, B: From<Vec<u8>>>(deserializer: D) -> Result<B, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Ok(B::from(hex::decode(&*text).map_err(D::Error::custom)?))
    }
}

/// A state that knows whether it may have been changed since it was last saved.
pub(crate) struct Tracked {
    state: State,
    touched: bool,
}

impl Tracked {
    pub(crate) fn new(state: State) -> Tracked {
        Tracked { state, touched: false }
    }

    /// Whether it has been lent out for change since this was last asked.
    pub(crate) fn take_touched(&mut self) -> bool {
        std::mem::take(&mut self.touched)
    }
}

impl Deref for Tracked {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Tracked {
    fn deref_mut(&mut self) -> &mut State {
        self.touched = true;
        &mut self.state
    }
}
