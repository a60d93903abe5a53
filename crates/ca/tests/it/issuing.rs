//! What is issued, and what is refused.

use crate::world::{World, card_key, id, operator};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use kaika_app::{
    authorities::{IssueError, IssueOrder, Issuer},
    kernel::Clock,
};
use kaika_domain::certificates::{CertificateState, Placement};
use kaika_pki::name::Attribute;
use kaika_pki::to_be_certified::Rank;
use kaika_pki::{Certificate, PublicKey};
use kaika_wire::{CertificateRole, KeyAlgorithm};
use std::collections::BTreeSet;
use std::sync::Arc;
use time::Duration;

/// A modulus made by the faulty library, published by the finders of CVE-2017-15361 with their detector.
const ROCA: &str = "9dcd7420e420c270a68060eb8b5aa7457a9f6648f86fafed2775cc1f79ae962f1e63f1b9e51c55f9ea6fdc7332e9b005\
    8c9ff2eb1fc89855029cf6aafe21e689feb38ac9ffb12f1ce371bb5d0e9aae64161abce74b4244bf68f1edb4411f756a097c8929c1474024\
    5ea355f8332d1aa36bb50c7dcb4505da8de02e4e53d38f8df06097da7524df0df93db48eac8cc4af2d3a16257eb2b2adca6ba464e5974fa9\
    2550d31b1babf161e7692d00b86e3dd886ecab4abfbe1a8f8cc263ff4af55cdb45f4249a5193925f5e983d762f0b6800943eb0267b08f42e\
    d311ce1f5c86eacbc8ce4d3cb7a2fee1ef5641423a1cf4114e5ecf50034a60a412523af9e6f4aa11";

