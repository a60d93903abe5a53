//! The documents of each of the card tool's commands, over the states that the demo's cards are in: which keys they
//! have, and what stands there.

use crate::bench::Said;
use crate::card_tool::keys;
use crate::demo::Demo;
use serde_json::{Value, json};

/// A job's document, and what is in it beside of check, re-write and test.
const DONE: &[&str] = &["certificates", "job", "number", "state"];
const CHECK: &[&str] = &["result", "slots", "status"];
const TRIES: &[&str] = &["pin_tries_left", "puk_tries_left"];
const TEST: &[&str] = &["passed", "tests"];

/// The authority's card in this state. Secrets that are left empty are the card's own.
struct At<'d> {
    demo: &'d Demo,
    authority: &'static str,
    state: &'static str,
}

impl<'d> At<'d> {
    fn xca(demo: &'d Demo, state: &'static str) -> Self {
        Self { demo, authority: "xca", state }
    }

    #[track_caller]
    fn run(&self, command: &[&str], secrets: &[(&str, &str)]) -> Said {
        let (card, _) = self.demo.card_in_state(self.authority, self.state);
        let mut arguments = [&["card"], command, &["--reader", card.reader()]].concat();
        if command[0] != "change-pin" {
            arguments.extend(["--portal", self.demo.portal(self.authority)]);
        }
        if !["check", "show"].contains(&command[0]) {
            arguments.push("--secrets-stdin");
        }
        let own = |name| match name {
            "user_code" => card.user_code(),
            "pin" => card.pin(),
            _ => panic!("{name}"),
        };
        let mut lines = String::new();
        for (name, value) in secrets {
            let value = if value.is_empty() { own(*name) } else { value };
            lines += &format!("{name}={value}\n");
        }
        self.demo.agent(&arguments, &lines)
    }

    /// The document of a job that is done, with exactly these keys.
    #[track_caller]
    fn done(&self, command: &[&str], secrets: &[(&str, &str)], also: &[&[&str]]) -> Value {
        let done = self.run(command, secrets).expect_success();
        let (card, _) = self.demo.card_in_state(self.authority, self.state);
        assert_eq!((&done["state"], &done["number"]), (&json!("succeeded"), &json!(card.number())));
        let mut expected = [&[DONE], also].concat().concat();
        expected.sort_unstable();
        assert_eq!(keys(&done), expected, "{command:?}");
        for certificate in done["certificates"].as_array().unwrap() {
            assert_eq!(keys(certificate), ["key", "pem", "role", "serial", "slot", "status"]);
            assert_eq!(certificate["key"], "P-256");
        }
        done
    }
}

/// The same status of each certificate of the document.
#[track_caller]
fn all_are(done: &Value, status: &str) {
    let certificates = done["certificates"].as_array().unwrap();
    assert_eq!(certificates.len(), 4);
    for one in certificates {
        assert_eq!(one["status"], status, "{}", one["role"]);
    }
}

const SLOTS: [(&str, &str); 3] = [("signature", "9c"), ("encryption", "9d"), ("login", "9a")];

#[test]
fn a_check_tells_result_slots_and_tries() {
    let demo = Demo::new();
    for (state, result, status, same, [pin, puk], unfinished) in [
        ("activated", "A", "valid", true, [3, 3], &[][..]),
        ("expiring", "A", "valid", true, [3, 3], &[]),
        ("user_code_locked", "A", "valid", true, [3, 3], &[]),
        ("pin_locked", "A", "valid", true, [0, 3], &[]),
        ("puk_blocked", "A", "valid", true, [0, 0], &[]),
        ("issued_not_written", "B-1", "valid", false, [3, 3], &["rewrite"]),
        ("suspended", "C", "suspended", true, [3, 3], &[]),
        ("revoked", "C", "revoked", true, [3, 3], &[]),
        ("expired", "C", "expired", true, [3, 3], &[]),
    ] {
        let at = At::xca(&demo, state);
        let unfinished_key: &[&str] = if unfinished.is_empty() { &[] } else { &["unfinished"] };
        let done = at.done(&["check"], &[], &[CHECK, TRIES, unfinished_key]);
        assert_eq!((&done["result"], &done["status"]), (&json!(result), &json!(status)), "{state}");
        assert_eq!((&done["pin_tries_left"], &done["puk_tries_left"]), (&json!(pin), &json!(puk)), "{state}");
        assert_eq!(done.get("unfinished"), (!unfinished.is_empty()).then(|| json!(unfinished)).as_ref(), "{state}");
        let slots = done["slots"].as_array().unwrap();
        assert_eq!(slots.len(), SLOTS.len());
        for (one, (role, slot)) in slots.iter().zip(SLOTS) {
            assert_eq!(keys(one), ["in_database", "on_card", "role", "same", "slot", "status"]);
            assert_eq!((&one["role"], &one["slot"], &one["same"]), (&json!(role), &json!(slot), &json!(same)));
            let serials = [&one["on_card"], &one["in_database"]].map(|serial| serial.as_str().unwrap());
            assert_eq!(serials[0] == serials[1], same, "{state}: {serials:?}");
        }
        // The same as anybody is shown, without a server.
        let shown = at.run(&["show"], &[]).expect_success();
        for tries in TRIES {
            assert_eq!(shown[tries], done[tries], "{state}");
        }
    }
    let (card, portal) = (demo.card("xca"), demo.portal("xca"));
    assert_eq!(demo.show(&card).expect_success()["pin_tries_left"], 0);
    demo.agent(&["card", "check", "--portal", portal, "--reader", card.reader()], "").refused("not_activated");
}

