//! Pages that nobody sets out for: how a job stands that has not begun or is over, authorities that have no 開卡, and
//! what is not there.

use super::{LANGUAGES, inspect, portal, said, start};
use crate::demo::Demo;
use kaika_testkit::browser::{Browser, By};
use serde_json::{Value, json};

/// A ticket as a page gets it.
fn ticket(demo: &Demo, authority: &str) -> Value {
    let answer = ureq::post(format!("{}/{authority}/activate/tickets", portal(demo))).send_json(json!({}));
    answer.unwrap().body_mut().read_json().unwrap()
}

#[test]
fn a_job_that_never_begins_is_over_in_the_end() {
    let demo = Demo::new();
    let outcomes = LANGUAGES.map(|_| ticket(&demo, "gca")["outcome"].as_str().unwrap().to_owned());
    let browsers = LANGUAGES.map(start);
    for ((browser, language), outcome) in browsers.iter().zip(LANGUAGES).zip(&outcomes) {
        browser.open(&format!("{}{outcome}", portal(&demo)));
        browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-outcome-waiting"));
        browser.find(By::Css("#unfinished[data-state=waiting]"));
        inspect(browser, "outcome-waiting", language);
    }
    demo.data().sql("UPDATE ticket SET expires_at = 1");
    for (browser, language) in browsers.iter().zip(LANGUAGES) {
        // By itself.
        browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-outcome-over"));
        inspect(browser, "outcome-over", language);
        browser.click(By::Css("main .actions a[href='/gca/activate']"));
        browser.find(By::Css("#start"));
    }
}

#[test]
fn authorities_without_activation_say_what_to_do() {
    let demo = Demo::new();
    for language in LANGUAGES {
        let browser = start(language);
        for (authority, says) in [("moica", "portal-counter-title"), ("twca", "portal-mailer-title")] {
            browser.open(&format!("{}/{authority}/activate", portal(&demo)));
            assert_eq!(browser.url(), format!("{}/{authority}/", portal(&demo)));
            browser.wait_for_text_of(By::Css("#activation"), &said(language, says));
            assert!(!browser.has(By::Css(&format!("a[href='/{authority}/activate']"))));
            let telephone = browser.attribute_of(By::Css(".contact a.telephone"), "href").unwrap();
            assert!(telephone.starts_with("tel:"), "{telephone}");
            inspect(&browser, &format!("{authority}-activate"), language);
        }
    }
}

/// The status of the page that was opened last.
fn status(browser: &Browser) -> Option<u16> {
    let mut pages = browser.requests().into_iter().filter(|request| request.kind == "Document");
    pages.next_back().and_then(|page| page.status)
}

#[test]
fn what_is_not_there_is_told_as_a_page() {
    let demo = Demo::new();
    let outcome = ticket(&demo, "gca")["outcome"].as_str().unwrap().to_owned();
    let paths = [
        "/nothing/".to_owned(),
        "/gca/nothing".to_owned(),
        "/gca/activate/outcome/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "/gca/activate/outcome/".to_owned(),
        // Another authority does not answer for this job.
        outcome.replace("/gca/", "/hca/"),
        outcome.replace("/activate/", "/personalise/"),
        "/gca/certificates/00.cer".to_owned(),
    ];
    for language in LANGUAGES {
        let browser = start(language);
        for path in &paths {
            browser.forget_traffic();
            browser.open(&format!("{}{path}", portal(&demo)));
            browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-error-not-found"));
            assert_eq!(status(&browser), Some(404), "{path}");
        }
        inspect(&browser, "error-not-found", language);
        browser.click(By::Css("#error a[href='/']"));
        browser.find(By::Css("main a[href='/gca/']"));
    }
}
