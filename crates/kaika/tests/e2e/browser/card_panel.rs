//! The card that is in the reader, as the portal's page shows it: it follows what happens there by itself.

use super::desk::{Desk, start_agent};
use super::window_cut::hold;
use super::window_screen::{CardWindow, DeskCard};
use super::{LANGUAGES, inspect, portal, said, said_with, start};
use crate::demo::Demo;
use kaika_testkit::browser::{Browser, By};
use kaika_testkit::pcscd::{PrivatePcscd, SOCKET_VARIABLE};
use std::fs;
use std::path::PathBuf;

/// Waits until the panel says this of the cards, and nothing else.
#[track_caller]
fn assert_says(browser: &Browser, language: (&str, &str), state: &str) {
    let words = said(language, &format!("portal-card-{state}"));
    browser.wait_for_words_in(By::Css(&format!("#card [data-card='{state}']")), &words);
    browser.wait_for_count_of(By::Css("#card [data-card]"), 1);
}

/// Waits until exactly this is told of the authority's own cards, by the names of the facts.
#[track_caller]
fn assert_own(browser: &Browser, fact: &str, told: &[&str]) {
    browser.wait_for_texts_of(By::Css(&format!("#cards [data-fill={fact}]")), told);
}

/// Waits until exactly this is ticked of what a person has to have ready, with words for whoever does not see the tick.
#[track_caller]
fn assert_ready(browser: &Browser, language: (&str, &str), needs: &[&str]) {
    let words = vec![said(language, "portal-need-ready"); needs.len()];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    browser.wait_for_texts_of(By::Css("[data-need].is-ready > .ready"), &words);
    for need in needs {
        browser.find(By::Css(&format!("[data-need={need}].is-ready")));
    }
    // What nobody can see from here is never ticked: the user code.
    assert!(browser.has(By::Css(".needs > li:not([data-need])")));
    assert!(!browser.has(By::Css(".needs > li.is-ready:not([data-need])")));
}

/// The page without a reload, in the other language by its switch.
fn switch_language(browser: &Browser, language: (&str, &str)) {
    browser.click(By::Css(&format!("nav [hreflang='{}']", language.0)));
    browser.wait_for_attribute_of(By::Css("html"), "lang", Some(language.0));
}

fn spare(desk: &Desk, authority: &str) -> PathBuf {
    desk.demo.spare_card(authority).1
}

#[test]
fn a_card_that_comes_and_goes_is_shown_at_once() {
    let mut desk = Desk::new("gca");
    let card = desk.card();
    let number = card["number"].as_str().unwrap();
    let browser = start(LANGUAGES[0]);
    browser.open(&format!("{}/gca/activate", desk.portal()));
    for language in LANGUAGES {
        switch_language(&browser, language);
        assert_says(&browser, language, "found");
        assert_own(&browser, "number", &[number]);
        assert_own(&browser, "holder", &[card["holder_name"].as_str().unwrap()]);
        // The whole subject is there for who wants it.
        assert!(!browser.has(By::Css("[data-fill=subject]")));
        browser.click(By::Css(".whole-name summary"));
        browser.wait_for_text_of(By::Css("[data-fill=subject]"), card["holder"].as_str().unwrap());
        browser.click(By::Css(".whole-name summary"));
        assert_own(&browser, "reader", &[desk.bench.reader()]);
        assert!(!browser.has(By::Css("#other-cards")));
        assert_ready(&browser, language, &["card", "reader", "agent"]);
        inspect(&browser, "card-found", language);
    }

    let language = LANGUAGES[1];
    browser.evaluate("window.same = true");
    desk.bench.take_out();
    assert_says(&browser, language, "no-card");
    assert_own(&browser, "number", &[]);
    assert_ready(&browser, language, &["reader", "agent"]);
    let back = desk.put_in(0, &desk.card_file());
    assert_says(&browser, language, "found");
    assert_own(&browser, "number", &[number]);

    // And the agent: it goes, and is found again.
    desk.stop_agent();
    assert_says(&browser, language, "agent-missing");
    assert_ready(&browser, language, &[]);
    // Nobody knows any more.
    assert_own(&browser, "number", &[]);
    desk.start_agent();
    assert_says(&browser, language, "found");
    drop(back);
    assert_says(&browser, language, "no-card");
    assert_eq!(browser.evaluate("window.same"), true, "without a reload");

    for language in LANGUAGES {
        switch_language(&browser, language);
        assert_says(&browser, language, "no-card");
        inspect(&browser, "card-none", language);
    }
}

