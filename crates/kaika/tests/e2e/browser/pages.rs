//! Every page that needs no card: in each language, light and dark, wide and narrow, judged by axe-core.

use super::queries::HOLDER;
use super::{FIRST_VIEW, LANGUAGES, agent, assert_quiet, inspect, portal, start};
use crate::demo::Demo;
use kaika_testkit::browser::{Browser, By, key};
use serde_json::json;

/// What a visitor finds, and the pictures' names.
const PAGES: [(&str, &str); 11] = [
    ("/", "start"),
    ("/gca/", "gca-home"),
    ("/hca/", "hca-home"),
    ("/moica/", "moica-home"),
    ("/twca/", "twca-home"),
    ("/gca/activate", "activate"),
    ("/xca/activate", "xca-activate"),
    ("/gca/suspend", "suspend"),
    ("/hca/revoke", "hca-revoke"),
    ("/twca/resume", "twca-resume"),
    ("/gca/certificates", "certificates"),
];

#[track_caller]
fn pages_are_sound(language: (&str, &str)) {
    let (demo, browser) = (Demo::new(), start(language));
    for (path, name) in PAGES {
        browser.open(&format!("{}{path}", portal(&demo)));
        inspect(&browser, name, language);
        assert_quiet(&browser, &[&portal(&demo), &agent(&demo)]);
        let resets = browser.has(By::Css("main a[href$='/user-code']"));
        assert!(resets || !path.ends_with("/activate"), "{name}: for who forgot the user code");
        assert!(!resets || !path.starts_with("/twca"), "{name}: has no user codes");
        let unlocks = browser.has(By::Css("#job li a[href$='/unlock']"));
        assert_eq!(unlocks, path.ends_with("/activate"), "{name}: for who forgets the PIN");
    }

    // The answers of the query, which are pages as well.
    let card = demo.card("gca");
    browser.click(By::Css("#find-by-card"));
    browser.find(By::Css("#wrong"));
    inspect(&browser, "certificates-wrong", language);
    browser.fill(By::Css("#number"), card.number());
    browser.fill(By::Css("#name"), "nobody");
    browser.click(By::Css("#find-by-card"));
    browser.find(By::Css("#nothing"));
    inspect(&browser, "certificates-none", language);
    browser.fill(By::Css("#name"), HOLDER);
    browser.click(By::Css("#find-by-card"));
    browser.find(By::Css("#result"));
    inspect(&browser, "certificates-found", language);

    browser.forget_traffic();
    browser.open(&format!("{}/gca/no-such-page", portal(&demo)));
    inspect(&browser, "not-found", language);
    let answers = browser.requests();
    assert!(answers.iter().any(|request| request.kind == "Document" && request.status == Some(404)), "{answers:?}");
}

#[test]
fn pages_are_sound_in_chinese() {
    pages_are_sound(LANGUAGES[0]);
}

#[test]
fn pages_are_sound_in_english() {
    pages_are_sound(LANGUAGES[1]);
}

#[test]
fn a_first_view_is_small() {
    let (demo, browser) = (Demo::new(), start(LANGUAGES[0]));
    for (path, name) in PAGES {
        assert_small(&browser, &format!("{}{path}", portal(&demo)), name);
    }
    assert_small(&browser, &format!("{}/card", agent(&demo)), "card window");
}

#[track_caller]
fn assert_small(browser: &Browser, url: &str, name: &str) {
    browser.open("about:blank");
    browser.cdp("Network.clearBrowserCache", &json!({}));
    browser.forget_traffic();
    browser.open(url);
    let requests = browser.requests();
    assert!(requests.iter().any(|request| request.kind == "Stylesheet" && request.bytes > 1000), "{requests:?}");
    let bytes: u64 = requests.iter().map(|request| request.bytes).sum();
    println!("{name}: {bytes} bytes in {} requests", requests.len());
    assert!(bytes < FIRST_VIEW, "{name}: {bytes} bytes: {requests:#?}");
}

#[test]
fn the_language_can_be_chosen_and_stays() {
    let (demo, browser) = (Demo::new(), start(LANGUAGES[0]));
    let is_in = |language: &str| browser.wait_for_attribute_of(By::Css("html"), "lang", Some(language));
    browser.open(&format!("{}/", portal(&demo)));
    is_in("zh-TW");
    browser.click(By::Css("nav [hreflang=en]"));
    is_in("en");
    browser.click(By::Css("a[href^='/gca/']"));
    browser.wait_for_url("/gca/");
    // On the next page as well.
    is_in("en");
    browser.click(By::Css("nav [hreflang=zh-TW]"));
    is_in("zh-TW");
}

/// By keyboard alone: past the masthead, and on to a job.
#[test]
fn everything_is_reached_by_keyboard() {
    let (demo, browser) = (Demo::new(), start(LANGUAGES[1]));
    browser.open(&format!("{}/gca/", portal(&demo)));
    browser.press(key::TAB);
    browser.wait_for_attribute_of(By::Focus, "href", Some("#main"));
    browser.press(key::ENTER);
    let mut passed = Vec::new();
    loop {
        browser.press(key::TAB);
        let target = browser.attribute_of(By::Focus, "href").unwrap_or_default();
        if target == "/gca/activate" {
            break;
        }
        passed.push(target);
        assert!(passed.len() < 10, "{passed:?}");
    }
    browser.press(key::ENTER);
    browser.wait_for_url("/gca/activate");
}

/// Pages that no card is involved in are the same without scripts, and those with one say what is missing.
#[test]
fn without_scripts_there_is_another_way() {
    let (demo, browser) = (Demo::new(), start(LANGUAGES[1]));
    browser.cdp("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    browser.open(&format!("{}/gca/activate", portal(&demo)));
    browser.wait_for_words_in(By::Css("noscript code"), "kaika-agent card activate");
    browser.open(&format!("{}/gca/certificates", portal(&demo)));
    browser.fill(By::Css("#number"), "GC00000000000000");
    browser.fill(By::Css("#name"), "nobody");
    browser.click(By::Css("#find-by-card"));
    browser.find(By::Css("#nothing"));
}
