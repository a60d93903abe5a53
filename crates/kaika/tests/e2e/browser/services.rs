//! What holders do with a card that is in use: unlocking, changing the PIN, checking, writing it again; from the
//! authority's home to the result, the card behind a real pcscd.

use super::desk::Desk;
use super::window_screen::{LOOKS, hold_open, insert, let_go, take_out};
use super::{LANGUAGES, assert_quiet, inspect, said, start};
use crate::bench::Said;
use kaika_testkit::browser::{Browser, By, Look, Window};
use serde_json::{Value, json};
use std::fs;
use time::{OffsetDateTime, macros::offset};

pub(super) type Tongue = (&'static str, &'static str);

/// From the authority's home to the card window, which has the form for the card.
#[track_caller]
fn open(browser: &Browser, desk: &Desk, kind: &str, language: Tongue) -> (Window, Window) {
    browser.open(&format!("{}/xca/", desk.portal()));
    browser.click(By::Css(&format!("main a[href='/xca/{kind}']")));
    browser.wait_until("the page's look at the readers", |browser| {
        browser.has(By::Css("#card-said > [data-card]:not([data-card=unasked], [data-card=looking])"))
    });
    inspect(browser, kind, language);
    let resets = browser.has(By::Css("#job li a[href='/xca/user-code']"));
    assert_eq!(resets, kind == "unlock", "for who forgot the user code");
    go(browser, kind, language)
}

/// Presses the page's button, and looks at the window.
#[track_caller]
pub(super) fn go(browser: &Browser, kind: &str, language: Tongue) -> (Window, Window) {
    let page = browser.window();
    browser.click(By::Css("#start"));
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
    browser.wait_for_text_of(By::Css("#heading"), &said(language, &format!("job-{kind}")));
    browser.judge(&format!("window-{kind}-{}", language.1), &LOOKS);
    browser.assert_reflows(&[320]);
    (page, window)
}

/// The job is done: the window has closed, and the page shows the outcome.
#[track_caller]
pub(super) fn done(browser: &Browser, (page, window): &(Window, Window), kind: &str) {
    browser.switch_to(page);
    browser.wait_until_closed(window);
    browser.wait_for_url(&format!("/{kind}/outcome/"));
    browser.find(By::Css("tr:is([data-role], [data-slot])"));
}

pub(super) fn fill(browser: &Browser, fields: &[(&str, &str)]) {
    for (field, content) in fields {
        browser.fill(By::Css(&format!("#{field}")), content);
    }
    browser.click(By::Css("#start"));
}

#[track_caller]
fn unlocks(language: Tongue) {
    let desk = Desk::in_state("pin_locked");
    let browser = start(language);
    let windows = open(&browser, &desk, "unlock", language);
    let tries = browser.text_of(By::Css("[data-fact=tries]"));
    assert!(tries.contains('0') && tries.contains('3'), "{tries}");
    // A slip is told at its field, and nothing is lost.
    fill(&browser, &[("user_code", &desk.user_code), ("new_pin", "864202"), ("new_pin_again", "864203")]);
    assert!(!browser.text_of(By::Css("#new_pin_again-error")).is_empty());
    // What is guessed first is not taken, a date when it is wanted once more.
    fill(&browser, &[("new_pin", "777777"), ("new_pin_again", "777777")]);
    browser.wait_for_words_in(By::Css("#new_pin-error"), &said(language, "refusal-pin_too_simple"));
    browser.judge(&format!("window-unlock-simple-{}", language.1), &LOOKS);
    fill(&browser, &[("new_pin", "850412"), ("new_pin_again", "850412")]);
    browser.wait_for_words_in(By::Css("#new_pin-doubt"), &said(language, "field-new_pin.warned-next"));
    assert!(!browser.has(By::Css("#new_pin[aria-invalid]")));
    browser.judge(&format!("window-unlock-date-{}", language.1), &LOOKS);
    browser.click(By::Css("#start"));
    done(&browser, &windows, "unlock");
    inspect(&browser, "unlock-succeeded", language);
    browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-job-unlock.done"));
    assert_quiet(&browser, &[&desk.portal(), &desk.agent()]);
    assert_eq!(desk.card()["pin_tries_left"], 3);
    change(&desk, "850412", "345678").refused("pin_too_simple");
    change(&desk, "850412", "864204").expect_success();
}

