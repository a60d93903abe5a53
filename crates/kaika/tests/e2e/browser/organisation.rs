//! 憑證登入, 機關所有憑證, 快過期憑證清單, and whether others find the card: as an organisation's contact does it, with the
//! card behind a real pcscd.

use super::desk::Desk;
use super::window_screen::LOOKS;
use super::{LANGUAGES, assert_quiet, inspect, said, start};
use kaika_testkit::browser::{Browser, By, Window};
use serde_json::{Value, json};

type Tongue = (&'static str, &'static str);

const PIN: &str = "135790";

/// Presses the button of the page for logging in, and types the PIN.
#[track_caller]
fn log_in(browser: &Browser, to: &str) {
    let (page, window) = open(browser);
    browser.fill(By::Css("#pin"), PIN);
    browser.click(By::Css("#start"));
    arrive(browser, &page, &window, to);
}

fn open(browser: &Browser) -> (Window, Window) {
    let page = browser.window();
    browser.click(By::Css("#start"));
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
    (page, window)
}

#[track_caller]
fn arrive(browser: &Browser, page: &Window, window: &Window, to: &str) {
    browser.switch_to(page);
    browser.wait_until_closed(window);
    browser.wait_until("the page after the login", |browser| browser.url().ends_with(to));
    browser.find(By::Css("#session"));
}

/// Chooses as people do, and has it shown.
fn narrow(browser: &Browser, choices: &[(&str, &str)]) {
    for (select, choice) in choices {
        browser.click(By::Css(&format!("#{select} option[value='{choice}']")));
    }
    browser.run("document.querySelector('main').dataset.before = 'yes'", &[]);
    browser.click(By::Css("#show"));
    browser.wait_until("what was chosen", |browser| !browser.has(By::Css("main[data-before]")));
}

/// The texts of a column of the list, counted from 1.
fn column(browser: &Browser, n: u8) -> Vec<String> {
    let cells = browser.texts_of(By::Css(&format!("#certificates tbody tr > :nth-child({n})")));
    cells.iter().map(|cell| cell.lines().next().unwrap_or_default().to_owned()).collect()
}

/// What a link of the page leads to, in this session.
fn fetched(browser: &Browser, link: &str) -> (String, String) {
    let fetch = "return fetch(document.querySelector(arguments[0]).href).then(async answer =>
        [answer.headers.get('content-type'), new TextDecoder('utf-8', {ignoreBOM: true}).decode(await answer.arrayBuffer())])";
    let got = browser.run(fetch, &[json!(link)]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&got[0]), text(&got[1]))
}

