//! The card window as a page among others: who may open it and press its buttons, what becomes of it when agent or page
//! go, and that it keeps to itself what is typed.

use super::desk::Desk;
use super::window_screen::{CardWindow, DeskCard, LOOKS, activations, hold_open, let_go};
use super::{LANGUAGES, NARROW, assert_quiet, start};
use crate::bench::Running;
use kaika_testkit::browser::{Browser, By};
use kaika_wire::Code;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const PIN: &str = "13579086";

/// The agent anew, for this portal, and as talkative as it can be.
fn restart_agent(desk: &mut Desk, portal: &str) {
    desk.stop_agent();
    let token = desk.bench.desk.path().join("other-token");
    drop(fs::remove_file(&token));
    let listen = desk.agent().replace("http://", "");
    let arguments = ["run", "--listen", &listen, "--portal", portal, "--token-file", token.to_str().unwrap()];
    desk.agent = Running::start("kaika-agent", &arguments, &[desk.bench.pcscd.env(), ("RUST_LOG", "trace")]);
    desk.agent.wait_until("the agent listens", |_| token.exists());
}

#[test]
fn opened_by_hand_it_sends_people_to_the_website() {
    let desk = Desk::new("gca");
    for language in LANGUAGES {
        let browser = start(language);
        browser.open(&format!("{}/card?lang={}", desk.agent(), language.0));
        browser.find(By::Css("[data-screen=no-opener]"));
        browser.wait_for_text_of(By::Css("h1"), &super::said(language, "window-no-opener"));
        browser.wait_for_text(&super::said(language, "window-no-opener-next"));
        assert!(!browser.has(By::Css("button")) && !browser.text().contains(&desk.user_code));
        browser.judge(&format!("window-no-opener-{}", language.1), &LOOKS);
        browser.assert_reflows(&NARROW);
        // Without scripts there is a word, too.
        browser.cdp("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
        browser.reload();
        browser.wait_for_text_of(By::Css("noscript p"), &super::said(language, "window-no-script"));
    }
}

/// A site that the agent's configuration does not have.
#[test]
fn a_site_that_may_not_is_told_how_it_could() {
    let mut desk = Desk::new("gca");
    let card = DeskCard::first(&desk, "gca");
    for language in LANGUAGES {
        // The same server under another name is another site.
        let portal = desk.portal().replace("localhost", "127.0.0.1");
        restart_agent(&mut desk, &portal);
        let browser = start(language);
        let window = CardWindow::open(&browser, language, &desk.portal(), "gca");
        let next = window.is_refused(Code::NotPermitted);
        assert!(next.contains("kaika-agent run --portal"), "{next}");
        window.says("#site", &desk.portal());
        assert!(!window.has("[data-fact]"), "nothing of a card");
        window.judge("not-permitted");
        window.close();

        desk.stop_agent();
        desk.start_agent();
        CardWindow::open_at_form(&browser, language, &desk, "gca", &card);
    }
}

#[test]
fn an_agent_that_ends_takes_the_window_with_it() {
    let mut desk = Desk::new("gca");
    let card = DeskCard::first(&desk, "gca");
    for language in LANGUAGES {
        let browser = start(language);
        let window = CardWindow::open_at_form(&browser, language, &desk, "gca", &card);
        browser.fill(By::Css("#user_code"), &card.user_code);
        desk.stop_agent();
        browser.find(By::Css("[data-screen=agent-gone]"));
        assert!(!window.has("input"));
        window.announces(&window.said("window-agent-gone"));
        window.judge("agent-gone");
        desk.start_agent();
        // The new one does not know this window.
        browser.find(By::Css("[data-screen=forgotten]"));
        browser.wait_for_text(&window.said("window-forgotten-next"));
        window.judge("forgotten");
        window.close();
        browser.click(By::Css("[data-screen=window-closed] [data-do=start]"));
        browser.switch_to_popup();
        browser.find(By::Css("[data-screen=form]"));
    }
}

/// The page is closed while the person types: what needs no new ticket still goes, and what does is told.
#[test]
fn a_page_that_was_closed_gives_no_more_tickets() {
    let desk = Desk::new("gca");
    let card = DeskCard::first(&desk, "gca");
    for language in LANGUAGES {
        let browser = start(language);
        let window = CardWindow::open_at_form(&browser, language, &desk, "gca", &card);
        browser.switch_to(&window.page);
        browser.close_window();
        browser.switch_to(&window.window);
        window.begin("wrong-1", PIN);
        browser.find(By::Css("#user_code-error"));
        window.begin(&card.user_code, PIN);
        for _ in 0..2 {
            browser.find(By::Css("[data-screen=no-ticket]"));
            window.says("#message", &window.said("window-no-answer"));
            window.says("#next-step", &window.said("window-no-answer-next"));
            window.waits_at("heading");
            window.press("#again");
        }
        browser.find(By::Css("[data-screen=no-ticket]"));
        window.judge_job("no-answer");
    }
    assert_eq!(activations(&desk), 2);
}

/// Nobody is made to press a button by a window that comes up under the pointer.
#[test]
fn its_buttons_wait_until_it_was_looked_at() {
    let desk = Desk::new("gca");
    let card = DeskCard::first(&desk, "gca");
    let browser = start(LANGUAGES[1]);
    let window = CardWindow::open_at_form(&browser, LANGUAGES[1], &desk, "gca", &card);
    browser.wait_until("the button", |_| window.has("#start:not([aria-disabled])"));

    browser.run("document.hasFocus = () => false; window.dispatchEvent(new Event('blur'))", &[]);
    browser.wait_for_attribute_of(By::Css("#start"), "aria-disabled", Some("true"));
    browser.click_anyway(By::Css("#start"));
    window.announces(&window.said("window-not-in-focus"));

    // A click and the key Enter, half way, and when the button has become ready.
    let script = "const start = () => document.getElementById('start'); const form = () => document.getElementById('job-form'); \
        document.hasFocus = () => true; window.dispatchEvent(new Event('focus')); const since = performance.now(); \
        setTimeout(() => { start().click(); form().requestSubmit(); }, 300); \
        return new Promise(done => { const look = () => start().hasAttribute('aria-disabled') \
            ? requestAnimationFrame(look) : done(performance.now() - since); look(); })";
    let waited = browser.run(script, &[]).as_f64().unwrap();
    assert!((590.0..2000.0).contains(&waited), "{waited} ms");
    assert!(!browser.requests().iter().any(|request| request.url.ends_with("/card/run")), "nothing was sent");
    assert!(!window.has(".error"));
    window.press("#start");
    browser.find(By::Css(".error"));
}

/// All that the page hears, and all that it sends; kept across its ways.
const RECORD: &str = "{ const note = (what) => sessionStorage.setItem('noted', \
    (sessionStorage.getItem('noted') ?? '') + JSON.stringify(what)); \
    addEventListener('message', (event) => note([event.origin, event.data])); \
    const fetch = window.fetch; window.fetch = (...what) => { note(['fetch', ...what]); return fetch(...what); }; }";

/// All of the window's document, what stands in its fields and its storage included.
const REMAINS: &str = "return document.documentElement.outerHTML + JSON.stringify([history.state, location.href, \
    {...sessionStorage}, {...localStorage}, [...document.querySelectorAll('input')].map(one => one.value)])";

fn files_with(folder: &Path, secret: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_with(&path, secret, found);
        } else if let Ok(content) = fs::read(&path)
            && content.windows(secret.len()).any(|part| part == secret.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
}

fn text(browser: &Browser, script: &str) -> String {
    match browser.run(script, &[]) {
        Value::String(text) => text,
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_typed_goes_nowhere_else() {
    let mut desk = Desk::new("gca");
    let card = DeskCard::first(&desk, "gca");
    let portal = desk.portal();
    restart_agent(&mut desk, &portal);
    let browser = start(LANGUAGES[0]);
    browser.run_before_pages(RECORD);
    let window = CardWindow::open_at_form(&browser, LANGUAGES[0], &desk, "gca", &card);
    let secrets = ["Wrong123", card.user_code.as_str(), PIN];
    window.begin("Wrong123", PIN);
    browser.find(By::Css("#user_code-error"));
    let mut seen = text(&browser, REMAINS);
    hold_open(&browser);
    window.begin(&card.user_code, PIN);
    browser.wait_until_gone(By::Css("input"));
    seen += &text(&browser, REMAINS);
    browser.find(By::Css("[data-screen=succeeded]"));
    seen += &text(&browser, REMAINS);
    browser.judge("window-succeeded-zh", &[kaika_testkit::browser::Look::Window]);
    let_go(&browser);
    window.succeeds("gca");

    seen += &text(&browser, REMAINS);
    let noted = text(&browser, "return sessionStorage.getItem('noted')");
    for expected in ["\"ticket-wanted\"", "\"user_code_wrong\"", "\"succeeded\"", "/gca/activate/tickets"] {
        assert!(noted.contains(expected), "{expected}: {noted}");
    }
    let logged = desk.agent.stderr();
    assert!(logged.contains("TRACE") || logged.contains("DEBUG"), "{logged}");
    for (place, told) in [
        ("the window", seen),
        ("the page", noted),
        ("an address", format!("{:?}", browser.requests())),
        ("the agent's output", desk.agent.stdout()),
        ("the agent's log", logged),
        ("the server's log", desk.demo.process().stderr()),
    ] {
        assert!(secrets.iter().all(|secret| !told.contains(secret)), "a secret is in {place}");
    }
    assert_quiet(&browser, &[&desk.portal(), &desk.agent()]);
    // The demo remembers the user codes that it has made up; a PIN is nowhere.
    let mut found = Vec::new();
    files_with(&desk.demo.data().path(), PIN, &mut found);
    files_with(desk.bench.desk.path(), "Wrong123", &mut found);
    assert_eq!(found, Vec::<String>::new());
}
