//! 憑證查詢及下載, as somebody does it who wants to know whether a certificate holds.

use super::{LANGUAGES, inspect, portal, said, start};
use crate::demo::Demo;
use crate::judges::pem;
use kaika_testkit::browser::{Browser, By, key};
use serde_json::{Value, json};
use std::thread;
use std::time::Duration;

/// Who has it, in short: the last of the subject's units.
pub(super) const HOLDER: &str = "測試資訊處";

fn ask_by_card(browser: &Browser, number: &str, name: &str) {
    browser.fill(By::Css("#number"), number);
    browser.fill(By::Css("#name"), name);
    browser.click(By::Css("#find-by-card"));
}

fn ask_by_serial(browser: &Browser, serial: &str) {
    browser.fill(By::Css("#serial"), serial);
    browser.click(By::Css("#find-by-serial"));
}

/// What a link of the page leads to, in hexadecimal, with its type.
fn download(browser: &Browser, serial: &str, kind: &str) -> (String, Vec<u8>) {
    let fetch = "const [serial, kind] = arguments;
        const link = document.querySelector(`[data-serial='${serial}'] .downloads a[href$='${kind}']`);
        return fetch(link.href).then(async answer =>
            [answer.headers.get('content-type'), Array.from(new Uint8Array(await answer.arrayBuffer()))])";
    let got = browser.run(fetch, &[json!(serial), json!(kind)]);
    let bytes = got[1].as_array().unwrap().iter().map(|byte| byte.as_u64().unwrap().try_into().unwrap());
    (got[0].as_str().unwrap().to_owned(), bytes.collect())
}

#[track_caller]
fn queries(language: (&str, &str)) {
    let demo = Demo::new();
    let card = demo.card("gca");
    demo.activate(demo.portal("gca"), &card, "13579086").expect_success();
    let shown = demo.show(&card).expect_success();
    let on_card = shown["certificates"].as_array().unwrap();
    let serial = |certificate: &Value| certificate["serial"].as_str().unwrap().to_owned();
    let (proof, keys): (Vec<&Value>, Vec<&Value>) =
        on_card.iter().partition(|certificate| certificate["role"] == "card_authentication");

    let browser = start(language);
    browser.open(&format!("{}/gca/certificates", portal(&demo)));
    // As people type it: small, with a space, the name in full width.
    let number = card.number().to_lowercase();
    ask_by_card(&browser, &format!("{} {}", &number[..2], &number[2..]), HOLDER);
    browser.wait_for_words_in(By::Css("#result"), HOLDER);
    let serials = browser.attributes_of(By::Css("#result article"), "data-serial");
    let serials: Vec<String> = serials.into_iter().map(Option::unwrap).collect();
    assert_eq!(serials.len(), 3);
    assert!(keys.iter().all(|certificate| serials.contains(&serial(certificate))), "{serials:?}");
    let valid = said(language, "portal-status-valid");
    assert!(browser.texts_of(By::Css("#result article .status")).iter().all(|status| *status == valid));
    inspect(&browser, "certificates-of-card", language);
    // By what the page shows, by the whole subject, and by a part of it.
    let name_shown = browser.text_of(By::Css("#result .said-name"));
    assert_eq!(name_shown, "行政院測試機關 TEST 測試資訊處");
    for name in [name_shown.as_str(), shown["holder"].as_str().unwrap(), "行政院測試資訊處"] {
        ask_by_card(&browser, card.number(), name);
        browser.wait_for_attribute_of(By::Css("#name"), "value", Some(name));
        browser.wait_for_count_of(By::Css("#result article"), 3);
    }
    for certificate in &keys {
        let (kind, der) = download(&browser, &serial(certificate), ".cer");
        assert_eq!(kind, "application/pkix-cert");
        assert_eq!(der[..2], [0x30, 0x82], "DER");
        let (_, text) = download(&browser, &serial(certificate), ".pem");
        assert_eq!(String::from_utf8(text).unwrap().trim(), pem(certificate).trim());
    }

    // By its number alone, as programs write serial numbers, the status is told, and no name.
    let one = serial(keys[0]);
    let typed = one.to_uppercase();
    let typed: Vec<&str> = (0..typed.len()).step_by(2).map(|at| &typed[at..at + 2]).collect();
    ask_by_serial(&browser, &typed.join(":"));
    browser.find(By::Css(&format!("#result article[data-serial='{one}']")));
    browser.wait_for_count_of(By::Css("#result article"), 1);
    browser.wait_for_text_of(By::Css("#result .status"), &valid);
    assert!(!browser.text_of(By::Css("#result")).contains(HOLDER) && !browser.has(By::Css(".downloads")));
    inspect(&browser, "certificates-status", language);
    // Of that which only proves the card, nothing.
    ask_by_serial(&browser, &serial(proof[0]));
    browser.wait_for_words_in(By::Css("#nothing"), &said(language, "portal-find-none-serial"));

    // Whether there is such a card is nobody's business.
    ask_by_card(&browser, card.number(), "測試秘書處");
    // The page before says of a serial number that there is nothing.
    browser.wait_for_words_in(By::Css("#nothing"), &said(language, "portal-find-none-card"));
    let wrong_name = browser.text_of(By::Css("#nothing"));
    ask_by_card(&browser, "GC00000000000000", HOLDER);
    browser.wait_for_attribute_of(By::Css("#number"), "value", Some("GC00000000000000"));
    browser.wait_for_text_of(By::Css("#nothing"), &wrong_name);

    wrong_fields(&browser, language);
    too_many(&demo, &browser, language);
}

