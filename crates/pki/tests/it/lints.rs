//! What the lint finds in certificates that must not be signed.

use kaika_pki::lint::{Expected, Finding, lint};
use kaika_pki::name::{Attribute, NameError};
use kaika_pki::text::Unreadable;
use kaika_pki::to_be_certified::{DirectoryAttributes, Issuer, Policies};
use kaika_pki::{Certificate, KeyAlgorithm, Profile, Serial, ToBeCertified, oid};
use time::Duration;

use crate::world::{Authority, Key, name};

struct World {
    root: Certificate,
    issuing: Authority,
}

fn world() -> World {
    let root = Authority::root(KeyAlgorithm::P256);
    let issuing = root.issuing(KeyAlgorithm::P256);
    World { root: root.certificate, issuing }
}

impl World {
    fn request(&self, profile: Profile) -> ToBeCertified {
        self.issuing.request(profile, Key::generate(KeyAlgorithm::P256).public())
    }

    fn lint(&self, what: &ToBeCertified) -> Vec<Finding> {
        self.lint_as(what.profile, what)
    }

    fn lint_as(&self, profile: Profile, what: &ToBeCertified) -> Vec<Finding> {
        let expected = Expected { profile, issuer: Some(&self.issuing.certificate), max_len: 1856 };
        lint(&what.to_tbs().unwrap(), &expected)
    }
}

#[test]
fn another_profile_is_found() {
    let world = world();
    let found = world.lint_as(Profile::Login, &world.request(Profile::Signature));
    assert_eq!(found, [Finding::KeyUsage, Finding::ExtendedKeyUsage]);
    let found = world.lint_as(Profile::Login, &world.request(Profile::CardAuthentication));
    assert_eq!(found, [Finding::Criticality(oid::EXTENDED_KEY_USAGE), Finding::ExtendedKeyUsage]);
    let found = world.lint_as(Profile::Signature, &world.request(Profile::OcspResponder));
    assert!(found.contains(&Finding::Unexpected(oid::OCSP_NOCHECK)), "{found:?}");
    assert!(found.contains(&Finding::Missing(oid::CERTIFICATE_POLICIES)), "{found:?}");
    assert!(found.contains(&Finding::Missing(oid::CRL_DISTRIBUTION_POINTS)), "{found:?}");
}

#[test]
fn an_authority_below_path_length_zero_is_found() {
    let world = world();
    let found = world.lint(&world.request(Profile::Issuing));
    assert!(found.contains(&Finding::IssuerConstraints), "{found:?}");
}

#[test]
fn another_issuer_is_found() {
    let world = world();
    let mut what = world.request(Profile::Signature);
    what.issuer = Issuer::of(&world.root);
    assert_eq!(world.lint(&what), [Finding::IssuerName, Finding::AuthorityKeyId]);
    let rsa = Authority::root(KeyAlgorithm::Rsa2048);
    what.issuer = Issuer::of(&rsa.certificate);
    assert_eq!(world.lint(&what), [Finding::Algorithm, Finding::IssuerName, Finding::AuthorityKeyId]);
}

#[test]
fn short_serials_long_lives_and_https_are_found() {
    let world = world();
    let what = ToBeCertified { serial: Serial::new(&[1; 7]).unwrap(), ..world.request(Profile::Signature) };
    assert_eq!(world.lint(&what), [Finding::ShortSerial]);
    let not_after = world.issuing.certificate.not_after() + Duration::SECOND;
    let what = ToBeCertified { not_after, ..world.request(Profile::Signature) };
    assert_eq!(world.lint(&what), [Finding::OutlivesIssuer]);
    let url = "https://localhost/x.crl".to_owned();
    let what = ToBeCertified { crl_url: Some(url.clone()), ..world.request(Profile::Signature) };
    assert_eq!(world.lint(&what), [Finding::Url(url)]);
}

#[test]
fn missing_extensions_are_found() {
    let world = world();
    let what = ToBeCertified { policies: Policies::default(), ocsp_url: None, ..world.request(Profile::Login) };
    assert_eq!(world.lint(&what), [Finding::Missing(oid::CERTIFICATE_POLICIES), Finding::Missing(oid::AD_OCSP)]);
}

#[test]
fn what_does_not_fit_the_card_is_found() {
    let world = world();
    let directory = DirectoryAttributes { card_number: Some("測".repeat(400)), ..DirectoryAttributes::default() };
    let what = ToBeCertified { directory, ..world.request(Profile::Signature) };
    assert!(matches!(world.lint(&what)[..], [Finding::TooLong { max: 1856, .. }]));
}

#[test]
fn names_that_others_do_not_read_as_they_are_are_found() {
    let world = world();
    let as_it_is = |subject: &str| {
        let what = ToBeCertified { subject: name(subject), ..world.request(Profile::Signature) };
        world.lint(&what)
    };
    let found = |attribute, why| [Finding::Name(NameError::Unreadable(attribute, why))];
    assert_eq!(as_it_is("C=TW,O=測試,OU=資訊 室"), []);
    assert_eq!(as_it_is(r"C=TW,O=測試,OU=\ \ \ "), found(Attribute::OrganizationalUnit, Unreadable::Blank));
    for sign in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{200d}', '\u{feff}', '\u{3164}', '\u{a0}'] {
        let (why, subject) = (Unreadable::Sign { sign, place: 2 }, format!("C=TW,O=測{sign}試"));
        assert_eq!(as_it_is(&subject), found(Attribute::Organization, why), "{sign:?}");
    }
    for subject in ["C=TW,O=測試 Cafe\u{301}", r"C=TW,O=測試\ "] {
        assert_eq!(as_it_is(subject), [Finding::NotComposed], "{subject:?}");
    }
    // An authority that was founded under such a name goes on.
    let subject = name("C=TW,O=測\u{202e}試 Cafe\u{301},serialNumber=GC00000000000017");
    let what = ToBeCertified { subject, ..world.request(Profile::CardAuthentication) };
    assert_eq!(world.lint(&what), []);
    let blank = DirectoryAttributes { business_number: Some("  ".to_owned()), ..DirectoryAttributes::default() };
    let what = ToBeCertified { directory: blank, ..world.request(Profile::Signature) };
    assert_eq!(world.lint(&what), [Finding::DirectoryText(Unreadable::Blank)]);
}

#[test]
fn bytes_that_say_something_else_are_found() {
    let world = world();
    let what = ToBeCertified { subject: name("C=TW,O=測試"), ..world.request(Profile::Signature) };
    let tbs = what.to_tbs().unwrap();
    let expected = Expected { profile: Profile::Signature, issuer: Some(&world.issuing.certificate), max_len: 1856 };
    assert_eq!(lint(&tbs, &expected), []);
    assert!(matches!(lint(&tbs[..tbs.len() - 1], &expected)[..], [Finding::Unreadable(_)]));
    // A changed bit in the subject key identifier, and one in the version.
    let key_id = what.public_key.key_identifier();
    let at = tbs.windows(20).rposition(|window| window == key_id).unwrap();
    let mut changed = tbs.clone();
    changed[at] ^= 1;
    assert_eq!(lint(&changed, &expected), [Finding::SubjectKeyId]);
    let version = tbs.windows(5).position(|window| window == [0xa0, 3, 2, 1, 2]).unwrap() + 4;
    changed.clone_from(&tbs);
    changed[version] = 1;
    assert!(matches!(lint(&changed, &expected)[..], [Finding::Unreadable(_)]));
}