/// At the card tool.
fn change(desk: &Desk, from: &str, to: &str) -> Said {
    let secrets = format!("pin={from}\nnew_pin={to}\n");
    desk.bench.agent(&["card", "change-pin", "--secrets-stdin"], &secrets)
}

#[test]
fn a_locked_card_is_unlocked_in_chinese() {
    unlocks(LANGUAGES[0]);
}

#[test]
fn a_locked_card_is_unlocked_in_english() {
    unlocks(LANGUAGES[1]);
}

/// What the card tells itself is told before anything is typed, and whom to call.
#[test]
fn what_cannot_be_unlocked_is_told_before_anything_is_typed() {
    let desk = Desk::in_state("puk_blocked");
    for language in LANGUAGES {
        for kind in ["unlock", "test"] {
            let browser = start(language);
            browser.open(&format!("{}/xca/{kind}", desk.portal()));
            browser.click(By::Css("#start"));
            browser.switch_to_popup();
            browser.find(By::Css("[data-screen=refused][data-code=puk_blocked]"));
            assert!(!browser.has(By::Css("input")));
            browser.judge(&format!("window-{kind}-puk_blocked-{}", language.1), &LOOKS);
            browser.wait_for_words_in(By::Css("#next-step"), "02-0000-0002");
        }
    }
    assert_eq!(desk.card()["puk_tries_left"], 0);
}

/// Told once the user code was tried: what helps then, and no other try is spent.
#[test]
fn a_user_code_that_is_locked_is_led_to_its_reset() {
    let (state, code) = ("user_code_locked", "user_code_locked");
    for language in LANGUAGES {
        let desk = Desk::in_state(state);
        let browser = start(language);
        let (page, window) = open(&browser, &desk, "unlock", language);
        fill(&browser, &[("user_code", &desk.user_code), ("new_pin", "864202"), ("new_pin_again", "864202")]);
        browser.find(By::Css(&format!("[data-screen=refused][data-code={code}]")));
        browser.judge(&format!("window-unlock-{state}-{}", language.1), &LOOKS);
        // Whom to call.
        browser.wait_for_words_in(By::Css("#next-step"), "02-0000-0002");
        // The page says it, too, and leads to where it can be helped: beside the window, and after it.
        browser.switch_to(&page);
        browser.find(By::Css("[data-screen=refused] a[href='/xca/user-code']:not([hidden])"));
        browser.switch_to(&window);
        browser.click(By::Css("#close"));
        browser.switch_to(&page);
        browser.wait_until_closed(&window);
        browser.find(By::Css(&format!("#error[data-code={code}]")));
        inspect(&browser, &format!("unlock-{state}"), language);
        assert!(browser.has(By::Css("main #help[href='/xca/user-code']")));
        browser.wait_for_words_in(By::Css("#error"), &said(language, "user-code"));
    }
}

#[track_caller]
fn changes_pin(language: Tongue) {
    let desk = Desk::in_state("activated");
    let browser = start(language);
    let (page, window) = open(&browser, &desk, "change_pin", language);
    // Wrong: told at the field, with the tries left.
    fill(&browser, &[("pin", "000000"), ("new_pin", "864202"), ("new_pin_again", "864202")]);
    browser.wait_for_words_in(By::Css("#pin-error"), "2");
    browser.judge(&format!("window-change_pin-wrong-{}", language.1), &LOOKS);
    fill(&browser, &[("pin", "135790"), ("new_pin", "864202"), ("new_pin_again", "864202")]);
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.find(By::Css("[data-screen=finished]:not([hidden])"));
    inspect(&browser, "change_pin-done", language);
    assert_eq!(desk.card()["pin_tries_left"], 3);

    // From the agent's own page, with no portal at all.
    browser.open(&format!("{}/?lang={}", desk.agent(), language.0));
    browser.judge(&format!("agent-home-{}", language.1), &[Look::Desktop]);
    let page = browser.window();
    browser.click(By::Css("#change-pin"));
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
    hold_open(&browser);
    fill(&browser, &[("pin", "864202"), ("new_pin", "13579086"), ("new_pin_again", "13579086")]);
    browser.find(By::Css("[data-screen=succeeded]"));
    let_go(&browser);
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    let refused = change(&desk, "864202", "864204").refused("pin_wrong");
    assert_eq!(refused["tries_left"], 2);
    change(&desk, "13579086", "864204").expect_success();
    for secret in ["864202", "13579086"] {
        let printed = [desk.agent.stdout(), desk.agent.stderr()];
        assert!(printed.iter().all(|text| !text.contains(secret)), "a secret was printed");
    }
}

