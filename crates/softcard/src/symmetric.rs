//! The card management key, 9B, and its block ciphers.

use aes::cipher::{Block, BlockCipherEncrypt, Key, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use des::TdesEde3;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::state::hexed;

const FACTORY_KEY: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ManagementAlgorithm {
    #[serde(rename = "3DES")]
    TripleDes,
    #[serde(rename = "AES-128")]
    Aes128,
    #[serde(rename = "AES-192")]
    Aes192,
    #[serde(rename = "AES-256")]
    Aes256,
}

impl ManagementAlgorithm {
    /// By its identifier (SP 800-78-4 table 6-2).
    pub(crate) fn from_id(id: u8) -> Option<ManagementAlgorithm> {
        match id {
            0x03 => Some(ManagementAlgorithm::TripleDes),
            0x08 => Some(ManagementAlgorithm::Aes128),
            0x0A => Some(ManagementAlgorithm::Aes192),
            0x0C => Some(ManagementAlgorithm::Aes256),
            _ => None,
        }
    }

    pub(crate) fn id(self) -> u8 {
        match self {
            ManagementAlgorithm::TripleDes => 0x03,
            ManagementAlgorithm::Aes128 => 0x08,
            ManagementAlgorithm::Aes192 => 0x0A,
            ManagementAlgorithm::Aes256 => 0x0C,
        }
    }

    /// The length of a key in bytes.
    pub(crate) fn key_length(self) -> usize {
        match self {
            ManagementAlgorithm::Aes128 => 16,
            ManagementAlgorithm::TripleDes | ManagementAlgorithm::Aes192 => 24,
            ManagementAlgorithm::Aes256 => 32,
        }
    }

    /// The length of a challenge in bytes: one block.
    pub(crate) fn block_length(self) -> usize {
        match self {
            ManagementAlgorithm::TripleDes => 8,
            _ => 16,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManagementKey {
    pub(crate) algorithm: ManagementAlgorithm,
    #[serde(with = "hexed")]
    key: Zeroizing<Vec<u8>>,
    /// Yubico's touch policy, remembered and told; there is nothing to touch.
    pub(crate) touch: bool,
}

impl ManagementKey {
    /// Of an algorithm with keys of 24 bytes.
    pub(crate) fn factory(algorithm: ManagementAlgorithm) -> ManagementKey {
        ManagementKey { algorithm, key: Zeroizing::new(FACTORY_KEY.to_vec()), touch: false }
    }

    /// `None` if the key has not the algorithm's length.
    pub(crate) fn new(algorithm: ManagementAlgorithm, key: &[u8], touch: bool) -> Option<ManagementKey> {
        (key.len() == algorithm.key_length()).then(|| ManagementKey {
            algorithm,
            key: Zeroizing::new(key.to_vec()),
            touch,
        })
    }

    pub(crate) fn is(&self, algorithm: ManagementAlgorithm, key: &[u8]) -> bool {
        self.algorithm == algorithm && **self.key == *key
    }

    pub(crate) fn is_factory(&self, algorithm: ManagementAlgorithm) -> bool {
        self.is(algorithm, &FACTORY_KEY)
    }

    /// `None` if `block` is not exactly one block.
    pub(crate) fn encrypt(&self, block: &[u8]) -> Option<Vec<u8>> {
        match self.algorithm {
            ManagementAlgorithm::TripleDes => encrypt::<TdesEde3>(&self.key, block),
            ManagementAlgorithm::Aes128 => encrypt::<Aes128>(&self.key, block),
            ManagementAlgorithm::Aes192 => encrypt::<Aes192>(&self.key, block),
            ManagementAlgorithm::Aes256 => encrypt::<Aes256>(&self.key, block),
        }
    }
}

fn encrypt<C: BlockCipherEncrypt + KeyInit>(key: &[u8], block: &[u8]) -> Option<Vec<u8>> {
    let key = <&Key<C>>::try_from(key).ok()?;
    let mut block = Block::<C>::try_from(block).ok()?;
    C::new(key).encrypt_block(&mut block);
    Some(block.to_vec())
}
