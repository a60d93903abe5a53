//! Policies that contradict themselves are refused with the field's name.

use kaika_domain::authorities::{AuthorityKey, Keys, Policy, ProfileName, StatusChangeWay, Usage};
use kaika_wire::{CertificateRole, KeyAlgorithm, StatusChangeKind};

pub(crate) const RIGHT: &str = r##"
id = "tca"
name = { zh = "測試", en = "TEST" }
accent = "#123456"
activation = { mode = "online", within_days = 90, afterwards = "revoke" }
unlock = "agent"

[hierarchy]
root = "test-root"
subject = [["C", "TW"], ["O", "測試 TEST"]]
key = "p256"
validity_years = 20

[card]
number_prefixes = ["TC"]
number_digits = 14
key = "p256"
roles = ["signature", "login"]
identity_years = 11

[user_code]
tries = 3

[pin]
min = 6
max = 8

[certificates]
validity_years = 5
policies = ["1.3.6.1.5.5.7.13.3"]
subject_type = "2.16.886.1.100.3.2.1.1"

[contact]
telephone = "02-0000-0000"
hours = { zh = "測試", en = "test" }
address = { zh = "測試", en = "test" }
"##;

#[track_caller]
fn check(from: &str, to: &str, field: &str) {
    assert!(RIGHT.contains(from));
    let error = Policy::parse(&RIGHT.replace(from, to)).expect_err(field).to_string();
    assert!(error.contains(field), "{error}");
}

#[test]
fn a_right_policy_is_taken() {
    let policy = Policy::parse(RIGHT).expect("a policy");
    assert_eq!(policy.roles().count(), 3);
    assert!(!policy.delivers_pin());
    assert!(policy.owns(&"TC00000000000000".parse().expect("a card number")));
    assert!(!policy.owns(&"GC00000000000000".parse().expect("a card number")));
}

#[test]
fn what_a_holder_does_himself_is_said_one_by_one() {
    let policy = Policy::parse(RIGHT).expect("a policy");
    assert!(
        StatusChangeKind::ALL.iter().all(|kind| policy.status_changes.way(*kind) == StatusChangeWay::Counter),
        "the default"
    );
    let some = RIGHT.replace("[pin]", "[status_changes]\nsuspend = \"online\"\nrevoke = \"paper_form\"\n[pin]");
    let changes = Policy::parse(&some).expect("a policy").status_changes;
    assert_eq!(
        (changes.suspend, changes.resume, changes.revoke),
        (StatusChangeWay::Online, StatusChangeWay::Counter, StatusChangeWay::PaperForm)
    );
    let counter = "activation = { mode = \"counter\" }";
    let online = "activation = { mode = \"online\", within_days = 90, afterwards = \"revoke\" }";
    let without_codes = some.replace(online, counter).replace("[user_code]\ntries = 3\n", "");
    let without_codes = without_codes.replace("unlock = \"agent\"", "unlock = \"counter\"");
    let error = Policy::parse(&without_codes).expect_err("nothing to ask for").to_string();
    assert!(error.contains("status_changes"), "{error}");
}

#[test]
fn an_organisation_has_a_name() {
    let with = |rules: &str| {
        Policy::parse(&RIGHT.replace("[certificates]", &format!("[organisation]\n{rules}\n[certificates]")))
    };
    let rules = with("named_by = [\"C\", \"O\"]\nexpiring_within_days = 90").expect("a policy").organisation;
    assert_eq!(rules.map(|rules| rules.expiring_within_days), Some(90));
    assert!(Policy::parse(RIGHT).expect("a policy").organisation.is_none(), "where nothing is said");
    for (rules, field) in [
        ("named_by = [\"OU\"]\nexpiring_within_days = 90", "organisation.named_by"),
        ("named_by = [\"O\"]\nexpiring_within_days = 0", "organisation.expiring_within_days"),
    ] {
        let error = with(rules).expect_err(field).to_string();
        assert!(error.contains(field), "{error}");
    }
}

