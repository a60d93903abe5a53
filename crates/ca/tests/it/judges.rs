//! Certificates, revocation lists and OCSP answers before judges that we did not write.

use crate::world::{World, policies, roots};
use kaika_app::{
    authorities::{Generation, Issuer},
    kernel::Clock,
};
use kaika_domain::certificates::{CertificateState, RevocationReason};
use kaika_pki::crl::{self, Crl};
use kaika_pki::ocsp::{CertId, HashAlgorithm, Nonce, Request, Response, SingleAnswer, Status};
use kaika_pki::{Certificate, Serial};
use kaika_testkit::pkilint::{Kind, lint_der};
use kaika_testkit::tools::{Output, Tool};
use kaika_wire::CertificateRole;
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};

fn pem(folder: &Path, name: &str, certificate: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, Certificate::from_der(certificate).unwrap().to_pem()).unwrap();
    path
}

async fn crl(world: &World, generation: &Generation, shard: Option<u32>) -> Vec<u8> {
    let now = world.clock.now();
    let entries = world.store.read().await.unwrap().revocations(generation.id, shard, now).await.unwrap();
    world.ca.sign_crl(generation, shard, 1, entries, now, now + Duration::days(7)).await.unwrap()
}

fn crl_pem(folder: &Path, name: &str, der: &[u8]) -> PathBuf {
    let path = folder.join(name);
    Tool::new("openssl").args(["crl", "-inform", "DER", "-out"]).arg(&path).input(der).run().expect_success();
    path
}

