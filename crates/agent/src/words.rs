//! What texts say in more than one place.

use kaika_texts::{FluentValue, Language};
use kaika_wire::PinDigits;

/// How many digits a PIN has: a number, or from one to another.
pub(crate) fn digit_arguments(digits: PinDigits) -> [(&'static str, FluentValue<'static>); 3] {
    let few = if digits.min == digits.max { "one" } else { "range" };
    [("form", few.into()), ("min", digits.min.into()), ("max", digits.max.into())]
}

/// A name and what it has, with the language's colon between them.
pub(crate) fn pair(language: Language, name: &str, value: &str) -> String {
    match language {
        Language::ZhTw => format!("{name}：{value}"),
        Language::En => format!("{name}: {value}"),
    }
}
