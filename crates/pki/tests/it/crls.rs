//! Revocation lists, judged by openssl and pkilint.

use kaika_pki::crl::{Crl, CrlToBeSigned, RevocationReason, Revoked, assemble};
use kaika_pki::to_be_certified::Issuer;
use kaika_pki::{KeyAlgorithm, Profile, Serial};
use kaika_testkit::pkilint::{Kind, lint_der};
use time::Duration;

use crate::world::{Authority, CRL_URL, Desk, Key, now, serial};

fn signed(authority: &Authority, shard_url: Option<&str>, entries: &[Revoked]) -> Vec<u8> {
    let list = CrlToBeSigned {
        issuer: Issuer::of(&authority.certificate),
        number: 200,
        this_update: now() - Duration::minutes(1),
        next_update: now() + Duration::days(1),
        shard_url: shard_url.map(str::to_owned),
    };
    let tbs = list.to_tbs(entries.iter().copied()).unwrap();
    let signature = authority.key.sign(&tbs);
    assemble(tbs, list.issuer.signature_algorithm(), &signature)
}

fn one_of_each() -> Vec<Revoked> {
    let entry = |reason| Revoked { serial: serial(), at: now() - Duration::hours(1), reason };
    RevocationReason::ALL.map(entry).to_vec()
}

#[track_caller]
fn check(algorithm: KeyAlgorithm, shard_url: Option<&str>, entries: &[Revoked]) {
    let authority = Authority::root(KeyAlgorithm::P256).issuing(algorithm);
    let der = signed(&authority, shard_url, entries);
    assert_eq!(lint_der(Kind::Crl, &der), []);

    let crl = Crl::from_der(&der).unwrap();
    crl.verify_issued_by(&authority.certificate).unwrap();
    assert!(crl.verify_issued_by(&Authority::root(algorithm).certificate).is_err());
    assert_eq!((crl.number(), crl.entries()), (200, entries));
    assert_eq!(crl.shard_urls().first().map(String::as_str), shard_url);

    let desk = Desk::new();
    desk.put("ca.pem", authority.certificate.to_pem());
    desk.put("list.crl", &der);
    let output = desk.openssl("crl -inform DER -in list.crl -noout -text -CAfile ca.pem -verify").expect_success();
    assert!(output.stderr().contains("verify OK"), "{output}");
    assert!(output.stdout().contains("X509v3 CRL Number: \n                200"), "{output}");
}

#[test]
fn complete_lists_are_clean() {
    check(KeyAlgorithm::P256, None, &one_of_each());
    check(KeyAlgorithm::Rsa2048, None, &[]);
}

#[test]
fn a_shard_is_clean_and_says_which() {
    check(KeyAlgorithm::P384, Some(CRL_URL), &one_of_each());
    let desk = Desk::new();
    let authority = Authority::root(KeyAlgorithm::P256);
    desk.put("list.crl", signed(&authority, Some(CRL_URL), &[]));
    let text = desk.openssl("crl -inform DER -in list.crl -noout -text").expect_success().stdout();
    assert!(text.contains("X509v3 Issuing Distribution Point: critical"), "{text}");
    assert!(text.contains(CRL_URL), "{text}");
}

/// The whole path as a relying party checks it: lists of both authorities, with the shard's name matched.
#[test]
fn openssl_checks_the_whole_chain_against_the_lists() {
    let root = Authority::root(KeyAlgorithm::P256);
    let issuing = root.issuing(KeyAlgorithm::P256);
    let good = issuing.issue(Profile::Signature, Key::generate(KeyAlgorithm::P256).public());
    let held = issuing.issue(Profile::Signature, Key::generate(KeyAlgorithm::P256).public());
    let hold = Revoked { serial: held.serial(), at: now(), reason: RevocationReason::CertificateHold };
    let desk = Desk::new();
    desk.put("root.pem", root.certificate.to_pem());
    desk.put("issuing.pem", issuing.certificate.to_pem());
    desk.put("good.pem", good.to_pem());
    desk.put("held.pem", held.to_pem());
    desk.put("root.crl", signed(&root, None, &[]));
    desk.put("shard.crl", signed(&issuing, Some(CRL_URL), &[hold]));
    for list in ["root", "shard"] {
        desk.openssl(&format!("crl -inform DER -in {list}.crl -out {list}.crl.pem")).expect_success();
    }
    let verify = |file: &str| {
        desk.openssl(&format!(
            "verify -x509_strict -crl_check_all -CAfile root.pem -untrusted issuing.pem \
             -CRLfile root.crl.pem -CRLfile shard.crl.pem {file}"
        ))
    };
    verify("good.pem").expect_success();
    let output = verify("held.pem");
    assert!(output.text().contains("certificate revoked"), "{output}");
}

/// Many entries are written and found again; what each costs is its own bytes.
#[test]
fn a_hundred_thousand_entries() {
    let at = now() - Duration::days(3);
    let entry = |number: u32| {
        let mut bytes = [0x80; 16];
        bytes[12..].copy_from_slice(&number.to_be_bytes());
        Revoked { serial: Serial::try_from(bytes).unwrap(), at, reason: RevocationReason::Superseded }
    };
    let authority = Authority::root(KeyAlgorithm::P256);
    let entries: Vec<Revoked> = (0..100_000).map(entry).collect();
    let der = signed(&authority, None, &entries);
    assert!(der.len() < 100_000 * 52, "{}", der.len());
    let crl = Crl::from_der(&der).unwrap();
    crl.verify_issued_by(&authority.certificate).unwrap();
    assert_eq!(crl.entries(), entries);
    assert_eq!(crl.entry(entries[99_999].serial), Some(entries[99_999]));
    assert_eq!(crl.entry(serial()), None);
}

#[test]
fn an_update_that_ends_before_it_begins_is_refused() {
    let authority = Authority::root(KeyAlgorithm::P256);
    let list = CrlToBeSigned {
        issuer: Issuer::of(&authority.certificate),
        number: 1,
        this_update: now(),
        next_update: now() - Duration::SECOND,
        shard_url: None,
    };
    assert!(list.to_tbs([]).is_err());
}
