//! The activation period of 90 days, and the demo's clock.

use crate::demo::{Data, Demo, refused_start};
use crate::judges::{Question, RelyingParty, pem};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The numbers of unopened cards.
fn unopened(demo: &Demo) -> BTreeSet<String> {
    let cards = demo.ready()["cards"].as_array().unwrap().iter();
    let cards = cards.filter(|card| card["state"] == "unopened");
    cards.map(|card| card["number"].as_str().unwrap().to_owned()).collect()
}

fn swept(said: &Value) -> BTreeSet<String> {
    let cards = said["cards"].as_array().unwrap().iter();
    cards.map(|card| card["number"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_operator_sweeps() {
    let demo = Demo::new();
    let activated = demo.card("gca").number().to_owned();
    demo.activate(demo.portal("gca"), &demo.card("gca"), "135790").expect_success();
    let mut late = unopened(&demo);
    late.remove(&activated);
    assert_eq!(late.len(), 5);
    let (data, _) = demo.stop();

    assert_eq!(data.operator(&["sweep"]).expect_success(), json!({"dry_run": false, "cards": []}));
    data.change_memory(|memory| memory["days_later"] = json!(89));
    assert_eq!(data.operator(&["sweep", "--dry-run"]).expect_success()["cards"], json!([]));
    data.change_memory(|memory| memory["days_later"] = json!(91));
    for _ in 0..2 {
        // It only tells, so it tells the same again.
        let said = data.operator(&["sweep", "--dry-run"]).expect_success();
        assert_eq!(said["dry_run"], true);
        assert_eq!(swept(&said), late);
        assert!(said["cards"].as_array().unwrap().iter().all(|card| card["outcome"] == "revoke"));
    }
    assert_eq!(swept(&data.operator(&["sweep"]).expect_success()), late);
    assert_eq!(data.operator(&["sweep"]).expect_success()["cards"], json!([]));
    let recorded = data.sql("SELECT payload FROM audit_event WHERE action = 'card.overdue'");
    assert_eq!(recorded.lines().count(), 5);
    assert!(late.iter().all(|number| recorded.contains(number)), "{recorded}");
    let cards = data.operator(&["card", "list", "--authority", "gca"]).expect_success();
    let states: BTreeSet<&str> =
        cards["cards"].as_array().unwrap().iter().map(|card| card["state"].as_str().unwrap()).collect();
    assert_eq!(states, BTreeSet::from(["activated", "terminated"]));
    data.operator(&["audit", "verify"]).expect_success();
}

#[test]
fn after_ninety_days_it_is_too_late() {
    let demo = Demo::new();
    let held = demo.show_at(demo.portal("gca"), &demo.card("gca")).expect_success();
    let signature = pem(&held["certificates"][0]).to_owned();
    let (data, _) = demo.stop();

    // One day before it is not.
    let demo = Demo::start(data.copy(), &["--days-later", "89"]);
    assert_eq!(unopened(&demo).len(), 6);
    demo.activate(demo.portal("gca"), &demo.card("gca"), "135790").expect_success();
    let party = RelyingParty::of(&demo, "gca").ahead(89);
    assert_eq!(party.ask(Question::Certificate(&signature)).status, "good");
    drop(demo);

    let demo = Demo::start(data, &["--days-later", "91"]);
    let (data, _) = too_late(demo, &signature).stop();
    // The folder remembers the day.
    let (data, _) = too_late(Demo::start(data, &[]), &signature).stop();
    time_goes_on(data);
}

fn too_late(demo: Demo, signature: &str) -> Demo {
    let (card, portal) = (demo.card("gca"), demo.portal("gca"));
    assert!(unopened(&demo).is_empty(), "they are swept when the demo is ready");
    demo.activate(portal, &card, "135790").refused("activation_period_over");
    let party = RelyingParty::of(&demo, "gca").ahead(91);
    let answer = party.ask(Question::Certificate(signature));
    assert_eq!(answer.status, "revoked");
    assert!(answer.words.contains("Reason: cessationOfOperation"), "{}", answer.words);
    let verified = party.verify(signature);
    assert!(!verified.status.success() && verified.text().contains("certificate revoked"), "{verified}");
    let shown = demo.show_at(portal, &card).expect_success();
    assert_eq!((&shown["activated"], &shown["certificates"][0]["status"]), (&json!(false), &json!("revoked")));
    let recorded = demo.data().sql("SELECT actor, payload FROM audit_event WHERE action = 'card.overdue'");
    assert_eq!(recorded.lines().filter(|line| line.contains(card.number())).count(), 1, "{recorded}");
    demo
}

fn time_goes_on(data: Data) {
    let arguments = ["--data", &data.argument(), "--listen", "127.0.0.1:0", "--agent-listen", "127.0.0.1:0"];
    let line = refused_start(&[&arguments[..], &["--days-later", "5"]].concat());
    assert!(line.contains("91 days later"), "{line}");
    let demo = Demo::start(data, &["--days-later", "120"]);
    assert!(unopened(&demo).is_empty());
    demo.data().operator(&["audit", "verify"]).expect_success();
}
