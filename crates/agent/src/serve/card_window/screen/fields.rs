//! A field to type in, as it is shown: its words, and what is wrong with what was typed.

use super::super::inputs::{Field, Remark, Says};
use super::WindowTexts;
use crate::{
    new_pin::pattern_argument,
    words::{digit_arguments, form_arguments},
};
use kaika_texts::explain;
use kaika_wire::{Code, PinForm, Refusal};

/// A field of the form; what was typed is not in it.
pub(super) struct ShownField {
    pub(super) id: &'static str,
    pub(super) label: String,
    pub(super) hint: String,
    /// What is wrong or doubtful, and what to do about it.
    pub(super) remark: Option<(String, String)>,
    /// Whether it cannot be taken so.
    pub(super) wrong: bool,
    pub(super) digits: bool,
    /// Whether what is typed is hidden.
    pub(super) masked: bool,
    /// Whether it has a line to itself; a new PIN stands beside its repetition.
    pub(super) whole: bool,
    /// Whether the person may look at it while typing.
    pub(super) can_show: bool,
}

impl ShownField {
    pub(super) fn of(field: Field, words: WindowTexts, form: &PinForm, remarks: &[Remark]) -> Self {
        let remark = remarks.iter().find(|remark| remark.field == field);
        Self {
            id: field.id(),
            label: words.t(&format!("field-{}", field.id())),
            hint: words.with(&format!("field-{}.hint", field.id()), &form_arguments(form)),
            remark: remark.map(|remark| words_of(remark, words, form)),
            wrong: remark.is_some_and(|remark| matches!(remark.says, Says::Wrong { .. })),
            digits: field != Field::UserCode,
            masked: field != Field::Puk,
            whole: !matches!(field, Field::NewPin | Field::NewPinAgain),
            can_show: field == Field::UserCode,
        }
    }
}

impl ShownField {
    /// Of the remark.
    pub(super) fn class(&self) -> &'static str {
        if self.wrong { "error" } else { "doubt" }
    }
}

/// What is to be said of what was typed, and how it has to be.
fn words_of(remark: &Remark, words: WindowTexts, form: &PinForm) -> (String, String) {
    let (code, tries_left) = match remark.says {
        Says::Wrong { code, tries_left } => (code, tries_left),
        Says::Warned { of, .. } => {
            return (words.with("field-new_pin.warned", &pattern_argument(of)), words.t("field-new_pin.warned-next"));
        }
    };
    match code {
        Code::SecretMissing => (words.t(&format!("field-{}.missing", remark.field.id())), String::new()),
        Code::PukWrong => (words.t("field-puk.wrong"), String::new()),
        Code::PinForm if remark.field == Field::NewPin => {
            (words.with("field-new_pin.form", &digit_arguments(form.digits)), String::new())
        }
        code => {
            let explained = explain(words.language, Refusal { tries_left, ..Refusal::new(code) });
            (explained.message, explained.next_step)
        }
    }
}
