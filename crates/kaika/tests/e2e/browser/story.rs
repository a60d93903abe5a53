//! What the page says after the card window has closed: the same as the window, and as the card.

use super::desk::Desk;
use super::services::Tongue;
use super::services::{done, fill, go};
use super::{LANGUAGES, inspect, said, start};
use kaika_testkit::browser::{Browser, By, Window};
use kaika_wire::Code;
use std::fs;

/// From the home of XCA to the card window's form.
#[track_caller]
fn open(browser: &Browser, desk: &Desk, kind: &str, language: Tongue) -> (Window, Window) {
    browser.open(&format!("{}/xca/{kind}", desk.portal()));
    browser.wait_until("the page's look at the readers", |browser| {
        browser.has(By::Css("#card-said > [data-card]:not([data-card=unasked], [data-card=looking])"))
    });
    go(browser, kind, language)
}

/// Closes the window once it has told of this.
#[track_caller]
fn close_after(browser: &Browser, code: Code, (page, window): &(Window, Window)) {
    browser.find(By::Css(&format!("[data-screen=refused][data-code={code}]")));
    browser.find(By::Css("#certain"));
    browser.click(By::Css("#close"));
    browser.switch_to(page);
    browser.wait_until_closed(window);
}

/// Pulled out when the card has its new PIN and nobody knows.
#[test]
fn after_an_unlocking_that_was_cut_the_pin_is_in_doubt() {
    for language in LANGUAGES {
        let mut desk = Desk::in_state("activated");
        let pulled = desk.put_back_pulled_at("2c");
        let browser = start(language);
        let windows = open(&browser, &desk, "unlock", language);
        let typed =
            [("user_code", desk.user_code.clone()), ("new_pin", "864202".into()), ("new_pin_again", "864202".into())];
        fill(&browser, &typed.each_ref().map(|(field, content)| (*field, content.as_str())));
        close_after(&browser, Code::CardRemoved, &windows);
        browser.wait_for_url("/xca/unlock/outcome/");
        browser.wait_for_text_of(By::Css("h1"), &said(language, "aftermath-heading-unsure"));
        browser.wait_for_text_of(By::Css("#certain"), &said(language, "aftermath-pin-unsure"));
        browser.wait_for_text_of(By::Css("#next-step"), &said(language, "aftermath-pin-unsure.next"));
        browser.wait_for_text_of(By::Css("#start"), &said(language, "portal-go-on"));
        browser.wait_for_count_of(By::Css("main .button:not(.button-secondary, .button-quiet)"), 1);
        inspect(&browser, "cut-unlock", language);
        // Put back, it goes on from this page.
        drop(pulled);
        desk.bench.wait_until_out();
        let _back = desk.put_in(0, &desk.card_file());
        let windows = go(&browser, "unlock", language);
        fill(&browser, &typed.each_ref().map(|(field, content)| (*field, content.as_str())));
        done(&browser, &windows, "unlock");
        browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-job-unlock.done"));
    }
}

/// No server knows of it: the page has it from the window.
#[test]
fn after_a_change_of_the_pin_that_was_cut_it_is_in_doubt() {
    for language in LANGUAGES {
        let mut desk = Desk::in_state("activated");
        let _pulled = desk.put_back_pulled_at("24");
        let browser = start(language);
        let windows = open(&browser, &desk, "change_pin", language);
        fill(&browser, &[("pin", "135790"), ("new_pin", "864202"), ("new_pin_again", "864202")]);
        close_after(&browser, Code::CardRemoved, &windows);
        browser.wait_for_text_of(By::Css("#refused"), &said(language, "aftermath-heading-unsure"));
        browser.wait_for_text_of(By::Css("[data-fill=certain]"), &said(language, "aftermath-changed-unsure"));
        browser.wait_for_text_of(By::Css("[data-fill=next_step]"), &said(language, "aftermath-changed-unsure.next"));
        browser.find(By::Css("[data-go-on]:not([hidden])"));
        browser.wait_for_count_of(By::Css("[data-again]"), 0);
        inspect(&browser, "cut-change_pin", language);
    }
}

/// What is not known to the card or the portal as another one cannot be mended by the same again.
#[test]
fn after_a_final_refusal_the_page_says_why() {
    for (language, state) in LANGUAGES.into_iter().flat_map(|language| [(language, "revoked"), (language, "expired")]) {
        let desk = Desk::in_state(state);
        let browser = start(language);
        browser.open(&format!("{}/xca/rewrite", desk.portal()));
        let page = browser.window();
        browser.click(By::Css("#start"));
        browser.switch_to_popup();
        browser.find(By::Css("[data-screen=refused][data-code=card_barred]"));
        let (message, next) = (browser.text_of(By::Css("#message")), browser.text_of(By::Css("#next-step")));
        // The window may stay open.
        browser.switch_to(&page);
        browser.wait_for_text_of(By::Css("[data-screen=refused] [data-fill=message]"), &message);
        browser.wait_for_text_of(By::Css("[data-screen=refused] [data-fill=next_step]"), &next);
        browser.wait_for_count_of(By::Css(":is([data-again], [data-go-on])"), 0);
        inspect(&browser, &format!("final-{state}"), language);
    }
}

/// Checked and found to differ: the card that is written is that one.
#[test]
fn what_follows_a_check_is_for_its_card_alone() {
    for language in LANGUAGES {
        let mut desk = Desk::in_state("issued_not_written");
        let number = desk.card()["number"].as_str().unwrap().to_owned();
        let (other, file) = desk.demo.card_in_state("xca", "activated");
        let other = other.number().to_owned();
        // The demo has the original for itself.
        let own = desk.bench.desk.path().join("other.card");
        fs::copy(file, &own).unwrap();
        let browser = start(language);
        let windows = open(&browser, &desk, "check", language);
        fill(&browser, &[]);
        done(&browser, &windows, "check");
        browser.wait_for_attribute_of(By::Css("#check"), "data-result", Some("B-1"));
        browser.wait_for_text_of(By::Css("#steps [aria-current=step]"), &said(language, "portal-step-write"));
        browser.wait_for_count_of(By::Css("main .button:not(.button-secondary, .button-quiet)"), 1);
        browser.wait_for_text_of(By::Css("#cards [data-fill=number]"), &number);

        // Another one in its place: the page says so, and the window before anything is typed.
        desk.bench.take_out();
        desk.bench.wait_until_out();
        let another = desk.put_in(0, &own);
        browser.wait_for_words_in(By::Css("[data-card=another]"), &number);
        browser.wait_for_words_in(By::Css("#other-cards"), &other);
        inspect(&browser, "another-card", language);
        let page = browser.window();
        browser.click(By::Css("#start"));
        let window = browser.switch_to_popup();
        browser.find(By::Css("[data-screen=refused][data-code=number_differs]"));
        assert!(!browser.has(By::Css("input")));
        // Beside it the right one is taken without asking which.
        let _right = desk.put_in(1, &desk.card_file());
        browser.wait_for_text_of(By::Css("[data-screen=form] [data-fact=number]"), &number);
        fill(&browser, &[("pin", "135790")]);
        done(&browser, &(page, window), "rewrite");
        browser.wait_for_attribute_of(By::Css("#check"), "data-result", Some("B-2"));
        browser.wait_for_text_of(By::Css("#number"), &number);

        // Whoever writes to a card that is as it should be is told that.
        drop(another);
        let windows = open(&browser, &desk, "rewrite", language);
        fill(&browser, &[("pin", "135790")]);
        done(&browser, &windows, "rewrite");
        browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-check-needless"));
        inspect(&browser, "rewrite-needless", language);
    }
}
