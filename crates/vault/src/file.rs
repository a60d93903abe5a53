//! Files that are either whole or absent, whenever the power goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// For its owner alone.
const SECRET: u32 = 0o600;
const SECRET_FOLDER: u32 = 0o700;

/// Makes `path` with these contents, readable by its owner alone, unless it is there.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where it is there; it stays as it was.
pub(crate) fn create_secret(path: &Path, contents: &[u8]) -> io::Result<()> {
    create(path, contents, SECRET)
}

/// As [`create_secret`], for what anybody may read.
pub(crate) fn create_public(path: &Path, contents: &[u8]) -> io::Result<()> {
    create(path, contents, 0o644)
}

/// Makes the folder, and those above it, for their owner alone, where they are missing.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(SECRET_FOLDER).create(path)
}

fn create(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let folder = folder_of(path);
    let temporary = temporary_beside(path);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
        file.write_all(contents)?;
        file.sync_all()?;
        // A rename would replace a file that somebody else made in the meantime; a link does not.
        fs::hard_link(&temporary, path)
    })();
    let removed = fs::remove_file(&temporary);
    written?;
    removed?;
    File::open(folder)?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn temporary_beside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    path.with_file_name(name)
}
