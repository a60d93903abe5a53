//! What a page hands out and gets back later, unchanged: a text with a seal behind it. No server has to remember it.

use crate::{App, Failure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// The text, a full stop, and 128 bits of its seal.
pub(crate) fn seal(app: &App, purpose: &str, text: &str) -> Result<String, Failure> {
    let seal = app.secrets.seal(purpose, text.as_bytes())?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(&seal[..16])))
}

/// The text, where the seal is ours and of this purpose.
pub(crate) fn open<'t>(app: &App, purpose: &str, sealed: &'t str) -> Result<Option<&'t str>, Failure> {
    let Some((text, _)) = sealed.rsplit_once('.') else { return Ok(None) };
    let right = seal(app, purpose, text)?;
    // Digests: how long the comparison takes tells nothing of the seal.
    Ok((Sha256::digest(sealed.as_bytes()) == Sha256::digest(right.as_bytes())).then_some(text))
}
