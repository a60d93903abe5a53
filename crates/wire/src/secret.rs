//! Secrets that server and agent exchange. They wipe their memory, have no `Debug`, and are never logged.
//! The PIN is not among them: it lives in the crate `card` alone.

use crate::Base64;
use crate::typed;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::{Deref, DerefMut};
use zeroize::{Zeroize, Zeroizing};

/// The octets of a secret. They lie on the heap, are made and copied there, and are wiped with the value: one that moves
/// leaves nothing behind on a stack.
pub struct SecretBytes<const N: usize>(Box<Zeroizing<[u8; N]>>);

impl<const N: usize> SecretBytes<N> {
    /// All the same, to be filled in place.
    pub fn of(byte: u8) -> Self {
        Self(Box::new(Zeroizing::new([byte; N])))
    }

    pub fn copied(from: &[u8; N]) -> Self {
        let mut held = Self::of(0);
        held.copy_from_slice(from);
        held
    }
}

impl<const N: usize> Clone for SecretBytes<N> {
    fn clone(&self) -> Self {
        Self::copied(self)
    }
}

impl<const N: usize> Deref for SecretBytes<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> DerefMut for SecretBytes<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> PartialEq for SecretBytes<N> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<const N: usize> Eq for SecretBytes<N> {}

/// Why a text is not the secret it was taken for. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("a user code is 6 to 10 letters, digits or signs, without spaces")]
    UserCode,
    #[error("a PUK is 8 digits")]
    Puk,
    #[error("a management key is 32 bytes")]
    ManagementKey,
}

/// 用戶代碼: 6 to 10 visible ASCII characters, upper and lower case distinct.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(Zeroizing<String>);

impl UserCode {
    /// As typed or copied: no code has blanks around it.
    ///
    /// # Errors
    /// [`SecretError::UserCode`] where the form is not a user code's.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = Zeroizing::new(typed(text));
        let right = (6..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        right.then_some(Self(text)).ok_or(SecretError::UserCode)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Serialize for UserCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for UserCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The code that resets a PIN: 8 decimal digits, so that a reader's keypad can type it.
#[derive(Clone, PartialEq, Eq)]
pub struct Puk(SecretBytes<8>);

impl Puk {
    /// # Errors
    /// [`SecretError::Puk`] where the text is not 8 digits.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let digits: &[u8; 8] = text.as_bytes().try_into().map_err(|_| SecretError::Puk)?;
        digits.iter().all(u8::is_ascii_digit).then(|| Self(SecretBytes::copied(digits))).ok_or(SecretError::Puk)
    }

    /// Eight digits from random bytes, each digit equally likely: bytes of 250 and above are passed over.
    /// `None` where too few are left (for 32 bytes once in 10²⁵).
    pub fn from_random(random: &[u8]) -> Option<Self> {
        let mut digits = SecretBytes::of(0);
        let mut fair = random.iter().filter(|byte| **byte < 250);
        for digit in digits.iter_mut() {
            *digit = b'0' + fair.next()? % 10;
        }
        Some(Self(digits))
    }

    /// The eight ASCII digits, as the card takes them.
    pub fn expose(&self) -> &[u8; 8] {
        &self.0
    }
}

impl Serialize for Puk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&*self.0).expect("a PUK is ASCII digits"))
    }
}

impl<'de> Deserialize<'de> for Puk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A card's management key: AES-256.
#[derive(Clone, PartialEq, Eq)]
pub struct ManagementKey(SecretBytes<32>);

impl ManagementKey {
    pub fn new(mut key: [u8; 32]) -> Self {
        let held = Self(SecretBytes::copied(&key));
        key.zeroize();
        held
    }

    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Serialize for ManagementKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Base64::serialize(&*self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for ManagementKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Zeroizing::new(Base64::deserialize::<D, Vec<u8>>(deserializer)?);
        let key: &[u8; 32] =
            bytes.as_slice().try_into().map_err(|_| serde::de::Error::custom(SecretError::ManagementKey))?;
        Ok(Self(SecretBytes::copied(key)))
    }
}

impl From<SecretBytes<32>> for ManagementKey {
    fn from(key: SecretBytes<32>) -> Self {
        Self(key)
    }
}
