//! What a PIV card can do: found without a secret and without changing it, and told in one type. Cards of different makers
//! differ in it.

use crate::{KeyAlgorithm, words::words};
use serde::{Deserialize, Serialize};

words! {
    /// What a card lacks for being made here; the words for people are in the crate `texts`.
    pub enum Lack {
        /// No PIV application.
        Piv = "piv",
        /// The commands beyond SP 800-73-4 by which a card is made.
        YubicoExtensions = "yubico_extensions",
        /// The management key of the factory: the card is not blank, or is somebody's already.
        FactoryManagementKey = "factory_management_key",
        /// AES for the management key.
        ManagementKeyAes = "management_key_aes",
        /// Keys of the kind that the authority's cards have.
        KeyAlgorithm = "key_algorithm",
        /// A key in 9D that agrees on secrets, or decrypts.
        KeyAgreement = "key_agreement",
        /// Keys that are still good when the PUK has set a new PIN.
        KeysOutliveReset = "keys_outlive_reset",
        /// A signature key that wants the PIN each time.
        PinEachTime = "pin_each_time",
        /// A PIN that is no longer verified after a reset.
        PinForgotten = "pin_forgotten",
        /// Data objects that hold the largest certificate.
        ObjectSize = "object_size",
    }
}

/// The cipher of a management key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ManagementAlgorithm {
    #[serde(rename = "3des")]
    TripleDes,
    #[serde(rename = "aes128")]
    Aes128,
    #[serde(rename = "aes192")]
    Aes192,
    #[serde(rename = "aes256")]
    Aes256,
}

impl ManagementAlgorithm {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TripleDes => "3DES",
            Self::Aes128 => "AES-128",
            Self::Aes192 => "AES-192",
            Self::Aes256 => "AES-256",
        }
    }
}

/// What was found of a card's management key; none where it could not be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagementKeyFound {
    pub algorithm: Option<ManagementAlgorithm>,
    pub factory: Option<bool>,
}

/// Of a card that nobody has trusted with anything yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    pub piv: bool,
    pub yubico_extensions: bool,
    /// Firmware version, where the card tells one: `5.7.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub management_key: ManagementKeyFound,
    /// Of Kaika's, those that the card is known to have.
    pub algorithms: Vec<KeyAlgorithm>,
    /// Tries left; none where the card does not tell.
    pub pin_tries: Option<u8>,
    pub puk_tries: Option<u8>,
    pub serial: Option<u32>,
}

impl Capabilities {
    /// A card that was made works for its holder wherever there is PIV.
    pub fn can_be_used(&self) -> bool {
        self.piv
    }

    pub fn can_be_made(&self) -> bool {
        self.missing().is_empty()
    }

    /// What is known to lack for making a card of this one. The rest shows when it is made: by a test before it leaves the
    /// station.
    pub fn missing(&self) -> Vec<Lack> {
        if !self.piv {
            return vec![Lack::Piv];
        }
        let mut missing = Vec::new();
        if !self.yubico_extensions {
            missing.push(Lack::YubicoExtensions);
        }
        if self.management_key.factory == Some(false) {
            missing.push(Lack::FactoryManagementKey);
        }
        if self.management_key.algorithm == Some(ManagementAlgorithm::TripleDes) && !self.is_before_aes_by_default() {
            missing.push(Lack::ManagementKeyAes);
        }
        if self.algorithms.is_empty() {
            missing.push(Lack::KeyAlgorithm);
        }
        missing
    }

    /// As [`missing`](Self::missing), for a card with such keys, and without what is certain only when it is tried: the
    /// management key may be the card's own already, and one of 3DES may give way to one of AES.
    pub fn missing_for(&self, key: KeyAlgorithm) -> Vec<Lack> {
        let mut missing = self.missing();
        missing.retain(|lack| !matches!(lack, Lack::FactoryManagementKey | Lack::ManagementKeyAes));
        if self.piv && !self.algorithms.contains(&key) && !missing.contains(&Lack::KeyAlgorithm) {
            missing.push(Lack::KeyAlgorithm);
        }
        missing
    }

    /// Firmware 5.4 to 5.6 comes with a key of 3DES and takes one of AES; later ones come with AES, earlier ones know none.
    fn is_before_aes_by_default(&self) -> bool {
        let mut numbers = self.version.as_deref().unwrap_or_default().split('.').map(str::parse::<u8>);
        let (major, minor) = (numbers.next(), numbers.next());
        matches!((major, minor), (Some(Ok(5)), Some(Ok(4..=6))))
    }
}
