//! What GET METADATA tells of a key, a PIN or a PUK (Yubico extension, firmware 5.3 and later).

use crate::{
    key,
    tlv::{self, Malformed},
};

/// The answer, taken apart. Each field is there where the card told it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The algorithm's identifier: 07 RSA-2048, 11 P-256, 14 P-384, 03 3DES, 08, 0A and 0C AES; FF for a PIN or PUK.
    pub algorithm: Option<u8>,
    /// Whether the management key, PIN or PUK is still the factory's.
    pub factory: Option<bool>,
    /// Tries left of a PIN or PUK.
    pub tries_left: Option<u8>,
    /// The elements of the public key, as in GENERATE's answer.
    pub public_key: Option<Vec<u8>>,
}

impl Metadata {
    /// # Errors
    /// It is not BER-TLV, or a field has another length than its own.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut metadata = Self::default();
        for object in tlv::objects(bytes) {
            match object? {
                (0x01, [algorithm]) => metadata.algorithm = Some(*algorithm),
                (0x04, elements) => metadata.public_key = Some(elements.to_vec()),
                (0x05, [factory]) => metadata.factory = Some(*factory != 0),
                (0x06, [_total, left]) => metadata.tries_left = Some(*left),
                (0x01 | 0x05 | 0x06, _) => return Err(Malformed),
                _ => {}
            }
        }
        Ok(metadata)
    }

    /// The slot's key as SubjectPublicKeyInfo (DER); none where the card does not tell it, or where the key is of an
    /// algorithm that Kaika does not use.
    ///
    /// # Errors
    /// The key's elements are not those of its algorithm.
    pub fn public_key_info(&self) -> Result<Option<Vec<u8>>, Malformed> {
        let algorithm = self.algorithm.and_then(key::from_identifier);
        match (algorithm, &self.public_key) {
            (Some(algorithm), Some(elements)) => key::public_key_info(algorithm, elements).map(Some),
            _ => Ok(None),
        }
    }
}
