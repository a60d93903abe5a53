//! What begins with a mail: a new user code, another contact, an address in the certificates; read in the demo's mailbox.

use super::desk::Desk;
use super::services::{Tongue, done, fill, go};
use super::{LANGUAGES, assert_quiet, inspect, portal, said, start};
use crate::demo::Demo;
use kaika_testkit::browser::{Browser, By};
use kaika_testkit::tools::Tool;

/// Who has the card in the reader, as pages show it.
const HOLDER: &str = "行政院測試機關 TEST 測試資訊處";
const CONTACT: &str = "gca-1@kaika.example";
const NEW: &str = "new-desk@kaika.example";
const NEW_CODE: &str = "Xyz-6789";

fn fill_card(browser: &Browser, number: &str, name: &str) {
    browser.fill(By::Css("#number"), number);
    browser.fill(By::Css("#name"), name);
}

/// Opens the mailbox until there is this letter to this address, and gives where it is on the page.
fn mail_to(demo: &Demo, browser: &Browser, language: (&str, &str), address: &str, letter: &str) -> String {
    let subject = said(language, &format!("mail-{letter}.subject"));
    let heading = format!("section[data-to='{address}'] h2");
    let found = |browser: &Browser| {
        let (texts, ids) = (browser.texts_of(By::Css(&heading)), browser.attributes_of(By::Css(&heading), "id"));
        texts.iter().zip(ids).find(|(text, _)| text.contains(&subject)).and_then(|(_, id)| id)
    };
    browser.wait_until("the mail", |browser| {
        browser.open(&format!("{}/mails", portal(demo)));
        found(browser).is_some()
    });
    format!("section[aria-labelledby='{}']", found(browser).unwrap())
}

/// Each error stands with its field, and is told on top.
#[track_caller]
fn is_wrong(browser: &Browser, language: (&str, &str), wrong: &[(&str, &str)]) {
    browser.find(By::Css("#wrong"));
    assert!(browser.title().starts_with(said(language, "portal-find-error").trim()), "{}", browser.title());
    for (field, text) in wrong {
        browser.wait_for_attribute_of(By::Css(&format!("#{field}")), "aria-invalid", Some("true"));
        browser.wait_for_text_of(By::Css(&format!("#{field}-error")), &said(language, text));
        browser.click(By::Css(&format!("#wrong a[href='#{field}']")));
        browser.wait_for_focus(field);
    }
    browser.wait_for_count_of(By::Css("#wrong li"), wrong.len());
}

#[track_caller]
fn a_new_user_code(language: (&str, &str)) {
    let demo = Demo::new();
    let card = demo.card("gca");
    let browser = start(language);
    browser.open(&format!("{}/gca/", portal(&demo)));
    inspect(&browser, "home-with-user-codes", language);
    browser.click(By::Css("main a[href='/gca/user-code']"));
    browser.wait_for_text_of(By::Css("h1"), &said(language, "user-code"));
    inspect(&browser, "user-code", language);
    fill_card(&browser, "12", "");
    browser.click(By::Css("#send"));
    is_wrong(&browser, language, &[("number", "portal-find-number-wrong"), ("name", "portal-find-name-missing")]);
    // What was typed stays.
    browser.wait_for_attribute_of(By::Css("#number"), "value", Some("12"));
    inspect(&browser, "user-code-wrong", language);

    // What to type stands with the field.
    browser.wait_for_words_in(By::Css("#name-hint"), "行政院○○處");
    fill_card(&browser, card.number(), HOLDER);
    browser.click(By::Css("#send"));
    browser.find(By::Css("#sent"));
    // And what may be wrong, where nothing comes.
    browser.wait_for_words_in(By::Css("#name-as"), "行政院○○處");
    assert_eq!(browser.url(), format!("{}/gca/user-code/sent", portal(&demo)));
    inspect(&browser, "user-code-sent", language);
    browser.click(By::Css("#sent a[href='/mails']"));
    let mail = mail_to(&demo, &browser, language, CONTACT, "user_code_link");
    inspect(&browser, "mails", language);
    browser.click(By::Css(&format!("{mail} .mail-text a")));
    browser.wait_for_text_of(By::Css("h1"), &said(language, "user-code-new"));
    browser.wait_for_words_in(By::Css(".lead"), card.number());
    inspect(&browser, "user-code-new", language);

    browser.fill(By::Css("#code"), "short");
    browser.click(By::Css("#set"));
    is_wrong(&browser, language, &[("code", "user-code-form")]);
    // No secret is sent back.
    browser.wait_for_attribute_of(By::Css("#code"), "value", None);
    inspect(&browser, "user-code-new-wrong", language);
    browser.fill(By::Css("#code"), NEW_CODE);
    browser.fill(By::Css("#again"), NEW_CODE);
    browser.click(By::Css("#set"));
    browser.find(By::Css("#now"));
    browser.wait_for_text_of(By::Css("h1"), &said(language, "user-code-done"));
    inspect(&browser, "user-code-done", language);

    let told = mail_to(&demo, &browser, language, CONTACT, "user_code_changed");
    assert!(!browser.text_of(By::Css(&told)).contains(NEW_CODE));
    // The link of the mail before does nothing now.
    browser.click(By::Css(".mail-text a"));
    browser.find(By::Css("#over"));
    inspect(&browser, "user-code-over", language);
    browser.click(By::Css("#over a"));
    assert_eq!(browser.url(), format!("{}/gca/user-code", portal(&demo)));
    assert_quiet_but_gone(&browser, &demo);

    // It opens the card, and the old one does not.
    demo.activate_with(demo.portal("gca"), card.reader(), NEW_CODE, "13579086").expect_success();
}

