//! The status of a certificate as the portal serves it, from the database to openssl.

use crate::world::{World, passphrase};
use kaika_app::{
    App, Failure, Store, StoreError,
    authorities::Issuer,
    kernel::Clock,
    status::{OcspAnswer, StatusSettings, answer_ocsp, crl_failures, publish_crl},
};
use kaika_domain::certificates::{Certificate, RevocationReason};
use kaika_fixtures::FailingStore;
use kaika_pki::crl::{self, Crl};
use kaika_pki::ocsp::{CertId, HashAlgorithm, Nonce, Request, Response, Status, Unsuccessful, unsuccessful};
use kaika_testkit::pkilint::{Kind, lint_der};
use kaika_testkit::tools::Tool;
use kaika_vault::{SystemRng, UserCodes, Vault};
use kaika_wire::{CertificateRole, Code};
use std::sync::Arc;
use time::Duration;

pub(crate) const AT_ONCE: StatusSettings = StatusSettings { crl_every: Duration::ZERO, ocsp_cache: 1 << 20 };

/// One of the servers on this database.
pub(crate) async fn server(world: &World, settings: StatusSettings) -> App {
    let store = format!("sqlite:{}", world.folder.path().join("kaika.db").display());
    server_at(world, kaika_store::open(&store).await.unwrap(), settings).await
}

async fn server_at(world: &World, store: Arc<dyn Store>, settings: StatusSettings) -> App {
    let vault = Vault::create_or_open(&world.folder.path().join("secrets"), &passphrase()).unwrap();
    App::new(
        store,
        Arc::new(world.reopened().await),
        Arc::new(vault),
        Arc::new(UserCodes::new()),
        world.clock.clone(),
        Arc::new(SystemRng::new()),
        world.policies.clone(),
        "http://127.0.0.1:8080".to_owned(),
    )
    .with_status(settings)
}

pub(crate) async fn issued(world: &World) -> Certificate {
    world.ca.issue(&world.order("gca", CertificateRole::Signature).await).await.unwrap()
}

/// Through a server's own store, or another's.
pub(crate) async fn accept(app: &App, certificate: &mut Certificate) {
    certificate.state = certificate.state.clone().accept().unwrap();
    update(app, certificate).await;
}

pub(crate) async fn revoke(app: &App, certificate: &mut Certificate) {
    let reason = RevocationReason::KeyCompromise;
    certificate.state = certificate.state.clone().revoke(reason, app.now()).unwrap();
    update(app, certificate).await;
}

pub(crate) async fn update(app: &App, certificate: &mut Certificate) {
    let mut work = app.store.begin().await.unwrap();
    work.update_certificate(certificate).await.unwrap();
    work.commit().await.unwrap();
}

pub(crate) struct Question {
    issuer: kaika_pki::Certificate,
    request: Request,
}

impl Question {
    pub(crate) async fn about(
        world: &World,
        certificate: &Certificate,
        hash: HashAlgorithm,
        nonce: Option<Nonce>,
    ) -> Self {
        let issuer = kaika_pki::Certificate::from_der(&world.found("gca").await.certificate).unwrap();
        let serial = kaika_pki::Serial::new(certificate.serial.as_be_bytes()).unwrap();
        let request = Request { certificates: vec![CertId::new(hash, &issuer, serial)], nonce };
        Self { issuer, request }
    }

    pub(crate) async fn ask(&self, app: &App, may_sign: bool) -> OcspAnswer {
        answer_ocsp(app, "gca-1", &self.request.to_der(), &move || may_sign).await.unwrap()
    }

    /// What an answer says, its signature checked, and when it was produced.
    pub(crate) fn said(&self, app: &App, answer: &OcspAnswer) -> Status {
        let Response::Answered(said) = Response::from_der(&answer.response).unwrap() else { panic!("not answered") };
        said.verify(&self.issuer, app.now()).unwrap();
        said.about(&self.request.certificates[0]).unwrap().status
    }

    async fn status(&self, app: &App) -> Status {
        self.said(app, &self.ask(app, false).await)
    }
}

