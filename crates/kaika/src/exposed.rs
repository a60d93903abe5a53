//! Files with secrets in them that others on this computer can read.
//!
//! As OpenSSH does with private keys, what matters is a file of one's own: for that nobody else needs a right. A file of
//! somebody else's – of root, say, for the group of those who serve – may be lent to a group, not to everybody. It is
//! told and not refused: a server that ran yesterday is to run today.

use nix::unistd::geteuid;
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// A file with a secret, and what it is.
pub(crate) type Secret = (&'static str, PathBuf);

/// A line for each file that others can read; none where it is not there.
pub(crate) fn exposed(secrets: &[Secret]) -> Vec<String> {
    secrets.iter().filter_map(|(what, path)| complaint(what, path)).collect()
}

pub(crate) fn warn(secrets: &[Secret]) {
    for line in exposed(secrets) {
        tracing::warn!("{line}");
    }
}

fn complaint(what: &str, path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let mode = metadata.mode() & 0o777;
    let others = if metadata.uid() == geteuid().as_raw() { 0o077 } else { 0o007 };
    let path = path.display();
    (mode & others != 0).then(|| {
        format!(
            "{what}: others on this computer can get at {path} (mode {mode:04o}); `chmod go= {path}` keeps it from them"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    #[test]
    fn what_others_can_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        let secrets = [("keys.passphrase_file", path.clone())];
        assert_eq!(exposed(&secrets), Vec::<String>::new(), "it is not there yet");
        fs::write(&path, "secret").unwrap();
        for (mode, is_exposed) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o644, true)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(exposed(&secrets).len(), usize::from(is_exposed), "{mode:o}");
        }
        assert!(exposed(&secrets)[0].starts_with("keys.passphrase_file: "));
    }
}
