//! Receipts: a card's signature over a document, as anyone's CMS tool reads it.

use kaika_pki::cms::{SignedDocument, wrap, wrap_with_issuers};
use kaika_pki::{KeyAlgorithm, Profile};

use crate::world::{Authority, Desk, Key};

const DOCUMENT: &[u8] = b"kaika/acceptance/1\0\x00\x01\xff binary \r\n and lines\n";

#[track_caller]
fn check(algorithm: KeyAlgorithm) {
    let root = Authority::root(KeyAlgorithm::P256);
    let issuing = root.issuing(KeyAlgorithm::P256);
    let key = Key::generate(algorithm);
    let signer = issuing.issue(Profile::Signature, key.public());
    let der = wrap(DOCUMENT, &signer, &key.sign(DOCUMENT));

    let read = SignedDocument::from_der(&der).unwrap();
    assert_eq!((read.document.as_slice(), &read.signer), (DOCUMENT, &signer));
    read.verify().unwrap();

    let desk = Desk::new();
    desk.put("root.pem", root.certificate.to_pem());
    desk.put("both.pem", root.certificate.to_pem() + &issuing.certificate.to_pem());
    let verified = |receipt: &[u8], authorities: &str| {
        desk.put("receipt.p7s", receipt);
        desk.openssl(&format!("cms -verify -inform DER -in receipt.p7s -binary -CAfile {authorities} -out document"))
    };
    verified(&der, "both.pem").expect_success();
    assert_eq!(std::fs::read(desk.path().join("document")).unwrap(), DOCUMENT);
    let whole = wrap_with_issuers(DOCUMENT, &signer, &[&issuing.certificate], &key.sign(DOCUMENT));
    verified(&whole, "root.pem").expect_success();
    let read = SignedDocument::from_der(&whole).unwrap();
    assert_eq!((read.signer, read.issuers), (signer.clone(), vec![issuing.certificate]));

    let other = wrap(b"another document", &signer, &key.sign(DOCUMENT));
    assert!(SignedDocument::from_der(&other).unwrap().verify().is_err());
    assert!(!verified(&other, "both.pem").status.success());
}

#[test]
fn openssl_verifies_p256() {
    check(KeyAlgorithm::P256);
}

#[test]
fn openssl_verifies_p384() {
    check(KeyAlgorithm::P384);
}

#[test]
fn openssl_verifies_rsa() {
    check(KeyAlgorithm::Rsa2048);
}
