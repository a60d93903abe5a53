//! 開卡 from the first message to the last.

use super::{LONG, PIN, USER_CODE, Window, opening, script, tickets, unopened};
use crate::{
    cards::{GCA, inspect},
    portal::{NUMBER, ORIGIN, failed, running},
    server::{agent, agent_with},
    tool::desk,
};
use kaika_texts::{Language, explain, text};
use kaika_wire::{Code, Refusal};
use serde_json::{Value, json};
use std::time::Instant;

#[test]
fn a_card_is_activated() {
    let script = script([unopened().into(), opening().into()]);
    let agent = agent(&script);
    let mut window = Window::open(&agent);
    window.begin(ORIGIN, "first-ticket");
    assert_eq!(window.screen(), "looking");
    window.settle();

    assert_eq!(window.screen(), "form");
    for shown in
        [NUMBER, ">入口網站所知<", "C=TW,O=入口網站所知", "1970-01-01", "Reader A", ORIGIN, "gca", "Activate a card"]
    {
        assert!(window.has(shown), "{shown}");
    }
    assert_eq!(window.view["focus"], "user_code");
    assert_eq!(window.view["authority"], "gca");
    assert_eq!(window.view["tell"], Value::Null);

    window.run();
    assert_eq!(window.screen(), "working");
    assert!(window.has("please do not remove the card"));
    assert!(window.view["bar"]["percent"].as_u64().is_some_and(|percent| (1..100).contains(&percent)));
    assert_eq!(window.view["tell"]["kaika"], "progress");
    window.settle();
    assert_eq!(window.view["tell"], json!({"attempt": 1, "kaika": "finished", "state": "succeeded"}));
    assert_eq!(window.screen(), "succeeded");
    assert_eq!(window.view["close_after_ms"], 2000);
    assert!(window.has("Your card is activated") && window.has(NUMBER));

    assert_eq!(
        tickets(&script),
        [("information".to_owned(), None), ("activate".to_owned(), Some("first-ticket".to_owned())),]
    );
    assert_eq!(script.played(|played| played.started[1]["authority"].clone()), "gca");
    let reports = script.reports();
    assert_eq!(reports[1]["user_code"], USER_CODE);
    assert!(reports.iter().all(|report| !report.to_string().contains(PIN)));
    assert!(script.played(|played| played.opened.iter().all(|url| url == ORIGIN)));
    assert!(inspect(agent.desk._folder.path(), NUMBER).pin_is(PIN));
}

#[test]
fn what_is_typed_wrong_is_told_at_its_field_and_sent_nowhere() {
    let script = script([unopened().into(), opening().into()]);
    let agent = agent(&script);
    let mut window = Window::begun(&agent);
    for (user_code, pin, again, wrong, words) in [
        ("", "", "", &["user_code", "new_pin"][..], "Please enter the user code"),
        ("Abc", "135790", "135790", &["user_code"][..], "form of a user code"),
        ("Abc123", "1357", "1357", &["new_pin"][..], "A PIN is 6 to 8 digits"),
        ("Abc123", "13579O", "13579O", &["new_pin"][..], "A PIN is 6 to 8 digits"),
        ("Abc123", "135790", "", &["new_pin_again"][..], "once more"),
        ("Abc123", "135790", "135791", &["new_pin_again"][..], "not the same"),
    ] {
        window.act("run", Window::typed(user_code, pin, again));
        assert_eq!(window.screen(), "form");
        assert_eq!(window.view["focus"], wrong[0]);
        assert!(window.has(words), "{words}");
        for field in ["user_code", "new_pin", "new_pin_again"] {
            let described = format!("aria-describedby=\"{field}-hint {field}-error\" aria-invalid=\"true\"");
            assert_eq!(window.has(&described), wrong.contains(&field), "{field}");
            assert_eq!(window.has(&format!("id=\"{field}-error\"")), wrong.contains(&field), "{field}");
        }
        assert!(!window.has("value=\""), "nothing typed comes back");
    }
    assert_eq!(tickets(&script).len(), 1, "nothing was started");
    window.run();
    window.settle();
    assert_eq!(window.screen(), "succeeded");
}

#[test]
fn a_wrong_user_code_is_typed_again_with_another_ticket() {
    let wrong = || Refusal::new(Code::UserCodeWrong).tries_left(2);
    let failing = vec![running(1, super::prove()), Ok(kaika_wire::JobState::Failed { error: wrong() })];
    let script = script([unopened().into(), failing, opening().into()]);
    let agent = agent(&script);
    let mut window = Window::begun(&agent);
    window.run();
    window.settle();
    assert_eq!(window.screen(), "form");
    assert!(window.has("2 tries are left"));
    assert!(window.has("aria-describedby=\"user_code-hint user_code-error\" aria-invalid=\"true\""));
    let words = explain(Language::En, wrong());
    let told = json!({
        "attempt": 1, "kaika": "finished", "state": "refused", "code": "user_code_wrong",
        "message": words.message, "next_step": words.next_step,
        "certain": text(Language::En, "aftermath-not-activated", &[]),
        "again": true, "go_on": false, "over": false,
    });
    assert_eq!(window.view["tell"], told);

    window.run();
    assert_eq!((window.screen(), &window.view["wants_ticket"]), ("working", &json!(true)));
    window.begin(ORIGIN, "second-ticket");
    window.settle();
    assert_eq!(window.screen(), "succeeded");
    let used: Vec<_> = tickets(&script).into_iter().filter_map(|(_, ticket)| ticket).collect();
    assert_eq!(used, ["first-ticket", "second-ticket"]);
}

