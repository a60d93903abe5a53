//! A job that is cut: by the card, by the server, by another window, by time. Each time the card window says what to do,
//! and goes on from there without another word typed.

use super::desk::{Desk, Hold};
use super::window_screen::{CardWindow, DeskCard, insert, take_out};
use super::{LANGUAGES, OTHER_JOBS, start};
use crate::bench::{Running, eventually};
use crate::pcsc::Bench;
use kaika_testkit::browser::By;
use kaika_wire::Code;

const PIN: &str = "13579086";

/// Pulled out after the card has done its part of the step and before anybody knows.
#[track_caller]
fn pulled_out(language: (&'static str, &'static str), instruction: &str) {
    let mut desk = Desk::new("gca");
    let (card, other) = (DeskCard::first(&desk, "gca"), DeskCard::second(&desk, "gca"));
    take_out(&mut desk);
    let pulled = insert(&desk, 0, &card.file, &["--pull-at", instruction]);
    let browser = start(language);
    let window = CardWindow::open_at_form(&browser, language, &desk, "gca", &card);
    window.begin(&card.user_code, PIN);
    window.is_refused(Code::CardRemoved);
    browser.find(By::Css("#again:disabled"));
    window.says("[data-fact=number]", &card.number);
    for key in ["window-inputs-kept", "window-card-not-back"] {
        browser.wait_for_text(&window.said(key));
    }
    assert!(!window.has("input"));
    window.judge_job("card-removed");

    // Another card is not the one, even if the button is pressed by force.
    drop(pulled);
    let wrong = desk.put_in(0, &other.file);
    browser.find(By::Css("#again:disabled"));
    browser.run("document.getElementById('again').disabled = false", &[]);
    window.press("#again");
    window.is_refused(Code::OtherCard);
    browser.find(By::Css("#again:disabled"));
    window.judge_job("other-card");

    drop(wrong);
    desk.bench.wait_until_out();
    let _back = insert(&desk, 0, &card.file, &[]);
    browser.find(By::Css("[data-screen=refused][data-back=true]"));
    window.waits_at("heading");
    window.announces(&window.said("window-card-back"));
    window.judge_job("card-back");
    browser.wait_for_text_of(By::Css("#again"), &window.said("window-go-on"));
    window.press("#again");
    window.succeeds("gca");
    card.assert_activated(&desk, "gca");
    assert_eq!(other.fails(&desk), 0);
}

#[test]
fn pulled_out_after_the_new_pin() {
    pulled_out(LANGUAGES[0], "2c");
}

#[test]
fn pulled_out_after_the_new_puk() {
    pulled_out(LANGUAGES[1], "24");
}

/// A desk whose card waits at one step of the job: to look, and to cut the server off.
fn desk_with_held_card() -> (Desk, DeskCard, Running, Hold) {
    let mut desk = Desk::new("gca");
    let card = DeskCard::first(&desk, "gca");
    take_out(&mut desk);
    let hold = Hold::new(&desk.bench);
    let held = insert(&desk, 0, &card.file, &["--hold-at", &hold.at("2c")]);
    (desk, card, held, hold)
}

#[track_caller]
fn runs(window: &CardWindow<'_>) {
    window.browser.find(By::Css("[data-screen=working]"));
    window.browser.wait_for_text(&window.said("window-at-card"));
}

/// First the ticket runs out, then the server is gone, and then there is no new ticket, either.
#[track_caller]
fn without_server(language: (&'static str, &'static str)) {
    let (mut desk, card, _held, hold) = desk_with_held_card();
    let browser = start(language);
    let window = CardWindow::open_at_form(&browser, language, &desk, "gca", &card);
    desk.demo.data().sql("UPDATE ticket SET expires_at = 0");
    window.begin(&card.user_code, PIN);
    let next = window.is_refused(Code::TicketOver);
    let button = window.text("#again");
    assert!(next.contains(&button), "{next}: {button}");
    browser.wait_for_text(&window.said("window-inputs-kept"));
    window.judge_job("ticket-over");
    window.press("#again");

    runs(&window);
    assert!(!window.has("input") && !window.has("button"), "there is nothing to do but to wait");
    window.waits_at("heading");
    window.announces(&window.said("window-leave-card"));
    desk.demo.process().kill();
    window.judge_job("working");
    hold.let_go();
    browser.wait_for_text(&window.said("window-retrying"));
    window.is_refused(Code::ServerUnreachable);
    window.judge_job("server-gone");
    window.press("#again");
    browser.find(By::Css("[data-screen=no-ticket]"));
    window.says("#message", &window.said("portal-gone"));
    window.waits_at("heading");
    window.judge_job("no-ticket");
    desk.demo.start_again(&["--without-agent"]);
    window.press("#again");
    window.succeeds("gca");
    card.assert_activated(&desk, "gca");
}

#[test]
fn without_server_in_chinese() {
    without_server(LANGUAGES[0]);
}

#[test]
fn without_server_in_english() {
    without_server(LANGUAGES[1]);
}

