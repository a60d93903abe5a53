//! Chromium, as a person sits before it: pages are opened, read, clicked and typed into, windows come and go.
//!
//! Everything waits for what is to come, and what does not come in time fails the test with what the page shows instead.
//! A page may draw itself anew at any moment: so nothing of it is kept between two looks (see [`By`]).

mod axe;
mod chromium;
mod element;
mod look;
#[cfg(test)]
mod tests;
mod traffic;

use std::cell::{Cell, Ref, RefCell};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use chromium::{Chromium, Profile};
pub use element::{By, key};
pub use look::Look;
pub use traffic::Request;
use traffic::Traffic;

use crate::webdriver::{Refused, Session};

/// How long a page may take for what it has to do; the machine may have other things to do.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Without a sandbox, because tests may run as root; the pages are our own. Nothing of the rest talks to anybody unasked.
const ARGUMENTS: &[&str] = &[
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A Chromium with a profile of its own. Dropped, the profile is gone with its windows, and so is Chromium where it was
/// started in another way than usual, or where the test has failed.
pub struct Browser {
    /// Gone only while the browser is dropped.
    chromium: RefCell<Option<Chromium>>,
    /// None where it is the one of Chromium's start.
    profile: Option<Profile>,
    /// The windows that have been seen, in the order in which they were.
    windows: RefCell<Vec<Window>>,
    traffic: RefCell<Traffic>,
    patience: Cell<Duration>,
}

/// A window, or a tab, which is the same to a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window(String);

/// How Chromium is to be started, other than usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Additional switches, for example those of [`PublicProxy`](crate::proxy::PublicProxy::arguments).
    pub arguments: Vec<String>,
    /// The display to show it on, `:99`. Without one it has no screen (`--headless`).
    pub display: Option<String>,
    /// The home folder, where Chromium has its certificates. Without one it is a new folder.
    pub home: Option<PathBuf>,
    /// More environment variables.
    pub environment: Vec<(String, String)>,
}

/// The text that can be seen.
const READ: &str = "return document.body ? document.body.innerText : ''";

impl Browser {
    /// A Chromium whose holder prefers `language`, for example `zh-TW` or `en`. Without options, an earlier test's may be
    /// taken over; nothing of that test is to be seen.
    ///
    /// # Panics
    /// Where chromium or chromedriver is missing or fails, or an earlier test is to be seen nevertheless.
    #[track_caller]
    pub fn start(language: &str, options: &Options) -> Browser {
        let usual = *options == Options::default();
        let started = if usual { Chromium::take(language) } else { Chromium::start(language, options) };
        let mut chromium = started.unwrap_or_else(|error| panic!("Chromium cannot be started: {error}"));
        let profile =
            usual.then(|| chromium.new_profile().unwrap_or_else(|error| panic!("Chromium gives no profile: {error}")));
        let browser = Browser {
            chromium: RefCell::new(Some(chromium)),
            profile,
            windows: RefCell::default(),
            traffic: RefCell::default(),
            patience: Cell::new(PATIENCE),
        };
        if browser.profile.is_some() {
            // The window of the test before was closed with its profile.
            browser.switch_to(&browser.chromium().first().clone());
            browser.forget_traffic();
            if browser.url() != "about:blank" {
                browser.fail("is not as new: its first window has been used");
            }
            browser.open_window(true);
            browser.assert_new();
        } else {
            browser.windows.replace(browser.windows());
        }
        // The switch --window-size would be one for popups, too.
        let size = json!({"x": 0, "y": 0, "width": 1280, "height": 900});
        browser.or_fail("resize its window", browser.session().post("/window/rect", size));
        browser
    }

    /// Nothing is to be seen of earlier tests.
    #[track_caller]
    fn assert_new(&self) {
        let profile = self.profile.as_ref().expect("it has one");
        let cookies = self.chromium.borrow_mut().as_mut().expect("it runs").cookies(profile);
        let cookies = cookies.unwrap_or_else(|error| self.fail(&format!("does not tell its cookies: {error}")));
        let windows = self.wait_for_windows(1).len();
        let seen = self.run("return [location.href, history.length, document.documentElement.innerText, !opener]", &[]);
        if (cookies, windows, &seen) != (0, 1, &json!(["about:blank", 1, "", true])) {
            self.fail(&format!("is not as new: {cookies} cookies, {windows} windows, {seen}"));
        }
        let (errors, requests) = (self.console_errors(), self.requests());
        let of_pages: Vec<_> = requests.iter().filter(|request| request.url != "about:blank").collect();
        if !errors.is_empty() || !of_pages.is_empty() {
            self.fail(&format!("is not as new: {errors:?}, {of_pages:?}"));
        }
    }

