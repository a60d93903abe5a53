//! A field to type in, as it is shown: its words, and what is wrong with what was typed.

use super::super::inputs::{Field, FieldError};
use super::WindowTexts;
use crate::words::digit_arguments;
use kaika_texts::explain;
use kaika_wire::{Code, PinDigits, Refusal};

/// A field of the form; what was typed is not in it.
pub(super) struct ShownField {
    pub(super) id: &'static str,
    pub(super) label: String,
    pub(super) hint: String,
    /// What is wrong, and what to do about it.
    pub(super) error: Option<(String, String)>,
    pub(super) digits: bool,
    /// Whether what is typed is hidden.
    pub(super) masked: bool,
    /// Whether it has a line to itself; a new PIN stands beside its repetition.
    pub(super) whole: bool,
    /// Whether the person may look at it while typing.
    pub(super) can_show: bool,
}

impl ShownField {
    pub(super) fn of(field: Field, words: WindowTexts, digits: PinDigits, errors: &[FieldError]) -> Self {
        let error = errors.iter().find(|error| error.field == field);
        Self {
            id: field.id(),
            label: words.t(&format!("field-{}", field.id())),
            hint: words.with(&format!("field-{}.hint", field.id()), &digit_arguments(digits)),
            error: error.map(|error| words_of(error, words, digits)),
            digits: field != Field::UserCode,
            masked: field != Field::Puk,
            whole: !matches!(field, Field::NewPin | Field::NewPinAgain),
            can_show: field == Field::UserCode,
        }
    }
}

/// What is wrong with what was typed, and how it has to be.
fn words_of(error: &FieldError, words: WindowTexts, digits: PinDigits) -> (String, String) {
    match error.code {
        Code::SecretMissing => (words.t(&format!("field-{}.missing", error.field.id())), String::new()),
        Code::PukWrong => (words.t("field-puk.wrong"), String::new()),
        Code::PinForm if error.field == Field::Pin => {
            let explained = explain(words.language, error.code.into());
            (explained.message, explained.next_step)
        }
        Code::PinForm => (words.with("field-new_pin.form", &digit_arguments(digits)), String::new()),
        code => {
            let refusal = Refusal { tries_left: error.tries_left, ..Refusal::new(code) };
            let explained = explain(words.language, refusal);
            (explained.message, explained.next_step)
        }
    }
}
