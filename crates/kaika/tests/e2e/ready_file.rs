//! The file that appears when all is up.

use crate::demo::Demo;
use serde_json::Value;
use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn the_ready_file_says_what_runs_where() {
    let demo = Demo::new();
    let ready = demo.ready();
    assert_eq!(keys(ready), ["agent", "agent_token_file", "authorities", "cards", "mails", "portal"]);
    let portal = format!("http://localhost:{}", demo.port());
    assert_eq!(ready["portal"], portal);
    assert_eq!(ready["mails"], format!("{portal}/mails"));
    assert_eq!(ready["agent"], format!("http://127.0.0.1:{}", demo.agent_port()));
    let token = fs::metadata(text(&ready["agent_token_file"])).unwrap();
    assert_eq!(token.permissions().mode() & 0o777, 0o600);

    let authorities = ready["authorities"].as_array().unwrap();
    let ids: BTreeSet<&str> = authorities.iter().map(|authority| text(&authority["id"])).collect();
    assert_eq!(ids, BTreeSet::from(["gca", "hca", "moica", "twca", "xca"]));
    for authority in authorities {
        for key in ["ca_certificate", "crl", "id", "name", "ocsp", "portal"] {
            assert!(keys(authority).contains(&key), "{key}: {authority}");
        }
        assert_eq!(authority["portal"], format!("{portal}/{}/", text(&authority["id"])));
        for url in ["ca_certificate", "crl", "ocsp", "root_certificate", "root_crl"] {
            assert!(text(&authority[url]).starts_with(&format!("{portal}/")), "{authority}");
        }
        assert!(text(&authority["name"]).contains("測試"), "{authority}");
    }
}

#[test]
fn the_ready_file_lists_the_cards() {
    let demo = Demo::new();
    let cards = demo.ready()["cards"].as_array().unwrap();
    let (mut numbers, mut readers) = (BTreeSet::new(), BTreeSet::new());
    for card in cards {
        let expected =
            ["authority", "contact", "holder", "holder_name", "number", "pin", "reader", "state", "user_code"];
        assert_eq!(keys(card), expected);
        assert!(numbers.insert(text(&card["number"])), "a number of its own");
        if let Some(reader) = card["reader"].as_str() {
            assert!(readers.insert(reader), "a reader of its own: {reader}");
        }
    }
    let of = |authority: &'static str| cards.iter().filter(move |card| card["authority"] == authority);
    for (authority, prefix, digits) in [("gca", "GC", 14), ("xca", "XC", 14), ("hca", "GH", 12)] {
        let unopened = || of(authority).filter(|card| card["state"] == "unopened");
        assert!(unopened().count() >= 2, "{authority}");
        assert!(unopened().filter(|card| !card["reader"].is_null()).count() >= 1, "{authority}");
        for card in of(authority).filter(|card| card["state"] == "unopened") {
            assert!((6..=10).contains(&text(&card["user_code"]).len()));
            assert!(card["pin"].is_null());
            let number = text(&card["number"]).strip_prefix(prefix).unwrap();
            assert!(number.len() == digits && number.bytes().all(|digit| digit.is_ascii_digit()));
        }
    }
    for authority in ["moica", "twca"] {
        assert!(of(authority).count() >= 1, "{authority}");
        for card in of(authority) {
            assert_eq!(card["state"], "activated");
            let pin = text(&card["pin"]);
            assert!((6..=8).contains(&pin.len()) && pin.bytes().all(|digit| digit.is_ascii_digit()));
        }
    }
    for state in [
        "activated",
        "pin_locked",
        "puk_blocked",
        "user_code_locked",
        "suspended",
        "revoked",
        "issued_not_written",
        "expiring",
        "expired",
    ] {
        let card = of("xca").find(|card| card["state"] == state).unwrap_or_else(|| panic!("{state}"));
        assert!(card["reader"].is_string(), "{state} is in a reader");
        assert_eq!(card["pin"], "135790", "{state}");
    }
    assert!(of("twca").all(|card| card["user_code"].is_null()), "a bank's customer has an account, no user code");
}

#[test]
fn a_pin_that_the_holder_set_is_nobody_elses() {
    let demo = Demo::new();
    let card = demo.card("gca");
    demo.activate(demo.portal("gca"), &card, "135790").expect_success();
    let number = card.number().to_owned();
    let (data, _) = demo.stop();
    let demo = Demo::start(data, &[]);
    let card = demo.ready()["cards"].as_array().unwrap().iter().find(|card| card["number"] == number).unwrap();
    assert_eq!(card["state"], "activated");
    assert!(card["pin"].is_null());
    for file in ["demo.json", "kaika.db", "audit.anchors"] {
        let content = fs::read(demo.data().path().join(file)).unwrap();
        assert!(!content.windows(6).any(|window| window == b"135790"), "the PIN is in {file}");
    }
}