#[track_caller]
fn an_organisations_contact(language: Tongue) {
    let desk = Desk::in_state("activated");
    let browser = start(language);
    browser.open(&format!("{}/xca/", desk.portal()));
    inspect(&browser, "organisation-home", language);
    browser.click(By::Css("main a[href='/xca/organisation']"));
    browser.wait_for_url("/xca/login?to=organisation");
    browser.wait_until("the page's look at the readers", |browser| {
        browser.has(By::Css("#card-said > [data-card]:not([data-card=unasked], [data-card=looking])"))
    });
    browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-job-login"));
    inspect(&browser, "login", language);

    // A wrong PIN is told where it was typed, with the tries left; the next one goes on.
    let (page, window) = open(&browser);
    browser.wait_for_text_of(By::Css("#heading"), &said(language, "job-login"));
    browser.judge(&format!("window-login-{}", language.1), &LOOKS);
    browser.fill(By::Css("#pin"), "000000");
    browser.click(By::Css("#start"));
    browser.wait_for_words_in(By::Css("#pin-error"), "2");
    browser.fill(By::Css("#pin"), PIN);
    browser.click(By::Css("#start"));
    arrive(&browser, &page, &window, "/xca/organisation");
    assert_eq!(browser.run("return document.cookie", &[]), "", "no script reads the session");

    // All of it, and nothing of another's.
    assert_eq!(column(&browser, 1).len(), 15, "five cards with three certificates each");
    browser.wait_for_words_in(By::Css("#organisation"), "測試第一公會");
    let text = browser.text_of(By::Css("#certificates"));
    assert!(["會務組", "財務組", "推廣組", "資訊組"].iter().all(|unit| text.contains(unit)) && !text.contains("第二"));
    inspect(&browser, "organisation", language);
    let holders = column(&browser, 1);
    assert!(holders.is_sorted(), "{holders:?}");

    sorted_filtered_and_paged(&browser, &desk, language);

    let (kind, csv) = fetched(&browser, "#csv");
    assert_eq!(kind, "text/csv; charset=utf-8");
    let header = format!("\u{feff}\"{}\",", said(language, "portal-card-holder"));
    assert!(csv.starts_with(&header) && csv.lines().count() == 16, "{csv}");

    // Those about to expire.
    browser.click(By::Css(".lists a[href='/xca/organisation/expiring']"));
    browser.find(By::Css("#what-to-do"));
    assert_eq!(column(&browser, 1), ["會務組"; 3]);
    let left = browser.text_of(By::Css("#certificates .left"));
    let days: String = left.chars().filter(char::is_ascii_digit).collect();
    assert!(
        (38..=41).contains(&days.parse::<u32>().unwrap()),
        "made 40 days before its end, some leap days away: {left}"
    );
    assert!(fetched(&browser, "#csv").1.lines().count() == 4);
    inspect(&browser, "organisation-expiring", language);
    narrow(&browser, &[("status", "suspended")]);
    browser.find(By::Css("#none"));
    inspect(&browser, "organisation-none", language);
    assert_quiet(&browser, &[&desk.portal(), &desk.agent()]);

    log_out(&browser, &desk, language);
}

fn sorted_filtered_and_paged(browser: &Browser, desk: &Desk, language: Tongue) {
    narrow(browser, &[("sort", "number")]);
    let numbers = column(browser, 2);
    assert!(numbers.len() == 15 && numbers.is_sorted(), "{numbers:?}");
    narrow(browser, &[("sort", "expiry")]);
    assert_eq!(column(browser, 1)[..6], ["財務組", "財務組", "財務組", "會務組", "會務組", "會務組"]);
    narrow(browser, &[("sort", "status")]);
    let status = |status: &str| said(language, &format!("portal-status-{status}"));
    let expected: Vec<_> = ["valid", "valid", "suspended", "expired", "revoked"].map(status).into();
    assert_eq!(column(browser, 4).into_iter().step_by(3).collect::<Vec<_>>(), expected);
    narrow(browser, &[("status", "suspended")]);
    assert_eq!(column(browser, 4), vec![status("suspended"); 3]);
    assert_eq!(column(browser, 1), ["推廣組"; 3]);
    // The other language shows the same.
    let other = LANGUAGES.into_iter().find(|one| *one != language).unwrap();
    for (tag, rows) in [(other.0, 3), (language.0, 3)] {
        browser.click(By::Css(&format!(".languages a[lang={tag}]")));
        browser.wait_for_attribute_of(By::Css("html"), "lang", Some(tag));
        assert_eq!(column(browser, 1).len(), rows);
    }
    narrow(browser, &[("status", "held")]);
    browser.find(By::Css("#none"));

    browser.open(&format!("{}/xca/organisation?sort=number&rows=10", desk.portal()));
    assert_eq!(column(browser, 2), numbers[..10]);
    inspect(browser, "organisation-page", language);
    browser.click(By::Css("#next"));
    browser.find(By::Css("#first"));
    assert_eq!(column(browser, 2), numbers[10..]);
    assert!(!browser.has(By::Css("#next")));
    browser.click(By::Css("#first"));
    browser.find(By::Css("#next"));
    assert_eq!(column(browser, 2), numbers[..10]);
}

