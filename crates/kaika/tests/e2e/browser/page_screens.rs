//! What can go wrong before and while a person is at the card window, as the portal's page shows it: each screen says
//! what is the matter, and its button goes on once that is mended.

use super::desk::{Desk, type_and_begin};
use super::window_screen::activations;
use super::{LANGUAGES, inspect, portal, said, start};
use crate::bench::{Running, eventually};
use crate::demo::Demo;
use kaika_testkit::browser::{Browser, By, Look, Options, Window};
use kaika_testkit::proxy::PublicProxy;
use kaika_testkit::site::{Answer, Site};
use kaika_testkit::tools;
use serde_json::json;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The only screen that is shown, announced by its focus, and judged.
#[track_caller]
fn assert_screen(browser: &Browser, language: (&str, &str), screen: &str, heading: &str) {
    browser.wait_for_text_of(By::Css(&format!("[data-screen={screen}] h2")), &said(language, heading));
    browser.wait_for_count_of(By::Css("[data-screen]"), 1);
    browser.wait_for_focus(screen);
    browser.wait_for_text_of(By::Css("#steps [aria-current=step]"), &said(language, "portal-step-window"));
    inspect(browser, &format!("screen-{screen}"), language);
}

fn open_page(browser: &Browser, portal: &str, authority: &str) {
    browser.open(&format!("{portal}/{authority}/activate"));
    browser.find(By::Css("#start"));
}

/// The button of the screen that is shown.
#[track_caller]
fn try_again(browser: &Browser) {
    browser.click(By::Css("#job [data-do=start]"));
}

/// The card window has come up, and asks for what it needs.
#[track_caller]
fn find_form(browser: &Browser) -> Window {
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
    window
}

/// A click that nobody made: then Chromium lets no window open.
fn start_without_click(browser: &Browser) {
    browser.evaluate("document.getElementById('start').click()");
}

#[test]
fn a_window_that_is_blocked_or_closed_is_opened_again() {
    let desk = Desk::new("gca");
    for language in LANGUAGES {
        let browser = start(language);
        open_page(&browser, &desk.portal(), "gca");
        start_without_click(&browser);
        assert_screen(&browser, language, "popup-blocked", "portal-blocked");
        // Which site is to be allowed.
        browser.wait_for_text(&desk.portal());
        assert_eq!(browser.windows().len(), 1);
        try_again(&browser);
        find_form(&browser);

        browser.close_window();
        assert_screen(&browser, language, "window-closed", "portal-closed");
        try_again(&browser);
        find_form(&browser);
        browser.close_window();
        browser.find(By::Css("[data-screen=window-closed]"));
        browser.click(By::Css("#job [data-do=back]"));
        browser.find(By::Css("[data-screen=start]"));
        browser.wait_for_focus("start");

        // As extensions do it that block windows: before it has loaded anything.
        browser.evaluate(
            "const open = window.open; window.open = (_, ...how) => { \
             const opened = open('about:blank', ...how); setTimeout(() => opened.close(), 50); return opened; }; null",
        );
        browser.click(By::Css("#start"));
        browser.find(By::Css("[data-screen=popup-blocked]"));
        browser.wait_for_focus("popup-blocked");
    }
    assert_eq!(activations(&desk), 0);
}

