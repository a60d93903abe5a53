//! 開卡 as a holder does it: from the portal's start page to 開卡成功, the card behind a real pcscd.

use super::desk::{Desk, open_card_window, type_and_begin};
use super::{LANGUAGES, assert_quiet, inspect, start};
use crate::judges::{Question, RelyingParty, pem, statuses};
use kaika_testkit::browser::{Browser, By, Look, Options};
use kaika_testkit::proxy::PublicProxy;

#[track_caller]
fn journey(language: (&str, &str), authority: &str, pin: &str) {
    let mut desk = Desk::new(authority);
    let browser = start(language);
    let page = browser.window();
    open_card_window(&browser, &desk, authority);
    let window = browser.window();
    let shown = desk.bench.show(&[]).expect_success();
    browser.wait_for_text_of(By::Css("[data-fact=number]"), shown["number"].as_str().unwrap());
    browser.wait_for_text_of(By::Css("[data-fact=holder]"), shown["holder_name"].as_str().unwrap());
    browser.wait_for_text(&format!("localhost:{}", desk.demo.port()));
    browser.judge(&format!("window-form-{}", language.1), &[Look::Window, Look::WindowDark]);
    browser.switch_to(&page);
    browser.judge(&format!("activate-waiting-{}", language.1), &[Look::Desktop]);
    browser.switch_to(&window);

    type_and_begin(&browser, &desk.user_code, pin);
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.wait_for_url(&format!("/{authority}/activate/outcome/"));
    inspect(&browser, "outcome-succeeded", language);
    browser.wait_for_text_of(By::Css("#number"), shown["number"].as_str().unwrap());
    browser.wait_for_text_of(By::Css("#holder"), shown["holder_name"].as_str().unwrap());
    browser.wait_for_count_of(By::Css("tr[data-role]"), 4);
    assert_quiet(&browser, &[&desk.portal(), &desk.agent()]);

    let online = desk.bench.show(&["--portal", desk.demo.portal(authority)]).expect_success();
    assert_eq!((&online["activated"], &online["pin_tries_left"]), (&true.into(), &3.into()));
    assert!(statuses(&online).iter().all(|(_, status)| *status == "valid"));
    let party = RelyingParty::of(&desk.demo, authority);
    for certificate in online["certificates"].as_array().unwrap() {
        assert_eq!(party.ask(Question::Certificate(pem(certificate))).status, "good");
    }
    for secret in [desk.user_code.as_str(), pin] {
        let printed = [desk.agent.stdout(), desk.agent.stderr(), desk.demo.process().stderr()];
        assert!(printed.iter().all(|text| !text.contains(secret)), "a secret was printed");
    }
}

#[test]
fn the_journey_in_chinese() {
    journey(LANGUAGES[0], "gca", "13579086");
}

#[test]
fn the_journey_in_english() {
    journey(LANGUAGES[1], "hca", "246802");
}

/// The page may not ask the agent, and yet everything goes by the window.
#[test]
fn the_journey_from_a_public_address() {
    let desk = Desk::new("gca");
    let proxy = PublicProxy::start(&desk.portal());
    let arguments = proxy.arguments(&[desk.agent().strip_prefix("http://").unwrap()]);
    let browser = Browser::start("zh-TW", &Options { arguments, ..Options::default() });
    browser.open(&desk.portal());
    let asked =
        format!("fetch('{}/hello?nonce=abcdefghijklmnop').then(() => 'answered', () => 'refused')", desk.agent());
    assert_eq!(browser.evaluate(&asked), "refused", "the proxy makes it public");

    let page = browser.window();
    open_card_window(&browser, &desk, "gca");
    let window = browser.window();
    type_and_begin(&browser, &desk.user_code, "13579086");
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.wait_for_url("/gca/activate/outcome/");
    browser.find(By::Css("tr[data-role]"));
    browser.judge("outcome-public", &[Look::Desktop]);
}