fn is_hold(status: Status) -> bool {
    matches!(status, Status::Revoked { reason: crl::RevocationReason::CertificateHold, .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn held_then_good_by_ocsp_and_by_list() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let mut issued = issued(&world).await;
    let app = server(&world, AT_ONCE).await;
    let folder = world.folder.path();
    for (name, der) in [
        ("root.pem", &world.root_of("gca").await.certificate),
        ("issuing.pem", &gca.certificate),
        ("leaf.pem", &issued.certificate),
    ] {
        std::fs::write(folder.join(name), kaika_pki::Certificate::from_der(der).unwrap().to_pem()).unwrap();
    }
    let openssl = |arguments: &str| Tool::new("openssl").args(arguments.split_whitespace()).current_dir(folder).run();
    openssl("ocsp -issuer issuing.pem -cert leaf.pem -reqout question").expect_success();
    let question = std::fs::read(folder.join("question")).unwrap();

    let mut lists = Vec::new();
    for (says, reason, verified) in
        [("leaf.pem: revoked", "Reason: certificateHold", false), ("leaf.pem: good", "", true)]
    {
        let answer = answer_ocsp(&app, "gca-1", &question, &|| true).await.unwrap();
        assert_eq!(answer.cacheable, None, "the question had a nonce");
        assert_eq!(lint_der(Kind::OcspResponse, &answer.response), []);
        std::fs::write(folder.join("response"), answer.response).unwrap();
        let judged = openssl(
            "ocsp -no_nonce -issuer issuing.pem -cert leaf.pem -reqin question -respin response -CAfile root.pem \
             -verify_other issuing.pem",
        )
        .expect_success();
        assert!(judged.stderr().contains("Response verify OK"), "{judged}");
        assert!(judged.stdout().contains(says) && judged.stdout().contains(reason), "{judged}");

        for (owner, shard, file) in [("test-grca-1", None, "root.crl"), ("gca-1", Some(issued.shard), "issuing.crl")] {
            let list = publish_crl(&app, owner, shard).await.unwrap();
            std::fs::write(folder.join("list"), &list.der).unwrap();
            openssl(&format!("crl -inform DER -in list -out {file}")).expect_success();
            lists.push((list.number, Crl::from_der(&list.der).unwrap().entries().len()));
        }
        let judged = openssl(
            "verify -x509_strict -crl_check_all -CAfile root.pem -untrusted issuing.pem -CRLfile root.crl \
             -CRLfile issuing.crl leaf.pem",
        );
        assert_eq!(judged.status.success(), verified, "{judged}");
        if !verified {
            accept(&app, &mut issued).await;
        }
    }
    // The root's list is served again; the authority's is signed anew after the change. Numbers begin at the time, so
    // that none is used again after a database was restored.
    let first = world.clock.now().unix_timestamp();
    assert_eq!(lists, [(first, 0), (first, 1), (first, 0), (first + 1, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_touches_the_list_of_its_shard_alone() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let app = server(&world, AT_ONCE).await;
    let mut one = issued(&world).await;
    let first = one.shard;
    let other = loop {
        let other = issued(&world).await;
        if other.shard != one.shard {
            break other;
        }
    };
    let numbers = async || {
        let mut numbers = Vec::new();
        for shard in [Some(first), Some(other.shard), None] {
            let list = publish_crl(&app, "gca-1", shard).await.unwrap();
            let list = Crl::from_der(&list.der).unwrap();
            assert_eq!(list.shard_urls(), shard.map_or(Vec::new(), |shard| vec![gca.crl_url(Some(shard))]));
            numbers.push(list.number());
        }
        numbers
    };
    let before = numbers().await;
    assert_eq!(numbers().await, before, "nothing has changed");
    accept(&app, &mut one).await;
    assert_eq!(numbers().await, [before[0] + 1, before[1], before[2] + 1]);
    let is_listed = async |shard, certificate: &Certificate| {
        let list = Crl::from_der(&publish_crl(&app, "gca-1", shard).await.unwrap().der).unwrap();
        list.entry(kaika_pki::Serial::new(certificate.serial.as_be_bytes()).unwrap()).is_some()
    };
    for shard in [Some(first), Some(other.shard), None] {
        assert!(!is_listed(shard, &one).await);
        assert_eq!(is_listed(shard, &other).await, shard != Some(first));
    }
    for (name, shard) in [("gca-1", 16), ("gca-1", u32::MAX), ("test-grca-1", 0), ("nobody-1", 0)] {
        let refused = publish_crl(&app, name, Some(shard)).await;
        assert!(matches!(refused, Err(Failure::Refused(refusal)) if refusal.code == Code::NotFound), "{name} {shard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_signed_again_no_sooner_than_it_may_be() {
    let world = World::new().await;
    world.found("gca").await;
    let app = Arc::new(server(&world, StatusSettings::default()).await);
    let mut certificate = issued(&world).await;
    let shard = Some(certificate.shard);
    let begin = world.clock.now();
    let fetch = async |seconds, shard| {
        world.clock.set(begin + Duration::seconds(seconds));
        publish_crl(&app, "gca-1", shard).await.unwrap()
    };
    let (first, complete) = (fetch(0, shard).await, fetch(0, None).await);
    accept(&app, &mut certificate).await;
    assert_eq!(fetch(9, shard).await, first);
    assert_ne!(fetch(10, shard).await, first);
    // The list of all is as much longer as there are shards.
    assert_eq!(fetch(159, None).await, complete);
    assert_ne!(fetch(160, None).await, complete);

    // Of many that come at once one signs.
    revoke(&app, &mut certificate).await;
    world.clock.set(begin + Duration::seconds(200));
    let fetching: Vec<_> = (0..20)
        .map(|_| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { publish_crl(&app, "gca-1", shard).await.unwrap() })
        })
        .collect();
    let mut fetched = Vec::new();
    for fetching in fetching {
        fetched.push(fetching.await.unwrap());
    }
    assert!(fetched.iter().all(|crl| *crl == fetched[0]));
}

/// Daily, where the policy does not say otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_signed_anew_though_nothing_has_changed() {
    let world = World::new().await;
    world.found("gca").await;
    let app = server(&world, AT_ONCE).await;
    let begin = world.clock.now();
    for (name, shard) in [("gca-1", Some(0)), ("gca-1", None), ("test-grca-1", None)] {
        let at = async |hours| {
            world.clock.set(begin + hours);
            publish_crl(&app, name, shard).await.unwrap().signed_at - begin
        };
        assert_eq!(at(Duration::ZERO).await, Duration::ZERO);
        assert_eq!(at(Duration::hours(24) - Duration::SECOND).await, Duration::ZERO);
        assert_eq!(at(Duration::hours(24)).await, Duration::hours(24));
    }
}

/// RFC 5280 §3.3: not before one list was signed after its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_on_one_list_after_its_end() {
    let world = World::new().await;
    world.found("gca").await;
    let app = server(&world, AT_ONCE).await;
    let mut certificate = issued(&world).await;
    revoke(&app, &mut certificate).await;
    let end = certificate.not_after;
    let is_listed = async |at, shard| {
        world.clock.set(at);
        let list = Crl::from_der(&publish_crl(&app, "gca-1", shard).await.unwrap().der).unwrap();
        list.entry(kaika_pki::Serial::new(certificate.serial.as_be_bytes()).unwrap()).is_some()
    };
    for shard in [Some(certificate.shard), None] {
        assert!(is_listed(end - Duration::hours(1), shard).await);
        // The list of before, which is good still.
        assert!(is_listed(end + Duration::hours(1), shard).await);
        assert!(is_listed(end + Duration::hours(24), shard).await, "the first one after its end");
        assert!(!is_listed(end + Duration::hours(48), shard).await);
    }
}

/// Whatever keeps the next one from being made.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_before_is_given_out_while_it_is_good() {
    let world = World::new().await;
    world.found("gca").await;
    let app = server(&world, AT_ONCE).await;
    let mut certificate = issued(&world).await;
    let shard = Some(certificate.shard);
    let first = publish_crl(&app, "gca-1", shard).await.unwrap();
    accept(&app, &mut certificate).await;
    let away = || StoreError::Database("the database cannot be written".into());
    let failing = FailingStore::after(0, &app.store, away);
    let app = server_at(&world, failing.clone(), AT_ONCE).await;
    assert_eq!(publish_crl(&app, "gca-1", shard).await.unwrap(), first);
    assert!(failing.failed());
    assert_eq!((crl_failures(&app).len(), crl_failures(&app).len()), (1, 0), "it is told once");
    // Nobody waits for the next failure, and it is tried again soon.
    assert_eq!(publish_crl(&app, "gca-1", shard).await.unwrap(), first);
    world.clock.set(world.clock.now() + Duration::seconds(5));
    let next = publish_crl(&app, "gca-1", shard).await.unwrap();
    assert!(next.number > first.number);
    // One that is over is none.
    revoke(&app, &mut certificate).await;
    world.clock.set(next.next_update);
    let app = server_at(&world, FailingStore::after(0, &world.store, away), AT_ONCE).await;
    assert!(publish_crl(&app, "gca-1", shard).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_signed_in_advance_for_each_hash() {
    let world = World::new().await;
    world.found("gca").await;
    let app = server(&world, AT_ONCE).await;
    let certificate = issued(&world).await;
    let begin = world.clock.now();
    for hash in HashAlgorithm::ALL {
        world.clock.set(begin);
        let question = Question::about(&world, &certificate, hash, None).await;
        let first = question.ask(&app, false).await;
        assert!(is_hold(question.said(&app, &first)));
        assert_eq!(first.cacheable.unwrap().next_update, begin + Duration::minutes(10));
        // An ECDSA signature is never made twice alike: this is the same one.
        assert_eq!(question.ask(&app, false).await.response, first.response);
        world.clock.set(begin + Duration::minutes(5) - Duration::SECOND);
        assert_eq!(question.ask(&app, false).await.response, first.response);
        world.clock.set(begin + Duration::minutes(5));
        let second = question.ask(&app, false).await;
        assert_ne!(second.response, first.response);
        assert_eq!(second.cacheable.unwrap().next_update, begin + Duration::minutes(15));
        // The clock is set back: what is from the future is not given out.
        world.clock.set(begin + Duration::minutes(4));
        let third = question.ask(&app, false).await;
        assert_eq!(third.cacheable.unwrap().signed_at, begin + Duration::minutes(4));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn own_changes_show_in_the_next_answer() {
    let world = World::new().await;
    world.found("gca").await;
    let app = server(&world, AT_ONCE).await;
    let mut certificate = issued(&world).await;
    // The clock stands still: nothing is followed because time has passed.
    let questions = [
        Question::about(&world, &certificate, HashAlgorithm::Sha1, None).await,
        Question::about(&world, &certificate, HashAlgorithm::Sha256, None).await,
        Question::about(&world, &certificate, HashAlgorithm::Sha256, Nonce::new(&[7; 16])).await,
    ];
    for question in &questions {
        assert!(is_hold(question.said(&app, &question.ask(&app, true).await)));
    }
    accept(&app, &mut certificate).await;
    for question in &questions {
        assert_eq!(question.said(&app, &question.ask(&app, true).await), Status::Good);
    }
    revoke(&app, &mut certificate).await;
    for question in &questions {
        let expected = Status::Revoked { at: app.now(), reason: crl::RevocationReason::KeyCompromise };
        assert_eq!(question.said(&app, &question.ask(&app, true).await), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_servers_changes_show_within_half_a_second() {
    let world = World::new().await;
    world.found("gca").await;
    let (here, elsewhere) = (server(&world, AT_ONCE).await, server(&world, AT_ONCE).await);
    let mut certificate = issued(&world).await;
    let question = Question::about(&world, &certificate, HashAlgorithm::Sha1, None).await;
    let begin = world.clock.now();
    assert!(is_hold(question.status(&here).await));
    accept(&elsewhere, &mut certificate).await;
    assert_eq!(question.status(&elsewhere).await, Status::Good);
    assert!(is_hold(question.status(&here).await), "signed in advance, and no time has passed");
    // The test's clock has whole seconds.
    world.clock.set(begin + Duration::SECOND);
    assert_eq!(question.status(&here).await, Status::Good);
    // A clock that was set back is no reason to stay behind.
    world.clock.set(begin + Duration::HOUR);
    assert_eq!(question.status(&here).await, Status::Good);
    world.clock.set(begin + Duration::minutes(30));
    revoke(&elsewhere, &mut certificate).await;
    assert_ne!(question.status(&here).await, Status::Good);
}

/// Every reader takes in what it finds while others change it: what is left over in the end is the truth.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_outlives_a_change_that_came_while_it_was_made() {
    let world = World::new().await;
    world.found("gca").await;
    let app = Arc::new(server(&world, AT_ONCE).await);
    for _ in 0..20 {
        let mut certificate = issued(&world).await;
        let question = Arc::new(Question::about(&world, &certificate, HashAlgorithm::Sha1, None).await);
        let asking: Vec<_> = (0..8)
            .map(|_| {
                let (app, question) = (Arc::clone(&app), Arc::clone(&question));
                tokio::spawn(async move { question.status(&app).await })
            })
            .collect();
        accept(&app, &mut certificate).await;
        assert_eq!(question.status(&app).await, Status::Good);
        for asking in asking {
            asking.await.unwrap();
        }
        assert_eq!(question.status(&app).await, Status::Good);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_keeps_within_its_bounds() {
    let world = World::new().await;
    world.found("gca").await;
    let app = server(&world, StatusSettings { ocsp_cache: 4000, ..AT_ONCE }).await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        let question = Question::about(&world, &issued(&world).await, HashAlgorithm::Sha1, None).await;
        let answer = question.ask(&app, false).await.response;
        assert!((800..1500).contains(&answer.len()), "{}", answer.len());
        answers.push((question, answer));
    }
    let (first, last) = (&answers[0], &answers[3]);
    assert_eq!(last.0.ask(&app, false).await.response, last.1);
    assert_ne!(first.0.ask(&app, false).await.response, first.1, "made room for the others");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_limit_nonces_are_left_out_and_the_unknown_told_later() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let app = server(&world, AT_ONCE).await;
    let certificate = issued(&world).await;
    let nonce = Nonce::new(&[7; 16]);
    let with_nonce = Question::about(&world, &certificate, HashAlgorithm::Sha1, nonce.clone()).await;
    for (may_sign, expected) in [(true, nonce.clone()), (false, None)] {
        let answer = with_nonce.ask(&app, may_sign).await;
        assert!(is_hold(with_nonce.said(&app, &answer)));
        let Response::Answered(said) = Response::from_der(&answer.response).unwrap() else { panic!("not answered") };
        assert_eq!(said.nonce, expected);
        assert_eq!(answer.cacheable.is_some(), expected.is_none());
    }

    let mut stranger = certificate.clone();
    stranger.serial = "7f00000000000000000000000000aaaa".parse().unwrap();
    let unknown = Question::about(&world, &stranger, HashAlgorithm::Sha256, None).await;
    let answer = unknown.ask(&app, true).await;
    assert_eq!((unknown.said(&app, &answer), answer.cacheable), (Status::Unknown, None));
    let later = unsuccessful(Unsuccessful::TryLater);
    assert_eq!(unknown.ask(&app, false).await.response, later);

    // Two in one question are an answer of their own.
    let mut both = with_nonce.request.certificates.clone();
    both.extend(unknown.request.certificates.clone());
    let both = Question { issuer: unknown.issuer, request: Request { certificates: both, nonce: None } };
    assert_eq!(both.ask(&app, false).await.response, later);
    let answer = both.ask(&app, true).await;
    assert!(is_hold(both.said(&app, &answer)));
    assert_eq!(answer.cacheable, None);
    assert_eq!(lint_der(Kind::OcspResponse, &answer.response), []);
    assert_eq!(gca.shards, 16);
}

/// What was signed in advance is good until it ends; nothing new is said of a status that nobody can look up.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_answers_in_the_cache_are_still_given() {
    let world = World::new().await;
    world.found("gca").await;
    let app = server(&world, AT_ONCE).await;
    let certificate = issued(&world).await;
    let question = Question::about(&world, &certificate, HashAlgorithm::Sha1, None).await;
    let answer = question.ask(&app, false).await.response;
    let with_nonce = Question::about(&world, &certificate, HashAlgorithm::Sha1, Nonce::new(&[7; 16])).await;
    app.store.close().await;
    world.clock.set(world.clock.now() + Duration::minutes(1));
    assert_eq!(question.ask(&app, false).await.response, answer);
    let refused = answer_ocsp(&app, "gca-1", &with_nonce.request.to_der(), &|| true).await;
    assert!(matches!(refused, Err(Failure::Store(StoreError::Database(_)))));
    world.clock.set(world.clock.now() + Duration::minutes(5));
    let refused = answer_ocsp(&app, "gca-1", &question.request.to_der(), &|| true).await;
    assert!(matches!(refused, Err(Failure::Store(StoreError::Database(_)))));
}

/// Authorities are in no table that the responder looks into: their status is told by the root's list alone.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_a_responder_that_does_not_know() {
    let world = World::new().await;
    let gca = kaika_pki::Certificate::from_der(&world.found("gca").await.certificate).unwrap();
    assert!(gca.ocsp_urls().is_empty());
    assert_eq!(gca.crl_urls(), ["http://127.0.0.1:8080/crl/test-grca-1.crl"]);
    assert_eq!(gca.issuer_urls(), ["http://127.0.0.1:8080/ca/test-grca-1.cer"]);
    let responder = kaika_pki::Certificate::from_der(&world.found("gca").await.responder_certificate).unwrap();
    assert_eq!(responder.subject().unwrap().to_string(), "C=TW,O=測試行政院 TEST,CN=OCSP gca-1");
}