/// The third wrong PIN locks the card: window and page say so, and the page leads to where it is unlocked.
#[test]
fn a_card_that_gets_locked_is_led_to_its_unlocking() {
    for language in LANGUAGES {
        let desk = Desk::in_state("activated");
        let browser = start(language);
        let (page, window) = open(&browser, &desk, "change_pin", language);
        let wrong = |left: &str| {
            fill(&browser, &[("pin", "000000"), ("new_pin", "864202"), ("new_pin_again", "864202")]);
            browser.wait_for_text(left);
        };
        let [two, one] = if language.1 == "zh" { ["再試 2 次", "再試 1 次"] } else { ["2 tries", "One try"] };
        wrong(two);
        wrong(one);
        fill(&browser, &[("pin", "000000"), ("new_pin", "864202"), ("new_pin_again", "864202")]);
        browser.find(By::Css("[data-screen=refused][data-code=pin_locked]"));
        browser.wait_for_text_of(By::Css("#way"), &said(language, "window-way"));
        browser.judge(&format!("window-change_pin-locked-{}", language.1), &LOOKS);
        browser.click(By::Css("#close"));
        browser.switch_to(&page);
        browser.wait_until_closed(&window);
        led_on(&browser, "change_pin", "unlock", language);
        assert_quiet(&browser, &[&desk.portal(), &desk.agent()]);
    }
}

/// A PIN that is locked is not asked for, whatever the job.
#[test]
fn a_locked_card_is_led_to_its_unlocking_before_anything_is_typed() {
    let desk = Desk::in_state("pin_locked");
    for (language, kind) in [(LANGUAGES[0], "change_pin"), (LANGUAGES[1], "test"), (LANGUAGES[0], "rewrite")] {
        let browser = start(language);
        browser.open(&format!("{}/xca/{kind}", desk.portal()));
        let page = browser.window();
        browser.click(By::Css("#start"));
        browser.switch_to_popup();
        browser.find(By::Css("[data-screen=refused][data-code=pin_locked]"));
        assert!(!browser.has(By::Css("input")));
        browser.judge(&format!("window-{kind}-pin_locked-{}", language.1), &LOOKS);
        browser.switch_to(&page);
        led_on(&browser, kind, "unlock", language);
    }
}

/// The page says what helps, also when the window is closed, and a click leads there.
#[track_caller]
fn led_on(browser: &Browser, kind: &str, way: &str, language: Tongue) {
    browser.find(By::Css("[data-screen=refused]:not([hidden])"));
    browser.wait_for_text_of(By::Css("#refused"), &said(language, &format!("portal-job-{kind}.failed")));
    browser.wait_for_count_of(By::Css("[data-screen]"), 1);
    browser.wait_for_count_of(By::Css("[data-way]"), 1);
    browser.wait_for_count_of(By::Css("[data-screen=refused] :is([data-again], [data-go-on], [data-elsewhere])"), 0);
    inspect(browser, &format!("screen-refused-{way}"), language);
    browser.click(By::Css(&format!("a[data-way={way}]")));
    browser.wait_for_url(&format!("/xca/{way}"));
}

