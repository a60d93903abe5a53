//! The card's file: written whole or not at all, and held by one card object at a time.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::card::CardError;
use crate::state::{FORMAT, State};

/// How often a taken lock is tried, and the pause between.
const TRIES: u32 = 30;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

pub(crate) struct Storage {
    path: PathBuf,
    /// What the file holds, to tell whether a state differs from it, and to return to when writing fails.
    saved: Zeroizing<Vec<u8>>,
    _lock: File,
}

impl Storage {
    pub(crate) fn create(path: &Path, state: &State) -> Result<Storage, CardError> {
        let lock = lock(path)?;
        let saved = encode(state);
        write(path, &saved, IfThere::Refuse).map_err(|source| failed(path, source))?;
        Ok(Storage { path: path.to_owned(), saved, _lock: lock })
    }

    pub(crate) fn open(path: &Path) -> Result<(Storage, State), CardError> {
        // Looked for first, so that asking for a card that does not exist leaves no lock behind.
        std::fs::metadata(path).map_err(|source| failed(path, source))?;
        let lock = lock(path)?;
        let (saved, state) = read(path)?;
        let storage = Storage { path: path.to_owned(), saved, _lock: lock };
        Ok((storage, state))
    }

    /// Writes the state if it differs from what the file holds.
    pub(crate) fn save(&mut self, state: &State) -> Result<(), CardError> {
        let bytes = encode(state);
        if *bytes == *self.saved {
            return Ok(());
        }
        write(&self.path, &bytes, IfThere::Replace).map_err(|source| failed(&self.path, source))?;
        self.saved = bytes;
        Ok(())
    }

    /// The state that was saved last.
    pub(crate) fn saved(&self) -> State {
        serde_json::from_slice(&self.saved).expect("these bytes were written from a state")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads a card's file, whoever holds it.
pub(crate) fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, State), CardError> {
    let bytes = std::fs::read(path).map_err(|source| failed(path, source))?;
    let bytes = Zeroizing::new(bytes);
    let damaged = |reason: String| CardError::Damaged { path: path.to_owned(), reason };
    let state: State = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
    if state.format != FORMAT {
        let reason = format!("it is of format {}, not {FORMAT}", state.format);
        return Err(damaged(reason));
    }
    Ok((bytes, state))
}

fn encode(state: &State) -> Zeroizing<Vec<u8>> {
    let bytes = serde_json::to_vec_pretty(state);
    Zeroizing::new(bytes.expect("a state has no part that JSON cannot express"))
}

enum IfThere {
    Refuse,
    Replace,
}

fn write(path: &Path, bytes: &[u8], if_there: IfThere) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match if_there {
        IfThere::Refuse => file.persist_noclobber(path)?,
        IfThere::Replace => file.persist(path)?,
    };
    // The name is durable only once the folder is.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// A card is in one reader at a time. The lock stands beside the file, since the file itself is replaced.
fn lock(path: &Path) -> Result<File, CardError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&beside).map_err(|e| failed(path, e))?;
    // A program that this one is just starting holds a copy of the lock until it runs: one that goes away at once is
    // nobody's.
    for patience in (0..TRIES).rev() {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if patience > 0 => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(source)) => return Err(failed(path, source)),
        }
    }
    Err(CardError::InUse(path.to_owned()))
}

fn failed(path: &Path, source: io::Error) -> CardError {
    CardError::Storage { path: path.to_owned(), source }
}
