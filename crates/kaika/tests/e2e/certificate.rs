//! `kaika certificate`: the authority's own hand on certificates.

use crate::bench::eventually;
use crate::demo::Demo;
use crate::judges::{Question, RelyingParty};
use serde_json::json;

#[test]
fn the_operator_suspends_resumes_and_revokes() {
    let demo = Demo::new();
    let card = demo.card("moica");
    let shown = demo.show(&card).expect_success();
    let signature = &shown["certificates"].as_array().unwrap()[0];
    let serial = signature["serial"].as_str().unwrap();
    let party = RelyingParty::of(&demo, "moica");
    // The server that runs follows within half a second.
    let by_ocsp = |wanted: &str| {
        let ask = || party.ask(Question::Serial(&format!("0x{serial}"))).words;
        eventually(wanted, || ask().contains(wanted).then_some(()));
    };
    let operator = |arguments: &[&str]| demo.data().operator(&[&["certificate"], arguments].concat());

    let done = operator(&["suspend", "--card", card.number(), "--reason", "lost"]).expect_success();
    assert_eq!(
        (&done["change"], &done["reason"], &done["card"]),
        (&json!("suspend"), &json!("lost"), &json!(card.number()))
    );
    let certificates = done["certificates"].as_array().unwrap();
    assert_eq!(certificates.len(), 4);
    for certificate in certificates {
        assert_eq!((&certificate["before"], &certificate["status"]), (&json!("valid"), &json!("suspended")));
    }
    by_ocsp("certificateHold");
    operator(&["suspend", "--card", card.number(), "--reason", "other"]).refused("already_suspended");
    operator(&["resume", "--card", card.number(), "--reason", "found"]).expect_success();
    by_ocsp("good");

    let done = operator(&["revoke", "--serial", serial, "--reason", "affiliation_changed"]).expect_success();
    assert_eq!(done["certificates"].as_array().unwrap().len(), 1);
    by_ocsp("affiliationChanged");
    operator(&["resume", "--serial", serial, "--reason", "other"]).refused("already_revoked");
    operator(&["revoke", "--serial", "0a", "--reason", "other"]).refused("not_found");
    for wrong in [
        &["suspend", "--card", card.number()][..],
        &["suspend", "--card", card.number(), "--reason", "found"],
        &["revoke", "--reason", "lost"],
        &["revoke", "--card", card.number(), "--serial", serial, "--reason", "lost"],
    ] {
        assert_eq!(operator(wrong).exit, Some(2), "{wrong:?}");
    }
    // The demo has an operator revoke a card by itself.
    let of_card = format!("payload LIKE '%{}%'", card.number());
    let (data, _) = demo.stop();
    data.operator(&["audit", "verify"]).expect_success();
    let by_operator = "SELECT action FROM audit_event WHERE actor LIKE 'operator:%' AND action LIKE 'certificate.%'";
    let events = data.sql(&format!("{by_operator} AND {of_card}"));
    assert_eq!(events.lines().count(), 9);
}
