//! Keys in files.

use crate::world::passphrase;
use kaika_ca::{FileKeyStore, FileSigner, KeyStore, KeyStoreError};
use kaika_pki::{KeyAlgorithm, SignatureAlgorithm};
use kaika_testkit::tools::Tool;
use std::os::unix::fs::PermissionsExt;
use tempfile::tempdir;

#[test]
fn every_kind_signs_after_it_was_opened_again() {
    let folder = tempdir().unwrap();
    let keys = FileKeyStore::new(folder.path(), passphrase());
    for algorithm in KeyAlgorithm::ALL {
        let name = format!("test-{algorithm}");
        assert!(!keys.has(&name).unwrap());
        let made = keys.create(&name, algorithm).unwrap();
        assert!(keys.has(&name).unwrap());
        assert_eq!(made.public_key().algorithm(), algorithm);
        let opened = keys.open(&name).unwrap();
        assert_eq!(made.public_key(), opened.public_key());
        let signature = opened.sign(b"message").unwrap();
        made.public_key().verify(SignatureAlgorithm::for_key(algorithm), b"message", &signature).unwrap();
        let path = folder.path().join(format!("{name}.key"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        Tool::new("openssl")
            .args(["pkey", "-noout", "-check", "-passin", "pass:open sesame", "-in"])
            .arg(path)
            .run()
            .expect_success();
    }
    let other = keys.create("test-p256", KeyAlgorithm::P384).err().unwrap();
    assert!(matches!(&other, KeyStoreError::Exists(name) if name == "test-p256"), "{other}");
    assert_eq!(keys.open("test-p256").unwrap().public_key().algorithm(), KeyAlgorithm::P256);
    assert!(matches!(keys.open("none"), Err(KeyStoreError::Missing(_))));
    assert!(FileSigner::from_pkcs8(b"no key").is_none());
}
