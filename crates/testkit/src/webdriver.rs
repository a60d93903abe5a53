//! The WebDriver protocol (W3C) over Debian's chromedriver: JSON over HTTP, one command at a time.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::leash::Leash;
use crate::ports::PortPair;
use crate::tools;

/// The name under which WebDriver hands out elements (§12.3).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Longer than any command may take by itself; scripts have 30 seconds, pages 60.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long chromedriver may take to listen.
const START: Duration = Duration::from_secs(30);

/// A running chromedriver with one session: one Chromium. Dropped, both are gone, and their folder.
pub(crate) struct Session {
    http: ureq::Agent,
    address: String,
    _leash: Leash,
    _ports: PortPair,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Refused {
    /// WebDriver's name for it, for example `stale element reference` (§6.6).
    pub(crate) error: String,
    pub(crate) message: String,
}

impl Refused {
    /// Whether the page may only have to get further: the same command may work in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        let passing = [
            "detached shadow root",
            "element click intercepted",
            "element not interactable",
            "invalid element state",
            "no such element",
            "stale element reference",
        ];
        passing.contains(&self.error.as_str())
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Below the first line there are addresses of machine code.
        write!(f, "{}: {}", self.error, self.message.lines().next().unwrap_or_default())
    }
}

impl Session {
    /// Starts chromedriver in `folder`, which it owns from then on, with these additional variables, and a Chromium with
    /// these `goog:chromeOptions`. Tells where Chromium's own debugger listens, too.
    pub(crate) fn start(
        folder: &Path,
        environment: &[(String, String)],
        options: &Value,
    ) -> io::Result<(Session, String)> {
        let ports = PortPair::claim()?;
        let log = File::create(folder.join("log"))?;
        let variables: Vec<String> =
            environment.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        let program = tools::find("chromedriver");
        let start = format!("env {} '{}' --port={}", variables.join(" "), program.display(), ports.first);
        let leash = Leash::start_family(&start, folder, log)?;

        let http = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            // Whatever the surroundings say: this is 127.0.0.1.
            .proxy(None)
            .build()
            .new_agent();
        let address = format!("http://127.0.0.1:{}", ports.first);
        let deadline = Instant::now() + START;
        while !http.get(format!("{address}/status")).call().is_ok_and(|answer| answer.status() == 200) {
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(folder.join("log"))?;
                return Err(io::Error::other(format!("chromedriver is not ready after {START:?}:\n{log}")));
            }
            thread::sleep(Duration::from_millis(20));
        }

        let mut session = Session { http, address: format!("{address}/session"), _leash: leash, _ports: ports };
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "timeouts": {"implicit": 0, "pageLoad": 60_000, "script": 30_000},
            // A dialog of the page's is a surprise; the command that meets it fails.
            "unhandledPromptBehavior": "ignore",
        }}});
        let begun = session.post("", wanted).map_err(|refused| io::Error::other(refused.to_string()))?;
        session.address = format!("{address}/session/{}", begun["sessionId"].as_str().unwrap_or_default());
        let debugger = begun["capabilities"]["goog:chromeOptions"]["debuggerAddress"].as_str().unwrap_or_default();
        let version = session.http.get(format!("http://{debugger}/json/version")).call().map_err(io::Error::other)?;
        let version: Value = version.into_body().read_json().map_err(io::Error::other)?;
        Ok((session, version["webSocketDebuggerUrl"].as_str().unwrap_or_default().to_owned()))
    }

    pub(crate) fn get(&self, command: &str) -> Result<Value, Refused> {
        understood(self.http.get(format!("{}{command}", self.address)).call())
    }

    pub(crate) fn post(&self, command: &str, body: Value) -> Result<Value, Refused> {
        understood(self.http.post(format!("{}{command}", self.address)).send_json(body))
    }

    pub(crate) fn delete(&self, command: &str) -> Result<Value, Refused> {
        understood(self.http.delete(format!("{}{command}", self.address)).call())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Chromium ends on its own, and cleanly; otherwise the leash ends it.
        drop(self.delete(""));
    }
}

/// An element as a command's body or argument has it.
pub(crate) fn element(id: &str) -> Value {
    json!({ELEMENT: id})
}

/// The identity of an element that a command has found.
pub(crate) fn element_id(found: &Value) -> Option<String> {
    found[ELEMENT].as_str().map(str::to_owned)
}

fn understood(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Refused> {
    let broken = |error: ureq::Error| Refused { error: "no answer".into(), message: error.to_string() };
    let mut answer = answer.map_err(broken)?;
    // Logs and screenshots are larger than ureq's usual limit.
    let document: Value = answer.body_mut().with_config().limit(1 << 28).read_json().map_err(broken)?;
    let value = &document["value"];
    if answer.status().is_success() {
        return Ok(value.clone());
    }
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    Err(Refused { error: text("error"), message: text("message") })
}

/// For the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
