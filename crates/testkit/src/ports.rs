//! Free TCP ports, handed out once over all test processes of this machine.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

/// Ports below those that the kernel gives to outgoing connections (32768 and up on Linux).
const FIRST: u16 = 20_000;
const LAST: u16 = 31_998;

/// Two free ports, one after the other. A lock file keeps other tests off them, in whatever process these run.
pub struct PortPair {
    /// The lower one.
    pub first: u16,
    _lock: File,
}

impl PortPair {
    /// Ports that are free now and stay ours until this value is dropped.
    ///
    /// # Errors
    /// No two neighbouring ports are free, or the lock files cannot be written.
    pub fn claim() -> io::Result<PortPair> {
        let folder = locks()?;
        // Begin elsewhere in each process, so that the search is short.
        let start = (std::process::id() % 6_000) as u16 * 2;
        for step in (0..LAST - FIRST).step_by(2) {
            let first = FIRST + (start + step) % (LAST - FIRST);
            let lock =
                File::options().create(true).truncate(false).write(true).open(folder.join(format!("{first}.lock")));
            // A file of another user that cannot be opened, or one that is locked, is a port that is not ours.
            let Ok(lock) = lock else { continue };
            if lock.try_lock().is_ok() && is_free(first) && is_free(first + 1) {
                return Ok(PortPair { first, _lock: lock });
            }
        }
        Err(io::Error::other(format!("no two neighbouring ports are free between {FIRST} and {LAST}")))
    }
}

fn is_free(port: u16) -> bool {
    // vpcd listens on every address, so it must be free on every one.
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

fn locks() -> io::Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join("kaika-test-ports");
    if !folder.is_dir() {
        std::fs::create_dir_all(&folder)?;
        // Tests of several users share the folder.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o1777))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_handed_out_twice() {
        let pairs: Vec<PortPair> = (0..5).map(|_| PortPair::claim().unwrap()).collect();
        let mut firsts: Vec<u16> = pairs.iter().map(|pair| pair.first).collect();
        firsts.sort();
        firsts.dedup();
        assert_eq!(firsts.len(), 5);
        assert!(firsts.windows(2).all(|two| two[1] - two[0] >= 2));
    }

    #[test]
    fn a_port_in_use_is_not_free() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(other.local_addr().unwrap().port()));
    }
}
