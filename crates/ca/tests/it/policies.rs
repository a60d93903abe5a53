//! The demo's authorities.

use crate::world::{policies, roots};
use kaika_domain::authorities::{Activation, Unlock};
use kaika_wire::KeyAlgorithm;

#[test]
fn all_are_read() {
    let ids: Vec<String> = policies().keys().map(ToString::to_string).collect();
    assert_eq!(ids, ["gca", "hca", "moica", "twca", "xca"]);
    let roots: Vec<String> = roots().iter().map(|root| root.id.to_string()).collect();
    assert_eq!(roots, ["test-grca", "twca-root"]);
}

#[test]
fn each_has_its_root_and_says_that_it_is_a_test() {
    for policy in policies().values() {
        assert!(roots().iter().any(|root| root.id == policy.hierarchy.root), "{}", policy.id);
        assert!(policy.name.zh.contains("測試") && policy.name.en.contains("TEST"), "{}", policy.id);
        assert!(policy.hierarchy.subject.labelled().any(|(_, value)| value.contains("測試") && value.contains("TEST")));
    }
}

#[test]
fn they_differ_as_the_real_ones_do() {
    let policy = |id: &str| policies().remove(&id.parse().unwrap()).unwrap();
    assert!(matches!(policy("gca").activation, Activation::Online { within_days: 90, .. }));
    assert_eq!(policy("moica").activation, Activation::Counter);
    assert_eq!(policy("moica").card.number_prefixes, ["TP", "GP"]);
    assert_eq!((policy("hca").pin.min, policy("hca").pin.max, policy("hca").unlock), (6, 6, Unlock::Keypad));
    assert_eq!(policy("hca").card.number_digits, 12);
    assert!(policy("twca").user_code.is_none() && policy("twca").activation == Activation::PinMailer);
    assert_eq!(policy("xca").card.key, KeyAlgorithm::P256);
    assert_eq!(policy("hca").card.key, KeyAlgorithm::Rsa2048);
}
