//! Secrets that are handed out once, and kept as their digests.

use super::Rng;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 256 random bits as a bearer token.
pub(crate) fn token(rng: &dyn Rng) -> String {
    URL_SAFE_NO_PAD.encode(rng.bytes::<32>())
}

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name([u8; 32]);

        impl $name {
            /// SHA-256.
            pub fn of(token: &str) -> Self {
                Self(Sha256::digest(token.as_bytes()).into())
            }

            pub fn to_vec(self) -> Vec<u8> {
                self.0.to_vec()
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }
    )*};
}

// What is kept of a token: one type for each kind, so that none is taken for another.
hashes! {
    /// Of what an agent shows to go on with its job.
    JobHash
    /// Of what a page gives to the agent.
    TicketHash
    /// Of what a page asks by how its job ended.
    OutcomeHash
    /// Of what a browser keeps that asks for a login.
    BrowserHash
    /// Of the cookie of somebody who has logged in.
    SessionHash
    /// Of what a link in a mail carries.
    LinkHash
    /// Of what a station shows.
    StationHash
}

/// Of the form of those that are drawn here.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