    fn chromium(&self) -> Ref<'_, Chromium> {
        Ref::map(self.chromium.borrow(), |chromium| chromium.as_ref().expect("it runs"))
    }

    fn session(&self) -> Ref<'_, Session> {
        Ref::map(self.chromium(), |chromium| &chromium.session)
    }

    /// Opens an empty tab, as a person does, and switches to it.
    #[track_caller]
    pub fn open_tab(&self) -> Window {
        self.open_window(false)
    }

    #[track_caller]
    fn open_window(&self, own: bool) -> Window {
        let opened = self.chromium.borrow_mut().as_mut().expect("it runs").open_window(self.profile.as_ref(), own);
        let opened = opened.unwrap_or_else(|error| self.fail(&format!("opens no window: {error}")));
        self.wait_until("a new window", |browser| browser.is_open(&opened));
        self.windows.borrow_mut().push(opened.clone());
        self.switch_to(&opened);
        opened
    }

    /// Opens a page in the current window, and returns when it has been loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.or_fail(&format!("open {url}"), self.session().post("/url", json!({"url": url})));
    }

    /// Sets out for a page in the current window: where something comes before it, outside of pages.
    #[track_caller]
    pub fn set_out_for(&self, url: &str) {
        // A moment later, so that the answer to this command does not wait for the page.
        self.run("setTimeout(() => location.assign(arguments[0]), 20)", &[json!(url)]);
    }

    #[track_caller]
    pub fn reload(&self) {
        self.or_fail("reload", self.session().post("/refresh", json!({})));
    }

    #[track_caller]
    pub fn back(&self) {
        self.or_fail("go back", self.session().post("/back", json!({})));
    }

    /// The address of the page in the current window.
    #[track_caller]
    pub fn url(&self) -> String {
        text(&self.or_fail("tell the address", self.session().get("/url")))
    }

    #[track_caller]
    pub fn title(&self) -> String {
        text(&self.or_fail("tell the title", self.session().get("/title")))
    }

    /// What can be read on the page.
    #[track_caller]
    pub fn text(&self) -> String {
        text(&self.run(READ, &[]))
    }

    /// Runs a script in the page, and returns what it `return`s; a promise is waited for. It counts as nobody's click.
    #[track_caller]
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.or_fail("run a script", self.session().post("/execute/sync", json!({"script": script, "args": arguments})))
    }

    /// A command of the Chrome DevTools Protocol to the current window, for example `Browser.setPermission`.
    #[track_caller]
    pub fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.or_fail(command, self.session().post("/goog/cdp/execute", json!({"cmd": command, "params": parameters})))
    }

    /// Runs a script in every page from now on, before the page's own.
    #[track_caller]
    pub fn run_before_pages(&self, script: &str) {
        self.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({"source": script}));
    }

    /// Waits until `is_so`.
    ///
    /// # Panics
    /// Where it is not after [`PATIENCE`], with what the page shows.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Browser) -> bool) {
        self.wait_for(what, || is_so(self).then_some(()));
    }

    /// Waits until a script returns what is wanted; unlike [`run`](Self::run) also while the page goes elsewhere.
    #[track_caller]
    pub fn wait_for_result(&self, what: &str, script: &str, is_so: impl Fn(&Value) -> bool) {
        let returned = RefCell::new(String::new());
        self.wait_for_or(
            || format!("{what}; there is {}", returned.borrow()),
            || {
                let result = self.session().post("/execute/sync", json!({"script": script, "args": []}));
                returned.replace(result.as_ref().map_or_else(Refused::to_string, Value::to_string));
                is_so(&result.ok()?).then_some(())
            },
        );
    }

    /// Waits until the page can be read to say this.
    #[track_caller]
    pub fn wait_for_text(&self, wanted: &str) {
        let shown = json!({"script": READ, "args": []});
        self.wait_for(&format!("the words {wanted:?}"), || {
            // A page on its way elsewhere has no text.
            let shown = self.session().post("/execute/sync", shown.clone()).ok()?;
            text(&shown).contains(wanted).then_some(())
        });
    }

    /// Waits until the address has this part.
    #[track_caller]
    pub fn wait_for_url(&self, part: &str) {
        self.wait_for(&format!("an address with {part:?}"), || {
            text(&self.session().get("/url").ok()?).contains(part).then_some(())
        });
    }

    /// All windows there are now, those that were seen first at the beginning.
    #[track_caller]
    pub fn windows(&self) -> Vec<Window> {
        let open = self.open_windows();
        let mut windows: Vec<Window> = self.windows.borrow().iter().filter(|one| open.contains(one)).cloned().collect();
        windows.extend(open.into_iter().filter(|one| !self.windows.borrow().contains(one)));
        windows
    }

    /// Waits until there are so many windows, and tells them as [`windows`](Self::windows) does.
    #[track_caller]
    pub fn wait_for_windows(&self, count: usize) -> Vec<Window> {
        self.wait_for(&format!("{count} windows"), || Some(self.windows()).filter(|windows| windows.len() == count))
    }

    /// The current window: the one that all else is about.
    #[track_caller]
    pub fn window(&self) -> Window {
        Window(text(&self.or_fail("tell its window", self.session().get("/window"))))
    }

    #[track_caller]
    pub fn switch_to(&self, window: &Window) {
        self.or_fail("switch to another window", self.session().post("/window", json!({"handle": window.0})));
    }

    /// Waits for a window that was not there before, and switches to it.
    #[track_caller]
    pub fn switch_to_popup(&self) -> Window {
        let popup = self.wait_for("another window", || {
            self.open_windows().into_iter().find(|one| !self.windows.borrow().contains(one))
        });
        self.windows.borrow_mut().push(popup.clone());
        self.switch_to(&popup);
        popup
    }

    #[track_caller]
    pub fn is_open(&self, window: &Window) -> bool {
        self.open_windows().contains(window)
    }

    /// Waits until a window has been closed, by itself or by another. Be in another one.
    #[track_caller]
    pub fn wait_until_closed(&self, window: &Window) {
        self.wait_until("a window to close", |browser| !browser.is_open(window));
    }

    /// Closes the current window, as by its cross, and switches to the first one.
    #[track_caller]
    pub fn close_window(&self) {
        self.or_fail("close its window", self.session().delete("/window"));
        if let Some(first) = self.windows().first() {
            self.switch_to(first);
        }
    }

    /// The size of the current window's inside, in CSS pixels.
    #[track_caller]
    pub fn size(&self) -> (u64, u64) {
        let size = self.run("return [innerWidth, innerHeight]", &[]);
        (size[0].as_u64().unwrap_or_default(), size[1].as_u64().unwrap_or_default())
    }

    #[track_caller]
    fn wait_for<T>(&self, what: &str, attempt: impl Fn() -> Option<T>) -> T {
        self.wait_for_or(|| what.to_owned(), attempt)
    }

    #[track_caller]
    fn wait_for_or<T>(&self, what: impl Fn() -> String, attempt: impl Fn() -> Option<T>) -> T {
        let patience = self.patience.get();
        let deadline = Instant::now() + patience;
        loop {
            if let Some(found) = attempt() {
                return found;
            }
            if Instant::now() > deadline {
                self.fail(&format!("waited {patience:?} in vain for {}", what()));
            }
            thread::sleep(Duration::from_millis(30));
        }
    }

    #[track_caller]
    fn open_windows(&self) -> Vec<Window> {
        // No answer is not the same as no windows.
        self.or_fail("tell its windows", self.try_open_windows())
    }

    fn try_open_windows(&self) -> Result<Vec<Window>, Refused> {
        let handles = self.session().get("/window/handles")?;
        let all = handles.as_array().into_iter().flatten().map(|handle| Window(text(handle)));
        // That of Chromium's start is nobody's.
        Ok(all.filter(|one| self.profile.is_none() || one != self.chromium().first()).collect())
    }

    #[track_caller]
    fn or_fail<T>(&self, what: &str, outcome: Result<T, Refused>) -> T {
        outcome.unwrap_or_else(|refused| self.fail(&format!("could not {what}: {refused}")))
    }

    /// Fails the test, with all that helps to see why. What was typed is not among it.
    #[track_caller]
    pub fn fail(&self, what: &str) -> ! {
        let told =
            |outcome: Result<Value, Refused>| outcome.map_or_else(|refused| refused.to_string(), |value| text(&value));
        let script = json!({"script": READ, "args": []});
        let shown = told(self.session().post("/execute/sync", script));
        let shown: String = shown.chars().take(4_000).collect();
        let console = self.traffic.borrow_mut().console(&self.session()).join("\n");
        panic!(
            "the browser {what}\n--- address: {}\n--- title: {}\n--- windows: {}\n--- text\n{shown}\n--- console\n{console}\n",
            told(self.session().get("/url")),
            told(self.session().get("/title")),
            self.try_open_windows().map_or(0, |windows| windows.len()),
        )
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let chromium = self.chromium.get_mut().take();
        // Whatever a failed test has met may still be in it.
        if let (Some(chromium), Some(profile)) = (chromium, &self.profile)
            && !thread::panicking()
        {
            chromium.give_back(profile).unwrap_or_else(|error| panic!("Chromium does not forget a test: {error}"));
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
