//! The card window as its page's script speaks with the agent: who may speak, and what is shown when.

#[path = "card_window/attacks.rs"]
mod attacks;
#[path = "card_window/journey.rs"]
mod journey;
#[path = "card_window/refusals.rs"]
mod refusals;

use crate::{
    cards::PUK,
    portal::{ORIGIN, Script, informed, running, succeeded},
    server::{Answer, Running},
};
use kaika_wire::{Command, KeyAlgorithm, PinSource, Puk};
use serde_json::{Value, json};
use std::{cell::RefCell, time::Duration};

pub(crate) const USER_CODE: &str = "Abc123";
pub(crate) const PIN: &str = "135790";

/// An open window, with all that its page got to see.
pub(crate) struct Window<'a> {
    agent: &'a Running,
    token: String,
    view: Value,
    seen: RefCell<String>,
}

impl<'a> Window<'a> {
    pub(crate) fn open(agent: &'a Running) -> Self {
        let page = agent.get("/card?lang=en").body;
        let (_, rest) = page.split_once("data-token=\"").unwrap();
        let token = rest.split('"').next().unwrap().to_owned();
        Self { agent, token, view: json!({"version": 0}), seen: RefCell::new(page) }
    }

    /// Opened by the configured portal for an activation, and shown the first thing that is not a wait.
    pub(crate) fn begun(agent: &'a Running) -> Self {
        let mut window = Self::open(agent);
        window.begin(ORIGIN, "first-ticket");
        window.settle();
        window
    }

    fn send(&self, what: &str, body: &Value) -> Answer {
        let (host, origin) = (self.agent.host(), self.agent.origin());
        let headers = [
            ("Host", host.as_str()),
            ("Origin", &origin),
            ("Content-Type", "application/json"),
            ("X-Kaika-Window", &self.token),
        ];
        let answer = self.agent.send(&format!("POST /card/{what}"), &headers, &body.to_string());
        self.seen.borrow_mut().push_str(&answer.body);
        answer
    }

    /// # Panics
    /// Where the agent refuses.
    fn act(&mut self, what: &str, body: Value) -> &Value {
        let answer = self.send(what, &body);
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        self.view = serde_json::from_str(&answer.body).unwrap();
        &self.view
    }

    fn begin(&mut self, origin: &str, ticket: &str) {
        self.act("begin", json!({"origin": origin, "kind": "activate", "authority": "gca", "ticket": ticket}));
    }

    fn watch(&mut self) {
        let seen = self.view["version"].clone();
        self.act("watch", json!({ "seen": seen }));
    }

    /// Watches until it shows something else than that it is busy.
    fn settle(&mut self) {
        self.until("something to do", |window| !matches!(window.screen(), "looking" | "working"));
    }

    fn until(&mut self, what: &str, reached: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            if reached(self) {
                return;
            }
            self.watch();
        }
        panic!("the window never came to {what}: {}", self.view);
    }

    /// Watches until this refusal is on the screen.
    fn until_refused(&mut self, code: &str) {
        self.until(code, |window| window.shown_code() == code);
    }

    fn screen(&self) -> &str {
        self.view["screen"].as_str().unwrap_or("none")
    }

    fn html(&self) -> &str {
        self.view["html"].as_str().unwrap()
    }

    fn shown_code(&self) -> &str {
        let after = self.view["html"].as_str().and_then(|html| html.split_once("data-code=\""));
        after.and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default()
    }

    fn has(&self, text: &str) -> bool {
        self.html().contains(text)
    }

    fn typed(user_code: &str, pin: &str, again: &str) -> Value {
        json!({
            "card": crate::portal::NUMBER,
            "typed": {"user_code": user_code, "new_pin": pin, "new_pin_again": again},
        })
    }

    fn run(&mut self) {
        self.act("run", Self::typed(USER_CODE, PIN, PIN));
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        // Whatever happened: nothing that was typed ever came back.
        for secret in [USER_CODE, PIN] {
            assert!(!self.seen.borrow().contains(secret) || std::thread::panicking(), "{secret} was shown");
        }
    }
}

fn prove() -> Vec<Command> {
    vec![Command::ProveCard { algorithm: KeyAlgorithm::P256 }]
}

fn open_card() -> Vec<Command> {
    vec![
        Command::ResetRetryCounter { puk: Puk::parse(PUK).unwrap(), pin: PinSource::New },
        Command::SignAcceptance { pin: PinSource::New, algorithm: KeyAlgorithm::P256, certificates: Vec::new() },
    ]
}

/// What a portal says of an unopened card.
fn unopened() -> [crate::portal::Answer; 2] {
    [running(1, prove()), informed(false, &[])]
}

/// What a portal has done to open one.
fn opening() -> [crate::portal::Answer; 3] {
    [running(1, prove()), running(2, open_card()), succeeded(Vec::new())]
}

fn script(parts: impl IntoIterator<Item = Vec<crate::portal::Answer>>) -> Script {
    Script::new(parts.into_iter().flatten())
}

/// The jobs that were started, with their tickets.
fn tickets(script: &Script) -> Vec<(String, Option<String>)> {
    let started = script.played(|played| played.started.clone());
    started
        .iter()
        .map(|start| (start["kind"].as_str().unwrap().to_owned(), start["ticket"].as_str().map(str::to_owned)))
        .collect()
}

const LONG: Duration = Duration::from_secs(10);
