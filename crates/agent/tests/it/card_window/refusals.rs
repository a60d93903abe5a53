//! Every way in which it can go wrong has its screen, and the way on from there.

use super::{Window, opening, prove, script, tickets, unopened};
use crate::{
    cards::{GCA, STRANGER, XCA, blank},
    portal::{Answer, NUMBER, ORIGIN, Script, failed, informed, running, unanswered},
    server::{Running, agent, agent_with},
    tool::{Desk, desk},
};
use kaika_agent::readers::{Readers, Source, soft::SoftReaders};
use kaika_softcard::{Fault, FaultKind};
use kaika_wire::{Code, Command};
use serde_json::json;
use std::sync::Arc;

/// A desk with readers of these names and no card in them.
fn empty_desk(readers: &[&str]) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let soft = SoftReaders::open(folder.path(), readers.iter().copied()).unwrap();
    let source: Arc<dyn Source> = Arc::new(soft.clone());
    Desk { readers: Readers::new([source]), soft, _folder: folder }
}

#[test]
fn without_a_reader_it_says_so() {
    let agent = agent_with(&Script::default(), empty_desk(&[]));
    let window = Window::begun(&agent);
    assert_eq!(window.shown_code(), "no_reader");
    assert!(window.has("goes on by itself"));
    assert!(!window.has("id=\"again\""));
}

#[test]
fn it_goes_on_by_itself_when_the_right_card_comes() {
    let script = script([unopened().into()]);
    let desk = empty_desk(&["Reader A", "Reader B"]);
    let folder = desk._folder.path();
    crate::cards::unopened(folder, NUMBER, &GCA);
    crate::cards::unopened(folder, "XC00000000000001", &XCA);
    crate::cards::unopened(folder, "GC00000000000009", &STRANGER);
    drop(blank(folder, "blank"));
    let agent = agent_with(&script, desk);
    let soft = &agent.desk.soft;
    let mut window = Window::begun(&agent);
    assert_eq!(window.shown_code(), "no_card");
    for (card, code) in
        [("blank", "not_kaika_card"), ("GC00000000000009", "not_kaika_card"), ("XC00000000000001", "wrong_authority")]
    {
        soft.insert(card, "Reader A").unwrap();
        window.until_refused(code);
        assert!(window.has("goes on by itself") && window.has("Reader A"), "{code}");
        assert_eq!(window.has("Issued by"), code == "wrong_authority");
        soft.remove("Reader A").unwrap();
        window.until_refused("no_card");
    }
    soft.insert(NUMBER, "Reader B").unwrap();
    window.until("the form", |window| window.screen() == "form");
    // With the others beside it, it is still the one that will do.
    soft.insert("XC00000000000001", "Reader A").unwrap();
    window.act("choose", json!({ "card": null }));
    window.settle();
    assert_eq!(window.screen(), "form");
    assert!(!window.has("Use another card"));

    soft.remove("Reader B").unwrap();
    window.until_refused("wrong_authority");
    assert_eq!(tickets(&script).len(), 1, "the right card was asked for, and once");
}

#[test]
fn an_activated_card_is_told_before_anything_is_typed() {
    let script = script([vec![running(1, prove()), informed(true, &[])], unopened().into()]);
    let desk = desk();
    crate::cards::unopened(desk._folder.path(), "GC00000000000002", &GCA);
    let agent = agent_with(&script, desk);
    let mut window = Window::begun(&agent);
    assert_eq!(window.shown_code(), "already_activated");
    assert!(!window.has("<input"));
    // Changes elsewhere do not take it away; the card's removal does.
    agent.desk.soft.remove("Reader B").unwrap();
    agent.desk.soft.remove("Reader A").unwrap();
    window.until_refused("no_card");
}

#[test]
fn a_portal_that_does_not_answer_is_asked_again_by_hand() {
    let script = script([vec![unanswered()], unopened().into()]);
    let agent = agent(&script);
    let mut window = Window::begun(&agent);
    assert_eq!(window.shown_code(), "server_unreachable");
    assert!(window.has("Try again"));
    window.act("again", json!({}));
    window.settle();
    assert_eq!(window.screen(), "form");
}

/// An agent whose job comes to this, and then, with the same inputs, to its end.
fn cut_and_resumed(cut: Vec<Answer>) -> (Script, Running) {
    let script = script([unopened().into(), cut, opening().into()]);
    let agent = agent(&script);
    (script, agent)
}