#[test]
fn other_cards_are_told_from_the_authoritys_own() {
    let mut desk = Desk::new("gca");
    let own = desk.card()["number"].as_str().unwrap().to_owned();
    let stranger = spare(&desk, "hca");
    let theirs = desk.demo.spare_card("hca").0.number().to_owned();
    let browser = start(LANGUAGES[0]);
    let _stranger = desk.put_in(1, &stranger);
    let page = format!("{}/gca/activate", desk.portal());
    browser.open(&page);
    // Beside an own card others are folded away.
    assert_says(&browser, LANGUAGES[0], "found");
    assert_own(&browser, "number", &[&own]);
    browser.wait_for_attribute_of(By::Css("#other-cards"), "open", None);
    assert!(!browser.text().contains(&theirs));
    browser.click(By::Css("#other-cards summary"));
    browser.wait_for_text(&theirs);

    desk.bench.take_out();
    for language in LANGUAGES {
        switch_language(&browser, language);
        assert_says(&browser, language, "other");
        browser.wait_for_words_in(By::Css("#other-cards"), &said(language, "portal-card-elsewhere"));
        browser.wait_for_words_in(By::Css("#other-cards"), &theirs);
        inspect(&browser, "card-elsewhere", language);
    }

    let _blank = desk.put_in_blank(0);
    browser.wait_for_text(&said(LANGUAGES[1], "portal-card-unknown"));
    for language in LANGUAGES {
        switch_language(&browser, language);
        browser.wait_for_text(&said(language, "portal-card-unknown"));
        assert_says(&browser, language, "other");
        assert_ready(&browser, language, &["reader", "agent"]);
        browser.wait_for_count_of(By::Css("#other-cards li"), 2);
        inspect(&browser, "card-unknown", language);
    }
    browser.click(By::Css("#other-cards a[href='/hca/']"));
    browser.wait_for_url("/hca/");
}

/// A card that another program has may well be the person's own: it is not called another one's, and no other card is
/// taken in its place.
#[test]
fn a_card_that_another_program_has_is_told_as_that() {
    let desk = Desk::new("gca");
    let (own, second) = (DeskCard::first(&desk, "gca"), DeskCard::second(&desk, "gca"));
    let browser = start(LANGUAGES[0]);
    browser.open(&format!("{}/gca/activate", desk.portal()));
    assert_says(&browser, LANGUAGES[0], "found");
    let other = hold(&desk);
    for language in LANGUAGES {
        switch_language(&browser, language);
        let in_use = said(language, "refusal-card_in_use");
        browser.wait_for_words_in(By::Css("#card-said [data-card=unread]"), &in_use);
        browser.wait_for_words_in(By::Css("#card-said"), &said(language, "refusal-card_in_use.next"));
        browser.wait_for_count_of(By::Css("#card-said > [data-card]"), 1);
        browser.wait_for_words_in(By::Css("#other-cards"), &in_use);
        assert!(!browser.text().contains(&said(language, "portal-card-unknown")));
        inspect(&browser, "card-in-use", language);
    }

    let language = LANGUAGES[1];
    let in_use = said(language, "refusal-card_in_use");
    let _second = desk.put_in(1, &second.file);
    assert_says(&browser, language, "found");
    assert_own(&browser, "number", &[&second.number]);
    browser.wait_for_words_in(By::Css("#other-cards[open]"), &in_use);

    let window = CardWindow::open(&browser, language, &desk.portal(), "gca");
    browser.find(By::Css("[data-screen=choose]"));
    browser.wait_for_texts_of(By::Css("[data-action=choose]"), &[&said(language, "window-choose-this")]);
    browser.wait_for_words_in(By::Css(".barred[data-code=card_in_use]"), desk.bench.reader());
    window.judge_job("choose-in-use");
    drop(other);
    browser.wait_for_count_of(By::Css("[data-action=choose]"), 2);
    window.press(&format!("#choose-{}", own.number));
    window.asks_for(&own);
}

