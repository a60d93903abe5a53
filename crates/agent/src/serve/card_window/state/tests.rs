//! What a window does with what people, pages and cards do to it.

use super::*;
use crate::serve::card_window::sample::{NUMBER, asked, offer, state};

fn asking() -> State {
    state(Stage::Asking { offer: offer(NUMBER), others: false, errors: Vec::new() })
}

fn typed() -> Typed {
    let text = r#"{"user_code": "Abc123", "new_pin": "135790", "new_pin_again": "135790"}"#;
    serde_json::from_str(text).unwrap()
}

fn ticket() -> Zeroizing<String> {
    Zeroizing::new("a-ticket".to_owned())
}

fn number() -> CardNumber {
    NUMBER.parse().unwrap()
}

#[test]
fn a_ticket_that_is_nearly_over_is_not_tried() {
    let start = Instant::now();
    for (age, begins) in [(TICKET_GOOD - Duration::from_secs(1), true), (TICKET_GOOD, false)] {
        let mut state = asking();
        state.begin(asked(), ticket(), start).unwrap();
        let assignment = state.run(&number(), &typed(), start + age);
        assert_eq!(assignment.is_some(), begins);
        assert_eq!(matches!(state.stage, Stage::WantsTicket), !begins);
    }
}

#[test]
fn a_ticket_is_used_once() {
    let now = Instant::now();
    let mut state = asking();
    state.begin(asked(), ticket(), now).unwrap();
    assert!(state.run(&number(), &typed(), now).is_some());
    state.finished(Err(Code::Busy.into()), now);
    assert!(state.again(now).is_none());
    assert!(matches!(state.stage, Stage::WantsTicket));
    state.begin(asked(), ticket(), now).unwrap();
    assert_eq!(state.go_on(now).unwrap().card, number());
}

#[test]
fn inputs_are_kept_for_five_minutes() {
    let now = Instant::now();
    for (later, kept) in [(INPUTS_KEPT - Duration::from_secs(1), true), (INPUTS_KEPT, false)] {
        let mut state = asking();
        state.begin(asked(), ticket(), now).unwrap();
        state.run(&number(), &typed(), now).unwrap();
        state.finished(Err(Code::ServerUnreachable.into()), now);
        state.expire(now + later);
        assert_eq!(state.kept.is_some(), kept);
        state.begin(asked(), ticket(), now + later).unwrap();
        assert_eq!(state.again(now + later).is_some(), kept);
        // Without inputs the person is asked for them again.
        assert_eq!(matches!(state.stage, Stage::Looking), !kept);
    }
}

#[test]
fn inputs_go_when_they_are_of_no_more_use() {
    let now = Instant::now();
    for result in [
        Ok(number()),
        Err(Code::UserCodeWrong.into()),
        Err(Code::UserCodeLocked.into()),
        Err(Code::AlreadyActivated.into()),
    ] {
        let mut state = asking();
        state.begin(asked(), ticket(), now).unwrap();
        state.run(&number(), &typed(), now).unwrap();
        state.finished(result, now);
        assert!(state.kept.is_none());
    }
}

#[test]
fn nothing_begins_twice() {
    let now = Instant::now();
    let mut state = asking();
    state.begin(asked(), ticket(), now).unwrap();
    assert!(state.run(&number(), &typed(), now).is_some());
    state.begin(asked(), ticket(), now).unwrap();
    assert!(state.run(&number(), &typed(), now).is_none(), "it is working");
    assert!(state.again(now).is_none());
    assert!(state.go_on(now).is_none());
    assert!(state.look(99).is_none(), "nobody looks while it works");
}

#[test]
fn one_look_at_a_time() {
    let mut state = state(Stage::Looking);
    assert!(state.look(1).is_some());
    assert!(state.look(2).is_none());
    let found = |present: Vec<CardNumber>| Found {
        present,
        outcome: Outcome::Refused(Code::NoCard.into(), None),
        target: None,
        informed: None,
    };
    assert!(state.found(found(Vec::new())));
    assert!(state.look(1).is_none(), "nothing has changed");
    assert!(state.look(2).is_some());
}
