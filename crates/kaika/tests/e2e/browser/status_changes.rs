//! 停用, 復用 and 廢止, as somebody does it who can't find his card: by page, in each language, without a card; and with the
//! card at hand, in the card window.

use super::desk::Desk;
use super::services::{Tongue, done, fill, go};
use super::{LANGUAGES, assert_quiet, inspect, portal, said, start};
use crate::bench::eventually;
use crate::demo::{Card, Demo};
use crate::judges::{Question, RelyingParty};
use kaika_testkit::browser::{Browser, By};
use kaika_texts::{FluentValue, Language, text};
use serde_json::json;

/// Who has the card, as pages show it.
const HOLDER: &str = "行政院測試機關 TEST 測試資訊處";

/// The answer to the sum of the page, as a person reads it.
#[track_caller]
fn solve(browser: &Browser, language: (&str, &str)) -> String {
    let language = Language::ALL.into_iter().find(|one| one.tag() == language.0).unwrap();
    let asked = browser.text_of(By::Css("#sum"));
    let word = |n: u8| FluentValue::from(text(language, "status-number", &[("n", n.into())]));
    for left in 1..=19_u8 {
        for right in 1..=left {
            for (key, result) in [("status-sum-plus", left + right), ("status-sum-minus", left - right)] {
                if text(language, key, &[("left", word(left)), ("right", word(right))]) == asked {
                    return result.to_string();
                }
            }
        }
    }
    panic!("no sum: {asked}");
}

fn fill_details(browser: &Browser, card: &Card<'_>, name: &str, reason: &str) {
    browser.fill(By::Css("#number"), card.number());
    browser.fill(By::Css("#name"), name);
    browser.click(By::Css(&format!("input[name=reason][value={reason}]")));
}

fn fill_proof(browser: &Browser, user_code: &str, language: (&str, &str)) {
    browser.fill(By::Css("#user_code"), user_code);
    let answer = solve(browser, language);
    browser.fill(By::Css("#answer"), &answer);
}

#[track_caller]
fn assert_statuses(browser: &Browser, language: (&str, &str), holder: &str, status: &str) {
    browser.wait_for_text_of(By::Css("#holder"), holder);
    let statuses = vec![said(language, &format!("portal-status-{status}")); 4];
    browser.wait_for_texts_of(By::Css("main td .status"), &statuses);
}

#[track_caller]
fn journey(language: (&str, &str)) {
    let demo = Demo::new();
    let card = demo.card("gca");
    demo.activate(demo.portal("gca"), &card, "13579086").expect_success();
    let shown = demo.show(&card).expect_success();
    let serial = format!("0x{}", shown["certificates"][0]["serial"].as_str().unwrap());
    let party = RelyingParty::of(&demo, "gca");
    let by_ocsp = || party.ask(Question::Serial(&serial)).words;
    assert!(by_ocsp().contains("good"));

    let browser = start(language);
    browser.open(&format!("{}/gca/", portal(&demo)));
    inspect(&browser, "status-home", language);
    browser.click(By::Css("main a[href='/gca/suspend']"));
    browser.find(By::Css("#sum"));
    inspect(&browser, "status-suspend", language);
    let loaded = "const picture = document.querySelector('.captcha'); return picture.complete && picture.naturalWidth";
    browser.wait_for_result("the captcha's picture", loaded, |width| *width == 240);

    // Nothing filled in: each error stands with its field, and is told on top.
    browser.click(By::Css("#do"));
    browser.find(By::Css("#wrong"));
    assert!(browser.title().starts_with(said(language, "status-error").trim()), "{}", browser.title());
    for field in ["number", "name", "user_code", "answer"] {
        let input = format!("#{field}");
        browser.wait_for_attribute_of(By::Css(&input), "aria-invalid", Some("true"));
        let described = browser.attribute_of(By::Css(&input), "aria-describedby").unwrap();
        assert!(described.contains(&format!("{field}-error")), "{described}");
    }
    browser.click(By::Css("#wrong a[href='#reason']"));
    browser.wait_for_attribute_of(By::Focus, "value", Some("lost"));
    inspect(&browser, "status-wrong", language);

    // A wrong code: all else stays.
    fill_details(&browser, &card, HOLDER, "not_in_use");
    fill_proof(&browser, "Wrong123", language);
    browser.click(By::Css("#do"));
    browser.find(By::Css("#refused[data-code=details_wrong] a[href='/gca/user-code']"));
    browser.wait_for_attribute_of(By::Css("#number"), "value", Some(card.number()));
    browser.wait_for_attribute_of(By::Css("#name"), "value", Some(HOLDER));
    browser.find(By::Css("input[value=not_in_use][checked]"));
    browser.wait_for_attribute_of(By::Css("#user_code"), "value", None);
    inspect(&browser, "status-refused", language);

    // In the other language and back: the form is shown, and nothing is done.
    let other = LANGUAGES.into_iter().find(|one| *one != language).unwrap();
    browser.click(By::Css(&format!(".languages button[lang={}]", other.0)));
    browser.wait_for_text_of(By::Css("h1"), &said(other, "status-suspend"));
    browser.wait_for_attribute_of(By::Css("#number"), "value", Some(card.number()));
    browser.click(By::Css(&format!(".languages button[lang={}]", language.0)));
    browser.wait_for_text_of(By::Css("h1"), &said(language, "status-suspend"));

    fill_proof(&browser, card.user_code(), language);
    browser.click(By::Css("#do"));
    browser.wait_for_url("/gca/suspend/done/");
    assert_statuses(&browser, language, HOLDER, "suspended");
    browser.wait_for_text_of(By::Css("h1"), &said(language, "status-suspend.done"));
    inspect(&browser, "status-suspended", language);
    assert!(by_ocsp().contains("certificateHold"));
    browser.reload();
    assert_statuses(&browser, language, HOLDER, "suspended");

    // The authority suspends as well: the holder lifts his own alone.
    let by_authority = |change: &str, reason: &str| {
        demo.data().operator(&["certificate", change, "--card", card.number(), "--reason", reason]).expect_success()
    };
    by_authority("suspend", "other");
    browser.click(By::Css("main a[href='/gca/resume']"));
    fill_details(&browser, &card, HOLDER, "found");
    fill_proof(&browser, card.user_code(), language);
    browser.click(By::Css("#do"));
    browser.wait_for_url("/gca/resume/done/");
    browser.find(By::Css("#others-hold"));
    assert_statuses(&browser, language, HOLDER, "suspended");
    inspect(&browser, "status-held-by-others", language);
    by_authority("resume", "other");
    browser.reload();
    assert_statuses(&browser, language, HOLDER, "valid");
    eventually("good", || by_ocsp().contains("good").then_some(()));
    assert!(!browser.has(By::Css("#others-hold")));
    inspect(&browser, "status-resumed", language);

    revoke(&demo, &browser, &card, language);
    assert!(by_ocsp().contains("keyCompromise"), "{}", by_ocsp());
    // The console tells of the answers that say no, and of nothing else.
    let errors = browser.console_errors();
    assert!(errors.iter().all(|error| error.contains("the server responded with a status of 4")), "{errors:?}");
    let own = format!("{}/", portal(&demo));
    assert!(browser.requests().iter().all(|request| request.url.starts_with(&own)), "nothing comes from elsewhere");
}