const PROFILE: &str = r#"[profiles.seal]
name = { zh = "印信", en = "Seal" }
usage = "signature"
keys = ["p384", "rsa3072"]
validity_years = 3
"#;

#[test]
fn what_is_issued_has_a_name() {
    let policy = Policy::parse(RIGHT).expect("a policy");
    let names = |policy: &Policy| policy.profile_names().map(String::from).collect::<Vec<_>>();
    assert_eq!(names(&policy), ["card_authentication", "signature", "login"]);
    let years = |role: CertificateRole| policy.profile(&role.into()).map(|profile| profile.validity_years);
    assert_eq!(years(CertificateRole::Signature), Some(5));
    assert_eq!(years(CertificateRole::CardAuthentication), Some(11));
    assert_eq!(years(CertificateRole::Encryption), None, "its cards have none");
    let login = policy.profile(&CertificateRole::Login.into()).expect("cards have one");
    assert_eq!((login.usage, login.keys), (Usage::Login, Keys::OfCards(KeyAlgorithm::P256)));
    assert!(login.is_on_card);

    let policy = Policy::parse(&(RIGHT.to_owned() + PROFILE)).expect("a policy");
    assert_eq!(names(&policy), ["card_authentication", "signature", "login", "seal"]);
    let seal: ProfileName = "seal".parse().expect("a name");
    let seal = policy.profile(&seal).expect("it is declared");
    assert_eq!(seal.keys, Keys::OneOf(&[AuthorityKey::P384, AuthorityKey::Rsa3072]));
    assert_eq!((seal.usage, seal.validity_years, seal.is_on_card), (Usage::Signature, 3, false));
    // As those of cards, where nothing else is said.
    assert_eq!((seal.policies, seal.subject_type), (login.policies, login.subject_type));
}

#[test]
fn a_wrong_profile_is_named() {
    for (from, to, why) in [
        ("profiles.seal", "profiles.login", "profiles: login"),
        ("profiles.seal", "profiles.Seal", "lower-case"),
        ("\"signature\"", "\"card_authentication\"", "profiles: seal: usage"),
        ("\"signature\"", "\"server\"", "server"),
        ("[\"p384\", \"rsa3072\"]", "[]", "profiles: seal: keys"),
        ("validity_years = 3", "validity_years = 0", "profiles: seal: validity_years"),
        ("validity_years = 3", "validity_years = 3\nslot = \"9c\"", "slot"),
    ] {
        assert!(PROFILE.contains(from));
        let error = Policy::parse(&(RIGHT.to_owned() + &PROFILE.replace(from, to))).expect_err(to).to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn wrong_values_are_named() {
    check("[\"TC\"]", "[\"T1\"]", "card.number_prefixes");
    check("[\"TC\"]", "[]", "card.number_prefixes");
    check("number_digits = 14", "number_digits = 30", "card.number_prefixes");
    check("[\"signature\", \"login\"]", "[\"login\"]", "card.roles");
    check("[\"signature\", \"login\"]", "[\"signature\", \"card_authentication\"]", "card.roles");
    check("[\"C\", \"TW\"]", "[\"ZZ\", \"TW\"]", "“ZZ” is not one of");
    check("[[\"C\", \"TW\"], [\"O\", \"測試 TEST\"]]", "[]", "at least one attribute");
    check("min = 6", "min = 4", "pin");
    check("max = 8", "max = 12", "pin");
    check("[pin]", "[status_changes]\nrevoke = \"fax\"\n[pin]", "fax");
    check("[user_code]\ntries = 3\n", "", "user_code");
    check("#123456", "blue", "accent");
    check("#123456", "#7a8a9a", "accent");
    check("unlock = \"agent\"", "unlock = \"agent\"\ncolour = 1", "colour");
    check("\"p256\"\nroles", "\"p521\"\nroles", "p521");
}