fn log_out(browser: &Browser, desk: &Desk, language: Tongue) {
    browser.click(By::Css("#log-out"));
    browser.find(By::Css("#over"));
    inspect(browser, "logged-out", language);
    // Neither going back nor the address shows anything any more.
    browser.back();
    browser.wait_for_url("/xca/login");
    browser.open(&format!("{}/xca/organisation/expiring", desk.portal()));
    browser.wait_for_url("/xca/login?to=organisation/expiring");
    assert!(!browser.text().contains("會務組"));
    // And it leads to where one wanted to be.
    log_in(browser, "/xca/organisation/expiring");
    assert_eq!(column(browser, 1).len(), 3);
}

#[test]
fn an_organisations_certificates_are_listed_in_chinese() {
    an_organisations_contact(LANGUAGES[0]);
}

#[test]
fn an_organisations_certificates_are_listed_in_english() {
    an_organisations_contact(LANGUAGES[1]);
}

/// Whether a stranger finds the card, who knows its number and what its holder is called.
fn is_found(stranger: &Browser, desk: &Desk, number: &str, name: &str) -> bool {
    stranger.open(&format!("{}/xca/certificates", desk.portal()));
    stranger.fill(By::Css("#number"), number);
    stranger.fill(By::Css("#name"), name);
    stranger.click(By::Css("#find-by-card"));
    stranger.find(By::Css("#result, #nothing"));
    stranger.has(By::Css("#result"))
}

#[track_caller]
fn publication(language: Tongue) {
    let desk = Desk::in_state("activated");
    let (browser, stranger) = (start(language), start(language));
    browser.open(&format!("{}/xca/login", desk.portal()));
    log_in(&browser, "/xca/my-card");
    inspect(&browser, "my-card", language);
    let number = browser.text_of(By::Css("#number"));
    let found = |stranger: &Browser| is_found(stranger, &desk, &number, "測試第一公會");
    assert!(!is_found(&stranger, &desk, &number, "測試第二公會 TEST"));
    assert!(found(&stranger));
    browser.click(By::Css("#publish"));
    browser.find(By::Css("#changed"));
    inspect(&browser, "my-card-not-published", language);
    assert!(!found(&stranger));
    inspect(&stranger, "certificates-not-published", language);
    browser.click(By::Css("#publish"));
    browser.wait_until("the other state", |browser| browser.has(By::Css("[data-published=true]")));
    assert!(found(&stranger));
    // Who has logged in needs no user code for the contact.
    browser.click(By::Css("#change-contact"));
    browser.find(By::Css("#session"));
    inspect(&browser, "my-contact", language);
    assert!(!browser.has(By::Css("#user_code")));
    browser.fill(By::Css("#email"), "new-desk@kaika.example");
    browser.click(By::Css("#send"));
    browser.find(By::Css("#sent"));
    assert_quiet(&browser, &[&desk.portal(), &desk.agent()]);
    browser.open(&format!("{}/xca/my-card", desk.portal()));
    browser.click(By::Css("#log-out"));
    browser.find(By::Css("#over"));
}

#[test]
fn a_holder_decides_who_finds_the_card_in_chinese() {
    publication(LANGUAGES[0]);
}

#[test]
fn a_holder_decides_who_finds_the_card_in_english() {
    publication(LANGUAGES[1]);
}

/// A card that cannot log in is told why before anything is typed, with what helps.
#[test]
fn a_suspended_card_logs_nobody_in() {
    for language in LANGUAGES {
        let desk = Desk::in_state("suspended");
        let browser = start(language);
        browser.open(&format!("{}/xca/login", desk.portal()));
        browser.click(By::Css("#start"));
        browser.switch_to_popup();
        browser.wait_for_text("card_barred");
        assert!(!browser.has(By::Css("#pin")) && browser.text().contains("02-0000-0002"), "whom to call");
        browser.judge(&format!("window-login-suspended-{}", language.1), &LOOKS);
    }
}
