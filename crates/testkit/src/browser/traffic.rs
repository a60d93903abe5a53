//! What a browser asked for, and what it complained of: by chromedriver's logs, which are empty after each look.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Browser, text};
use crate::webdriver::Session;

/// What a page of any window asked for, favicons and redirects included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub url: String,
    /// `Document`, `Stylesheet`, `Script`, `Fetch`, …
    pub kind: String,
    /// None where there was no answer.
    pub status: Option<u16>,
    /// What came over the wire, head and body, in bytes.
    pub bytes: u64,
}

#[derive(Default)]
pub(super) struct Traffic {
    console: Vec<(String, String)>,
    requests: Vec<Request>,
    /// Where in `requests` one is that is under way.
    indices: HashMap<String, usize>,
}

impl Browser {
    /// All errors in the consoles of all windows since the start or the last [`forget_traffic`](Self::forget_traffic).
    pub fn console_errors(&self) -> Vec<String> {
        let mut traffic = self.traffic.borrow_mut();
        traffic.follow_console(&self.session());
        traffic.console.iter().filter(|(level, _)| level == "SEVERE").map(|(_, message)| message.clone()).collect()
    }

    /// All that was asked for since then, in its order.
    pub fn requests(&self) -> Vec<Request> {
        let mut traffic = self.traffic.borrow_mut();
        traffic.follow_network(&self.session());
        traffic.requests.clone()
    }

    pub fn forget_traffic(&self) {
        let mut traffic = self.traffic.borrow_mut();
        traffic.follow_console(&self.session());
        traffic.follow_network(&self.session());
        *traffic = Traffic::default();
    }
}

impl Traffic {
    /// All lines of the consoles.
    pub(super) fn console(&mut self, session: &Session) -> Vec<String> {
        self.follow_console(session);
        self.console.iter().map(|(level, message)| format!("{level} {message}")).collect()
    }

    fn follow_console(&mut self, session: &Session) {
        let lines = session.post("/se/log", json!({"type": "browser"})).unwrap_or_default();
        let lines = lines.as_array().into_iter().flatten();
        self.console.extend(lines.map(|line| (text(&line["level"]), text(&line["message"]))));
    }

    fn follow_network(&mut self, session: &Session) {
        let events = session.post("/se/log", json!({"type": "performance"})).unwrap_or_default();
        for event in events.as_array().into_iter().flatten() {
            if let Ok(event) = serde_json::from_str::<Value>(event["message"].as_str().unwrap_or_default()) {
                self.note(&event["message"]);
            }
        }
    }

    /// Takes in one event of CDP's domain Network. Bodies, in which there are secrets, are not kept.
    fn note(&mut self, event: &Value) {
        let parameters = &event["params"];
        let id = text(&parameters["requestId"]);
        let known = self.indices.get(&id).copied();
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                // A redirect goes on under the same id.
                if let Some(index) = known {
                    let answer = &parameters["redirectResponse"];
                    self.answered(index, answer);
                    self.requests[index].bytes += number(&answer["encodedDataLength"]);
                }
                self.indices.insert(id, self.requests.len());
                self.requests.push(Request {
                    method: text(&parameters["request"]["method"]),
                    url: text(&parameters["request"]["url"]),
                    kind: text(&parameters["type"]),
                    status: None,
                    bytes: 0,
                });
            }
            "Network.responseReceived" => {
                known.into_iter().for_each(|index| self.answered(index, &parameters["response"]))
            }
            "Network.loadingFinished" => known.into_iter().for_each(|index| {
                self.requests[index].bytes += number(&parameters["encodedDataLength"]);
            }),
            _ => {}
        }
    }

    fn answered(&mut self, index: usize, answer: &Value) {
        self.requests[index].status = answer["status"].as_u64().and_then(|status| status.try_into().ok());
    }
}

/// CDP counts bytes in floating point.
fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_f64().map(|bytes| bytes as u64)).unwrap_or_default()
}
