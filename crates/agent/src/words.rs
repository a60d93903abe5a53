//! What texts say in more than one place.

use kaika_texts::{FluentValue, Language};
use kaika_wire::{PinDigits, PinForm, PinPattern};
use time::{OffsetDateTime, UtcOffset, macros::offset};

const TAIPEI: UtcOffset = offset!(+8);

/// 1912 is its first year.
const BEFORE_THE_REPUBLIC: i32 = 1911;

/// How many digits a PIN has: a number, or from one to another.
pub(crate) fn digit_arguments(digits: PinDigits) -> [(&'static str, FluentValue<'static>); 3] {
    let few = if digits.min == digits.max { "one" } else { "range" };
    [("form", few.into()), ("min", digits.min.into()), ("max", digits.max.into())]
}

/// The same, and what else a new one has to be: `rules` is `both`, the one that there is, or `none`.
pub(crate) fn form_arguments(form: &PinForm) -> [(&'static str, FluentValue<'static>); 4] {
    let refused = |pattern| form.rules.refused.contains(&pattern);
    let rules = match (refused(PinPattern::OneDigit), refused(PinPattern::Run)) {
        (true, true) => "both",
        (true, false) => PinPattern::OneDigit.as_str(),
        (false, true) => PinPattern::Run.as_str(),
        (false, false) => "none",
    };
    let [how, min, max] = digit_arguments(form.digits);
    [how, min, max, ("rules", rules.into())]
}

/// A day in Taiwan; in Chinese also as forms there have it, in the years of the Republic of China.
pub(crate) fn written_day(language: Language, moment: OffsetDateTime) -> String {
    let day = moment.to_offset(TAIPEI).date();
    match language {
        Language::ZhTw => {
            let (year, month) = (day.year() - BEFORE_THE_REPUBLIC, u8::from(day.month()));
            format!("{day}（民國{year}年{month}月{}日）", day.day())
        }
        Language::En => day.to_string(),
    }
}

/// A name and what it has, with the language's colon between them.
pub(crate) fn pair(language: Language, name: &str, value: &str) -> String {
    match language {
        Language::ZhTw => format!("{name}：{value}"),
        Language::En => format!("{name}: {value}"),
    }
}
