//! A look at a card from outside, past every access rule: for tests, and for the page that shows software cards.

use std::collections::BTreeMap;
use std::path::Path;

use crate::card::CardError;
use crate::keys::{Algorithm, Origin, PinPolicy, TouchPolicy};
use crate::quirk::Quirks;
use crate::state::{ObjectTag, State};
use crate::storage;
use crate::symmetric::ManagementAlgorithm;

/// What a card held at one moment. Asking it spends no try.
pub struct Inspection {
    state: State,
}

/// What can be told of the key in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySummary {
    pub algorithm: Algorithm,
    pub origin: Origin,
    pub pin_policy: PinPolicy,
    pub touch_policy: TouchPolicy,
    /// SubjectPublicKeyInfo, in DER.
    pub public_key: Vec<u8>,
}

impl Inspection {
    pub(crate) fn new(state: State) -> Inspection {
        Inspection { state }
    }

    /// Reads a card's file, also while a [`crate::SoftCard`] holds it.
    pub fn of_file(path: impl AsRef<Path>) -> Result<Inspection, CardError> {
        let (_, state) = storage::read(path.as_ref())?;
        Ok(Inspection { state })
    }

    pub fn serial(&self) -> u32 {
        self.state.serial
    }

    pub fn is_strict(&self) -> bool {
        self.state.strict
    }

    pub fn quirks(&self) -> Quirks {
        self.state.quirks
    }

    pub fn pin_tries_left(&self) -> u8 {
        self.state.pin.tries_left
    }

    pub fn puk_tries_left(&self) -> u8 {
        self.state.puk.tries_left
    }

    pub fn pin_is(&self, pin: &str) -> bool {
        self.state.pin.is(pin)
    }

    pub fn puk_is(&self, puk: &str) -> bool {
        self.state.puk.is(puk)
    }

    pub fn management_algorithm(&self) -> ManagementAlgorithm {
        self.state.management.algorithm
    }

    pub fn management_key_is(&self, algorithm: ManagementAlgorithm, key: &[u8]) -> bool {
        self.state.management.is(algorithm, key)
    }

    pub fn has_factory_management_key(&self) -> bool {
        self.state.has_factory_management_key()
    }

    /// The value of a data object by its tag, such as `0x5FC102`: what stands inside tag 53, or 7E for `0x7E`.
    pub fn object(&self, tag: u32) -> Option<&[u8]> {
        let content = self.state.objects.get(&ObjectTag(tag))?;
        Some(&content.0)
    }

    /// All data objects that have been written, by tag.
    pub fn objects(&self) -> BTreeMap<u32, &[u8]> {
        let objects = self.state.objects.iter();
        objects.map(|(tag, content)| (tag.0, content.0.as_slice())).collect()
    }

    /// The key in a slot, such as `0x9A`.
    pub fn key(&self, slot: u8) -> Option<KeySummary> {
        self.keys().remove(&slot)
    }

    /// All keys, by slot; the attestation key in F9 is one.
    pub fn keys(&self) -> BTreeMap<u8, KeySummary> {
        let keys = self.state.keys.iter().map(|(slot, key)| {
            let summary = KeySummary {
                algorithm: key.algorithm,
                origin: key.origin,
                pin_policy: key.pin_policy,
                touch_policy: key.touch_policy,
                public_key: key.spki(),
            };
            (slot.0, summary)
        });
        keys.collect()
    }
}