/// Told before anything is typed; the window may stay open.
#[test]
fn a_card_that_cannot_do_it_yet_is_led_to_what_helps() {
    for (language, state, kind, way) in [
        (LANGUAGES[0], "unopened", "test", "activate"),
        (LANGUAGES[1], "unopened", "unlock", "activate"),
        (LANGUAGES[0], "suspended", "rewrite", "resume"),
        (LANGUAGES[1], "suspended", "set_email", "resume"),
    ] {
        let desk = Desk::in_state(state);
        let browser = start(language);
        browser.open(&format!("{}/xca/{kind}", desk.portal()));
        if kind == "set_email" {
            browser.fill(By::Css("#email"), "bureau@kaika.example");
        }
        let page = browser.window();
        browser.click(By::Css("#start"));
        browser.switch_to_popup();
        browser.find(By::Css("[data-screen=refused]"));
        browser.wait_for_text_of(By::Css("#way"), &said(language, "window-way"));
        browser.judge(&format!("window-{kind}-{state}-{}", language.1), &LOOKS);
        browser.switch_to(&page);
        led_on(&browser, kind, way, language);
    }
}

/// Pulled out when the card has its new PIN and nobody knows: put back, the window finds out, and no try is lost.
#[test]
fn a_change_of_the_pin_that_was_cut_goes_on() {
    for language in LANGUAGES {
        let mut desk = Desk::in_state("activated");
        let file = desk.card_file();
        take_out(&mut desk);
        let pulled = insert(&desk, 0, &file, &["--pull-at", "24"]);
        let browser = start(language);
        let (page, window) = open(&browser, &desk, "change_pin", language);
        fill(&browser, &[("pin", "135790"), ("new_pin", "864202"), ("new_pin_again", "864202")]);
        browser.find(By::Css("[data-screen=refused][data-code=card_removed]"));
        browser.wait_for_text_of(By::Css("#pin-unsure"), &said(language, "window-pin-unsure"));
        browser.judge(&format!("window-change_pin-cut-{}", language.1), &LOOKS);
        drop(pulled);
        desk.bench.wait_until_out();
        let _back = insert(&desk, 0, &file, &[]);
        browser.find(By::Css("[data-screen=refused][data-back=true]"));
        browser.click(By::Css("#again"));
        browser.switch_to(&page);
        browser.wait_until_closed(&window);
        browser.find(By::Css("[data-screen=finished]:not([hidden])"));
        assert_eq!(desk.card()["pin_tries_left"], 3);
        change(&desk, "864202", "135790").expect_success();
    }
}

/// A change of the PIN that was begun and did not succeed is not passed over when the window is closed.
#[test]
fn a_window_closed_after_a_wrong_pin_is_told() {
    let desk = Desk::in_state("activated");
    let browser = start(LANGUAGES[0]);
    open(&browser, &desk, "change_pin", LANGUAGES[0]);
    fill(&browser, &[("pin", "000000"), ("new_pin", "864202"), ("new_pin_again", "864202")]);
    browser.find(By::Css("#pin-error"));
    browser.close_window();
    browser.find(By::Css("[data-screen=refused]:not([hidden])"));
    browser.wait_for_text_of(By::Css("#refused"), &said(LANGUAGES[0], "portal-job-change_pin.failed"));
    browser.wait_for_text_of(By::Css("[data-fill=certain]"), &said(LANGUAGES[0], "aftermath-pin-before"));
    browser.find(By::Css("[data-again]:not([hidden])"));
}

#[test]
fn a_pin_is_changed_in_chinese() {
    changes_pin(LANGUAGES[0]);
}

#[test]
fn a_pin_is_changed_in_english() {
    changes_pin(LANGUAGES[1]);
}

/// The login certificate's place on the card is empty, as after writing that was cut.
fn spoil(desk: &Desk) {
    let file = desk.card_file();
    let mut card: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let objects = card["objects"].as_object_mut().unwrap();
    objects.remove("5fc105").expect("a login certificate");
    fs::write(&file, serde_json::to_vec(&card).unwrap()).unwrap();
}

