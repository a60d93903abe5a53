//! The card window before a card that cannot be activated: told as soon as it can be, and nothing is spent.

use super::desk::Desk;
use super::window_screen::{CardWindow, DeskCard, insert, take_out};
use super::{LANGUAGES, start};
use kaika_testkit::browser::{Browser, By};
use kaika_wire::Code;

#[test]
fn an_activated_card_is_told_before_anything_is_typed() {
    let mut desk = Desk::new("gca");
    let (card, other) = (DeskCard::first(&desk, "gca"), DeskCard::second(&desk, "gca"));
    let activate = ["card", "activate", "--portal", desk.demo.portal("gca"), "--secrets-stdin"];
    let secrets = format!("user_code={}\nnew_pin=13579086\n", card.user_code);
    desk.bench.agent(&activate, &secrets).expect_success();
    take_out(&mut desk);
    for language in LANGUAGES {
        let activated = insert(&desk, 0, &card.file, &[]);
        let browser = start(language);
        let window = CardWindow::open(&browser, language, &desk.portal(), "gca");
        window.is_refused(Code::AlreadyActivated);
        assert!(!window.has("input") && !window.has("#again"));
        window.says("[data-fact=number]", &card.number);
        window.judge_job("already-activated");

        // Perhaps it was the wrong one of two.
        drop(activated);
        window.is_refused(Code::NoCard);
        let right = insert(&desk, 0, &other.file, &[]);
        window.asks_for(&other);
        drop(right);
        window.is_refused(Code::NoCard);
        let activated = insert(&desk, 0, &card.file, &[]);
        window.is_refused(Code::AlreadyActivated);
        window.close();
        is_final(&browser);
        drop(activated);
    }
    assert_eq!(other.fails(&desk), 0);
}

/// The page says why, too, and does not send anybody round.
#[track_caller]
fn is_final(browser: &Browser) {
    browser.find(By::Css("[data-screen=refused]:not([hidden])"));
    assert!(browser.text_of(By::Css("[data-screen=refused] [data-fill=message]")).chars().count() > 5);
    browser.wait_for_count_of(By::Css(":is([data-again], [data-go-on])"), 0);
}

/// Cards that will not do are shown with the reason, and cannot be chosen; one that will is to be activated by a day.
#[test]
fn of_several_cards_only_those_can_be_chosen_that_will_do() {
    let desk = Desk::new("gca");
    let (card, other) = (DeskCard::first(&desk, "gca"), DeskCard::second(&desk, "gca"));
    let activate = ["card", "activate", "--portal", desk.demo.portal("gca"), "--secrets-stdin"];
    let secrets = format!("user_code={}\nnew_pin=13579086\n", card.user_code);
    desk.bench.agent(&activate, &secrets).expect_success();
    let dispatched = format!("SELECT dispatched_at FROM card WHERE number = '{}'", other.number);
    let dispatched: i64 = desk.demo.data().sql(&dispatched).trim().parse().unwrap();
    let by = time::OffsetDateTime::from_unix_timestamp(dispatched + 90 * 86400).unwrap();
    let by = by.to_offset(time::macros::offset!(+8)).date();
    let _other = desk.put_in(1, &other.file);
    for language in LANGUAGES {
        let browser = start(language);
        let window = CardWindow::open(&browser, language, &desk.portal(), "gca");
        browser.find(By::Css("[data-screen=choose]"));
        browser.wait_for_count_of(By::Css("[data-action=choose]"), 1);
        browser.wait_for_texts_of(By::Css("[data-fact=number]"), &[&other.number, &card.number]);
        let why = By::Css(".barred[data-code=already_activated] .why");
        browser.wait_for_words_in(why, &window.said("refusal-already_activated"));
        window.judge_job("choose-barred");
        window.press(&format!("#choose-{}", other.number));
        window.asks_for(&other);
        browser.wait_for_words_in(By::Css("#activate-by"), &by.to_string());
        if language.1 == "zh" {
            browser.wait_for_words_in(By::Css("#activate-by"), &format!("民國{}年", by.year() - 1911));
        }
        window.judge_job("form-by");
    }
}

/// Whom to call, as it stands at the foot of the authority's page.
#[track_caller]
fn telephone(browser: &Browser, desk: &Desk, authority: &str) -> String {
    browser.open(&format!("{}/{authority}/", desk.portal()));
    browser.text_of(By::Css("a[href^='tel:']"))
}

/// Swept, or not swept yet: the holder reads the same.
#[test]
fn after_the_activation_period_no_try_is_spent() {
    let mut desk = Desk::new("gca");
    let card = DeskCard::first(&desk, "gca");
    let long_ago = "UPDATE card SET dispatched_at = dispatched_at - 91 * 86400";
    desk.demo.data().sql(&format!("{long_ago} WHERE number = '{}'", card.number));
    for swept in [false, true] {
        if swept {
            desk.demo.process().kill();
            desk.demo.start_again(&["--without-agent", "--days-later", "91"]);
        }
        let state = desk.demo.data().sql(&format!("SELECT state FROM card WHERE number = '{}'", card.number));
        assert_eq!(state.trim() == "terminated", swept);
        for language in LANGUAGES {
            let browser = start(language);
            let telephone = telephone(&browser, &desk, "gca");
            let window = CardWindow::open(&browser, language, &desk.portal(), "gca");
            let next = window.is_refused(Code::ActivationPeriodOver);
            assert!(next.contains(&telephone), "{next}: {telephone}");
            assert!(!window.has("#again") && !window.has("input"), "told before anything is typed");
            window.judge_job("period-over");
            window.close();
            is_final(&browser);
        }
    }
    assert_eq!(card.fails(&desk), 0);
    assert!(desk.card()["pin_tries_left"] == 0 && desk.card()["puk_tries_left"] == 3);
}
