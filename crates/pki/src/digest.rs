//! What keys and certificates are known by: SHA-256, a type for each, so that none is taken for another.

use crate::key::sha256;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct NotADigest;

macro_rules! digests {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name([u8; 32]);

        impl $name {
            pub fn of(der: &[u8]) -> Self {
                Self(sha256(der))
            }

            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(digest: [u8; 32]) -> Self {
                Self(digest)
            }
        }

        impl FromStr for $name {
            type Err = NotADigest;

            /// 64 hexadecimal digits.
            fn from_str(text: &str) -> Result<Self, NotADigest> {
                let mut digest = [0; 32];
                hex::decode_to_slice(text, &mut digest).map_err(|_| NotADigest)?;
                Ok(Self(digest))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )*};
}

digests! {
    /// Of a key, over its SubjectPublicKeyInfo: the same whatever certificate has it.
    KeyFingerprint
    /// Of a certificate, over the whole of it.
    CertificateDigest
}