/// Asked twice, and final.
fn revoke(demo: &Demo, browser: &Browser, card: &Card<'_>, language: (&str, &str)) {
    browser.open(&format!("{}/gca/revoke", portal(demo)));
    assert!(!browser.has(By::Css("#user_code")), "not before it is known what it means");
    inspect(browser, "status-revoke", language);
    fill_details(browser, card, HOLDER, "lost");
    browser.click(By::Css("#next"));
    browser.wait_for_words_in(By::Css("#final"), &said(language, "status-confirm-final"));
    inspect(browser, "status-confirm", language);
    browser.click(By::Css("#back"));
    browser.find(By::Css("#next"));
    browser.find(By::Css("input[value=lost][checked]"));
    browser.click(By::Css("#next"));

    fill_proof(browser, card.user_code(), language);
    browser.click(By::Css("#do"));
    browser.find(By::Css("#sure-error"));
    inspect(browser, "status-confirm-wrong", language);
    browser.click(By::Css("#sure"));
    browser.fill(By::Css("#user_code"), card.user_code());
    browser.click(By::Css("#do"));
    browser.wait_for_url("/gca/revoke/done/");
    assert_statuses(browser, language, HOLDER, "revoked");
    inspect(browser, "status-revoked", language);

    // The query says so, and there is no way back.
    browser.click(By::Css("main .actions a[href='/gca/certificates']"));
    browser.fill(By::Css("#number"), card.number());
    browser.fill(By::Css("#name"), HOLDER);
    browser.click(By::Css("#find-by-card"));
    browser.find(By::Css("#result .status-revoked"));
    browser.open(&format!("{}/gca/resume", portal(demo)));
    fill_details(browser, card, HOLDER, "other");
    fill_proof(browser, card.user_code(), language);
    browser.click(By::Css("#do"));
    browser.find(By::Css("#refused[data-code=already_revoked]"));
}

#[test]
fn certificates_are_suspended_resumed_and_revoked_in_chinese() {
    journey(LANGUAGES[0]);
}

#[test]
fn certificates_are_suspended_resumed_and_revoked_in_english() {
    journey(LANGUAGES[1]);
}

