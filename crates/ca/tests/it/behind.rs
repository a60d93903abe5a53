//! Whoever's clock is some minutes behind believes what is signed, and nothing that is signed says more than is true.

use crate::status::{AT_ONCE, Question, accept, issued, revoke, server};
use crate::world::World;
use kaika_app::{App, kernel::Clock, status::publish_crl};
use kaika_domain::certificates::{Certificate, CertificateState, Hold, HoldBy};
use kaika_pki::crl::Crl;
use kaika_pki::ocsp::{HashAlgorithm, Response, Status};
use kaika_testkit::tools::Tool;
use time::{Duration, OffsetDateTime};

const MINUTES: Duration = Duration::minutes(5);

/// What openssl, which goes by the real time, complains of in chain, lists and OCSP answer.
async fn judged(world: &World, app: &App, certificate: &Certificate) -> String {
    let folder = world.folder.path();
    for (name, der) in [
        ("root.pem", &world.root_of("gca").await.certificate),
        ("issuing.pem", &world.found("gca").await.certificate),
        ("leaf.pem", &certificate.certificate),
    ] {
        std::fs::write(folder.join(name), kaika_pki::Certificate::from_der(der).unwrap().to_pem()).unwrap();
    }
    let openssl = |arguments: &str| Tool::new("openssl").args(arguments.split_whitespace()).current_dir(folder).run();
    for (owner, shard, file) in [("test-grca-1", None, "root.crl"), ("gca-1", Some(certificate.shard), "issuing.crl")] {
        std::fs::write(folder.join("list"), publish_crl(app, owner, shard).await.unwrap().der).unwrap();
        openssl(&format!("crl -inform DER -in list -out {file}")).expect_success();
    }
    let question = Question::about(world, certificate, HashAlgorithm::Sha1, None).await;
    std::fs::write(folder.join("response"), question.ask(app, true).await.response).unwrap();
    let verified = openssl(
        "verify -crl_check_all -CAfile root.pem -untrusted issuing.pem -CRLfile root.crl -CRLfile issuing.crl leaf.pem",
    );
    let asked = openssl(
        "ocsp -no_nonce -validity_period 0 -issuer issuing.pem -cert leaf.pem -respin response -CAfile root.pem \
         -verify_other issuing.pem",
    );
    format!("{}{}", verified.text(), asked.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_believes_a_server_that_is_minutes_ahead() {
    // The server's clock is ahead, which is the same.
    for (ahead, believed) in [(5, true), (280, true), (400, false)] {
        let world = World::new().await;
        world.clock.set(OffsetDateTime::now_utc() + Duration::seconds(ahead));
        world.found("gca").await;
        let app = server(&world, AT_ONCE).await;
        let mut certificate = issued(&world).await;
        accept(&app, &mut certificate).await;
        let told = judged(&world, &app, &certificate).await;
        let complains = told.contains("not yet valid");
        assert_eq!(!complains, believed, "{ahead}: {told}");
        if believed {
            let good = ["leaf.pem: OK", "Response verify OK", "leaf.pem: good"];
            assert!(good.iter().all(|says| told.contains(says)), "{ahead}: {told}");
        }
    }
}

/// When an answer about it is dated, and when it was made.
async fn answer(world: &World, app: &App, certificate: &Certificate) -> (OffsetDateTime, OffsetDateTime, Status) {
    let question = Question::about(world, certificate, HashAlgorithm::Sha256, None).await;
    let answer = question.ask(app, true).await;
    question.said(app, &answer);
    let Response::Answered(said) = Response::from_der(&answer.response).unwrap() else { panic!("not answered") };
    let single = &said.answers[0];
    assert_eq!(answer.cacheable.unwrap().this_update, single.this_update);
    (single.this_update, said.produced_at, single.status)
}

async fn list(app: &App, shard: Option<u32>) -> Crl {
    Crl::from_der(&publish_crl(app, "gca-1", shard).await.unwrap().der).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_dated_before_what_it_tells() {
    let world = World::new().await;
    world.found("gca").await;
    let app = server(&world, AT_ONCE).await;
    let mut certificate = issued(&world).await;
    accept(&app, &mut certificate).await;
    let begin = world.clock.now();
    let at = |seconds| {
        world.clock.set(begin + Duration::seconds(seconds));
        begin + Duration::seconds(seconds)
    };
    for shard in [Some(certificate.shard), None] {
        assert_eq!(list(&app, shard).await.this_update(), begin - MINUTES);
    }
    let now = at(1);
    assert_eq!(answer(&world, &app, &certificate).await, (now - MINUTES, now, Status::Good));

    let suspended = at(10);
    let hold = Hold { by: HoldBy::Authority, reason: "lost".into(), at: suspended };
    certificate.state = CertificateState::Suspended { holds: vec![hold] };
    crate::status::update(&app, &mut certificate).await;
    let now = at(12);
    for shard in [Some(certificate.shard), None] {
        assert_eq!(list(&app, shard).await.this_update(), suspended);
    }
    let (this_update, produced_at, status) = answer(&world, &app, &certificate).await;
    assert_eq!((this_update, produced_at), (suspended, now));
    assert!(matches!(status, Status::Revoked { at, .. } if at == suspended));

    // The list without the suspension is the newer one by its date, too.
    at(20);
    certificate.state = CertificateState::Valid;
    crate::status::update(&app, &mut certificate).await;
    let before = list(&app, Some(certificate.shard)).await;
    assert_eq!(before.this_update(), begin + Duration::seconds(13));

    let revoked = at(30);
    revoke(&app, &mut certificate).await;
    at(40);
    for shard in [Some(certificate.shard), None] {
        let list = list(&app, shard).await;
        let latest = list.entries().iter().map(|entry| entry.at).max();
        assert_eq!((list.this_update(), latest), (revoked, Some(revoked)));
    }
    assert_eq!(answer(&world, &app, &certificate).await.0, revoked);
    let later = at(3_600);
    assert_eq!(answer(&world, &app, &certificate).await.0, later - MINUTES);
    let renewed = at(40 + 86_400);
    assert_eq!(list(&app, Some(certificate.shard)).await.this_update(), renewed - MINUTES);
}

/// No end moves, and nothing is good before its issuer is.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_good_from_some_minutes_before() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let founded = world.clock.now();
    let of_authority = |generation: &kaika_app::authorities::Generation| {
        kaika_pki::Certificate::from_der(&generation.certificate).unwrap().not_before()
    };
    assert_eq!(of_authority(&world.root_of("gca").await), founded - MINUTES);
    assert_eq!(of_authority(&gca), founded - MINUTES);
    for (later, before) in [(Duration::ZERO, MINUTES), (Duration::DAY, MINUTES)] {
        world.clock.set(founded + later);
        let certificate = issued(&world).await;
        assert_eq!(certificate.not_before, founded + later - before);
        assert_eq!(certificate.issued_at, founded + later);
        let year = (founded + later).year() + 6;
        assert_eq!(certificate.not_after, (founded + later).replace_year(year).unwrap() - Duration::SECOND);
    }
}