fn verify(world: &World, root: &Generation, issuing: &Generation, lists: &[Vec<u8>], leaf: &[u8]) -> Output {
    let folder = world.folder.path();
    let mut tool = Tool::new("openssl")
        .args(["verify", "-x509_strict", "-crl_check_all", "-policy_check", "-CAfile"])
        .arg(pem(folder, "root.pem", &root.certificate))
        .arg("-untrusted")
        .arg(pem(folder, "issuing.pem", &issuing.certificate));
    for (index, list) in lists.iter().enumerate() {
        tool = tool.arg("-CRLfile").arg(crl_pem(folder, &format!("{index}.crl"), list));
    }
    tool.arg(pem(folder, "leaf.pem", leaf)).run()
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_verifies_what_is_issued_and_refuses_what_is_not_good() {
    // The demo's own hierarchies: elliptic curves under P-384, RSA under RSA.
    let world = World::of(policies(), roots()).await;
    for authority in ["gca", "moica", "twca"] {
        let issuing = world.found(authority).await;
        let root = world.root_of(authority).await;
        for role in [CertificateRole::Signature, CertificateRole::CardAuthentication] {
            let order = world.order(authority, role).await;
            let mut issued = world.ca.issue(&order).await.unwrap();
            assert_eq!(lint_der(Kind::Certificate, &issued.certificate), [], "{authority} {role:?}");

            // The list that the certificate names, or the one of all.
            for shard in [Some(issued.shard), None] {
                let lists = [crl(&world, &root, None).await, crl(&world, &issuing, shard).await];
                let held = verify(&world, &root, &issuing, &lists, &issued.certificate);
                assert!(held.text().contains("certificate revoked"), "{held}");
            }

            issued.state = issued.state.accept().unwrap();
            let mut work = world.store.begin().await.unwrap();
            work.update_certificate(&mut issued).await.unwrap();
            work.commit().await.unwrap();
            for shard in [Some(issued.shard), None] {
                let lists = [crl(&world, &root, None).await, crl(&world, &issuing, shard).await];
                verify(&world, &root, &issuing, &lists, &issued.certificate).expect_success();
                assert_eq!(lint_der(Kind::Arl, &lists[0]), []);
                assert_eq!(lint_der(Kind::Crl, &lists[1]), []);
            }
            let another = Some((issued.shard + 1) % issuing.shards);
            let lists = [crl(&world, &root, None).await, crl(&world, &issuing, another).await];
            let unknown = verify(&world, &root, &issuing, &lists, &issued.certificate);
            assert!(
                unknown.text().contains("unable to get certificate CRL") || unknown.text().contains("CRL scope"),
                "{unknown}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pkilint_finds_nothing_in_the_authorities() {
    let world = World::of(policies(), roots()).await;
    for owner in ["test-grca", "gca", "xca", "moica", "hca", "twca-root", "twca"] {
        let generation = world.found(owner).await;
        assert_eq!(lint_der(Kind::Certificate, &generation.certificate), [], "{owner}");
        assert_eq!(lint_der(Kind::Certificate, &generation.responder_certificate), [], "{owner}'s responder");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_tells_holds_from_revocations() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let held = world.ca.issue(&world.order("gca", CertificateRole::Signature).await).await.unwrap();
    let mut revoked = world.ca.issue(&world.order("gca", CertificateRole::Signature).await).await.unwrap();
    let now = world.clock.now();
    revoked.state = CertificateState::Revoked { reason: RevocationReason::KeyCompromise, at: now };
    let mut work = world.store.begin().await.unwrap();
    work.update_certificate(&mut revoked).await.unwrap();
    work.commit().await.unwrap();
    let list = Crl::from_der(&crl(&world, &gca, None).await).unwrap();
    list.verify_issued_by(&Certificate::from_der(&gca.certificate).unwrap()).unwrap();
    let reason = |serial: &kaika_wire::SerialNumber| {
        list.entry(Serial::new(serial.as_be_bytes()).unwrap()).map(|entry| entry.reason)
    };
    assert_eq!(reason(&held.serial), Some(crl::RevocationReason::CertificateHold));
    assert_eq!(reason(&revoked.serial), Some(crl::RevocationReason::KeyCompromise));
    assert_eq!(list.entries().len(), 2);
}

fn answer(request: &Request, status: Status, now: OffsetDateTime) -> Vec<SingleAnswer> {
    let answer = |certificate: &CertId| SingleAnswer {
        certificate: certificate.clone(),
        status,
        this_update: now,
        next_update: Some(now + Duration::minutes(10)),
    };
    request.certificates.iter().map(answer).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_believes_the_responder() {
    let world = World::of(policies(), roots()).await;
    let folder = world.folder.path();
    for authority in ["gca", "hca"] {
        let generation = world.found(authority).await;
        let issued = world.ca.issue(&world.order(authority, CertificateRole::Signature).await).await.unwrap();
        let root = pem(folder, "root.pem", &world.root_of(authority).await.certificate);
        let issuer = pem(folder, "issuing.pem", &generation.certificate);
        let leaf = pem(folder, "leaf.pem", &issued.certificate);
        let (question, response) = (folder.join("question"), folder.join("response"));
        // The question read from the file has its nonce already; openssl would put in another.
        let openssl = || {
            Tool::new("openssl")
                .args(["ocsp", "-CAfile"])
                .arg(&root)
                .arg("-verify_other")
                .arg(&issuer)
                .arg("-issuer")
                .arg(&issuer)
                .arg("-cert")
                .arg(&leaf)
        };
        openssl().args(["-no_cert_verify", "-reqout"]).arg(&question).run().expect_success();
        let request = Request::from_der(&std::fs::read(&question).unwrap()).unwrap();
        assert!(request.nonce.is_some());
        let now = world.clock.now();
        let hold = Status::Revoked { at: now, reason: crl::RevocationReason::CertificateHold };
        for (status, says) in
            [(Status::Good, "leaf.pem: good"), (hold, "leaf.pem: revoked"), (Status::Unknown, ": unknown")]
        {
            let answers = answer(&request, status, now);
            let signed = world.ca.sign_ocsp(&generation, answers, request.nonce.clone(), now).await.unwrap();
            assert_eq!(lint_der(Kind::OcspResponse, &signed), []);
            std::fs::write(&response, &signed).unwrap();
            let output = openssl()
                .args(["-no_nonce", "-reqin"])
                .arg(&question)
                .arg("-respin")
                .arg(&response)
                .run()
                .expect_success();
            assert!(output.text().contains("Response verify OK"), "{output}");
            assert!(output.text().contains(says), "{output}");
            assert!(!output.text().contains("WARNING"), "{output}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_renews_itself() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let issuer = Certificate::from_der(&gca.certificate).unwrap();
    let first = Certificate::from_der(&gca.responder_certificate).unwrap();
    let request = Request {
        certificates: vec![CertId::new(HashAlgorithm::Sha256, &issuer, Serial::new(&[7; 16]).unwrap())],
        nonce: Nonce::new(&[5; 16]),
    };
    let begin = world.clock.now();
    let mut seen = Vec::new();
    for days in [0, 300, 340, 341, 365 * 5, 365 * 20 - 20] {
        let now = begin + Duration::days(days);
        world.clock.set(now);
        let answers = answer(&request, Status::Good, now);
        let signed = world.ca.sign_ocsp(&gca, answers, request.nonce.clone(), now).await.unwrap();
        let Response::Answered(answer) = Response::from_der(&signed).unwrap() else { panic!("not answered") };
        answer.verify(&issuer, now).unwrap();
        seen.push(world.audited().await.iter().filter(|action| *action == "authority.renew_responder").count());
    }
    assert_eq!(seen, [0, 0, 1, 1, 2, 3]);
    assert!(first.not_after() < begin + Duration::days(366));
    // At the authority's own end there is nothing to renew.
    let now = issuer.not_after() - Duration::hours(1);
    let answers = answer(&request, Status::Good, now);
    world.ca.sign_ocsp(&gca, answers, None, now).await.unwrap();
    assert_eq!(world.audited().await.iter().filter(|action| *action == "authority.renew_responder").count(), 3);
}
