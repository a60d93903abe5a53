//! The token file: by it the card tool finds a running agent. The first line is the token, the second the address.

use crate::file::write_private;
use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// What stands in a token file.
pub(crate) struct TokenFile {
    pub(crate) token: Zeroizing<String>,
    /// Agents of before wrote none.
    pub(crate) address: Option<SocketAddr>,
}

impl TokenFile {
    /// # Errors
    /// The file is not there, or not the caller's to read.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let contents = Zeroizing::new(fs::read_to_string(path)?);
        let mut lines = contents.lines().map(str::trim);
        let token = Zeroizing::new(lines.next().unwrap_or_default().to_owned());
        let address = lines.next().and_then(|address| address.parse().ok());
        Ok(Self { token, address: address.filter(|address: &SocketAddr| address.ip().is_loopback()) })
    }
}

/// A token file that was written. Dropped, it is taken away, unless another agent has written its own meanwhile.
pub(super) struct Written {
    path: PathBuf,
    token: Zeroizing<String>,
}

impl Written {
    /// In place of an older agent's.
    pub(super) fn new(path: &Path, token: &Zeroizing<String>, address: SocketAddr) -> io::Result<Self> {
        let contents = Zeroizing::new(format!("{}\n{address}\n", **token));
        write_private(path, contents.as_bytes())?;
        Ok(Self { path: path.to_owned(), token: token.clone() })
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if TokenFile::read(&self.path).is_ok_and(|file| file.token == self.token) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
