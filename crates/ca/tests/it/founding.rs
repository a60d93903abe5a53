//! Founding roots and authorities.

use crate::world::{World, id, operator, passphrase, policies, roots};
use kaika_app::{
    authorities::{IssueError, Issuer},
    kernel::Clock,
};
use kaika_ca::{FileKeyStore, KeyStoreError, OpenError};
use kaika_pki::{Certificate, KeyAlgorithm, Profile};
use kaika_vault::Passphrase;
use time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_is_founded_once_and_its_root_first() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let root = world.root_of("gca").await;
    assert_eq!((gca.name().as_str(), root.name().as_str()), ("gca-1", "test-grca-1"));
    assert_eq!((gca.issuer, root.issuer), (root.id, root.id));
    assert!(root.is_root && !gca.is_root);
    assert_eq!(world.found("gca").await, gca);
    assert_eq!(world.reopened().await.found(&id("gca"), &operator()).await.unwrap(), gca);
    assert_eq!(world.audited().await, ["authority.found", "authority.found"]);

    let certificate = Certificate::from_der(&gca.certificate).unwrap();
    certificate.verify_issued_by(&Certificate::from_der(&root.certificate).unwrap()).unwrap();
    assert_eq!(certificate.path_length(), Some(0));
    assert_eq!(certificate.crl_urls(), ["http://127.0.0.1:8080/crl/test-grca-1.crl"]);
    assert_eq!(
        certificate.not_after() + Duration::SECOND,
        world.clock.now().replace_year(world.clock.now().year() + 20).unwrap()
    );
    let responder = Certificate::from_der(&gca.responder_certificate).unwrap();
    responder.verify_issued_by(&certificate).unwrap();
    assert_eq!(responder.extended_key_usage(), Profile::OcspResponder.extended_key_usage());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_hierarchy_has_the_keys_of_its_files() {
    let world = World::of(policies(), roots()).await;
    let expected = [
        ("gca", KeyAlgorithm::P256),
        ("xca", KeyAlgorithm::P256),
        ("moica", KeyAlgorithm::Rsa3072),
        ("hca", KeyAlgorithm::Rsa3072),
        ("twca", KeyAlgorithm::Rsa3072),
        ("test-grca", KeyAlgorithm::P384),
        ("twca-root", KeyAlgorithm::Rsa3072),
    ];
    for (owner, algorithm) in expected {
        let generation = world.found(owner).await;
        let certificate = Certificate::from_der(&generation.certificate).unwrap();
        assert_eq!(certificate.public_key().algorithm(), algorithm, "{owner}");
        assert_eq!(generation.key_identifier, certificate.public_key().key_identifier());
    }
    let generations = world.store.read().await.unwrap().generations().await.unwrap();
    assert_eq!(generations.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_crash_left_behind_is_used() {
    let world = World::new().await;
    world.found("gca").await;
    let other = World::new().await;
    std::fs::create_dir_all(other.keys()).unwrap();
    for name in ["gca-1.key", "test-grca-1-ocsp.key"] {
        std::fs::copy(world.keys().join(name), other.keys().join(name)).unwrap();
    }
    let (before, after) = (world.found("gca").await, other.found("gca").await);
    assert_eq!(before.key_identifier, after.key_identifier);
    assert_ne!(before.certificate, after.certificate);
    assert_ne!(world.root_of("gca").await.key_identifier, other.root_of("gca").await.key_identifier);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_found_at_once_get_the_same() {
    let world = World::new().await;
    let (one, two) = (world.reopened().await, world.reopened().await);
    let gca = id("gca");
    let by = operator();
    let (a, b, c) = tokio::join!(one.found(&gca, &by), two.found(&gca, &by), world.ca.found(&gca, &by));
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
    assert_eq!(a, b);
    assert_eq!(b, c);
    assert_eq!(world.audited().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_unknown_is_not_founded() {
    let world = World::new().await;
    assert!(matches!(world.ca.found(&id("nobody"), &operator()).await, Err(IssueError::UnknownAuthority)));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_passphrase_and_a_missing_key_are_told() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let now = world.clock.now();
    let wrong = FileKeyStore::new(world.keys(), Passphrase::new("open barley"));
    let ca = world.opened_with(Box::new(wrong)).await.unwrap();
    let error = ca.sign_crl(&gca, None, 1, Vec::new(), now, now + Duration::DAY).await.unwrap_err().to_string();
    assert!(error.contains("the passphrase does not open") && error.contains("gca-1.key"), "{error}");

    std::fs::remove_file(world.keys().join("gca-1-ocsp.key")).unwrap();
    let error = world.opened_with(Box::new(FileKeyStore::new(world.keys(), passphrase()))).await.err().unwrap();
    assert!(matches!(&error, OpenError::Key(KeyStoreError::Missing(name)) if name == "gca-1-ocsp"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchanged_key_is_noticed() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    world.found("xca").await;
    std::fs::copy(world.keys().join("xca-1.key"), world.keys().join("gca-1.key")).unwrap();
    let now = world.clock.now();
    let error = world.reopened().await.sign_crl(&gca, None, 1, Vec::new(), now, now + Duration::DAY).await.unwrap_err();
    assert!(error.to_string().contains("is not the one that was certified"), "{error}");
}