#[tokio::test(flavor = "multi_thread")]
async fn every_role_is_issued_for_every_kind_of_key() {
    let mut world = World::new().await;
    for key in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
        world.policy_mut(&id("gca")).card.key = key;
        let ca = world.reopened().await;
        let gca = ca.found(&id("gca"), &operator()).await.unwrap();
        let issuer = Certificate::from_der(&gca.certificate).unwrap();
        let (holder, card) = world.holder_with_card("gca").await;
        for role in CertificateRole::ALL {
            let order = IssueOrder::on_card(operator(), world.job(), &card, &holder, role, card_key(key));
            let issued = ca.issue(&order).await.unwrap();
            let stored = world.store.read().await.unwrap().certificate(issued.id).await.unwrap().unwrap();
            assert_eq!(stored, issued);
            assert_eq!(issued.state, CertificateState::Held { holds: Vec::new() });
            assert_eq!(issued.placement, Some(Placement::Pending));
            assert!(issued.certificate.len() <= 1856);
            let certificate = Certificate::from_der(&issued.certificate).unwrap();
            certificate.verify_issued_by(&issuer).unwrap();
            assert_eq!(certificate.public_key().spki_der(), order.public_key);
            assert_eq!(certificate.serial().as_bytes(), issued.serial.as_be_bytes());
            assert!(issued.shard < 16 && issued.shard == gca.shard_of(&issued.serial));
            let list = format!("http://127.0.0.1:8080/crl/gca-1/{}.crl", issued.shard);
            assert_eq!(certificate.crl_urls(), [list]);
            assert_eq!(certificate.ocsp_urls(), ["http://127.0.0.1:8080/ocsp/gca-1"]);
            assert_eq!(certificate.issuer_urls(), ["http://127.0.0.1:8080/ca/gca-1.cer"]);
            let years = if role == CertificateRole::CardAuthentication { 11 } else { 6 };
            let now = world.clock.now();
            let end = now.replace_year(now.year() + years).unwrap() - Duration::SECOND;
            assert_eq!((issued.not_before, issued.not_after), (now - Duration::minutes(5), end));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holders_certificate_names_holder_and_card() {
    let world = World::new().await;
    world.found("gca").await;
    let order = world.order("gca", CertificateRole::Signature).await;
    let issued = world.ca.issue(&order).await.unwrap();
    let certificate = Certificate::from_der(&issued.certificate).unwrap();
    assert_eq!(certificate.subject().unwrap(), order.applicant.holder.subject);
    assert_eq!(certificate.emails(), ["test@kaika.example"]);
    let directory = certificate.directory();
    assert_eq!(directory.subject_type.unwrap().to_string(), "2.16.886.1.100.3.2.1.1");
    assert_eq!(directory.rank, Some(Rank::Primary));
    assert_eq!(directory.business_number.as_deref(), Some("00000000"));
    assert_eq!(directory.agency.unwrap().to_string(), "2.16.886.101.20003");
    assert_eq!(directory.card_number.as_deref(), Some(order.card().unwrap().number.as_str()));
    assert_eq!(certificate.policies().iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.3.6.1.5.5.7.13.3"]);
    assert_eq!(world.audited().await.last().unwrap(), "certificate.issue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cards_own_certificate_names_the_card_and_nobody() {
    let world = World::new().await;
    world.found("gca").await;
    let order = world.order("gca", CertificateRole::CardAuthentication).await;
    let issued = world.ca.issue(&order).await.unwrap();
    let certificate = Certificate::from_der(&issued.certificate).unwrap();
    assert_eq!(certificate.card_number().as_deref(), Some(order.card().unwrap().number.as_str()));
    let subject = certificate.subject().unwrap();
    assert_eq!(subject.value(Attribute::Organization), Some("測試行政院 TEST"));
    assert_eq!(subject.value(Attribute::SerialNumber), Some(order.card().unwrap().number.as_str()));
    assert!(certificate.emails().is_empty() && certificate.directory().card_number.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_its_issuer() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let end = Certificate::from_der(&gca.certificate).unwrap().not_after();
    world.clock.set(end - Duration::days(100));
    let order = world.order("gca", CertificateRole::CardAuthentication).await;
    assert_eq!(world.ca.issue(&order).await.unwrap().not_after, end);
    world.clock.set(end + Duration::DAY);
    let order = world.order("gca", CertificateRole::Signature).await;
    assert!(matches!(world.ca.issue(&order).await, Err(IssueError::Lint(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_gives_the_same_certificate() {
    let world = Arc::new(World::new().await);
    world.found("gca").await;
    let order = world.order("gca", CertificateRole::Signature).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (world, order) = (Arc::clone(&world), order.clone());
            tokio::spawn(async move { world.ca.issue(&order).await.unwrap() })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all.push(world.reopened().await.issue(&order).await.unwrap());
    assert!(all.iter().all(|one| *one == all[0]));
    assert_eq!(world.audited().await.iter().filter(|action| *action == "certificate.issue").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_the_same_order_give_the_same_certificate() {
    let world = World::new().await;
    world.found("gca").await;
    let (one, two) = (world.reopened().await, world.reopened().await);
    for _ in 0..10 {
        let order = world.order("gca", CertificateRole::Login).await;
        let results = tokio::join!(one.issue(&order), two.issue(&order));
        let mut issued = Vec::new();
        for result in [results.0, results.1] {
            // Whoever comes second may be told so; he then finds the first one's.
            issued.push(match result {
                Ok(certificate) => certificate,
                Err(IssueError::Store(kaika_app::StoreError::Stale)) => one.issue(&order).await.unwrap(),
                Err(error) => panic!("{error}"),
            });
        }
        assert_eq!(issued[0], issued[1]);
        let on_card = world.store.read().await.unwrap().certificates_of_card(order.card().unwrap().id).await.unwrap();
        assert_eq!(on_card.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_serial_number_is_given_twice() {
    let world = Arc::new(World::new().await);
    world.found("gca").await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let order = world.order("gca", CertificateRole::Signature).await;
        let world = Arc::clone(&world);
        tasks.push(tokio::spawn(async move { world.ca.issue(&order).await.unwrap() }));
    }
    let mut serials = BTreeSet::new();
    for task in tasks {
        let issued = task.await.unwrap();
        assert_eq!(issued.serial.as_be_bytes().len(), 16);
        assert!(serials.insert(issued.serial));
    }
    assert_eq!(serials.len(), 20);
}

async fn refused(world: &World, order: &IssueOrder) -> String {
    match world.ca.issue(order).await {
        Err(IssueError::Key(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was issued"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_keys_are_refused() {
    let mut world = World::new().await;
    world.policy_mut(&id("gca")).card.key = KeyAlgorithm::Rsa2048;
    world.ca = world.reopened().await;
    world.found("gca").await;
    let f4 = [1, 0, 1];
    let roca = hex::decode(ROCA).unwrap();
    let good = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let modulus = good.public_key().modulus().big_endian_without_leading_zero().to_vec();
    let longer = RsaKeyPair::generate(KeySize::Rsa3072).unwrap().public_key().as_der().unwrap().as_ref().to_vec();
    let spki = |modulus: &[u8], exponent: &[u8]| PublicKey::from_rsa(modulus, exponent).unwrap().spki_der().to_vec();
    for (public_key, why) in [
        (spki(&roca, &f4), "ROCA"),
        (spki(&modulus, &[3]), "exponent"),
        (longer, "rsa3072"),
        (card_key(KeyAlgorithm::P256), "p256"),
        (b"no key".to_vec(), "cannot be read"),
    ] {
        let order = IssueOrder { public_key, ..world.order("gca", CertificateRole::Signature).await };
        let text = refused(&world, &order).await;
        assert!(text.contains(why), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_serves_one_card_and_one_purpose() {
    let world = World::new().await;
    world.found("gca").await;
    let first = world.order("gca", CertificateRole::Signature).await;
    world.ca.issue(&first).await.unwrap();

    let mut second = world.order("gca", CertificateRole::Signature).await;
    second.public_key.clone_from(&first.public_key);
    assert!(refused(&world, &second).await.contains("another holder"));

    let holder = &first.applicant.holder;
    let (card, key) = (world.another_card(holder).await, first.public_key.clone());
    let second_card = IssueOrder::on_card(operator(), world.job(), &card, holder, CertificateRole::Signature, key);
    assert!(refused(&world, &second_card).await.contains("another card"));

    let purpose = IssueOrder { profile: CertificateRole::Encryption.into(), ..first.clone() };
    assert!(refused(&world, &purpose).await.contains("another purpose"));

    // The same key for the same purpose, in another job: a renewal.
    let renewal = IssueOrder { request: world.job().into(), ..first };
    assert!(world.ca.issue(&renewal).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_stand_in_a_certificate_is_refused_and_leaves_nothing_open() {
    let world = World::new().await;
    world.found("gca").await;
    let good = world.order("gca", CertificateRole::Signature).await;
    let mut long = good.clone();
    let unit = format!(",OU={}", "測".repeat(60));
    long.applicant.holder.subject = format!("C=TW,O=測試{}", unit.repeat(20)).parse().unwrap();
    let mut agency = good.clone();
    agency.applicant.holder.organisation.agency_oid = Some("one.two".to_owned());
    let mut stranger = good.clone();
    stranger.applicant.holder = world.holder_with_card("gca").await.0;
    assert!(matches!(world.ca.issue(&long).await, Err(IssueError::Unfit(_))));
    for order in [agency, stranger] {
        assert!(matches!(world.ca.issue(&order).await, Err(IssueError::Lint(_))));
    }
    let later = world.clock.now() + Duration::DAY;
    assert_eq!(world.store.read().await.unwrap().unfinished_issuances(later).await.unwrap(), []);
    assert!(world.ca.issue(&good).await.is_ok());

    let encryption = world.order("twca", CertificateRole::Encryption).await;
    world.found("twca").await;
    assert!(matches!(world.ca.issue(&encryption).await, Err(IssueError::Lint(_))), "its cards have none");
}
