//! Every profile with every kind of key: clean in our lint and pkilint, verified by openssl, read back as written.

use kaika_pki::lint::{Expected, PIV_CERTIFICATE_LIMIT, lint};
use kaika_pki::to_be_certified::{BuildError, Issuer, Rank, assemble};
use kaika_pki::{Certificate, KeyAlgorithm, Profile, ToBeCertified};
use kaika_testkit::pkilint::{Kind, lint_der};
use time::macros::datetime;

use crate::world::{Authority, CRL_URL, Desk, Key, OCSP_URL, certify, name, now};

const HOLDERS: [Profile; 4] = [Profile::Signature, Profile::Encryption, Profile::Login, Profile::CardAuthentication];

/// Root, issuing authority, responder and a card's four certificates, in that order.
fn hierarchy(authorities: KeyAlgorithm, cards: KeyAlgorithm) -> (Authority, Authority, Vec<Certificate>) {
    let root = Authority::root(authorities);
    let issuing = root.issuing(authorities);
    let mut all = vec![root.certificate.clone(), issuing.certificate.clone()];
    all.push(issuing.responder(authorities).certificate);
    let issue = |profile| issuing.issue(profile, Key::generate(cards).public());
    all.extend(HOLDERS.map(issue));
    (root, issuing, all)
}

#[track_caller]
fn check_clean(authorities: KeyAlgorithm, cards: KeyAlgorithm) {
    let (root, issuing, all) = hierarchy(authorities, cards);
    let profiles = [Profile::Root, Profile::Issuing, Profile::OcspResponder].into_iter().chain(HOLDERS);
    for (profile, certificate) in profiles.zip(&all) {
        let issuer = match profile {
            Profile::Root => None,
            Profile::Issuing => Some(&root.certificate),
            _ => Some(&issuing.certificate),
        };
        let max_len = if profile.is_for_holders() { PIV_CERTIFICATE_LIMIT } else { 4096 };
        let expected = Expected { profile, issuer, max_len };
        assert_eq!(lint(certificate.tbs(), &expected), [], "{profile:?}");
        assert_eq!(lint_der(Kind::Certificate, certificate.der()), [], "{profile:?} {}", certificate.to_pem());
    }
    let desk = Desk::new();
    desk.put("root.pem", root.certificate.to_pem());
    desk.put("issuing.pem", issuing.certificate.to_pem());
    for (number, certificate) in all.iter().enumerate() {
        let file = format!("{number}.pem");
        desk.put(&file, certificate.to_pem());
        desk.openssl(&format!("verify -x509_strict -CAfile root.pem -untrusted issuing.pem {file}")).expect_success();
    }
    desk.openssl("verify -x509_strict -purpose sslclient -CAfile root.pem -untrusted issuing.pem 5.pem")
        .expect_success();
    desk.openssl("verify -x509_strict -purpose smimesign -CAfile root.pem -untrusted issuing.pem 3.pem")
        .expect_success();
}

#[test]
fn p256_is_clean() {
    check_clean(KeyAlgorithm::P256, KeyAlgorithm::P256);
}

#[test]
fn p384_over_rsa_cards_is_clean() {
    check_clean(KeyAlgorithm::P384, KeyAlgorithm::Rsa2048);
}

#[test]
fn rsa_over_p384_cards_is_clean() {
    check_clean(KeyAlgorithm::Rsa4096, KeyAlgorithm::P384);
}

/// The largest that a demo authority issues, with a CPS pointer, still fits the card's container.
#[test]
fn rsa_cards_under_rsa_authorities_fit_the_container() {
    let issuing = Authority::root(KeyAlgorithm::Rsa2048).issuing(KeyAlgorithm::Rsa4096);
    for profile in HOLDERS {
        let mut what = issuing.request(profile, Key::generate(KeyAlgorithm::Rsa2048).public());
        what.policies.cps_uri = Some("http://127.0.0.1:8080/gca/certification-practice-statement".to_owned());
        let len = certify(&what, &issuing.key).der().len();
        assert!(len <= PIV_CERTIFICATE_LIMIT, "{profile:?}: {len}");
    }
}

/// RFC 5280 §4.2.1.4 recommends policies without qualifiers, so pkilint notes each one; it has nothing else to say.
#[test]
fn a_cps_pointer_is_noted_and_no_more() {
    let issuing = Authority::root(KeyAlgorithm::P256).issuing(KeyAlgorithm::P256);
    let mut what = issuing.request(Profile::Signature, Key::generate(KeyAlgorithm::P256).public());
    what.policies.cps_uri = Some("https://example.org/cps".to_owned());
    let found = lint_der(Kind::Certificate, certify(&what, &issuing.key).der());
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(only.severity, "NOTICE");
    assert_eq!(only.code, "pkix.certificate_policies_policy_has_qualifier");
}