/// Who uses no scripts does it all the same; and what an authority does in another way, its pages say.
#[test]
fn without_scripts_and_without_an_online_way() {
    let (demo, browser) = (Demo::new(), start(LANGUAGES[0]));
    browser.cdp("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    let card = demo.card("xca");
    browser.open(&format!("{}/xca/suspend", portal(&demo)));
    fill_details(&browser, &card, "nobody", "lost");
    fill_proof(&browser, card.user_code(), LANGUAGES[0]);
    browser.click(By::Css("#do"));
    browser.find(By::Css("#refused[data-code=details_wrong]"));
    for (authority, kinds) in [("gca", 3), ("hca", 3), ("xca", 2), ("moica", 2), ("twca", 0)] {
        browser.open(&format!("{}/{authority}/", portal(&demo)));
        let ways = ["suspend", "resume", "revoke"].map(|kind| {
            By::Css(match kind {
                "suspend" => "main a.choice[href$='/suspend']",
                "resume" => "main a.choice[href$='/resume']",
                _ => "main a.choice[href$='/revoke']",
            })
        });
        assert_eq!(ways.into_iter().filter(|way| browser.has(*way)).count(), kinds, "{authority}");
        assert_eq!(browser.has(By::Css("#elsewhere")), kinds < 3, "{authority}");
    }
}

#[test]
fn pages_say_how_else_it_is_done() {
    let demo = Demo::new();
    for language in LANGUAGES {
        let browser = start(language);
        for (path, says) in [
            ("xca/revoke", "status-elsewhere-letter"),
            ("moica/revoke", "status-elsewhere-counter"),
            ("twca/suspend", "status-elsewhere-paper_form"),
        ] {
            browser.open(&format!("{}/{path}", portal(&demo)));
            browser.wait_for_words_in(By::Css("#elsewhere"), &said(language, says));
            browser.find(By::Css(".contact a.telephone"));
            assert!(!browser.has(By::Css("main form")));
            inspect(&browser, &format!("status-{}", path.replace('/', "-")), language);
        }
    }
}

/// With the card in the reader: no number, no name, no captcha; a revocation still says that it is final.
#[track_caller]
fn with_the_card(language: Tongue) {
    let desk = Desk::new("gca");
    let by_authority = |change: &str, number: &str| {
        let arguments = ["certificate", change, "--card", number, "--reason", "other"];
        desk.demo.data().operator(&arguments).expect_success();
    };
    let (at, secrets) = (format!("{}/gca/", desk.portal()), format!("user_code={}\nnew_pin=135790\n", desk.user_code));
    desk.bench.agent(&["card", "activate", "--portal", &at, "--secrets-stdin"], &secrets).expect_success();
    let browser = start(language);
    for (kind, reason, status) in
        [("suspend", "not_in_use", "suspended"), ("resume", "found", "valid"), ("revoke", "ceased", "revoked")]
    {
        browser.open(&format!("{at}{kind}"));
        browser.click(By::Css("#with-card a"));
        browser.wait_until("the page's look at the readers", |browser| browser.has(By::Css("#cards > li")));
        let [number, holder] =
            ["number", "holder"].map(|fact| browser.text_of(By::Css(&format!("#cards [data-fill={fact}]"))));
        // For who forgot the user code.
        browser.find(By::Css("#job li a[href='/gca/user-code']"));
        inspect(&browser, &format!("{kind}-card"), language);
        browser.click(By::Css("#start"));
        browser.wait_for_text_of(By::Css("#reason-error"), &said(language, "status-reason-missing"));
        assert!(!browser.has(By::Css("input[value=lost]")), "it is in the reader");
        browser.click(By::Css(&format!("input[name=reason][value={reason}]")));
        browser.wait_until_gone(By::Css("#reason-error"));
        assert_eq!(browser.has(By::Css("#final")), kind == "revoke");
        if kind == "revoke" {
            // As without the card.
            for said in ["final", "sign", "decrypt"].map(|what| said(language, &format!("status-confirm-{what}"))) {
                browser.wait_for_words_in(By::Css("#final"), &said);
            }
            browser.find(By::Css("#start.button-final"));
            browser.click(By::Css("#start"));
            browser.wait_for_text_of(By::Css("#sure-error"), &said(language, "status-confirm-sure-missing"));
            inspect(&browser, "revoke-card-unsure", language);
            browser.click(By::Css("#sure"));
        }
        let windows = go(&browser, kind, language);
        if kind == "resume" {
            by_authority("suspend", &number);
        }
        if kind == "suspend" {
            // Told at the field, with the tries left.
            fill(&browser, &[("user_code", "Wrong000")]);
            browser.wait_for_words_in(By::Css("#user_code-error"), "2");
        }
        fill(&browser, &[("user_code", &desk.user_code)]);
        done(&browser, &windows, kind);
        browser.wait_for_text_of(By::Css("h1"), &said(language, &format!("portal-job-{kind}.done")));
        if kind == "resume" {
            // The authority's hold stays, and that is said.
            assert_statuses(&browser, language, &holder, "suspended");
            browser.wait_for_text_of(By::Css("#others-hold"), &said(language, "status-resume-others"));
            inspect(&browser, "resume-card-held-by-others", language);
            assert!(!browser.text().contains(&said(language, "status-resume-what-back")), "it is activated");
            by_authority("resume", &number);
            browser.reload();
            assert_statuses(&browser, language, &holder, status);
            assert!(!browser.has(By::Css("#others-hold")));
        }
        assert_statuses(&browser, language, &holder, status);
        inspect(&browser, &format!("{kind}-card-done"), language);
    }
    assert_quiet(&browser, &[&desk.portal(), &desk.agent()]);
}

#[test]
fn with_the_card_at_hand_in_chinese() {
    with_the_card(LANGUAGES[0]);
}

#[test]
fn with_the_card_at_hand_in_english() {
    with_the_card(LANGUAGES[1]);
}