/// Each error stands with its field, for eyes and ears, and is told on top.
fn wrong_fields(browser: &Browser, language: (&str, &str)) {
    ask_by_card(browser, "12", "");
    browser.find(By::Css("#wrong"));
    assert!(browser.title().starts_with(said(language, "portal-find-error").trim()), "{}", browser.title());
    browser.wait_for_count_of(By::Css("#number"), 1);
    assert_eq!(browser.role_of(By::Css("#wrong")), "alert");
    for (field, text) in [("number", "portal-find-number-wrong"), ("name", "portal-find-name-missing")] {
        let input = format!("#{field}");
        browser.wait_for_attribute_of(By::Css(&input), "aria-invalid", Some("true"));
        let described = browser.attribute_of(By::Css(&input), "aria-describedby").unwrap();
        assert!(described.split(' ').any(|id| id == format!("{field}-error")), "{described}");
        browser.wait_for_text_of(By::Css(&format!("#{field}-error")), &said(language, text));
        browser.click(By::Css(&format!("#wrong a[href='#{field}']")));
        browser.wait_for_focus(field);
    }
    // What was typed stays.
    browser.wait_for_attribute_of(By::Css("#number"), "value", Some("12"));
    ask_by_serial(browser, "xyz");
    browser.find(By::Css("#serial-error"));
    assert!(!browser.has(By::Css("#number-error")));
    inspect(browser, "certificates-wrong-serial", language);
}

/// Who tries out card numbers does not get far; and who waits may go on.
fn too_many(demo: &Demo, browser: &Browser, language: (&str, &str)) {
    for _ in 0..40 {
        if browser.has(By::Css("#error")) {
            break;
        }
        // Nothing is looked up for this one, and so it takes no time.
        browser.find(By::Css("#serial"));
        browser.run("document.getElementById('serial').form.submit()", &[]);
        browser.wait_until("an answer", |browser| {
            browser.run("return document.readyState", &[]) == "complete" && browser.has(By::Css("#wrong, #error"))
        });
    }
    browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-error-many"));
    inspect(browser, "too-many", language);
    thread::sleep(Duration::from_secs(4));
    browser.open(&format!("{}/gca/certificates", portal(demo)));
    browser.fill(By::Css("#serial"), "xyz");
    browser.press(key::ENTER);
    browser.find(By::Css("#wrong"));
}

#[test]
fn queries_in_chinese() {
    queries(LANGUAGES[0]);
}

#[test]
fn queries_in_english() {
    queries(LANGUAGES[1]);
}
