//! Certificates that lie on no card, from an order to their revocation.

use crate::status::{AT_ONCE, Question, server};
use crate::world::{World, card_key, id, operator, policies, roots};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use kaika_app::{
    App, Failure,
    authorities::{Applicant, IssueError, IssueOrder, Issuer, Place},
    certificates::{Which, accept_certificate, certificate_file, certificate_status, change_status_by_authority},
    kernel::{Clock, Rng},
    status::publish_crl,
};
use kaika_domain::authorities::{Policy, ProfileName};
use kaika_domain::certificates::{Certificate, CertificateState};
use kaika_pki::KeyAlgorithm;
use kaika_pki::crl::{Crl, RevocationReason};
use kaika_pki::ocsp::{HashAlgorithm, Status};
use kaika_testkit::pkilint::{Kind, lint_der};
use kaika_testkit::tools::Tool;
use kaika_vault::SystemRng;
use kaika_wire::{
    ApplicationId, CertificateRole, CertificateStatus, Code, ResumeReason, RevokeReason, StatusChange, SuspendReason,
};
use std::sync::Arc;
use time::Duration;

const PROFILES: &str = "
[profiles.seal]
name = { zh = \"機關電子關防（測試）\", en = \"Electronic seal (test)\" }
usage = \"signature\"
keys = [\"p256\", \"rsa3072\"]
validity_years = 3
policies = [\"1.3.6.1.5.5.7.13.2\"]
subject_type = \"2.16.886.1.100.3.3.1\"

[profiles.letter_box]
name = { zh = \"加密信箱（測試）\", en = \"Letter box (test)\" }
usage = \"encryption\"
keys = [\"p256\", \"p384\"]
validity_years = 2
";

async fn world() -> World {
    let gca = include_str!("../../../kaika/authorities/gca.toml").to_owned() + PROFILES;
    let gca = Arc::new(Policy::parse(&gca).unwrap());
    let world = World::of(policies().into_iter().chain([(gca.id.clone(), gca)]).collect(), roots()).await;
    world.found("gca").await;
    world
}

fn profile(name: &str) -> ProfileName {
    name.parse().unwrap()
}

async fn order(world: &World, name: &str, public_key: Vec<u8>) -> IssueOrder {
    let rng: &dyn Rng = &SystemRng::new();
    IssueOrder {
        actor: operator(),
        request: ApplicationId::new(world.clock.now(), rng.bytes()).into(),
        applicant: Applicant {
            authority: id("gca"),
            holder: world.holder("gca").await,
            email: Some("test@kaika.example".parse().unwrap()),
        },
        profile: profile(name),
        place: Place::Elsewhere,
        public_key,
        not_after: None,
    }
}

/// What OCSP, list and `openssl verify` say of it.
async fn judged(world: &World, app: &App, certificate: &Certificate) -> (Status, Option<RevocationReason>, bool) {
    let question = Question::about(world, certificate, HashAlgorithm::Sha256, None).await;
    let by_ocsp = question.said(app, &question.ask(app, true).await);
    let folder = world.folder.path();
    let (root, issuing) = (world.root_of("gca").await, world.found("gca").await);
    for (name, der) in
        [("root", &root.certificate), ("issuing", &issuing.certificate), ("leaf", &certificate.certificate)]
    {
        let pem = kaika_pki::Certificate::from_der(der).unwrap().to_pem();
        std::fs::write(folder.join(format!("{name}.pem")), pem).unwrap();
    }
    let openssl = |arguments: &str| Tool::new("openssl").args(arguments.split_whitespace()).current_dir(folder).run();
    let mut reason = None;
    for (owner, shard) in [("test-grca-1", None), ("gca-1", Some(certificate.shard))] {
        let list = publish_crl(app, owner, shard).await.unwrap().der;
        std::fs::write(folder.join("list"), &list).unwrap();
        openssl(&format!("crl -inform DER -in list -out {owner}.crl")).expect_success();
        let serial = kaika_pki::Serial::new(certificate.serial.as_be_bytes()).unwrap();
        reason = Crl::from_der(&list).unwrap().entry(serial).map(|entry| entry.reason);
    }
    let verified = openssl(
        "verify -x509_strict -crl_check_all -policy_check -CAfile root.pem -untrusted issuing.pem \
         -CRLfile test-grca-1.crl -CRLfile gca-1.crl leaf.pem",
    );
    (by_ocsp, reason, verified.status.success())
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> Code {
    match result {
        Err(Failure::Refused(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_issued_accepted_found_and_revoked() {
    let world = world().await;
    let app = server(&world, AT_ONCE).await;
    let rsa = RsaKeyPair::generate(KeySize::Rsa3072).unwrap().public_key().as_der().unwrap().as_ref().to_vec();
    for (name, key, years, policy, subject_type) in [
        ("seal", card_key(kaika_wire::KeyAlgorithm::P256), 3, "1.3.6.1.5.5.7.13.2", "2.16.886.1.100.3.3.1"),
        ("seal", rsa, 3, "1.3.6.1.5.5.7.13.2", "2.16.886.1.100.3.3.1"),
        ("letter_box", card_key(kaika_wire::KeyAlgorithm::P384), 2, "1.3.6.1.5.5.7.13.3", "2.16.886.1.100.3.2.1.1"),
    ] {
        let order = order(&world, name, key).await;
        let issued = world.ca.issue(&order).await.unwrap();
        assert_eq!(world.reopened().await.issue(&order).await.unwrap(), issued, "the same order");
        assert_eq!((issued.card, issued.job, issued.placement, issued.card_role()), (None, None, None, None));
        assert_eq!((issued.role.as_str(), issued.holder), (name, order.applicant.holder.id));
        assert_eq!(issued.state, CertificateState::Held { holds: Vec::new() });
        let now = world.clock.now();
        assert_eq!(issued.not_after, now.replace_year(now.year() + years).unwrap() - Duration::SECOND);

        assert_eq!(lint_der(Kind::Certificate, &issued.certificate), [], "{name}");
        let certificate = kaika_pki::Certificate::from_der(&issued.certificate).unwrap();
        assert_eq!(certificate.public_key().spki_der(), order.public_key);
        assert_eq!(certificate.subject().unwrap(), order.applicant.holder.subject);
        assert_eq!(certificate.policies().iter().map(ToString::to_string).collect::<Vec<_>>(), [policy]);
        let directory = certificate.directory();
        assert_eq!(directory.subject_type.unwrap().to_string(), subject_type);
        assert_eq!((directory.rank, directory.card_number.as_deref()), (None, None));

        let held = (RevocationReason::CertificateHold, false);
        let (by_ocsp, reason, verified) = judged(&world, &app, &issued).await;
        assert!(matches!(by_ocsp, Status::Revoked { reason: RevocationReason::CertificateHold, .. }), "{by_ocsp:?}");
        assert_eq!((reason.unwrap(), verified), held);

        // Not while the authority holds it.
        let by = operator();
        let suspend = StatusChange::Suspend(SuspendReason::Lost);
        let serial = Which::Serial(issued.serial.clone());
        change_status_by_authority(&app, &serial, suspend, &by).await.unwrap();
        assert_eq!(code(accept_certificate(&app, issued.id, &by).await), Code::AlreadySuspended);
        change_status_by_authority(&app, &serial, StatusChange::Resume(ResumeReason::Found), &by).await.unwrap();
        for _ in 0..2 {
            let accepted = accept_certificate(&app, issued.id, &by).await.unwrap();
            assert_eq!((&accepted.state, accepted.version), (&CertificateState::Valid, issued.version + 3));
        }
        assert_eq!(judged(&world, &app, &issued).await, (Status::Good, None, true));
        let told = certificate_status(&app, &id("gca"), &issued.serial).await.unwrap();
        assert_eq!((told.status, told.not_after), (CertificateStatus::Valid, issued.not_after));
        let found = certificate_file(&app, &id("gca"), &issued.sha256.to_string()).await.unwrap();
        assert_eq!((found.role, found.certificate), (profile(name), issued.certificate.clone()));

        let revoke = StatusChange::Revoke(RevokeReason::Ceased);
        let done = change_status_by_authority(&app, &serial, revoke, &by).await.unwrap();
        assert_eq!((done.card, done.certificates[0].role.as_str()), (None, name));
        let (by_ocsp, reason, verified) = judged(&world, &app, &issued).await;
        assert!(matches!(by_ocsp, Status::Revoked { reason: RevocationReason::CessationOfOperation, .. }));
        assert_eq!((reason, verified), (Some(RevocationReason::CessationOfOperation), false));
        assert_eq!(code(accept_certificate(&app, issued.id, &by).await), Code::AlreadyRevoked);
        let audited = world.audited().await;
        let of_it = ["issue", "suspend", "resume", "accept", "revoke"].map(|done| format!("certificate.{done}"));
        assert_eq!(audited[audited.len() - of_it.len()..], of_it);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_for_its_place_and_its_keys() {
    let world = world().await;
    let p256 = || card_key(kaika_wire::KeyAlgorithm::P256);
    let on_card = world.order("gca", CertificateRole::Signature).await;
    let good = order(&world, "seal", p256()).await;
    let lint = async |order: IssueOrder, why: &str| match world.ca.issue(&order).await {
        Err(IssueError::Lint(said)) => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}"),
    };
    lint(IssueOrder { profile: profile("stamp"), ..good.clone() }, "gca issues no stamp certificate").await;
    lint(IssueOrder { profile: CertificateRole::Login.into(), ..good.clone() }, "lies on a card").await;
    lint(IssueOrder { profile: profile("seal"), ..on_card.clone() }, "lies on no card").await;
    let elsewhere = Applicant { authority: id("xca"), ..good.applicant.clone() };
    lint(IssueOrder { applicant: elsewhere, ..good.clone() }, "the holder is not").await;

    let refused = async |order: IssueOrder, why: &str| match world.ca.issue(&order).await {
        Err(IssueError::Key(said)) => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}"),
    };
    let p384 = card_key(kaika_wire::KeyAlgorithm::P384);
    refused(IssueOrder { public_key: p384, ..good.clone() }, &KeyAlgorithm::P384.to_string()).await;
    world.ca.issue(&good).await.unwrap();
    let stranger = IssueOrder { public_key: good.public_key.clone(), ..order(&world, "seal", Vec::new()).await };
    refused(stranger, "another holder").await;
    let purpose = IssueOrder { profile: profile("letter_box"), ..good.clone() };
    refused(purpose, "another purpose").await;
    // The same key for the same purpose, in another application: a renewal.
    let again =
        IssueOrder { applicant: good.applicant.clone(), ..order(&world, "seal", good.public_key.clone()).await };
    assert_ne!(world.ca.issue(&again).await.unwrap().serial, world.ca.issue(&good).await.unwrap().serial);
    let later = world.clock.now() + Duration::DAY;
    assert_eq!(world.store.read().await.unwrap().unfinished_issuances(later).await.unwrap(), []);

    // What lies on a card is accepted there.
    let issued = world.ca.issue(&on_card).await.unwrap();
    let app = server(&world, AT_ONCE).await;
    assert_eq!(code(accept_certificate(&app, issued.id, &operator()).await), Code::BadRequest);
    let nobody = kaika_wire::CertificateId::new(world.clock.now(), [1; 10]);
    assert_eq!(code(accept_certificate(&app, nobody, &operator()).await), Code::NotFound);
}
