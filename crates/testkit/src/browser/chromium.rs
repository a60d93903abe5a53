//! Chromium itself. It costs more to start than most tests do with it, so one that is started as usual is kept for the
//! next test when a test is over. Each test has a profile of its own in it – a browser context of the debugger's, with its
//! own cookies, storage, cache, permissions, history and connections –, which is gone at its end with all its windows.

use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::{ARGUMENTS, Options, PATIENCE, Window, text};
use crate::webdriver::Session;

/// More than that would only take memory: what is out at the same time, in each language, is little more.
const IDLE: usize = 6;

/// Those that are waiting for a test. They end with the process, since their leashes do.
static WAITING: Mutex<Vec<Chromium>> = Mutex::new(Vec::new());

/// A running Chromium with its chromedriver. Dropped, both are gone.
pub(super) struct Chromium {
    pub(super) session: Session,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests look for its processes by it"))]
    pub(super) folder: PathBuf,
    /// What its holder prefers.
    language: String,
    /// The window that it has begun with. Where profiles come and go it stays, empty: without any, Chromium ends.
    first: Window,
    debugger: Debugger,
}

/// Chromium's debugger, for what chromedriver lets no window do.
struct Debugger {
    socket: WebSocket<TcpStream>,
    asked: u64,
}

/// A profile in a Chromium, by its name.
pub(super) struct Profile(String);

impl Chromium {
    /// One that waits, or a new one.
    pub(super) fn take(language: &str) -> io::Result<Chromium> {
        let mut waiting = WAITING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let at = waiting.iter().rposition(|one| one.language == language);
        let kept = at.map(|at| waiting.remove(at));
        drop(waiting);
        kept.map_or_else(|| Chromium::start(language, &Options::default()), Ok)
    }

    /// Takes away what a test has left, and keeps the rest for the next one.
    pub(super) fn give_back(mut self, profile: &Profile) -> io::Result<()> {
        self.debugger.ask("Target.disposeBrowserContext", &json!({"browserContextId": profile.0}))?;
        let mut waiting = WAITING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        waiting.push(self);
        let ended = (waiting.len() > IDLE).then(|| waiting.remove(0));
        drop(waiting);
        drop(ended);
        Ok(())
    }

    pub(super) fn start(language: &str, options: &Options) -> io::Result<Chromium> {
        let chromium = crate::tools::find("chromium");
        // The leash removes it.
        let folder = tempfile::Builder::new().prefix("kaika-browser-").tempdir()?.keep();

        let path = |path: &Path| path.to_str().expect("paths here are UTF-8").to_owned();
        let home = options.home.clone().unwrap_or_else(|| folder.clone());
        let mut environment = vec![("HOME".to_owned(), path(&home)), ("LANGUAGE".to_owned(), language.to_owned())];
        // Chromium leaves files in it, too.
        environment.push(("TMPDIR".to_owned(), path(&folder)));
        environment.extend(options.environment.iter().cloned());

        let mut arguments: Vec<String> = ARGUMENTS.iter().map(|&argument| argument.to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", path(&folder.join("profile"))));
        arguments.push(format!("--lang={language}"));
        match &options.display {
            Some(display) => environment.push(("DISPLAY".to_owned(), display.clone())),
            // Its own idea of a screen is smaller than the windows on it.
            None => arguments.extend(["--headless=new", "--screen-info={1600x1200}"].map(str::to_owned)),
        }
        arguments.extend(options.arguments.iter().cloned());

        let settings = json!({
            "binary": path(&chromium),
            "args": arguments,
            // Popups are blocked as for everybody: chromedriver would let them through.
            "excludeSwitches": ["disable-popup-blocking"],
            "prefs": {
                "intl.accept_languages": language,
                // Debian's first page is one of the internet.
                "session.restore_on_startup": 4,
                "session.startup_urls": ["about:blank"],
            },
        });
        let (session, debugger) = Session::start(&folder, &environment, &settings)?;
        let first = session.get("/window").map_err(|refused| io::Error::other(refused.to_string()))?;
        let debugger = Debugger::connect(&debugger)?;
        Ok(Chromium { session, folder, language: language.to_owned(), first: Window(text(&first)), debugger })
    }

    /// The window that is nobody's while there are profiles.
    pub(super) fn first(&self) -> &Window {
        &self.first
    }

    /// A profile as new as that of a Chromium that has just been started.
    pub(super) fn new_profile(&mut self) -> io::Result<Profile> {
        let profile = self.new_profile_beside()?;
        let all = self.debugger.ask("Target.getBrowserContexts", &json!({}))?;
        if all["browserContextIds"] != json!([profile.0]) {
            return Err(io::Error::other(format!("a profile of an earlier test is still there: {all}")));
        }
        let targets = self.debugger.ask("Target.getTargets", &json!({}))?;
        let outside = targets["targetInfos"].as_array().into_iter().flatten().find(|target| {
            let is_of_start = target["browserContextId"] == all["defaultBrowserContextId"];
            target["type"] == "page" && is_of_start && target["targetId"] != self.first.0
        });
        if let Some(outside) = outside {
            return Err(io::Error::other(format!("a window of an earlier test is still there: {outside}")));
        }
        Ok(profile)
    }

    /// The same, whatever else there is.
    pub(super) fn new_profile_beside(&mut self) -> io::Result<Profile> {
        // Should the connection end, so does the profile.
        let made = self.debugger.ask("Target.createBrowserContext", &json!({"disposeOnDetach": true}))?;
        Ok(Profile(text(&made["browserContextId"])))
    }

    /// An empty window of its own, or a tab, in this profile or that of the start.
    pub(super) fn open_window(&mut self, profile: Option<&Profile>, own: bool) -> io::Result<Window> {
        let mut wanted = json!({"url": "about:blank", "newWindow": own});
        if let Some(Profile(name)) = profile {
            wanted["browserContextId"] = json!(name);
        }
        let made = self.debugger.ask("Target.createTarget", &wanted)?;
        Ok(Window(text(&made["targetId"])))
    }

    /// How many cookies this profile has.
    pub(super) fn cookies(&mut self, profile: &Profile) -> io::Result<usize> {
        let got = self.debugger.ask("Storage.getCookies", &json!({"browserContextId": profile.0}))?;
        got["cookies"]
            .as_array()
            .map(Vec::len)
            .ok_or_else(|| io::Error::other(format!("no cookies, not even none: {got}")))
    }
}

impl Debugger {
    /// `ws://AUTHORITY/PATH`.
    fn connect(url: &str) -> io::Result<Debugger> {
        let authority = url.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let stream = TcpStream::connect(authority)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let (socket, _) = tungstenite::client(url, stream).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Debugger { socket, asked: 0 })
    }

    fn ask(&mut self, command: &str, parameters: &Value) -> io::Result<Value> {
        self.asked += 1;
        let question = json!({"id": self.asked, "method": command, "params": parameters});
        self.socket.send(Message::text(question.to_string())).map_err(io::Error::other)?;
        loop {
            let message = self.socket.read().map_err(io::Error::other)?;
            let Message::Text(text) = message else { continue };
            let answer: Value = serde_json::from_str(&text)?;
            // Beside answers there are events.
            if answer["id"] == self.asked {
                return match answer.get("error") {
                    Some(error) => Err(io::Error::other(format!("{command}: {error}"))),
                    None => Ok(answer["result"].clone()),
                };
            }
        }
    }
}