#[test]
fn how_to_allow_windows_is_told_for_the_browser_at_hand() {
    const WEBKIT: &str = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
    let mozilla = |rest: &str| format!("Mozilla/5.0 {rest}");
    let browsers = [
        (
            "chrome",
            mozilla("(X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"),
        ),
        (
            "chrome",
            mozilla(&format!("(iPhone; CPU iPhone OS 18_0 like Mac OS X) {WEBKIT} CriOS/140.0 Mobile Safari/604.1")),
        ),
        (
            "edge",
            mozilla(
                "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            ),
        ),
        ("firefox", mozilla("(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")),
        ("safari", mozilla(&format!("(Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.0 Safari/605.1.15"))),
        ("other", "Test/1.0".to_owned()),
    ];
    let demo = Demo::new();
    for language in LANGUAGES {
        let browser = start(language);
        for (name, agent) in &browsers {
            browser.cdp("Emulation.setUserAgentOverride", &json!({"userAgent": agent, "acceptLanguage": language.0}));
            open_page(&browser, &portal(&demo), "gca");
            start_without_click(&browser);
            browser.find(By::Css("[data-screen=popup-blocked]"));
            let shown = browser.texts_of(By::Css("[data-browser]"));
            let told: Vec<String> = [1, 2].map(|step| said(language, &format!("portal-blocked-{name}-{step}"))).into();
            assert_eq!(shown.len(), 1, "{name}: {shown:?}");
            assert!(told.iter().all(|step| shown[0].contains(step)), "{name}: {shown:?}");
            browser.judge(&format!("screen-popup-blocked-{name}-{}", language.1), &[Look::Phone]);
        }
    }
}

#[test]
fn an_agent_that_does_not_run_can_be_started() {
    let mut desk = Desk::new("gca");
    for language in LANGUAGES {
        desk.stop_agent();
        let browser = start(language);
        open_page(&browser, &desk.portal(), "gca");
        // The page has seen it by itself, and tells more if asked.
        browser.find(By::Css("#card [data-card=agent-missing]"));
        browser.click(By::Css("[data-help=agent-missing]"));
        browser.find(By::Css("[data-screen=agent-missing]"));
        browser.click(By::Css("#job [data-do=back]"));

        browser.click(By::Css("#start"));
        assert_screen(&browser, language, "agent-missing", "portal-missing");
        let command = format!("kaika-agent run --portal {}", desk.portal());
        browser.wait_for_text_of(By::Css("[data-screen=agent-missing] pre"), &command);
        browser.wait_for_windows(1);
        try_again(&browser);
        browser.find(By::Css("[data-screen=waiting]"));
        browser.find(By::Css("[data-screen=agent-missing]"));

        desk.start_agent();
        try_again(&browser);
        find_form(&browser);
    }
}

/// Another program at the agent's port, a web server as it happens to be.
fn squatter(desk: &Desk) -> Running {
    let port = desk.demo.agent_port();
    let folder = desk.bench.desk.path().to_str().unwrap();
    let arguments = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, &port.to_string()];
    let running = Running::start_other(&tools::find("python3"), &arguments, &[]);
    eventually("the other program listens", || TcpStream::connect(("127.0.0.1", port)).ok());
    running
}

#[test]
fn a_port_that_another_program_has_is_told_as_such() {
    let mut desk = Desk::new("gca");
    for language in LANGUAGES {
        desk.stop_agent();
        let other = squatter(&desk);
        let browser = start(language);
        open_page(&browser, &desk.portal(), "gca");
        browser.find(By::Css("#card [data-card=port-taken]"));
        browser.click(By::Css("#start"));
        assert_screen(&browser, language, "port-taken", "portal-taken");
        // Which port it is.
        browser.wait_for_text(&desk.agent());
        browser.wait_for_windows(1);

        drop(other);
        desk.start_agent();
        try_again(&browser);
        find_form(&browser);
    }
}

