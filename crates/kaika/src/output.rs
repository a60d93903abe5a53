//! What commands print: with `--json` one document on standard output, else sentences; complaints to standard error.

use kaika_texts::{Language, explain};
use kaika_wire::Refusal;
use serde::Serialize;
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(crate) fn language() -> Language {
    Language::of_terminal(|name| std::env::var(name).ok())
}

pub(crate) fn print_json(document: &impl Serialize) {
    kaika_say::say!("{}", serde_json::to_string_pretty(document).expect("a document of ours is JSON"));
}

/// As in RFC 3339.
pub(crate) fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// A refusal for people, and as the one document where it was asked for.
pub(crate) fn refuse(refusal: Refusal, as_json: bool) {
    let refusal = explain(language(), refusal);
    kaika_say::complain!("{}", refusal.message);
    if let Some(detail) = &refusal.detail {
        kaika_say::complain!("  {detail}");
    }
    kaika_say::complain!("{}", refusal.next_step);
    if as_json {
        print_json(&json!({ "error": refusal }));
    }
}