/// A server that comes back soon enough is not missed at all.
#[test]
fn a_server_that_starts_anew_cuts_no_job() {
    let (mut desk, card, _held, hold) = desk_with_held_card();
    let browser = start(LANGUAGES[0]);
    let window = CardWindow::open_at_form(&browser, LANGUAGES[0], &desk, "gca", &card);
    window.begin(&card.user_code, PIN);
    runs(&window);
    desk.demo.process().kill();
    desk.demo.start_again(&["--without-agent"]);
    hold.let_go();
    window.succeeds("gca");
    card.assert_activated(&desk, "gca");
}

/// While the card is being opened, after its user code was tested, it begins a job elsewhere: this computer's is not to go
/// on beside it.
#[track_caller]
fn take_over(desk: &Desk, elsewhere: &Bench) {
    let opening = format!("SELECT count(*) FROM {OTHER_JOBS} AND kind = 'activate' AND sequence = 2");
    eventually("the batch that opens the card", || (desk.demo.data().sql(&opening).trim() == "1").then_some(()));
    let activate = ["card", "activate", "--portal", desk.demo.portal("gca"), "--secrets-stdin"];
    elsewhere.agent(&activate, "user_code=wrong-1\nnew_pin=97531864\n").refused("user_code_wrong");
}

#[test]
fn a_job_that_was_taken_over_can_be_taken_back() {
    let language = LANGUAGES[0];
    let (desk, card, _held, hold) = desk_with_held_card();
    let elsewhere = Bench::with(&card.file);
    let browser = start(language);
    let window = CardWindow::open_at_form(&browser, language, &desk, "gca", &card);
    window.begin(&card.user_code, PIN);
    runs(&window);
    take_over(&desk, &elsewhere);
    hold.let_go();
    window.is_refused(Code::Stale);
    window.judge_job("stale");
    assert_eq!(card.fails(&desk), 1);
    window.press("#again");
    window.succeeds("gca");
    card.assert_activated(&desk, "gca");
}

/// The second window waits for the card; when the first one's job is over without success, it is the second's turn.
#[test]
fn of_two_windows_one_succeeds() {
    let language = LANGUAGES[1];
    let (desk, card, _held, hold) = desk_with_held_card();
    let elsewhere = Bench::with(&card.file);
    let (browser, second) = (start(language), start(language));
    let older = CardWindow::open_at_form(&browser, language, &desk, "gca", &card);
    let newer = CardWindow::open_at_form(&second, language, &desk, "gca", &card);
    older.begin(&card.user_code, PIN);
    runs(&older);
    newer.begin(&card.user_code, "97531864");
    second.find(By::Css("[data-screen=working]"));
    take_over(&desk, &elsewhere);
    hold.let_go();
    newer.succeeds("gca");
    card.assert_activated(&desk, "gca");
    older.is_refused(Code::Stale);
    older.judge_job("stale");
    older.press("#again");
    older.is_refused(Code::AlreadyActivated);
    assert!(!older.has("#again"));
    older.close();
}

/// As some programs do it.
const HOLD: &str = "\
import ctypes, sys, time
pcsc = ctypes.CDLL('libpcsclite.so.1')
context, card, protocol = ctypes.c_long(), ctypes.c_long(), ctypes.c_ulong()
assert pcsc.SCardEstablishContext(ctypes.c_ulong(2), None, None, ctypes.byref(context)) == 0
EXCLUSIVE, ANY = ctypes.c_ulong(1), ctypes.c_ulong(3)
for _ in range(100):
    if pcsc.SCardConnect(context, sys.argv[1].encode(), EXCLUSIVE, ANY, ctypes.byref(card), ctypes.byref(protocol)) == 0:
        print('held', flush=True)
        time.sleep(600)
    time.sleep(0.05)
";

/// Another program that has the card for itself, until it is dropped.
pub(super) fn hold(desk: &Desk) -> Running {
    let python = kaika_testkit::tools::find("python3");
    let mut holding = Running::start_other(&python, &["-c", HOLD, desk.bench.reader()], &[desk.bench.pcscd.env()]);
    holding.wait_until("the other program has the card", |holding| holding.stdout().contains("held"));
    holding
}

#[test]
fn a_card_that_another_program_has_can_be_waited_for() {
    let desk = Desk::new("gca");
    let card = DeskCard::first(&desk, "gca");
    for (language, to_the_end) in [(LANGUAGES[0], false), (LANGUAGES[1], true)] {
        let browser = start(language);
        let other = hold(&desk);
        let window = CardWindow::open(&browser, language, &desk.portal(), "gca");
        window.is_refused(Code::CardInUse);
        window.says("[data-fact=reader]", desk.bench.reader());
        window.judge_job("busy");
        // It is seen by itself that the other program lets go.
        drop(other);
        window.asks_for(&card);

        let other = hold(&desk);
        window.begin(&card.user_code, PIN);
        window.is_refused(Code::CardInUse);
        browser.wait_for_text(&window.said("window-inputs-kept"));
        window.judge_job("busy-kept");
        drop(other);
        if to_the_end {
            window.press("#again");
            window.succeeds("gca");
            card.assert_activated(&desk, "gca");
        }
    }
}