/// An agent of protocol 0, as far as a page sees one; `told`: where it says so before its window is open.
fn old_agent(desk: &Desk, told: bool) -> Site {
    let portal = desk.portal();
    Site::start_on(desk.demo.agent_port(), move |request| {
        let json = |body: &str| {
            let answer = Answer::html(body).with("Cache-Control", "no-store");
            if told { answer.with("Access-Control-Allow-Origin", &portal) } else { answer }
        };
        match request.path.split('?').next() {
            Some("/hello") => json(r#"{"proof":"00","protocol":0}"#),
            Some("/cards") => json(r#"{"changes":1,"readers":[]}"#),
            Some("/card") => {
                Answer::html("<script>opener.postMessage({kaika: 'window', version: 1, protocol: 0}, '*')</script>")
            }
            _ => Answer::status(404),
        }
    })
}

#[test]
fn an_agent_that_is_too_old_is_told_before_it_has_a_ticket() {
    let mut desk = Desk::new("gca");
    for language in LANGUAGES {
        for told in [true, false] {
            desk.stop_agent();
            let old = old_agent(&desk, told);
            let browser = start(language);
            open_page(&browser, &desk.portal(), "gca");
            let state = if told { "agent-old" } else { "port-taken" };
            browser.find(By::Css(&format!("#card [data-card={state}]")));
            browser.click(By::Css("#start"));
            assert_screen(&browser, language, "agent-old", "portal-old");
            browser.wait_for_windows(1);
            let tickets = |request: &kaika_testkit::browser::Request| request.url.ends_with("/tickets");
            assert!(!browser.requests().iter().any(tickets));

            drop(old);
            desk.start_agent();
            browser.click(By::Css("[data-screen=agent-old] [data-do=back]"));
            browser.find(By::Css("#card [data-card=found]"));
            browser.click(By::Css("#start"));
            find_form(&browser);
        }
    }
    assert_eq!(activations(&desk), 0);
}

/// Where the person has not let the page ask whether the agent is there, it tells both that may be.
#[test]
fn an_agent_that_cannot_be_asked_may_be_slow_or_missing() {
    let mut desk = Desk::new("gca");
    let proxy = PublicProxy::start(&desk.portal());
    for language in LANGUAGES {
        desk.stop_agent();
        let arguments = proxy.arguments(&[desk.agent().strip_prefix("http://").unwrap()]);
        let browser = Browser::start(language.0, &Options { arguments, ..Options::default() });
        let page = browser.window();
        let denied = json!({"permission": {"name": "loopback-network"}, "setting": "denied"});
        browser.cdp("Browser.setPermission", &denied);
        open_page(&browser, &desk.portal(), "gca");
        browser.find(By::Css("#card [data-card=not-allowed]"));
        browser.click(By::Css("#start"));
        browser.find(By::Css("[data-screen=agent-silent]"));
        browser.switch_to_popup();
        browser.switch_to(&page);
        assert_screen(&browser, language, "agent-silent", "portal-silent");
        for cause in ["portal-silent-slow", "portal-silent-error"] {
            browser.wait_for_words_in(By::Css("[data-screen=agent-silent] ul"), &said(language, cause));
        }

        desk.start_agent();
        // In the same window, which shows the browser's own error until then.
        try_again(&browser);
        browser.find(By::Css("[data-screen=waiting] [data-progress=begun]"));
        let windows = browser.wait_for_windows(2);
        browser.switch_to(&windows[1]);
        browser.find(By::Css("[data-screen=form]"));
    }
}

/// Somebody at this computer asks for tickets all the time, so that the server has had enough of it. Ends when dropped.
struct Flood {
    over: Arc<AtomicBool>,
    asking: Option<JoinHandle<()>>,
}

impl Flood {
    fn start(demo: &Demo) -> Flood {
        let host = format!("localhost:{}", demo.port());
        // Each is a source of its own, and the browser comes from one of them.
        let sources = ["127.0.0.1", "[::1]"].map(|address| format!("http://{address}:{}", demo.port()));
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let is_given = move |source: &str| {
            let asked = agent.post(format!("{source}/gca/activate/tickets")).header("Host", &host);
            asked.send_json(json!({})).is_ok_and(|answer| answer.status() == 200)
        };
        for source in &sources {
            let given = (0..200).take_while(|_| is_given(source)).count();
            assert!(given < 200, "tickets are given without end");
        }
        let over = Arc::new(AtomicBool::new(false));
        let asking = thread::spawn({
            let over = over.clone();
            move || {
                while !over.load(Ordering::Relaxed) {
                    sources.iter().for_each(|source| _ = is_given(source));
                    thread::sleep(Duration::from_millis(50));
                }
            }
        });
        Flood { over, asking: Some(asking) }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.asking.take().map(JoinHandle::join);
    }
}

/// The window that has just been opened, and that got no ticket. A ticket comes free every two seconds, and the window may
/// be quicker to it than the flood: it is closed then, and opened anew.
#[track_caller]
fn refused_window(browser: &Browser) -> Window {
    for _ in 0..10 {
        let window = browser.switch_to_popup();
        let screens = By::Css("[data-screen=no-ticket], [data-screen=form]");
        if browser.attribute_of(screens, "data-screen").as_deref() == Some("no-ticket") {
            return window;
        }
        browser.close_window();
        browser.find(By::Css("[data-screen=window-closed]"));
        try_again(browser);
    }
    panic!("each window got a ticket");
}

#[test]
fn without_a_ticket_page_and_window_say_why() {
    let mut desk = Desk::new("gca");
    for language in LANGUAGES {
        let browser = start(language);
        let page = browser.window();
        open_page(&browser, &desk.portal(), "gca");
        let flood = Flood::start(&desk.demo);
        browser.click(By::Css("#start"));
        let window = refused_window(&browser);
        let message = browser.text_of(By::Css("[data-screen=no-ticket] #message"));
        browser.judge(&format!("window-no-ticket-{}", language.1), &[Look::Window]);
        browser.switch_to(&page);
        assert_screen(&browser, language, "ticket-refused", "portal-refused");
        let told = browser.text_of(By::Css("[data-screen=ticket-refused]"));
        assert!(told.contains(&message), "page and window say the same: {message:?}, {told:?}");
        assert_eq!(message, said(language, "refusal-too_many_requests"));

        // And now there is no server any more.
        drop(flood);
        desk.demo.process().kill();
        browser.switch_to(&window);
        browser.click(By::Css("#again"));
        browser.wait_for_text(&said(language, "portal-gone"));
        browser.find(By::Css("[data-screen=no-ticket]"));
        browser.switch_to(&page);
        assert_screen(&browser, language, "server-gone", "portal-gone");

        desk.demo.start_again(&["--without-agent"]);
        browser.switch_to(&window);
        browser.click(By::Css("#again"));
        browser.find(By::Css("[data-screen=form]"));
        browser.switch_to(&page);
        browser.find(By::Css("[data-screen=waiting] [data-progress=begun]"));

        // From the page it goes as well; the server counts anew.
        let flood = Flood::start(&desk.demo);
        browser.switch_to(&window);
        browser.close_window();
        browser.find(By::Css("[data-screen=window-closed]"));
        try_again(&browser);
        refused_window(&browser);
        browser.switch_to(&page);
        browser.find(By::Css("[data-screen=ticket-refused]"));
        drop(flood);
        // One ticket every two seconds.
        thread::sleep(Duration::from_millis(2500));
        try_again(&browser);
        browser.find(By::Css("[data-screen=waiting] [data-progress=begun]"));
    }
    assert_eq!(activations(&desk), 0);
}

/// A window that closes cuts no job: the page goes on to how it ended.
#[test]
fn a_window_closed_too_early_leaves_the_job_to_its_end() {
    let mut desk = Desk::new("hca");
    let browser = start(LANGUAGES[0]);
    let page = browser.window();
    open_page(&browser, &desk.portal(), "hca");
    browser.click(By::Css("#start"));
    let window = find_form(&browser);

    // A job that failed.
    type_and_begin(&browser, "wrong-1", "246802");
    browser.find(By::Css("#user_code-error"));
    browser.switch_to(&page);
    browser.find(By::Css("[data-screen=waiting] [data-progress=refused]"));
    browser.switch_to(&window);
    browser.close_window();
    browser.wait_for_url("/hca/activate/outcome/");
    browser.wait_for_attribute_of(By::Css("#error"), "data-code", Some("user_code_wrong"));
    let in_both_languages = |name: &str| {
        for language in [LANGUAGES[1], LANGUAGES[0]] {
            browser.click(By::Css(&format!("nav [hreflang='{}']", language.0)));
            browser.wait_for_attribute_of(By::Css("html"), "lang", Some(language.0));
            inspect(&browser, name, language);
        }
    };
    in_both_languages("outcome-failed");

    // From the same page once more: one that goes on, after a look.
    let (_card, hold) = desk.put_back_held();
    browser.wait_for_text_of(By::Css("#start"), &said(LANGUAGES[0], "portal-go-on"));
    browser.click(By::Css("#start"));
    let window = find_form(&browser);
    type_and_begin(&browser, &desk.user_code, "246802");
    browser.switch_to(&page);
    browser.find(By::Css("[data-screen=waiting] [data-progress=running]"));
    browser.switch_to(&window);
    browser.close_window();
    browser.wait_for_url("/hca/activate/outcome/");
    browser.find(By::Css("#unfinished[data-state=running]"));
    in_both_languages("outcome-running");
    hold.let_go();
    browser.find(By::Css("tr[data-role]"));
    browser.wait_for_count_of(By::Css("tr[data-role]"), 4);
    assert_eq!(desk.card()["pin_tries_left"], 3);
}
