//! The passphrase that seals the key files.

use crate::{file, rng};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

/// A text that opens key files.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The passphrase in this file (its first line); where the file is missing, a new one of 32 random characters
/// (192 bits) for its owner alone.
///
/// # Errors
/// The file cannot be read or made, or is empty.
pub fn read_or_create_passphrase(path: &Path) -> io::Result<Passphrase> {
    match read_passphrase(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    if let Some(folder) = path.parent() {
        file::create_folder(folder)?;
    }
    // Of its final size from the start: growing leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(33));
    URL_SAFE_NO_PAD.encode_string(&rng::secret::<24>()[..], &mut text);
    text.push('\n');
    match file::create_secret(path, text.as_bytes()) {
        // Another process was quicker.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => read_passphrase(path),
    }
}

/// The passphrase in this file: its first line.
///
/// # Errors
/// The file cannot be read, or is empty.
pub fn read_passphrase(path: &Path) -> io::Result<Passphrase> {
    let text = Zeroizing::new(std::fs::read_to_string(path)?);
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Passphrase::new(line)),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{} is empty; a new passphrase would open nothing", path.display()),
        )),
    }
}