#[test]
fn of_several_own_cards_all_are_shown() {
    let desk = Desk::new("gca");
    let first = desk.card()["number"].as_str().unwrap().to_owned();
    let second = desk.demo.card("gca").number().to_owned();
    let name = format!("{second}.card");
    let file = desk.bench.desk.path().join(&name);
    // The demo has the original for itself.
    fs::copy(desk.demo.data().path().join("cards").join(&name), &file).unwrap();
    let browser = start(LANGUAGES[0]);
    browser.open(&format!("{}/gca/activate", desk.portal()));
    assert_says(&browser, LANGUAGES[0], "found");
    let another = desk.put_in(1, &file);
    browser.wait_for_count_of(By::Css("#cards [data-fill=number]"), 2);
    for language in LANGUAGES {
        switch_language(&browser, language);
        assert_several(&browser, language, 2);
        assert_own(&browser, "number", &[&first, &second]);
        assert_own(&browser, "reader", &desk.bench.pcscd.reader_names());
        inspect(&browser, "card-several", language);
    }
    drop(another);
    assert_own(&browser, "number", &[&first]);
}

/// The number of cards, and where one is chosen.
#[track_caller]
fn assert_several(browser: &Browser, language: (&str, &str), count: usize) {
    let words = said_with(language, "portal-card-several", "count", &count.to_string());
    browser.wait_for_words_in(By::Css("#card-said [data-card=several]"), &words);
    browser.wait_for_count_of(By::Css("#card-said > [data-card]"), 1);
}

/// A page with more cards than anybody reads: the list is there for whoever wants it.
#[test]
fn many_cards_are_folded_away() {
    let demo = Demo::new();
    let of_xca = |card: &&serde_json::Value| card["authority"] == "xca" && !card["reader"].is_null();
    let count = demo.ready()["cards"].as_array().unwrap().iter().filter(of_xca).count();
    assert!(count > 3);
    let browser = start(LANGUAGES[0]);
    browser.open(&format!("{}/xca/check", portal(&demo)));
    for language in LANGUAGES {
        switch_language(&browser, language);
        assert_several(&browser, language, count);
        assert!(!browser.has(By::Css("#cards .card-found")));
        inspect(&browser, "card-many", language);
        browser.click(By::Css("#own-cards summary"));
        browser.wait_for_count_of(By::Css("#cards .card-found"), count);
        browser.click(By::Css("#own-cards summary"));
    }
}

#[test]
fn without_a_reader_or_its_service_the_page_says_so() {
    let mut desk = Desk::new("gca");
    let folder = desk.bench.desk.path().to_owned();
    let nothing = PrivatePcscd::start(&[]);
    desk.stop_agent();
    desk.agent = start_agent(&desk.demo, &[nothing.env()], &folder);
    let browser = start(LANGUAGES[0]);
    browser.open(&format!("{}/gca/activate", desk.portal()));
    for language in LANGUAGES {
        switch_language(&browser, language);
        assert_says(&browser, language, "no-reader");
        assert_ready(&browser, language, &["agent"]);
        inspect(&browser, "card-no-reader", language);
    }

    desk.stop_agent();
    desk.agent = start_agent(&desk.demo, &[(SOCKET_VARIABLE, folder.join("none").to_str().unwrap())], &folder);
    for language in LANGUAGES {
        switch_language(&browser, language);
        browser.wait_for_words_in(By::Css("#card [data-card=refused]"), &said(language, "refusal-pcsc_stopped"));
        inspect(&browser, "card-no-service", language);
    }
    // With everything in place, looking once more goes on.
    desk.stop_agent();
    desk.start_agent();
    browser.click(By::Css("#detect"));
    assert_says(&browser, LANGUAGES[1], "found");
}