#[track_caller]
fn another_contact(language: (&str, &str)) {
    let demo = Demo::new();
    let card = demo.card("gca");
    let browser = start(language);
    browser.open(&format!("{}/gca/", portal(&demo)));
    browser.click(By::Css("main a[href='/gca/contact']"));
    browser.wait_for_text_of(By::Css("h1"), &said(language, "contact-change"));
    inspect(&browser, "contact", language);
    fill_card(&browser, card.number(), HOLDER);
    browser.fill(By::Css("#email"), "desk");
    browser.fill(By::Css("#telephone"), "ask me");
    browser.click(By::Css("#send"));
    let wrong = [
        ("user_code", "contact-code-missing"),
        ("email", "contact-email-form"),
        ("telephone", "contact-telephone-form"),
    ];
    is_wrong(&browser, language, &wrong);
    inspect(&browser, "contact-wrong", language);
    browser.fill(By::Css("#email"), NEW);
    browser.fill(By::Css("#telephone"), "02-2345-6789");
    browser.fill(By::Css("#person"), "王小明");
    for _ in 0..3 {
        // The next page's is the one to be looked at.
        browser.run("document.getElementById('wrong').remove()", &[]);
        browser.fill(By::Css("#user_code"), "wrong-1");
        browser.click(By::Css("#send"));
        is_wrong(&browser, language, &[("user_code", "contact-not-proved")]);
        // What was typed stays, but no secret.
        browser.wait_for_attribute_of(By::Css("#email"), "value", Some(NEW));
        browser.wait_for_attribute_of(By::Css("#user_code"), "value", None);
    }
    browser.run("document.getElementById('forgotten').remove()", &[]);
    browser.fill(By::Css("#user_code"), card.user_code());
    browser.click(By::Css("#send"));
    browser.find(By::Css("#forgotten"));
    inspect(&browser, "contact-forgotten", language);

    // As the page says: a new user code first.
    browser.click(By::Css("#forgotten a"));
    fill_card(&browser, card.number(), HOLDER);
    browser.click(By::Css("#send"));
    browser.find(By::Css("#sent"));
    let mail = mail_to(&demo, &browser, language, CONTACT, "user_code_link");
    browser.click(By::Css(&format!("{mail} .mail-text a")));
    browser.fill(By::Css("#code"), NEW_CODE);
    browser.fill(By::Css("#again"), NEW_CODE);
    browser.click(By::Css("#set"));
    browser.click(By::Css("main a[href='/gca/']"));
    browser.click(By::Css("main a[href='/gca/contact']"));
    fill_card(&browser, card.number(), HOLDER);
    browser.fill(By::Css("#user_code"), NEW_CODE);
    browser.fill(By::Css("#email"), NEW);
    browser.fill(By::Css("#person"), "王小明");
    browser.click(By::Css("#send"));
    browser.find(By::Css("#sent"));
    inspect(&browser, "contact-sent", language);
    mail_to(&demo, &browser, language, CONTACT, "contact_change_asked");
    let mail = mail_to(&demo, &browser, language, NEW, "contact_link");
    browser.click(By::Css(&format!("{mail} .mail-text a")));
    browser.wait_for_text_of(By::Css("h1"), &said(language, "contact-confirm"));
    browser.wait_for_words_in(By::Css(".facts"), NEW);
    inspect(&browser, "contact-confirm", language);
    browser.click(By::Css("#confirm"));
    browser.find(By::Css(".done-banner"));
    inspect(&browser, "contact-done", language);
    mail_to(&demo, &browser, language, CONTACT, "contact_changed");
    browser.click(By::Css(&format!("section[data-to='{NEW}'] .mail-text a")));
    browser.find(By::Css("#over"));
    inspect(&browser, "contact-over", language);
}

/// Pages that say that something is over, or not right, have a status that the console names.
fn assert_quiet_but_gone(browser: &Browser, demo: &Demo) {
    let errors: Vec<_> = browser.console_errors().into_iter().filter(|error| !error.contains("status of 4")).collect();
    assert_eq!(errors, Vec::<String>::new());
    let origin = portal(demo);
    assert!(
        browser.requests().iter().all(|request| request.url.starts_with(&origin) || request.url.starts_with("data:"))
    );
}

#[test]
fn a_new_user_code_in_chinese() {
    a_new_user_code(LANGUAGES[0]);
}

#[test]
fn a_new_user_code_in_english() {
    a_new_user_code(LANGUAGES[1]);
}

#[test]
fn another_contact_in_chinese() {
    another_contact(LANGUAGES[0]);
}

