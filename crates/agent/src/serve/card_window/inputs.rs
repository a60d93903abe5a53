//! What a person types into the card window. It is checked here, goes to the card or the server with a job, and is kept
//! for going on after a cut; it never goes back to the window.

use crate::engine::Inputs;
use kaika_card::{Pin, Secrets};
use kaika_wire::{Code, Input, PinDigits, Puk, UserCode};
use serde::Deserialize;
use zeroize::Zeroizing;

/// As typed. No `Debug`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InputForm {
    #[serde(default)]
    user_code: Zeroizing<String>,
    #[serde(default)]
    pin: Zeroizing<String>,
    /// As shown, with a space or without.
    #[serde(default)]
    puk: Zeroizing<String>,
    #[serde(default)]
    new_pin: Zeroizing<String>,
    #[serde(default)]
    new_pin_again: Zeroizing<String>,
}

/// Of the right form. No `Debug`.
#[derive(Clone, Default)]
pub(super) struct Given {
    user_code: Option<UserCode>,
    pin: Option<Pin>,
    new_pin: Option<Pin>,
}

impl Given {
    pub(super) fn inputs(&self) -> Inputs {
        let secrets = Secrets { current_pin: self.pin.clone(), new_pin: self.new_pin.clone(), ..Secrets::default() };
        Inputs { user_code: self.user_code.clone(), mail_code: None, secrets }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    UserCode,
    Pin,
    Puk,
    NewPin,
    NewPinAgain,
}

impl Field {
    /// The fields in which an input is typed.
    pub(super) fn of(input: Input) -> &'static [Self] {
        match input {
            Input::UserCode => &[Self::UserCode],
            Input::Pin => &[Self::Pin],
            Input::NewPin => &[Self::NewPin, Self::NewPinAgain],
        }
    }

    /// The field of these inputs that a refusal is about, where it is about one: then the person types again.
    pub(super) fn blamed(code: Code, inputs: &[Input]) -> Option<Self> {
        let field = match code {
            Code::UserCodeWrong | Code::UserCodeForm => Self::UserCode,
            Code::PinWrong => Self::Pin,
            Code::PinForm => Self::NewPin,
            Code::PinsDiffer => Self::NewPinAgain,
            _ => return None,
        };
        inputs.iter().any(|input| Self::of(*input).contains(&field)).then_some(field)
    }

    /// Its id in the page, and its name in the request.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::UserCode => "user_code",
            Self::Pin => "pin",
            Self::Puk => "puk",
            Self::NewPin => "new_pin",
            Self::NewPinAgain => "new_pin_again",
        }
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    pub(super) field: Field,
    pub(super) code: Code,
    pub(super) tries_left: Option<u8>,
}

impl FieldError {
    fn new(field: Field, code: Code) -> Self {
        Self { field, code, tries_left: None }
    }
}

/// What was typed for these inputs, or what is wrong with it, in the order of the fields.
pub(super) fn check(inputs: &[Input], typed: &InputForm, digits: PinDigits) -> Result<Given, Vec<FieldError>> {
    let mut given = Given::default();
    let mut errors = Vec::new();
    for input in inputs {
        match input {
            Input::UserCode => match UserCode::parse(&typed.user_code) {
                Ok(user_code) => given.user_code = Some(user_code),
                Err(_) => errors.push(FieldError::new(Field::UserCode, of_form(&typed.user_code, Code::UserCodeForm))),
            },
            // Whatever its length: the card knows it.
            Input::Pin => match Pin::parse(&typed.pin) {
                Ok(pin) => given.pin = Some(pin),
                Err(_) => errors.push(FieldError::new(Field::Pin, of_form(&typed.pin, Code::PinForm))),
            },
            Input::NewPin => match new_pin(typed, digits) {
                Ok(pin) => given.new_pin = Some(pin),
                Err(error) => errors.push(error),
            },
        }
    }
    if errors.is_empty() { Ok(given) } else { Err(errors) }
}

/// The new PIN that was typed beside this PUK, or what is wrong with either.
pub(super) fn check_puk(puk: &Puk, typed: &InputForm, digits: PinDigits) -> Result<Pin, Vec<FieldError>> {
    let mut errors = Vec::new();
    let digits_typed = Zeroizing::new(typed.puk.replace(' ', ""));
    if digits_typed.as_bytes() != puk.expose() {
        errors.push(FieldError::new(Field::Puk, of_form(&typed.puk, Code::PukWrong)));
    }
    match new_pin(typed, digits) {
        Ok(pin) if errors.is_empty() => return Ok(pin),
        Ok(_) => {}
        Err(error) => errors.push(error),
    }
    Err(errors)
}

fn new_pin(typed: &InputForm, digits: PinDigits) -> Result<Pin, FieldError> {
    let pin = Pin::parse(&typed.new_pin)
        .ok()
        .filter(|pin| (usize::from(digits.min)..=usize::from(digits.max)).contains(&pin.expose().len()))
        .ok_or_else(|| FieldError::new(Field::NewPin, of_form(&typed.new_pin, Code::PinForm)))?;
    if typed.new_pin_again.is_empty() {
        return Err(FieldError::new(Field::NewPinAgain, Code::SecretMissing));
    }
    if *typed.new_pin_again != *typed.new_pin {
        return Err(FieldError::new(Field::NewPinAgain, Code::PinsDiffer));
    }
    Ok(pin)
}

/// Nothing typed is not a matter of form.
fn of_form(text: &str, wrong: Code) -> Code {
    if text.is_empty() { Code::SecretMissing } else { wrong }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaika_wire::JobKind;

    fn errors(user_code: &str, new_pin: &str, new_pin_again: &str, digits: PinDigits) -> Vec<(Field, Code)> {
        let typed = |text: &str| Zeroizing::new(text.to_owned());
        let typed = InputForm {
            user_code: typed(user_code),
            new_pin: typed(new_pin),
            new_pin_again: typed(new_pin_again),
            ..InputForm::default()
        };
        let wrong = check(JobKind::Activate.inputs(), &typed, digits).err().unwrap_or_default();
        wrong.iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn every_field_is_told_by_itself() {
        use Field::{NewPin, NewPinAgain, UserCode};
        let six = PinDigits { min: 6, max: 6 };
        let any = PinDigits::default();
        for (user_code, pin, again, digits, expected) in [
            ("Abc123", "135790", "135790", any, vec![]),
            ("Abc123", "13579024", "13579024", any, vec![]),
            ("", "", "", any, vec![(UserCode, Code::SecretMissing), (NewPin, Code::SecretMissing)]),
            ("Abc", "1357", "", any, vec![(UserCode, Code::UserCodeForm), (NewPin, Code::PinForm)]),
            ("Abc 12", "135790", "", any, vec![(UserCode, Code::UserCodeForm), (NewPinAgain, Code::SecretMissing)]),
            ("Abc123", "135790", "135791", any, vec![(NewPinAgain, Code::PinsDiffer)]),
            ("Abc123", "１３５７９０", "１３５７９０", any, vec![(NewPin, Code::PinForm)]),
            ("Abc123", "135790246", "135790246", any, vec![(NewPin, Code::PinForm)]),
            ("Abc123", "1357902", "1357902", six, vec![(NewPin, Code::PinForm)]),
            ("Abc123", "135790", "135790", six, vec![]),
        ] {
            assert_eq!(errors(user_code, pin, again, digits), expected, "{user_code} {pin} {again}");
        }
    }

    #[test]
    fn a_job_without_inputs_asks_for_nothing() {
        assert!(check(&[], &InputForm::default(), PinDigits::default()).is_ok());
    }
}