#[test]
fn several_cards_are_chosen_from() {
    let script = script([unopened().into(), unopened().into()]);
    script.played(|played| played.any_card = true);
    let desk = desk();
    let other = "GC00000000000002";
    crate::cards::unopened(desk._folder.path(), other, &GCA);
    desk.soft.insert(other, "Reader C").unwrap();
    let agent = agent_with(&script, desk);
    let mut window = Window::begun(&agent);
    assert_eq!(window.screen(), "choose");
    for shown in [NUMBER, other, "Reader A", "Reader C"] {
        assert!(window.has(shown), "{shown}");
    }
    let asked = [("information".to_owned(), None), ("information".to_owned(), None)];
    assert_eq!(tickets(&script), asked, "of each card it is known that it will do");
    window.act("choose", json!({ "card": NUMBER }));
    window.settle();
    assert_eq!(window.screen(), "form");
    assert!(window.has(NUMBER) && !window.has(other));

    assert!(window.has("Use another card"));

    // Another card that goes does not disturb who is typing.
    let key = window.view["key"].clone();
    agent.desk.soft.remove("Reader C").unwrap();
    window.until("one card", |window| !window.has("Use another card"));
    agent.desk.soft.insert(other, "Reader C").unwrap();
    window.until("two cards", |window| window.has("Use another card"));
    assert_eq!(window.view["key"], key, "what was typed stays");
    window.act("choose", json!({ "card": null }));
    window.settle();
    assert_eq!(window.screen(), "choose");
    window.act("choose", json!({ "card": "GC00000000000009" }));
    assert_eq!(window.screen(), "choose", "not one of those that there are");
}

#[test]
fn what_is_typed_outlives_changes_at_other_readers() {
    let agent = agent(&script([unopened().into()]));
    let mut window = Window::begun(&agent);
    let version = window.view["version"].clone();
    agent.desk.soft.remove("Reader B").unwrap();
    // A wrong card number is of another screen: it does nothing.
    window.act("run", json!({"card": "GC00000000000009", "typed": {}}));
    assert_eq!(window.screen(), "form");
    assert!(!window.has("-error"));
    assert_ne!(window.view["version"], version);
    assert_eq!(window.view["key"].as_str().unwrap(), format!("form:{NUMBER}/0"));
}

#[test]
fn two_windows_know_nothing_of_each_other() {
    let agent = agent(&script([unopened().into(), opening().into()]));
    let mut first = Window::begun(&agent);
    let second = Window::open(&agent);
    assert_ne!(first.token, second.token);
    first.run();
    first.settle();
    assert_eq!(first.screen(), "succeeded");
    let answer = second.send("watch", &json!({"seen": 99}));
    let view: Value = serde_json::from_str(&answer.body).unwrap();
    assert!(!view["html"].as_str().unwrap().contains(NUMBER));
}

#[test]
fn a_page_that_closes_cuts_no_job() {
    let script = script([unopened().into(), opening().into()]);
    let agent = agent(&script);
    let mut window = Window::begun(&agent);
    window.run();
    drop(window);
    let started = Instant::now();
    while script.reports().len() < 3 {
        assert!(started.elapsed() < LONG, "the job does not go on");
        std::thread::yield_now();
    }
    assert!(inspect(agent.desk._folder.path(), NUMBER).pin_is(PIN));
}

#[test]
fn a_job_that_ends_while_nobody_looks_is_told_later() {
    let script = script([unopened().into(), vec![failed(Code::UserCodeLocked)]]);
    let agent = agent(&script);
    let mut window = Window::begun(&agent);
    window.run();
    window.settle();
    assert_eq!(window.shown_code(), "user_code_locked");
    assert!(!window.has("id=\"again\""), "there is nothing to try again");
    assert!(window.has("id=\"close\""));
}

#[test]
fn the_window_takes_the_authoritys_colour_and_no_other_words_for_one() {
    let agent = agent(&script([unopened().into()]));
    let mut window = Window::open(&agent);
    window.begin(ORIGIN, "a-ticket");
    window.settle();
    assert_eq!(window.view["accent"], "1f5fa8");
    let sheet = agent.get("/accent/1f5fa8.css");
    assert_eq!((sheet.status, sheet.body.as_str()), (200, ":root { --brand: #1f5fa8; }\n"));
    for other in ["/accent/red.css", "/accent/1f5fa8", "/accent/1f5fa8%7D.css", "/accent/..%2f.css"] {
        assert_eq!(agent.get(other).status, 404, "{other}");
    }
}