#[test]
fn what_was_written_is_read_back() {
    let issuing = Authority::root(KeyAlgorithm::P256).issuing(KeyAlgorithm::P256);
    let key = Key::generate(KeyAlgorithm::P256);
    let what = issuing.request(Profile::Signature, key.public());
    let certificate = certify(&what, &issuing.key);
    assert_eq!(certificate.serial(), what.serial);
    assert_eq!(certificate.subject().unwrap(), what.subject);
    assert_eq!(certificate.issuer_der(), issuing.certificate.subject_der());
    assert_eq!(certificate.not_before(), what.not_before);
    assert_eq!(certificate.not_after(), what.not_after);
    assert_eq!(certificate.public_key(), &what.public_key);
    assert_eq!(certificate.policies(), what.policies.oids);
    assert_eq!(certificate.emails(), ["test.holder@example.org"]);
    assert_eq!(certificate.crl_urls(), [CRL_URL]);
    assert_eq!(certificate.ocsp_urls(), [OCSP_URL]);
    assert_eq!(certificate.issuer_urls(), ["http://127.0.0.1:8080/ca/gca-1.cer"]);
    assert_eq!(certificate.directory(), &what.directory);
    assert_eq!(certificate.directory().rank, Some(Rank::Primary));
    assert_eq!(certificate.card_number(), None);
    assert_eq!(certificate.subject_key_id(), Some(key.public().key_identifier().as_slice()));
    assert_eq!(certificate.authority_key_id(), issuing.certificate.subject_key_id());
    assert_eq!(Certificate::from_pem(&certificate.to_pem()).unwrap(), certificate);
    certificate.verify_issued_by(&issuing.certificate).unwrap();

    let card = issuing.issue(Profile::CardAuthentication, key.public());
    assert_eq!(card.card_number().as_deref(), Some("GC00000000000017"));
}

/// A generation under the same name with another key, and a signature that was changed.
#[test]
fn name_key_and_signature_all_count() {
    let root = Authority::root(KeyAlgorithm::P256);
    let (first, second) = (root.issuing(KeyAlgorithm::P256), root.issuing(KeyAlgorithm::P256));
    let certificate = first.issue(Profile::Signature, Key::generate(KeyAlgorithm::P256).public());
    assert!(certificate.verify_issued_by(&first.certificate).is_ok());
    assert!(certificate.verify_issued_by(&second.certificate).is_err());
    assert!(certificate.verify_issued_by(&root.certificate).is_err());
    let forged = assemble(certificate.tbs(), certificate.signature_algorithm(), &second.key.sign(certificate.tbs()));
    let forged = Certificate::from_der(&forged).unwrap();
    assert!(forged.verify_issued_by(&first.certificate).is_err());
}

/// RFC 5280 §4.1.2.5: the two forms of time meet at the end of 2049.
#[test]
fn times_change_form_in_2050() {
    let root = Authority::root(KeyAlgorithm::P256);
    let what = ToBeCertified {
        not_before: datetime!(2049-12-31 23:59:59 UTC),
        not_after: datetime!(2050-01-01 08:00:00 +08:00),
        ..root.request(Profile::Signature, Key::generate(KeyAlgorithm::P256).public())
    };
    let certificate = certify(&what, &root.key);
    assert_eq!(certificate.not_after(), datetime!(2050-01-01 00:00:00 UTC));
    let desk = Desk::new();
    desk.put("x.der", certificate.der());
    let dump = desk.openssl("asn1parse -inform DER -in x.der").expect_success().stdout();
    assert!(dump.contains("UTCTIME           :491231235959Z"), "{dump}");
    assert!(dump.contains("GENERALIZEDTIME   :20500101000000Z"), "{dump}");
}

#[test]
fn what_must_not_be_written_is_refused() {
    let root = Authority::root(KeyAlgorithm::P256);
    let request = |profile| root.request(profile, Key::generate(KeyAlgorithm::P256).public());
    let refused = |what: ToBeCertified| what.to_tbs().unwrap_err();

    let named = name("C=TW,CN=測試,serialNumber=GC00000000000017");
    let card = ToBeCertified { subject: named, ..request(Profile::CardAuthentication) };
    assert_eq!(refused(card), BuildError::CardSubject);
    let card = ToBeCertified { email: Some("a@example.org".to_owned()), ..request(Profile::CardAuthentication) };
    assert_eq!(refused(card), BuildError::CardSubject);
    let email = ToBeCertified { email: Some("測試@example.org".to_owned()), ..request(Profile::Signature) };
    assert_eq!(refused(email), BuildError::Email);
    let url = ToBeCertified { crl_url: Some("ldap://localhost/".to_owned()), ..request(Profile::Signature) };
    assert_eq!(refused(url), BuildError::Url("ldap://localhost/".to_owned()));
    let backwards = ToBeCertified { not_after: now() - time::Duration::days(1), ..request(Profile::Signature) };
    assert_eq!(refused(backwards), BuildError::Period);
    let request = request(Profile::Issuing);
    let own = ToBeCertified { issuer: Issuer::itself(&request.subject, &request.public_key), ..request };
    assert_eq!(refused(own), BuildError::SelfIssued);
}
