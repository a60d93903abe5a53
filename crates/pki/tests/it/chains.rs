//! From a card's certificate to a root of ours, and all the ways it may fail to get there.

use kaika_pki::chain::{ChainError, verify};
use kaika_pki::{Certificate, KeyAlgorithm, Profile};
use time::Duration;

use crate::world::{Authority, Key, certify, now};

struct World {
    root: Authority,
    issuing: Authority,
    leaf: Certificate,
}

fn world() -> World {
    let root = Authority::root(KeyAlgorithm::P256);
    let issuing = root.issuing(KeyAlgorithm::P384);
    let leaf = issuing.issue(Profile::Signature, Key::generate(KeyAlgorithm::P256).public());
    World { root, issuing, leaf }
}

#[test]
fn the_path_ends_at_the_root() {
    let World { root, issuing, leaf } = world();
    let younger = root.issuing(KeyAlgorithm::P384);
    let set = [younger.certificate, root.certificate.clone(), issuing.certificate.clone()];
    assert_eq!(verify(&leaf, &set, now()).unwrap(), [&issuing.certificate, &root.certificate]);
    assert_eq!(verify(&issuing.certificate, &set, now()).unwrap(), [&root.certificate]);
    assert!(verify(&root.certificate, &set, now()).unwrap().is_empty());
}

#[test]
fn an_incomplete_or_foreign_set_is_refused() {
    let World { root, issuing, leaf } = world();
    let unknown = |depth| Err(ChainError::UnknownIssuer { depth });
    assert_eq!(verify(&leaf, &[], now()), unknown(0));
    assert_eq!(verify(&leaf, std::slice::from_ref(&root.certificate), now()), unknown(0));
    assert_eq!(verify(&leaf, std::slice::from_ref(&issuing.certificate), now()), unknown(1));
    let other = world();
    assert_eq!(verify(&leaf, &[other.root.certificate.clone(), other.issuing.certificate], now()), unknown(0));
    // A foreign root of the same name carries no issuer's key identifier: only its signature tells.
    let set = [root.certificate];
    let foreign = verify(&other.root.certificate, &set, now());
    assert_eq!(foreign, Err(ChainError::Signature { depth: 0 }));
}

#[test]
fn time_counts_at_every_depth() {
    let World { root, issuing, leaf } = world();
    let set = [root.certificate, issuing.certificate];
    let at = |moment| verify(&leaf, &set, moment).map(|path| path.len());
    assert_eq!(at(leaf.not_before() - Duration::SECOND), Err(ChainError::NotYetValid { depth: 0 }));
    assert_eq!(at(leaf.not_after()), Ok(2));
    assert_eq!(at(leaf.not_after() + Duration::milliseconds(999)), Ok(2));
    assert_eq!(at(leaf.not_after() + Duration::SECOND), Err(ChainError::Expired { depth: 0 }));
    let issuing = &set[1];
    let later = issuing.not_after() + Duration::SECOND;
    assert_eq!(verify(issuing, &set, later), Err(ChainError::Expired { depth: 0 }));
}

#[test]
fn only_authorities_issue_and_not_below_the_path_length() {
    let World { root, issuing, leaf } = world();
    let set = [root.certificate, issuing.certificate.clone(), leaf.clone()];

    let holder = Key::generate(KeyAlgorithm::P256);
    let card = issuing.issue(Profile::Signature, holder.public());
    let holder = Authority { key: holder, certificate: card.clone() };
    let child = holder.issue(Profile::Signature, Key::generate(KeyAlgorithm::P256).public());
    let wider = [&set[..], &[card]].concat();
    assert_eq!(verify(&child, &wider, now()), Err(ChainError::NotAnAuthority { depth: 1 }));

    let below = issuing.issuing(KeyAlgorithm::P256);
    let grandchild = below.issue(Profile::Signature, Key::generate(KeyAlgorithm::P256).public());
    let deeper = [&set[..], &[below.certificate]].concat();
    assert_eq!(verify(&grandchild, &deeper, now()), Err(ChainError::PathLength { depth: 2 }));
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let World { root, issuing, .. } = world();
    let what = issuing.request(Profile::Signature, Key::generate(KeyAlgorithm::P256).public());
    let forged = certify(&what, &Key::generate(KeyAlgorithm::P384));
    let set = [root.certificate, issuing.certificate];
    assert_eq!(verify(&forged, &set, now()), Err(ChainError::Signature { depth: 0 }));
}
