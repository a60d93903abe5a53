//! Fields that several pages ask for, and what is wrong with them.

use kaika_domain::authorities::{CardRules, Policy};
use kaika_wire::{CardNumber, typed};

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field's id in the page.
    pub(crate) field: &'static str,
    /// The key of the text that says it.
    pub(crate) text: &'static str,
    /// That others would not see or read.
    pub(crate) sign: Option<char>,
}

impl FieldError {
    pub(crate) const fn new(field: &'static str, text: &'static str) -> Self {
        Self { field, text, sign: None }
    }
}

pub(crate) fn wrong_with(wrong: &[FieldError], field: &str) -> Option<&'static str> {
    wrong.iter().find(|wrong| wrong.field == field).map(|wrong| wrong.text)
}

/// What a field means; where it is wrong, that is noted beside what else is wrong with the form.
pub(crate) fn field_or_error<T>(wrong: &mut Vec<FieldError>, field: Result<T, FieldError>) -> Option<T> {
    field.map_err(|found| wrong.push(found)).ok()
}

/// As people type it: with spaces, in small letters, in full width; without letters where only one pair can stand there.
pub(crate) fn card_number(policy: &Policy, text: &str) -> Result<CardNumber, FieldError> {
    let wrong = |text| FieldError::new("number", text);
    let mut number = plain(text).to_ascii_uppercase();
    if number.is_empty() {
        return Err(wrong("portal-find-number-missing"));
    }
    if let [prefix] = policy.card.number_prefixes.as_slice()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        number.insert_str(0, prefix);
    }
    number.parse().map_err(|_| wrong("portal-find-number-wrong"))
}

/// The digits of a card number, typed with the letters before them or without.
pub(crate) fn card_digits(policy: &Policy, text: &str) -> Option<String> {
    let number = plain(text).to_ascii_uppercase();
    let without = policy.card.number_prefixes.iter().find_map(|prefix| number.strip_prefix(prefix));
    let digits = without.unwrap_or(&number);
    let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| digits.to_owned())
}

/// What [`card_digits`] takes, as long as this authority's numbers are, for `pattern` of a field (HTML: a regular
/// expression with the flag `v`).
pub(crate) fn number_pattern(card: &CardRules) -> String {
    // What `plain` leaves out.
    let between = r"[\s\p{Cf}\p{Pd}\u2212:：]*";
    let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c);
    let letter = |upper: char| {
        let lower = upper.to_ascii_lowercase();
        format!("{between}[{upper}{lower}{}{}]", wide(upper), wide(lower))
    };
    let letters: Vec<String> = card.number_prefixes.iter().map(|prefix| prefix.chars().map(letter).collect()).collect();
    let digits = card.number_digits;
    format!("(?:{})?(?:{between}[0-9０-９]){{{digits}}}{between}", letters.join("|"))
}

pub(crate) fn holder_name(text: &str) -> Result<String, FieldError> {
    let name = typed(text);
    let missing = FieldError::new("name", "portal-find-name-missing");
    (!name.is_empty()).then_some(name).ok_or(missing)
}

/// Without what separates; full-width forms as their ASCII twins.
pub(crate) fn plain(text: &str) -> String {
    narrow(text).chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | ':')).collect()
}

/// As it was meant, with full-width forms (U+FF01 to U+FF5E) as their ASCII twins.
pub(crate) fn narrow(text: &str) -> String {
    let typed = typed(text);
    let narrow = typed.chars().map(|c| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    });
    narrow.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::tests::policy;

    #[test]
    fn numbers_are_taken_as_people_type_them() {
        let (one, two) = (policy("GC"), policy("TP\", \"GP"));
        for typed in [
            "GC00000000000017",
            "\u{200e}GC0000\u{2013}0000000017",
            " gc0000 0000-000017 ",
            "ＧＣ００００００００００００１７",
            "00000000000017",
        ] {
            assert_eq!(card_number(&one, typed).map(|n| n.to_string()).as_deref(), Ok("GC00000000000017"), "{typed}");
        }
        for typed in ["GC", "G00000000000017", "GC0000000000001X", "卡號"] {
            assert_eq!(card_number(&one, typed).unwrap_err().text, "portal-find-number-wrong", "{typed}");
        }
        // Either pair of letters could stand there.
        assert_eq!(card_number(&two, "00000000000017").unwrap_err().text, "portal-find-number-wrong");
        assert_eq!(card_number(&one, "　").unwrap_err().text, "portal-find-number-missing");
    }

    #[test]
    fn digits_are_taken_with_their_letters_and_without() {
        let (one, two) = (policy("GC"), policy("TP\", \"GP"));
        for (policy, typed, digits) in [
            (&one, "GC00000000000017", Some("00000000000017")),
            (&one, " ｇｃ 0000-0000：００００１７ ", Some("00000000000017")),
            (&one, "17", Some("17")),
            (&two, "GP17", Some("17")),
            (&two, "tp 17", Some("17")),
            (&one, "GP17", None),
            (&one, "GC", None),
            (&one, "1X", None),
            (&one, "", None),
        ] {
            assert_eq!(card_digits(policy, typed).as_deref(), digits, "{typed}");
        }
    }

    #[test]
    fn a_name_is_whatever_is_not_empty() {
        assert_eq!(holder_name(" 測試 機關　").as_deref(), Ok("測試 機關"));
        assert_eq!(holder_name(" 　").unwrap_err().field, "name");
    }
}