#[test]
fn a_rewrite_tells_what_was_written() {
    let demo = Demo::new();
    let at = At::xca(&demo, "issued_not_written");
    let pin = [("pin", "")];
    let refused = at.run(&["rewrite"], &[("pin", "000000")]).refused("pin_wrong");
    assert_eq!(refused["tries_left"], 2);
    let done = at.done(&["rewrite"], &pin, &[CHECK]);
    assert_eq!((&done["result"], &done["status"]), (&json!("B-2"), &json!("valid")));
    all_are(&done, "valid");
    for (one, (role, slot)) in done["slots"].as_array().unwrap().iter().zip(SLOTS) {
        assert_eq!(keys(one), ["in_database", "on_card", "role", "same", "slot", "status"]);
        assert_eq!((&one["role"], &one["slot"], &one["same"]), (&json!(role), &json!(slot), &json!(true)));
        assert_eq!(one["on_card"], one["in_database"]);
    }
    assert_eq!(at.done(&["check"], &[], &[CHECK, TRIES])["result"], "A");
    for (state, expected) in [("suspended", "card_barred"), ("revoked", "card_barred"), ("pin_locked", "pin_locked")] {
        At::xca(&demo, state).run(&["rewrite"], &pin).refused(expected);
    }
}

#[test]
fn a_test_tells_of_each_certificate() {
    let demo = Demo::new();
    for (state, passed, status) in [("activated", true, "valid"), ("suspended", false, "suspended")] {
        let done = At::xca(&demo, state).done(&["test"], &[("pin", "")], &[TEST]);
        assert_eq!(done["passed"], passed, "{state}");
        let tests = done["tests"].as_array().unwrap();
        assert_eq!(tests.len(), SLOTS.len());
        for (one, (role, slot)) in tests.iter().zip(SLOTS) {
            assert_eq!(keys(one), ["chain", "key", "on_card", "role", "serial", "slot", "status"]);
            assert_eq!((&one["role"], &one["slot"], &one["status"]), (&json!(role), &json!(slot), &json!(status)));
            assert_eq!((&one["chain"], &one["key"], &one["on_card"]), (&json!(true), &json!(true), &json!(true)));
        }
    }
    let at = At::xca(&demo, "activated");
    assert_eq!(at.run(&["test"], &[("pin", "000000")]).refused("pin_wrong")["tries_left"], 2);
    at.run(&["test"], &[]).refused("secret_missing");
}

#[test]
fn an_unlocking_gives_the_tries_back() {
    let demo = Demo::new();
    let at = At::xca(&demo, "pin_locked");
    let unlock = |code| at.run(&["unlock"], &[("user_code", code), ("new_pin", "864202")]);
    assert_eq!(unlock("wrong-1").refused("user_code_wrong")["tries_left"], 2);
    let done = at.done(&["unlock"], &[("user_code", ""), ("new_pin", "864202")], &[]);
    all_are(&done, "valid");
    let shown = at.run(&["show"], &[]).expect_success();
    assert_eq!((&shown["pin_tries_left"], &shown["puk_tries_left"]), (&json!(3), &json!(3)));
    for state in ["puk_blocked", "user_code_locked"] {
        At::xca(&demo, state).run(&["unlock"], &[("user_code", ""), ("new_pin", "864202")]).refused(state);
    }
}

/// A reason that is none of the command's changes nothing.
#[test]
fn a_change_of_status_is_told_with_what_came_of_it() {
    let demo = Demo::new();
    let used = At::xca(&demo, "activated");
    // Not every authority revokes online.
    used.run(&["revoke", "--reason", "ceased"], &[("user_code", "")]).refused("changed_elsewhere");
    demo.activate(demo.portal("gca"), &demo.card("gca"), "135790").expect_success();
    let other = At { demo: &demo, authority: "gca", state: "unopened" };
    for (at, command, reason, wrong, status, again) in [
        (&used, "suspend", "lost", "found", "suspended", "already_suspended"),
        (&used, "resume", "found", "lost", "valid", "not_suspended"),
        (&other, "revoke", "ceased", "not_in_use", "revoked", "already_revoked"),
    ] {
        for wrong in [wrong, "", "LOST"] {
            let refused = at.run(&[command, "--reason", wrong], &[("user_code", "")]).refused("bad_request");
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.starts_with("--reason: it is one of: ") && detail.contains(reason), "{detail}");
        }
        let run = |code| at.run(&[command, "--reason", reason], &[("user_code", code)]);
        assert_eq!(run("wrong-1").refused("user_code_wrong")["tries_left"], 2);
        all_are(&at.done(&[command, "--reason", reason], &[("user_code", "")], &[]), status);
        run("").refused(again);
    }
    assert_eq!(used.run(&["suspend"], &[("user_code", "")]).exit, Some(2), "a reason is needed");
}

#[test]
fn a_change_of_the_pin_needs_no_server() {
    let demo = Demo::new();
    let at = At::xca(&demo, "activated");
    let change = |from, to| at.run(&["change-pin"], &[("pin", from), ("new_pin", to)]);
    assert_eq!(change("000000", "864202").refused("pin_wrong")["tries_left"], 2);
    let done = change("", "864202").expect_success();
    assert_eq!(keys(&done), ["certificates", "number", "state"]);
    assert_eq!((&done["state"], &done["certificates"]), (&json!("succeeded"), &json!([])));
    // The old one is over.
    assert_eq!(change("", "246802").refused("pin_wrong")["tries_left"], 2);
    change("864202", "13579086").expect_success();
    At::xca(&demo, "pin_locked").run(&["change-pin"], &[("pin", ""), ("new_pin", "864202")]).refused("pin_locked");
}
