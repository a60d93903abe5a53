//! 開卡, from an unopened card in a reader to a valid certificate, as relying parties see it.

use crate::demo::Demo;
use crate::judges::{HASHES, METHODS, Question, RelyingParty, assert_clean, certificate, pem, statuses};
use kaika_testkit::pkilint::Kind;
use serde_json::Value;

const HELD: [(&str, &str); 4] =
    [("signature", "held"), ("encryption", "held"), ("login", "held"), ("card_authentication", "held")];

#[track_caller]
fn path(authority: &str, pin: &str) {
    let demo = Demo::new();
    let card = demo.card(authority);
    let party = RelyingParty::of(&demo, authority);

    let before = demo.show_at(demo.portal(authority), &card).expect_success();
    assert_eq!(before["activated"], false);
    let certificates = before["certificates"].as_array().unwrap();
    assert_eq!(statuses(&before), HELD);
    for one in certificates {
        let answer = party.ask(Question::Certificate(pem(one)));
        assert_eq!(answer.status, "revoked", "{}", answer.words);
        assert!(answer.words.contains("Reason: certificateHold"), "{}", answer.words);
        let verified = party.verify(pem(one));
        assert!(!verified.status.success() && verified.text().contains("certificate revoked"), "{verified}");
    }

    let done = demo.activate(demo.portal(authority), &card, pin).expect_success();
    assert_eq!(done["state"], "succeeded");
    assert_eq!(done["number"], card.number());
    assert!(done["job"].as_str().is_some_and(|job| job.len() == 36));

    for one in certificates {
        for hash in HASHES {
            for method in METHODS {
                let answer = party.ask_by(method, hash, Question::Certificate(pem(one)));
                assert_eq!(answer.status, "good", "{method:?} {hash} {}", answer.words);
            }
        }
        party.verify(pem(one)).expect_success();
    }
    let after = demo.show_at(demo.portal(authority), &card).expect_success();
    assert_eq!(after["activated"], true);
    assert_eq!((&after["pin_tries_left"], &after["puk_tries_left"]), (&Value::from(3), &Value::from(3)));
    for (shown, issued) in after["certificates"].as_array().unwrap().iter().zip(certificates) {
        assert_eq!(shown["status"], "valid");
        assert_eq!(pem(shown), pem(issued), "the same certificates as before");
    }
    for shown in done["certificates"].as_array().unwrap() {
        assert_eq!(shown["status"], "valid");
        assert_eq!(shown, certificate(&after, shown["role"].as_str().unwrap()));
    }
}

#[test]
fn a_p256_card_becomes_valid() {
    path("gca", "135790");
    path("xca", "13579086");
}

#[test]
fn an_rsa_card_becomes_valid() {
    path("hca", "246802");
}

#[test]
fn a_serial_that_nobody_issued_is_unknown() {
    let demo = Demo::new();
    for authority in ["gca", "hca", "twca"] {
        let party = RelyingParty::of(&demo, authority);
        for hash in HASHES {
            for method in METHODS {
                let answer = party.ask_by(method, hash, Question::Serial("0x1234567890ABCDEF1234567890ABCDEF"));
                assert_eq!(answer.status, "unknown", "{authority} {method:?} {hash}");
            }
        }
    }
}

#[test]
fn cards_with_a_delivered_pin_are_valid_from_the_start() {
    let demo = Demo::new();
    for authority in ["moica", "twca"] {
        let party = RelyingParty::of(&demo, authority);
        let shown = demo.show_at(demo.portal(authority), &demo.card(authority)).expect_success();
        assert_eq!(shown["activated"], true, "{authority}");
        for one in shown["certificates"].as_array().unwrap() {
            assert_eq!(one["status"], "valid", "{authority}");
            assert_eq!(party.ask(Question::Certificate(pem(one))).status, "good", "{authority}");
            party.verify(pem(one)).expect_success();
        }
    }
}

/// The holder's acceptance, as it is kept for a dispute.
#[test]
fn the_receipt_is_accepted_by_openssl() {
    for (authority, pin) in [("gca", "135790"), ("hca", "246802")] {
        let demo = Demo::new();
        let card = demo.card(authority);
        let party = RelyingParty::of(&demo, authority);
        demo.activate(demo.portal(authority), &card, pin).expect_success();

        let number: kaika_wire::CardNumber = card.number().parse().unwrap();
        let receipts = runtime().block_on(async {
            let mut reader = demo.data().store().await.read().await.unwrap();
            let card = reader.card_by_number(&number).await.unwrap().unwrap();
            reader.receipts(card.id).await.unwrap()
        });
        assert_eq!(receipts.len(), 1);
        party.put("receipt.p7s", &receipts[0].cms);
        for authorities in ["root.pem", "both.pem"] {
            let arguments = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "receipt.p7s", "-out", "document"];
            party.openssl(&[&arguments[..], &["-CAfile", authorities]].concat()).expect_success();
        }
        let document = party.read("document");
        for part in ["kaika/acceptance/1", card.number(), &format!("http://localhost:{}", demo.port())] {
            assert!(document.windows(part.len()).any(|window| window == part.as_bytes()), "{part} is not in it");
        }
    }
}

/// Every certificate, list and response of one authority.
#[track_caller]
fn lint(authority: &str, pin: &str) {
    let demo = Demo::new();
    let card = demo.card(authority);
    let party = RelyingParty::of(&demo, authority);
    let shown = demo.show_at(demo.portal(authority), &card).expect_success();
    let pems: Vec<&str> = shown["certificates"].as_array().unwrap().iter().map(pem).collect();
    let lint_answers = || {
        for hash in HASHES {
            for method in METHODS {
                let answer = party.ask_by(method, hash, Question::Certificate(pems[0]));
                assert_clean(&answer.status, Kind::OcspResponse, &answer.der);
            }
        }
        let answer = party.ask(Question::Serial("0x1234567890ABCDEF1234567890ABCDEF"));
        assert_clean("unknown", Kind::OcspResponse, &answer.der);
    };
    // With the held certificates on the list, then without.
    party.lint(&pems);
    lint_answers();
    demo.activate(demo.portal(authority), &card, pin).expect_success();
    party.lint(&[]);
    lint_answers();

    let generations = runtime().block_on(async {
        let mut reader = demo.data().store().await.read().await.unwrap();
        reader.generations().await.unwrap()
    });
    for generation in generations {
        let name = generation.name();
        assert_clean(&name, Kind::Certificate, &generation.certificate);
        if !generation.responder_certificate.is_empty() {
            assert_clean(&format!("{name}'s responder"), Kind::Certificate, &generation.responder_certificate);
        }
    }
}

#[test]
fn pkilint_finds_nothing_with_p256() {
    lint("gca", "135790");
}

#[test]
fn pkilint_finds_nothing_with_rsa() {
    lint("hca", "246802");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
