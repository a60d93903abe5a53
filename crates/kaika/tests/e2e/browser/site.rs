//! An authority's own server, with its own name, logo, footer and privacy notice.

use super::{LANGUAGES, assert_quiet, inspect, start};
use crate::bench::Running;
use crate::serve::Authority;
use kaika_testkit::browser::By;
use kaika_testkit::tools::Tool;
use std::fs;

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 64">
<style>.ring { fill: none; stroke: #0b6b53; stroke-width: 6 }</style>
<circle class="ring" cx="32" cy="32" r="26"/><path d="M20 34l9 9 16-20" fill="none" stroke="#b8860b" stroke-width="6"/>
<rect x="68" y="8" width="20" height="48" rx="4" fill="#0b6b53"/></svg>
"##;

const SITE: &str = r#"[site]
name = { zh = "某某機關憑證服務中心", en = "Certificate services of Some Agency" }
logo = "logo.svg"
test = false
footer = { zh = "某某機關 版權所有\n機關網站 https://www.agency.example/", en = "© Some Agency\nOur website https://www.agency.example/en" }
privacy = { zh = "privacy.zh.txt", en = "privacy.en.txt" }
"#;

/// Whose certificates are none for tests.
fn served() -> (Authority, Running) {
    let authority = Authority::unconfigured();
    authority.plain(&format!("http://localhost:{}", authority.port()), "sqlite:kaika.db");
    let config = authority.path("kaika.toml");
    let before = fs::read_to_string(&config).unwrap();
    fs::write(&config, before + SITE).unwrap();
    fs::write(authority.path("logo.svg"), LOGO).unwrap();
    fs::write(
        authority.path("privacy.zh.txt"),
        "我們記錄卡號、持有者名稱與聯絡信箱，只用來管理憑證。\n保存到憑證到期後七年。\n",
    )
    .unwrap();
    fs::write(authority.path("privacy.en.txt"), "We keep card numbers, holders' names and contact addresses, to look after certificates.\nThey are kept for seven years after a certificate's end.\n").unwrap();
    let policies = authority.path("authorities");
    fs::create_dir(&policies).unwrap();
    for file in ["roots.toml", "gca.toml"] {
        let text = fs::read_to_string(format!("{}/authorities/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        fs::write(format!("{policies}/{file}"), text.replace("1.3.6.1.5.5.7.13.3", "2.16.886.101.0.3.3")).unwrap();
    }
    authority.operator(&["config", "check"]).expect_success();
    authority.operator(&["init"]).expect_success();
    let mut server = Running::start("kaika", &["serve", "--config", &config], &[]);
    let ready = format!("http://localhost:{}/readyz", authority.port());
    server.wait_until("ready", |_| Tool::new("curl").args(["--silent", "--fail", &ready]).run().status.success());
    (authority, server)
}

#[track_caller]
fn a_site_has_its_own_face(language: (&str, &str), name: &str, privacy: &str) {
    let ((authority, _server), browser) = (served(), start(language));
    let origin = format!("http://localhost:{}", authority.port());
    for (path, picture) in [("/", "site-start"), ("/gca/", "site-home"), ("/no-such-page", "site-not-found")] {
        browser.open(&format!("{origin}{path}"));
        browser.wait_for_text_of(By::Css(".brand"), name);
        assert!(browser.title().ends_with(name), "{}", browser.title());
        assert!(!browser.has(By::Css(".label-tag")), "it is no test");
        browser.wait_for_result("the logo", "return document.querySelector('.brand img').naturalWidth", |width| {
            width.as_u64().is_some_and(|width| width > 0)
        });
        inspect(&browser, picture, language);
    }
    browser.forget_traffic();
    browser.open(&format!("{origin}/"));
    browser.click(By::Css(".footer a[href='/privacy']"));
    browser.wait_for_url("/privacy");
    browser.wait_for_words_in(By::Css("main"), privacy);
    inspect(&browser, "site-privacy", language);
    assert_quiet(&browser, &[&origin]);
}

#[test]
fn a_site_has_its_own_face_in_chinese() {
    a_site_has_its_own_face(LANGUAGES[0], "某某機關憑證服務中心", "只用來管理憑證");
}

#[test]
fn a_site_has_its_own_face_in_english() {
    a_site_has_its_own_face(LANGUAGES[1], "Certificate services of Some Agency", "seven years");
}
