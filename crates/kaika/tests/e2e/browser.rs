//! Kaika as people see it, in Chromium: the portal's pages, the card window, the tray.

#[path = "browser/attacks.rs"]
mod attacks;
#[path = "browser/card_panel.rs"]
mod card_panel;
#[path = "browser/desk.rs"]
mod desk;
#[path = "browser/journey.rs"]
mod journey;
#[path = "browser/keypad.rs"]
mod keypad;
#[path = "browser/mails.rs"]
mod mails;
#[path = "browser/new_authority.rs"]
mod new_authority;
#[path = "browser/organisation.rs"]
mod organisation;
#[path = "browser/other_pages.rs"]
mod other_pages;
#[path = "browser/page_screens.rs"]
mod page_screens;
#[path = "browser/pages.rs"]
mod pages;
#[path = "browser/queries.rs"]
mod queries;
#[path = "browser/services.rs"]
mod services;
#[path = "browser/site.rs"]
mod site;
#[path = "browser/status_changes.rs"]
mod status_changes;
#[path = "browser/story.rs"]
mod story;
#[path = "browser/talkative.rs"]
mod talkative;
#[path = "browser/tickets.rs"]
mod tickets;
#[path = "browser/tray.rs"]
mod tray;
#[path = "browser/window_card.rs"]
mod window_card;
#[path = "browser/window_cut.rs"]
mod window_cut;
#[path = "browser/window_form.rs"]
mod window_form;
#[path = "browser/window_page.rs"]
mod window_page;
#[path = "browser/window_reader.rs"]
mod window_reader;
#[path = "browser/window_screen.rs"]
mod window_screen;

use crate::demo::Demo;
use kaika_testkit::browser::{Browser, By, Look, Options};

/// Jobs that the demo has not done by itself: it makes every card, and lives with some of XCA's.
const OTHER_JOBS: &str =
    "card_job JOIN card ON card.id = card_job.card WHERE kind <> 'personalise' AND authority <> 'xca'";

/// What a holder's browser asks for, and what the pictures' names have of it.
const LANGUAGES: [(&str, &str); 2] = [("zh-TW", "zh"), ("en", "en")];

/// The narrowest window in which a page is to be read without scrolling sideways (WCAG 2.2, 1.4.10), and a small phone's.
const NARROW: [u32; 2] = [320, 360];

/// The largest first view, in bytes over the wire.
const FIRST_VIEW: u64 = 100_000;

/// The page as it is now, in this language, has what every page of ours has; with its pictures.
#[track_caller]
fn inspect(browser: &Browser, name: &str, language: (&str, &str)) {
    browser.wait_for_attribute_of(By::Css("html"), "lang", Some(language.0));
    browser.wait_for_count_of(By::Css("h1"), 1);
    assert!(!browser.title().is_empty(), "{name}");
    let name = format!("{name}-{}", language.1);
    // Contrast differs between light and dark, order between wide and narrow.
    browser.judge(&name, &[Look::Desktop, Look::PhoneDark]);
    browser.screenshot(&name, &[Look::DesktopDark, Look::Phone]);
    browser.assert_reflows(&NARROW);
}

/// Nothing has gone wrong that only the console tells, and nothing came from elsewhere.
#[track_caller]
fn assert_quiet(browser: &Browser, origins: &[&str]) {
    assert_eq!(browser.console_errors(), Vec::<String>::new());
    for request in browser.requests() {
        let own = origins.iter().any(|origin| request.url.starts_with(&format!("{origin}/")));
        // Pictures inside style sheets are no requests to anybody.
        assert!(own || request.url.starts_with("data:") || request.url == "about:blank", "{request:?}");
    }
}

fn portal(demo: &Demo) -> String {
    format!("http://localhost:{}", demo.port())
}

fn agent(demo: &Demo) -> String {
    format!("http://127.0.0.1:{}", demo.agent_port())
}

/// A text of ours, as a page in this language has it.
fn said(language: (&str, &str), key: &str) -> String {
    let language = kaika_texts::Language::ALL.into_iter().find(|one| one.tag() == language.0).unwrap();
    kaika_texts::text(language, key, &[])
}

/// The same, with one argument.
fn said_with(language: (&str, &str), key: &str, name: &'static str, value: &str) -> String {
    let language = kaika_texts::Language::ALL.into_iter().find(|one| one.tag() == language.0).unwrap();
    kaika_texts::text(language, key, &[(name, value.to_owned().into())])
}

fn start(language: (&str, &str)) -> Browser {
    Browser::start(language.0, &Options::default())
}