#[track_caller]
fn checks_and_rewrites(language: Tongue) {
    let mut desk = Desk::in_state("activated");
    let browser = start(language);
    let windows = open(&browser, &desk, "check", language);
    fill(&browser, &[]);
    done(&browser, &windows, "check");
    browser.wait_for_attribute_of(By::Css("#check"), "data-result", Some("A"));
    inspect(&browser, "check-a", language);

    desk.bench.take_out();
    desk.bench.wait_until_out();
    spoil(&desk);
    let file = desk.card_file();
    let _card = desk.put_in(0, &file);
    let windows = open(&browser, &desk, "check", language);
    fill(&browser, &[]);
    done(&browser, &windows, "check");
    browser.wait_for_attribute_of(By::Css("#check"), "data-result", Some("B-1"));
    browser.wait_for_count_of(By::Css("#check td .status-valid"), 2);
    browser.wait_for_count_of(By::Css("tr[data-slot]"), 3);
    inspect(&browser, "check-b1", language);
    browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-check-b1"));

    // The same page goes on to writing.
    let windows = go(&browser, "rewrite", language);
    fill(&browser, &[("pin", "000000")]);
    browser.wait_for_words_in(By::Css("#pin-error"), "2");
    fill(&browser, &[("pin", "135790")]);
    done(&browser, &windows, "rewrite");
    browser.wait_for_attribute_of(By::Css("#check"), "data-result", Some("B-2"));
    inspect(&browser, "check-b2", language);
    browser.wait_for_count_of(By::Css("#check td .status-valid"), 3);
    assert_quiet(&browser, &[&desk.portal(), &desk.agent()]);
    assert_eq!(desk.card()["certificates"].as_array().unwrap().len(), 4);
}

#[test]
fn a_card_is_checked_and_written_again_in_chinese() {
    checks_and_rewrites(LANGUAGES[0]);
}

#[test]
fn a_card_is_checked_and_written_again_in_english() {
    checks_and_rewrites(LANGUAGES[1]);
}

/// The result of a check of this card, and where it leads.
#[track_caller]
fn is_c(browser: &Browser, desk: &Desk, status: &str, means: &str, leads: Option<&str>, language: Tongue) {
    let windows = open(browser, desk, "check", language);
    fill(browser, &[]);
    done(browser, &windows, "check");
    browser.wait_for_attribute_of(By::Css("#check"), "data-result", Some("C"));
    inspect(browser, &format!("check-c-{status}{}", means.trim_start_matches(".means")), language);
    let result = format!("portal-check-{status}");
    browser.wait_for_text_of(By::Css("h1"), &said(language, &result));
    browser.wait_for_text_of(By::Css("#lead"), &said(language, &format!("{result}{means}")));
    assert!(!browser.has(By::Css("#start")), "nothing is written to it");
    browser.find(By::Css("main .actions a[href='/xca/']"));
    for place in ["#lead a", "main .actions a"] {
        assert_eq!(browser.has(By::Css(&format!("{place}[href='/xca/resume']"))), leads.is_some(), "{place}");
    }
}

#[test]
fn what_is_not_valid_is_c_and_is_told_what_to_do() {
    for language in LANGUAGES {
        for (status, leads) in [("suspended", Some("/xca/resume")), ("revoked", None), ("expired", None)] {
            let desk = Desk::in_state(status);
            let browser = start(language);
            is_c(&browser, &desk, status, ".means", leads, language);
            if status == "suspended" {
                held_by_the_authority(&browser, &desk, language);
            }
        }
    }
}

/// Whoever did not suspend cannot resume.
#[track_caller]
fn held_by_the_authority(browser: &Browser, desk: &Desk, language: Tongue) {
    let number = browser.text_of(By::Css("#number"));
    desk.demo.data().operator(&["certificate", "suspend", "--card", &number, "--reason", "other"]).expect_success();
    browser.reload();
    browser.wait_for_text_of(By::Css("#lead"), &said(language, "portal-check-suspended.means-both"));
    let (at, secrets) = (format!("{}/xca/", desk.portal()), format!("user_code={}\n", desk.user_code));
    let resume = ["card", "resume", "--portal", &at, "--reason", "found", "--secrets-stdin"];
    desk.bench.agent(&resume, &secrets).expect_success();
    is_c(browser, desk, "suspended", ".means-others", None, language);
}

