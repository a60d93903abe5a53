//! Conversations of earlier agents and portals, see `conversations/README.md`; and how a message of today is held against
//! one of then.

use serde_json::{Map, Value};
use std::path::PathBuf;

pub struct Conversation {
    pub name: String,
    /// `card`, `typed`, `ticket`, `outcome`, `tool`: what stands beside the exchanges.
    pub facts: Value,
    pub exchanges: Vec<Exchange>,
}

pub struct Exchange {
    pub path: String,
    pub request: Value,
    pub status: u16,
    pub answer: Value,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("conversations")
}

fn read(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the portal of then said of itself.
pub fn well_known() -> Value {
    read("well-known")
}

impl Conversation {
    /// # Panics
    /// Where there is none of this name.
    pub fn of(name: &str) -> Self {
        let mut facts = read(name);
        let exchanges = facts["exchanges"].take();
        let exchange = |exchange: &Value| Exchange {
            path: text(&exchange["path"]),
            request: exchange["request"].clone(),
            status: exchange["status"].as_u64().and_then(|status| status.try_into().ok()).expect("a status"),
            answer: exchange["answer"].clone(),
        };
        let exchanges = exchanges.as_array().expect("exchanges").iter().map(exchange).collect();
        Self { name: name.to_owned(), facts, exchanges }
    }

    /// All that there are.
    ///
    /// # Panics
    /// Where they cannot be read.
    pub fn all() -> Vec<Self> {
        let files = std::fs::read_dir(folder()).expect("the folder of conversations");
        let names = files.filter_map(|file| file.ok()?.file_name().to_str()?.strip_suffix(".json").map(str::to_owned));
        let mut names: Vec<_> = names.filter(|name| name != "well-known").collect();
        names.sort();
        names.iter().map(|name| Self::of(name)).collect()
    }

    /// The file of the card as it was before; none for a blank one.
    pub fn card(&self) -> Option<PathBuf> {
        Some(folder().join(format!("{}.card", self.facts["card"].as_str()?)))
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Texts that mean something to a program, by their keys; all others may differ from one time to the next.
const WORDS: [&str; 12] = [
    "algorithm",
    "code",
    "command",
    "fault",
    "kind",
    "outcome",
    "pin",
    "pin_policy",
    "result",
    "role",
    "slot",
    "state",
];

/// What depends on the card, not on the programs: lists that may have other entries, and keys that may be absent.
const OF_THE_CARD: [&str; 4] = ["cards", "not_now", "unfinished", "contact"];

/// The message of today as a program of then would have sent it, or would have read it: without what is new.
///
/// # Errors
/// What a program of then would miss in it, or would not understand.
pub fn as_then(now: &Value, then: &Value) -> Result<Value, String> {
    compared("", now, then)
}

fn compared(key: &str, now: &Value, then: &Value) -> Result<Value, String> {
    match (now, then) {
        _ if OF_THE_CARD.contains(&key) => Ok(now.clone()),
        // What a card or a person may have, or not.
        (_, Value::Null) | (Value::Null, _) => Ok(now.clone()),
        (Value::Object(now), Value::Object(then)) => {
            let mut kept = Map::new();
            for (key, then) in then {
                match now.get(key) {
                    Some(now) => drop(
                        kept.insert(key.clone(), compared(key, now, then).map_err(|wrong| format!("{key}: {wrong}"))?),
                    ),
                    None if OF_THE_CARD.contains(&key.as_str()) => {}
                    None => return Err(format!("{key}: it is missing")),
                }
            }
            Ok(kept.into())
        }
        (Value::Array(now), Value::Array(then)) if now.len() == then.len() => {
            now.iter().zip(then).map(|(now, then)| compared(key, now, then)).collect()
        }
        (Value::String(told), Value::String(known)) if WORDS.contains(&key) && told != known => {
            Err(format!("{told} in place of {known}"))
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => Ok(now.clone()),
        _ => Err(format!("{now} in place of {then}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_new_is_left_out_and_what_is_missing_is_told() {
        let then = json!({"state": "running", "batch": {"sequence": 1, "commands": [{"command": "block_pin"}]}});
        let mut now = json!({
            "state": "running", "new": 1,
            "batch": {"sequence": 2, "hold": true, "commands": [{"command": "block_pin", "how": "well"}]},
        });
        let mut expected = then.clone();
        expected["batch"]["sequence"] = json!(2);
        assert_eq!(as_then(&now, &then), Ok(expected));
        for (at, wrong) in [
            ("/batch/commands/0/command", json!("block_puk")),
            ("/batch/commands", json!([])),
            ("/batch/sequence", json!("2")),
        ] {
            let mut now = now.clone();
            *now.pointer_mut(at).expect("a place") = wrong;
            assert!(as_then(&now, &then).is_err(), "{at}");
        }
        now["batch"].as_object_mut().expect("a batch").remove("sequence");
        assert_eq!(as_then(&now, &then), Err("batch: sequence: it is missing".to_owned()));
    }
}