#[test]
fn another_contact_in_english() {
    another_contact(LANGUAGES[1]);
}

/// As people write it, and as it is sent and certified.
const OFFICE: &str = "office@例子.台灣";
const OFFICE_IN_ASCII: &str = "office@xn--fsqu00a.xn--kpry57d";

/// From the page to the mail: the card proves itself, and the page says where to look.
#[track_caller]
fn asks(browser: &Browser, desk: &Desk, language: Tongue) {
    browser.open(&format!("{}/xca/", desk.portal()));
    browser.click(By::Css("main a[href='/xca/set_email']"));
    browser.wait_until("the page's look at the readers", |browser| browser.has(By::Css("#cards > li")));
    inspect(browser, "set_email", language);
    for wrong in ["", "nobody", "two words@kaika.example", "辦公室@kaika.example"] {
        browser.fill(By::Css("#email"), wrong);
        browser.click(By::Css("#start"));
        browser.wait_for_text_of(By::Css("#email-error:not([hidden])"), &said(language, "portal-email-wrong"));
        browser.wait_for_focus("email");
    }
    inspect(browser, "set_email-wrong", language);
    // The field gives such a domain in ASCII, so what is typed and what it holds are not the same.
    let (name, domain) = OFFICE.split_at(OFFICE.find('@').unwrap() + 1);
    browser.fill(By::Css("#email"), name);
    domain.chars().for_each(|key| browser.press(key));
    let (page, window) = go(browser, "set_email", language);
    fill(browser, &[("pin", "135790")]);
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.find(By::Css("#awaiting"));
    browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-email-awaiting"));
    browser.wait_for_words_in(By::Css("#lead"), OFFICE);
    inspect(browser, "set_email-awaiting", language);
}

/// From the address that is confirmed to the card.
#[track_caller]
fn writes(browser: &Browser, desk: &Desk, language: Tongue) {
    browser.wait_until("the page's look at the readers", |browser| browser.has(By::Css("#cards > li")));
    inspect(browser, "set_email-confirmed", language);
    let windows = go(browser, "set_email", language);
    fill(browser, &[("pin", "135790")]);
    done(browser, &windows, "set_email");
    browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-job-set_email.done"));
    browser.wait_for_text_of(By::Css("#email"), OFFICE);
    browser.wait_for_count_of(By::Css("tr[data-role] .status-valid"), 4);
    inspect(browser, "set_email-written", language);
    assert_quiet(browser, &[&desk.portal(), &desk.agent()]);
    let card = desk.card();
    let pem = card["certificates"].as_array().unwrap().iter().find(|c| c["role"] == "signature").unwrap();
    let pem = pem["pem"].as_str().unwrap();
    let text = Tool::new("openssl").args(["x509", "-noout", "-email"]).input(pem).run().expect_success();
    assert_eq!(text.stdout().trim(), OFFICE_IN_ASCII);
}

#[test]
fn an_address_is_written_by_the_link_in_chinese() {
    let language = LANGUAGES[0];
    let desk = Desk::in_state("activated");
    let browser = start(language);
    asks(&browser, &desk, language);
    browser.click(By::Css("#awaiting a[href='/mails']"));
    let mail = mail_to(&desk.demo, &browser, language, OFFICE_IN_ASCII, "email_proof");
    browser.click(By::Css(&format!("{mail} .mail-text a")));
    browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-email-confirm"));
    browser.wait_for_text_of(By::Css("#email"), OFFICE);
    inspect(&browser, "set_email-link", language);
    browser.click(By::Css("#confirm"));
    browser.find(By::Css("#confirmed"));
    let link = browser.url();
    writes(&browser, &desk, language);
    browser.open(&link);
    browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-job-set_email.done"));
    inspect(&browser, "set_email-link-written", language);
    browser.open(&link[..link.len() - 1]);
    browser.find(By::Css("#over"));
    inspect(&browser, "set_email-link-over", language);
}

#[test]
fn an_address_is_written_by_the_code_in_english() {
    let language = LANGUAGES[1];
    let desk = Desk::in_state("activated");
    let browser = start(language);
    asks(&browser, &desk, language);
    let page = browser.url();
    let mail = mail_to(&desk.demo, &browser, language, OFFICE_IN_ASCII, "email_proof");
    let text = browser.text_of(By::Css(&format!("{mail} .mail-text")));
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let code = text.lines().map(str::trim).find(is_code).unwrap().to_owned();
    browser.open(&page);
    for (typed, text) in [("", "portal-email-code-missing"), ("AAAA-AAAA", "portal-email-code-wrong")] {
        browser.fill(By::Css("#code"), typed);
        browser.click(By::Css("#confirm"));
        browser.wait_for_text_of(By::Css("#code-error"), &said(language, text));
        let logged = browser.console_errors();
        assert!(logged.iter().all(|line| line.contains("400")), "{logged:?}");
        browser.forget_traffic();
    }
    inspect(&browser, "set_email-code-wrong", language);
    browser.fill(By::Css("#code"), &code.to_lowercase());
    browser.click(By::Css("#confirm"));
    browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-email-confirmed"));
    writes(&browser, &desk, language);
}