/// One is revoked: that is told of it, and not of the others.
#[test]
fn certificates_that_stand_apart_are_told_apart() {
    for language in LANGUAGES {
        let desk = Desk::in_state("activated");
        let one = desk.card()["certificates"].as_array().unwrap()[0]["serial"].as_str().unwrap().to_owned();
        let revoke = ["certificate", "revoke", "--serial", &one, "--reason", "other"];
        desk.demo.data().operator(&revoke).expect_success();
        let browser = start(language);
        let windows = open(&browser, &desk, "check", language);
        fill(&browser, &[]);
        done(&browser, &windows, "check");
        inspect(&browser, "check-mixed", language);
        browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-check-mixed"));
        browser.wait_for_count_of(By::Css("#check th .status-revoked"), 1);
        browser.wait_for_count_of(By::Css("#check th .status-valid"), 2);
        browser.wait_for_text(&said(language, "afterwards-keep"));
        browser.wait_for_words_in(By::Css("#lead"), &said(language, "status-revoked"));
    }
}

/// It is for its holder to activate it first.
#[test]
fn a_card_that_is_not_activated_is_sent_to_its_activation() {
    for language in LANGUAGES {
        let desk = Desk::new("xca");
        let browser = start(language);
        browser.open(&format!("{}/xca/check", desk.portal()));
        let page = browser.window();
        browser.click(By::Css("#start"));
        let window = browser.switch_to_popup();
        browser.wait_for_text("not_activated");
        browser.judge(&format!("window-check-unopened-{}", language.1), &LOOKS);
        let activate = said(language, "portal-job-activate");
        browser.wait_for_text(&activate);
        browser.click(By::Css("#close"));
        browser.switch_to(&page);
        browser.wait_until_closed(&window);
        led_on(&browser, "check", "activate", language);
        browser.wait_for_text_of(By::Css("h1"), &activate);
        // Whoever knows it beforehand is led there as well.
        browser.open(&format!("{}/xca/check", desk.portal()));
        browser.click(By::Css("#job li a[href='/xca/activate']"));
        browser.wait_for_text_of(By::Css("h1"), &activate);
    }
}

/// An e-mail address was being written to it, and it was taken out.
#[test]
fn what_was_issued_and_not_written_is_downloaded() {
    for language in LANGUAGES {
        let desk = Desk::in_state("issued_not_written");
        let browser = start(language);
        let windows = open(&browser, &desk, "check", language);
        fill(&browser, &[]);
        done(&browser, &windows, "check");
        browser.wait_for_attribute_of(By::Css("#check"), "data-result", Some("B-1"));
        inspect(&browser, "check-not-written", language);
        assert!(!browser.has(By::Css("tr[data-role]")), "what is on the card was just said");
        // Who looks it up is not told to activate the card.
        let page = browser.url();
        let card = desk.card();
        let name = card["holder_name"].as_str().unwrap();
        browser.open(&format!("{}/xca/certificates", desk.portal()));
        browser.fill(By::Css("#number"), card["number"].as_str().unwrap());
        browser.fill(By::Css("#name"), name);
        browser.click(By::Css("#find-by-card"));
        browser.wait_for_text_of(By::Css("#result h3 .status-held"), &said(language, "portal-status-unwritten"));
        inspect(&browser, "certificates-not-written", language);
        browser.open(&page);
        let windows = go(&browser, "rewrite", language);
        fill(&browser, &[("pin", "135790")]);
        done(&browser, &windows, "rewrite");
        browser.wait_for_attribute_of(By::Css("#check"), "data-result", Some("B-2"));
        browser.wait_for_count_of(By::Css("#check td .status-valid"), 3);
    }
}

