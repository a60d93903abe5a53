//! What a job that was cut has left, in words: the same in the card window, on the page and at the card tool.

use crate::{Language, text};
use kaika_wire::{Aftermath, JobKind, PinAfter};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AftermathWords {
    /// In place of one that says that nothing came of it, where that is not certain.
    pub heading: Option<String>,
    /// What is certain of the card.
    pub certain: String,
    /// What to do now, where it is not simply the same again.
    pub next: Option<String>,
}

/// None for what is done at a station.
pub fn aftermath(language: Language, left: &Aftermath) -> Option<AftermathWords> {
    let key = key(left)?;
    let say = |what: &str| text(language, &format!("aftermath-{key}{what}"), &[]);
    let heading = match left {
        Aftermath { maybe_done: true, .. } => Some("aftermath-heading-maybe-done"),
        Aftermath { kind: JobKind::Unlock | JobKind::ChangePin, pin: PinAfter::Unsure, .. } => {
            Some("aftermath-heading-unsure")
        }
        Aftermath { kind: JobKind::Unlock, pin: PinAfter::New, .. } => Some("aftermath-heading-new"),
        _ => None,
    };
    let next = matches!(key, "pin-unsure" | "changed-unsure" | "pin-new" | "maybe-done");
    Some(AftermathWords {
        heading: heading.map(|key| text(language, key, &[])),
        certain: say(""),
        next: next.then(|| say(".next")),
    })
}

fn key(left: &Aftermath) -> Option<&'static str> {
    Some(match (left.kind, left.pin) {
        (JobKind::Personalise, _) => return None,
        // Whatever the server made of it, the PIN is certain.
        (JobKind::Unlock, PinAfter::New) => "pin-new",
        _ if left.maybe_done => "maybe-done",
        (JobKind::Activate, PinAfter::Before) => "not-activated",
        (JobKind::Activate, PinAfter::Unsure | PinAfter::New) => "activation-begun",
        (JobKind::Unlock | JobKind::ChangePin, PinAfter::Before) => "pin-before",
        (JobKind::Unlock, PinAfter::Unsure) => "pin-unsure",
        (JobKind::ChangePin, PinAfter::Unsure | PinAfter::New) => "changed-unsure",
        (JobKind::Rewrite | JobKind::SetEmail, _) if left.changed => "written",
        (JobKind::Suspend | JobKind::Resume | JobKind::Revoke, _) => "status",
        (
            JobKind::Rewrite
            | JobKind::SetEmail
            | JobKind::Information
            | JobKind::Check
            | JobKind::Test
            | JobKind::Login,
            _,
        ) => "nothing",
    })
}