#[test]
fn what_can_be_gone_on_with_needs_no_typing() {
    for (cut, code) in [
        (vec![Err(Code::TicketOver.into())], "ticket_over"),
        (vec![Err(Code::Busy.into())], "busy"),
        (vec![running(1, prove()), failed(Code::Stale)], "stale"),
        (vec![running(1, prove()), failed(Code::CardFault)], "card_fault"),
        (vec![Err(Code::ServerUnreachable.into())], "server_unreachable"),
        (vec![Err(Code::Internal.into())], "internal"),
    ] {
        let (script, agent) = cut_and_resumed(cut);
        let mut window = Window::begun(&agent);
        window.run();
        window.settle();
        assert_eq!(window.shown_code(), code);
        assert!(window.has("no need to type it again") && window.has("id=\"again\""), "{code}");
        // A card that moves meanwhile does not lose what was typed.
        agent.desk.soft.insert(NUMBER, "Reader C").unwrap();
        window.act("again", json!({}));
        assert_eq!(window.view["wants_ticket"], true, "{code}");
        window.begin(ORIGIN, "second-ticket");
        window.settle();
        assert_eq!(window.screen(), "succeeded", "{code}");
        assert_eq!(tickets(&script).last().unwrap().1.as_deref(), Some("second-ticket"));
        assert_eq!(window.view["tell"], json!({"attempt": 2, "kaika": "finished", "state": "succeeded"}));
    }
}

#[test]
fn a_card_pulled_out_can_go_on_when_it_is_back() {
    let (_, agent) = cut_and_resumed(vec![running(1, prove()), failed(Code::Stale)]);
    let soft = &agent.desk.soft;
    let mut window = Window::begun(&agent);
    soft.remove_at("Reader A", 5).unwrap();
    window.run();
    window.settle();
    assert_eq!(window.shown_code(), "card_removed");
    assert!(window.has("id=\"again\" data-action=\"again\" disabled"), "{}", window.html());

    // Another card is not the one.
    soft.insert("two", "Reader A").unwrap();
    window.act("again", json!({}));
    assert_eq!(window.view["wants_ticket"], true);
    window.begin(ORIGIN, "second-ticket");
    window.settle();
    assert_eq!(window.shown_code(), "other_card");

    soft.insert(NUMBER, "Reader C").unwrap();
    window.until("the card's return", |window| window.has("data-back=\"true\""));
    assert!(window.has("The card is back"));
    window.act("again", json!({}));
    window.begin(ORIGIN, "third-ticket");
    window.settle();
    assert_eq!(window.screen(), "succeeded");
}

#[test]
fn refusals_that_nothing_helps_end_it() {
    for code in [
        Code::UserCodeLocked,
        Code::ActivationPeriodOver,
        Code::ActivatedElsewhere,
        Code::CardBarred,
        Code::PukBlocked,
        Code::PinLocked,
        Code::CardUnsuitable,
    ] {
        let script = script([unopened().into(), vec![Err(code.into())]]);
        let agent = agent(&script);
        let mut window = Window::begun(&agent);
        window.run();
        window.settle();
        assert_eq!(window.shown_code(), code.as_str());
        assert!(!window.has("id=\"again\"") && window.has("id=\"close\""), "{code}");
        window.act("again", json!({}));
        assert_eq!(window.shown_code(), code.as_str());
        agent.desk.soft.remove("Reader A").unwrap();
        window.until_refused("not_kaika_card");
    }
}

#[test]
fn a_card_that_was_swapped_is_left_alone() {
    let script = script([unopened().into()]);
    let desk = desk();
    crate::cards::unopened(desk._folder.path(), "GC00000000000002", &GCA);
    let agent = agent_with(&script, desk);
    let mut window = Window::begun(&agent);
    agent.desk.soft.insert("GC00000000000002", "Reader A").unwrap();
    window.run();
    window.until_refused("other_card");
    assert!(tickets(&script).iter().all(|(kind, _)| kind == "information"));
}

#[test]
fn a_page_without_a_ticket_says_why() {
    let agent = agent(&Script::default());
    let mut window = Window::open(&agent);
    let words = json!({"origin": ORIGIN, "message": "Too many <b>requests</b>", "next_step": "Wait a little."});
    window.act("no-ticket", words);
    assert_eq!(window.screen(), "no-ticket");
    assert!(window.has("Too many &#60;b&#62;requests") && window.has("Wait a little."));
    assert!(window.has("The website says"));
    window.act("again", json!({}));
    assert_eq!(window.view["wants_ticket"], true);
    window.act("no-ticket", json!({ "origin": null }));
    assert!(window.has("does not answer"));
}

#[test]
fn a_ticket_that_comes_late_still_serves() {
    let script = script([unopened().into(), vec![Err(Code::Busy.into())], opening().into()]);
    let agent = agent(&script);
    let mut window = Window::begun(&agent);
    window.run();
    window.settle();
    window.act("again", json!({}));
    window.act("no-ticket", json!({ "origin": null }));
    assert_eq!(window.screen(), "no-ticket");
    window.begin(ORIGIN, "late-ticket");
    window.settle();
    assert_eq!(window.screen(), "succeeded");
}

#[test]
fn a_card_that_loses_its_power_while_it_is_read_is_told() {
    let script = script([vec![running(1, vec![Command::ProveCard { algorithm: kaika_wire::KeyAlgorithm::P256 }])]]);
    let agent = agent(&script);
    let card = agent.desk.soft.card_in("Reader A").unwrap();
    card.lock().unwrap().plan_fault(Fault { at: 4, kind: FaultKind::LosePowerAfter });
    drop(card);
    let window = Window::begun(&agent);
    assert_eq!((window.screen(), window.has("id=\"close\"")), ("refused", true));
}
