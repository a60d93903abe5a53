//! Secrets that are handed out once, and kept as their digests.

use super::Rng;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 256 random bits as a bearer token.
pub(crate) fn token(rng: &dyn Rng) -> String {
    URL_SAFE_NO_PAD.encode(rng.bytes::<32>())
}

/// What is kept of one.
pub(crate) fn sha256(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Of the form of those that are drawn here.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
