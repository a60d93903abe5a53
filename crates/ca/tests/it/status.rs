//! The status of a certificate as the portal serves it, from the database to openssl.

use crate::world::{World, passphrase};
use kaika_app::{App, Issuer, answer_ocsp, publish_crl};
use kaika_pki::{Certificate, crl};
use kaika_testkit::pkilint::{Kind, lint_der};
use kaika_testkit::tools::Tool;
use kaika_vault::{SystemRng, UserCodes, Vault};
use kaika_wire::CertificateRole;
use std::sync::Arc;

async fn app(world: &World) -> App {
    let vault = Vault::create_or_open(&world.folder.path().join("secrets"), &passphrase()).unwrap();
    App::new(
        Arc::clone(&world.store),
        Arc::new(world.reopened().await),
        Arc::new(vault),
        Arc::new(UserCodes::new()),
        world.clock.clone(),
        Arc::new(SystemRng::new()),
        world.policies.clone(),
        "http://127.0.0.1:8080".to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn held_then_good_by_ocsp_and_by_list() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let mut issued = world.ca.issue(&world.order("gca", CertificateRole::Signature).await).await.unwrap();
    let app = app(&world).await;
    let folder = world.folder.path();
    for (name, der) in [
        ("root.pem", &world.root_of("gca").await.certificate),
        ("issuing.pem", &gca.certificate),
        ("leaf.pem", &issued.certificate),
    ] {
        std::fs::write(folder.join(name), Certificate::from_der(der).unwrap().to_pem()).unwrap();
    }
    let openssl = |arguments: &str| Tool::new("openssl").args(arguments.split_whitespace()).current_dir(folder).run();
    openssl("ocsp -issuer issuing.pem -cert leaf.pem -reqout question").expect_success();
    let question = std::fs::read(folder.join("question")).unwrap();

    let mut lists = Vec::new();
    for (says, reason, verified) in
        [("leaf.pem: revoked", "Reason: certificateHold", false), ("leaf.pem: good", "", true)]
    {
        let answer = answer_ocsp(&app, "gca-1", &question).await.unwrap();
        assert_eq!(answer.cacheable_until, None, "the question had a nonce");
        assert_eq!(lint_der(Kind::OcspResponse, &answer.response), []);
        std::fs::write(folder.join("response"), answer.response).unwrap();
        let judged = openssl(
            "ocsp -no_nonce -issuer issuing.pem -cert leaf.pem -reqin question -respin response -CAfile root.pem \
             -verify_other issuing.pem",
        )
        .expect_success();
        assert!(judged.stderr().contains("Response verify OK"), "{judged}");
        assert!(judged.stdout().contains(says) && judged.stdout().contains(reason), "{judged}");

        for (owner, file) in [("test-grca-1", "root.crl"), ("gca-1", "issuing.crl")] {
            let list = publish_crl(&app, owner).await.unwrap();
            std::fs::write(folder.join("list"), &list.der).unwrap();
            openssl(&format!("crl -inform DER -in list -out {file}")).expect_success();
            lists.push((list.number, crl::Crl::from_der(&list.der).unwrap().entries().len()));
        }
        let judged = openssl(
            "verify -x509_strict -crl_check_all -CAfile root.pem -untrusted issuing.pem -CRLfile root.crl \
             -CRLfile issuing.crl leaf.pem",
        );
        assert_eq!(judged.status.success(), verified, "{judged}");

        if !verified {
            issued.state = issued.state.clone().accept().unwrap();
            let mut work = world.store.begin().await.unwrap();
            work.update_certificate(&mut issued).await.unwrap();
            work.commit().await.unwrap();
        }
    }
    // The root's list is served again; the authority's is signed anew after the change.
    assert_eq!(lists, [(1, 0), (1, 1), (1, 0), (2, 0)]);
}

/// Authorities are in no table that the responder looks into: their status is told by the root's list alone.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_a_responder_that_does_not_know() {
    let world = World::new().await;
    let gca = Certificate::from_der(&world.found("gca").await.certificate).unwrap();
    assert!(gca.ocsp_urls().is_empty());
    assert_eq!(gca.crl_urls(), ["http://127.0.0.1:8080/crl/test-grca-1.crl"]);
    assert_eq!(gca.issuer_urls(), ["http://127.0.0.1:8080/ca/test-grca-1.cer"]);
    let responder = Certificate::from_der(&world.found("gca").await.responder_certificate).unwrap();
    assert_eq!(responder.subject().unwrap().to_string(), "C=TW,O=測試行政院 TEST,CN=OCSP gca-1");
}
