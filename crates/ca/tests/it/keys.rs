//! Keys in files.

use crate::world::{World, passphrase};
use kaika_ca::{FileKeyStore, FileSigner, KeyStore, KeyStoreError, OpenError};
use kaika_pki::{KeyAlgorithm, SignatureAlgorithm};
use kaika_testkit::tools::Tool;
use std::{fs, os::unix::fs::PermissionsExt};
use tempfile::tempdir;

/// Keys that changed places, and one that was emptied: told before anything is signed.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_put_in_anothers_place_is_told() {
    let world = World::new().await;
    world.found("gca").await;
    world.found("xca").await;
    world.reopened().await.check_keys().await.unwrap();
    let path = |name: &str| world.keys().join(format!("{name}.key"));
    for (name, other) in [("gca-1", "xca-1"), ("xca-1-ocsp", "gca-1-ocsp"), ("test-grca-1", "gca-1")] {
        let own = fs::read(path(name)).unwrap();
        fs::copy(path(other), path(name)).unwrap();
        let swapped = world.reopened().await.check_keys().await;
        assert!(matches!(&swapped, Err(OpenError::Swapped(key)) if key == name), "{name}: {swapped:?}");
        assert!(swapped.unwrap_err().to_string().contains("backup"));
        fs::write(path(name), []).unwrap();
        let emptied = world.reopened().await.check_keys().await.unwrap_err().to_string();
        assert!(emptied.contains(&format!("{name}.key")) && emptied.contains("backup"), "{emptied}");
        fs::write(path(name), own).unwrap();
    }
    world.reopened().await.check_keys().await.unwrap();
}

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
