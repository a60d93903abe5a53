//! The card window while something is missing at the reader: each screen says what, and the next comes by itself once
//! that is mended.

use super::desk::{Desk, Hold, start_agent};
use super::window_screen::{CardWindow, DeskCard, authority_name, insert, take_out};
use super::{LANGUAGES, start};
use kaika_testkit::browser::By;
use kaika_testkit::pcsc_stand_in::PcscStandIn;
use kaika_testkit::pcscd::{PrivatePcscd, SOCKET_VARIABLE};
use kaika_wire::Code;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// As if a reader was plugged in, or the service started: the agent's pcscd is this one now.
fn connect(socket: &Path, pcscd: &PrivatePcscd) {
    drop(fs::remove_file(socket));
    symlink(pcscd.socket(), socket).unwrap();
}

#[track_caller]
fn from_nothing_to_the_right_card(language: (&'static str, &'static str)) {
    let mut desk = Desk::new("gca");
    let (card, stranger) = (DeskCard::first(&desk, "gca"), DeskCard::second(&desk, "xca"));
    take_out(&mut desk);
    desk.stop_agent();
    let socket = desk.bench.desk.path().join("pcscd");
    let environment = [(SOCKET_VARIABLE, socket.to_str().unwrap())];
    desk.agent = start_agent(&desk.demo, &environment, desk.bench.desk.path());

    let browser = start(language);
    let window = CardWindow::open(&browser, language, &desk.portal(), "gca");
    let next = window.is_refused(Code::PcscStopped);
    assert!(next.contains("systemctl start pcscd.socket"), "{next}");
    window.judge_job("no-service");
    window.press("#again");
    window.is_refused(Code::PcscStopped);

    let empty = PrivatePcscd::start(&[]);
    connect(&socket, &empty);
    window.press("#again");
    window.is_refused(Code::NoReader);
    browser.wait_for_words_in(By::Css(".waits"), &window.said("window-goes-on"));
    window.judge_job("no-reader");

    connect(&socket, &desk.bench.pcscd);
    drop(empty);
    window.is_refused(Code::NoCard);
    assert!(!window.has("#again"), "nothing is to be pressed");
    window.judge_job("no-card");

    let blank = desk.put_in_blank(0);
    window.is_refused(Code::NotKaikaCard);
    window.says("[data-fact=reader]", desk.bench.reader());
    window.judge_job("not-kaika-card");
    drop(blank);
    window.is_refused(Code::NoCard);

    let other = desk.put_in(0, &stranger.file);
    window.is_refused(Code::WrongAuthority);
    window.says("[data-fact=number]", &stranger.number);
    window.says("[data-fact=issuer]", &authority_name(&desk, language, "xca"));
    window.says("#authority", &authority_name(&desk, language, "gca"));
    window.judge_job("wrong-authority");
    drop(other);
    window.is_refused(Code::NoCard);

    // One that takes its time, at the first GET DATA.
    let hold = Hold::new(&desk.bench);
    let _card = insert(&desk, 0, &card.file, &["--hold-at", &hold.at("cb")]);
    browser.find(By::Css("[data-screen=looking]"));
    window.announces(&window.said("window-looking"));
    window.judge_job("looking");
    hold.let_go();
    window.asks_for(&card);
    window.says("[data-fact=reader]", desk.bench.reader());
    window.begin(&card.user_code, "13579086");
    window.succeeds("gca");
    card.assert_activated(&desk, "gca");
}

#[test]
fn from_nothing_to_the_right_card_in_chinese() {
    from_nothing_to_the_right_card(LANGUAGES[0]);
}

#[test]
fn from_nothing_to_the_right_card_in_english() {
    from_nothing_to_the_right_card(LANGUAGES[1]);
}

#[test]
fn of_several_cards_one_is_chosen() {
    let desk = Desk::new("gca");
    let (first, second) = (DeskCard::first(&desk, "gca"), DeskCard::second(&desk, "gca"));
    for language in LANGUAGES {
        let browser = start(language);
        let window = CardWindow::open_at_form(&browser, language, &desk, "gca", &first);
        assert!(!window.has("#choose-again"));
        browser.fill(By::Css("#user_code"), "so far");
        let typed = |content: &str| browser.wait_for_value_of(By::Css("#user_code"), content);

        // Another card comes: the person is not disturbed.
        let other = desk.put_in(1, &second.file);
        browser.find(By::Css("#choose-again"));
        window.says("[data-fact=number]", &first.number);
        typed("so far");
        window.waits_at("user_code");
        window.judge_job("form-others");

        window.press("#choose-again");
        browser.find(By::Css("[data-screen=choose]"));
        window.waits_at("heading");
        window.announces(&window.said("window-choose"));
        browser.wait_for_count_of(By::Css("[data-fact=number]"), 2);
        let numbers = browser.texts_of(By::Css("[data-fact=number]"));
        assert!(numbers.contains(&first.number) && numbers.contains(&second.number), "{numbers:?}");
        let readers = browser.texts_of(By::Css("[data-fact=reader]"));
        assert_ne!(readers[0], readers[1]);
        window.judge_job("choose");
        let button = format!("#choose-{}", second.number);
        let label = format!("{} {}", window.said("window-choose-this"), second.number);
        assert_eq!(browser.label_of(By::Css(&button)), label);
        window.press(&button);
        window.asks_for(&second);
        // What was typed was for the other card.
        typed("");

        // The chosen one goes: the one that is left is read.
        browser.fill(By::Css("#user_code"), "so far");
        drop(other);
        window.asks_for(&first);
        typed("");
        browser.wait_until_gone(By::Css("#choose-again"));
    }
}

/// Page and window say the same, and nothing of a chip.
#[track_caller]
fn a_reader_that_gives_an_error(language: (&'static str, &'static str)) {
    let library = PcscStandIn::new();
    let mut desk = Desk::new("gca");
    let browser = start(language);
    for (function, error, code) in [
        ("SCardEstablishContext", 0x8010_006a, Code::ReadersRefused),
        ("SCardListReaders", 0x8010_0013, Code::ReaderFault),
        ("SCardConnect", 0x8010_0014, Code::ReaderFault),
        ("SCardConnect", 0x8010_000b, Code::CardInUse),
    ] {
        desk.stop_agent();
        let environment = library.failing(function, error);
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        desk.agent = start_agent(&desk.demo, &environment, desk.bench.desk.path());
        let name = format!("{code}-{function}");
        let window = CardWindow::open(&browser, language, &desk.portal(), "gca");
        let next = window.is_refused(code);
        assert!(next.len() > 20, "{name}: {next}");
        window.judge_job(&name);
        window.close();
    }
}

#[test]
fn a_reader_that_gives_an_error_in_chinese() {
    a_reader_that_gives_an_error(LANGUAGES[0]);
}

#[test]
fn a_reader_that_gives_an_error_in_english() {
    a_reader_that_gives_an_error(LANGUAGES[1]);
}
