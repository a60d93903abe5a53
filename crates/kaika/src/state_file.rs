//! What is said of a file that does not hold what was once written to it: which file it is, and what to do.

use anyhow::{Error, anyhow};
use std::{fmt::Display, fs, path::Path};

/// `next` is what to do, as the end of a sentence.
pub(crate) fn damaged(path: &Path, error: impl Display, next: &str) -> Error {
    let file = path.display();
    match fs::metadata(path).map(|metadata| metadata.len()) {
        Ok(0) => anyhow!("{file} is empty, though it was written whole: {next}"),
        _ => anyhow!("{file} is damaged ({error}): {next}"),
    }
}