/// On paper it says by itself whose card was tested, by whom and when.
#[track_caller]
fn report_is_proof(browser: &Browser, language: Tongue) {
    let report = browser.text_of(By::Css("#test"));
    let authority = if language.0 == "en" { "TEST Organisation CA" } else { "測試組織及團體憑證管理中心" };
    let year = OffsetDateTime::now_utc().to_offset(offset!(+8)).year();
    for part in [authority, "XC", "測試第一公會", &format!("{year}-")] {
        assert!(report.contains(part), "{part}: {report}");
    }
    browser.run("window.print = () => { document.body.dataset.printed = 'yes'; }", &[]);
    browser.click(By::Css("#print"));
    browser.find(By::Css("body[data-printed=yes]"));
    browser.cdp("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    assert!(!browser.has(By::Css("#print")), "not on paper");
    browser.picture(&format!("test-printed-{}", language.1));
    browser.cdp("Emulation.setEmulatedMedia", &json!({"media": ""}));
}

#[test]
fn certificates_are_tested() {
    for language in LANGUAGES {
        let mut desk = Desk::in_state("activated");
        let browser = start(language);
        let windows = open(&browser, &desk, "test", language);
        fill(&browser, &[("pin", "135790")]);
        done(&browser, &windows, "test");
        browser.wait_for_attribute_of(By::Css("#test"), "data-passed", Some("true"));
        inspect(&browser, "test-passed", language);
        report_is_proof(&browser, language);

        desk.bench.take_out();
        desk.bench.wait_until_out();
        spoil(&desk);
        let file = desk.card_file();
        let _card = desk.put_in(0, &file);
        let windows = open(&browser, &desk, "test", language);
        fill(&browser, &[("pin", "135790")]);
        done(&browser, &windows, "test");
        browser.wait_for_attribute_of(By::Css("#test"), "data-passed", Some("false"));
        inspect(&browser, "test-failed", language);
        // What helps.
        browser.find(By::Css("#lead a[href='/xca/check']"));
    }
}

/// What is to be seen of a card, and nothing typed; the page is as before when the window is closed.
#[test]
fn a_card_is_looked_at() {
    for language in LANGUAGES {
        for (state, status, class, advice) in [
            ("activated", "valid", "success", "good"),
            ("unopened", "held", "warning", "not_activated"),
            ("pin_locked", "valid", "warning", "pin_locked"),
            ("puk_blocked", "valid", "error", "blocked"),
            ("suspended", "suspended", "warning", "suspended"),
            ("revoked", "revoked", "error", "revoked"),
            ("expired", "expired", "error", "expired"),
        ] {
            let desk = Desk::in_state(state);
            let browser = start(language);
            browser.open(&format!("{}/xca/information", desk.portal()));
            let (leaves, stays) =
                (said(language, "portal-job-information.wait"), said(language, "portal-do-not-close"));
            browser.wait_for_text(&leaves);
            assert!(!browser.text().contains(&stays), "{}", browser.text());
            if state == "activated" {
                inspect(&browser, "information", language);
            }
            let page = browser.window();
            browser.click(By::Css("#start"));
            let window = browser.switch_to_popup();
            browser.find(By::Css("[data-screen=information]"));
            browser.judge(&format!("window-information-{state}-{}", language.1), &LOOKS);
            browser.assert_reflows(&[320]);
            // How it stands, and what is to be done, before all else.
            let told = said(language, &format!("advice-{advice}"));
            browser.wait_for_text_of(By::Css(&format!("#advice.notice-{class} strong")), &told);
            if let Some(job) = [("unopened", "activate"), ("pin_locked", "unlock"), ("suspended", "resume")]
                .iter()
                .find_map(|(with, job)| (*with == state).then_some(job))
            {
                browser.wait_for_words_in(By::Css("#advice"), &said(language, &format!("job-{job}")));
            }
            if class == "error" {
                browser.wait_for_words_in(By::Css("#advice"), "02-0000-0002");
            }
            browser.wait_for_count_of(By::Css("li[data-slot]"), 4);
            let chips = browser.texts_of(By::Css(&format!("li[data-slot] .status-{status}")));
            assert!(chips.len() >= 3 && chips.iter().all(|chip| *chip == said(language, &format!("status-{status}"))));
            browser.wait_for_text("P-256");
            browser.click(By::Css("#close"));
            browser.switch_to(&page);
            browser.wait_until_closed(&window);
            browser.find(By::Css("[data-screen=start]:not([hidden])"));
        }
    }
}
