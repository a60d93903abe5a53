//! What a person types into the card window. It is checked here, goes to the card or the server with a job, and is kept
//! for going on after a cut; it never goes back to the window.

use crate::{engine::Inputs, new_pin};
use kaika_card::{Pin, Secrets};
use kaika_wire::{Code, Input, PinForm, PinPattern, Puk, UserCode};
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
            Code::PinForm | Code::PinTooSimple | Code::PinNotTaken => Self::NewPin,
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

/// What is to be said of a field. No `Debug`.
#[derive(Clone)]
pub(super) struct Remark {
    pub(super) field: Field,
    pub(super) says: Says,
}

#[derive(Clone)]
pub(super) enum Says {
    /// It is not taken.
    Wrong { code: Code, tries_left: Option<u8> },
    /// This PIN is easy to guess: the person is warned, and may want it all the same.
    Warned { of: PinPattern, pin: Pin },
}

impl Remark {
    pub(super) fn wrong(field: Field, code: Code) -> Self {
        Self { field, says: Says::Wrong { code, tries_left: None } }
    }

    #[cfg(test)]
    pub(super) fn code(&self) -> Option<Code> {
        match self.says {
            Says::Wrong { code, .. } => Some(code),
            Says::Warned { .. } => None,
        }
    }
}

/// What was said of the form last time.
fn warned(before: &[Remark]) -> Option<&Pin> {
    before.iter().find_map(|remark| match &remark.says {
        Says::Warned { pin, .. } => Some(pin),
        Says::Wrong { .. } => None,
    })
}

/// What was typed for these inputs, or what is to be said of it, in the order of the fields; `before`: what was said last
/// time.
pub(super) fn check(
    inputs: &[Input],
    typed: &InputForm,
    form: &PinForm,
    before: &[Remark],
) -> Result<Given, Vec<Remark>> {
    let mut given = Given::default();
    let mut errors = Vec::new();
    for input in inputs {
        match input {
            Input::UserCode => match UserCode::parse(&typed.user_code) {
                Ok(user_code) => given.user_code = Some(user_code),
                Err(_) => errors.push(Remark::wrong(Field::UserCode, of_form(&typed.user_code, Code::UserCodeForm))),
            },
            // Whatever its length: the card knows it.
            Input::Pin => match Pin::parse(&typed.pin) {
                Ok(pin) => given.pin = Some(pin),
                Err(_) => errors.push(Remark::wrong(Field::Pin, of_form(&typed.pin, Code::PinForm))),
            },
            Input::NewPin => match new_pin(typed, form, warned(before)) {
                Ok(pin) => given.new_pin = Some(pin),
                Err(error) => errors.push(error),
            },
        }
    }
    if errors.is_empty() { Ok(given) } else { Err(errors) }
}

/// The new PIN that was typed beside this PUK, or what is wrong with either.
pub(super) fn check_puk(puk: &Puk, typed: &InputForm, form: &PinForm, before: &[Remark]) -> Result<Pin, Vec<Remark>> {
    let mut errors = Vec::new();
    let digits_typed = Zeroizing::new(typed.puk.replace(' ', ""));
    if digits_typed.as_bytes() != puk.expose() {
        errors.push(Remark::wrong(Field::Puk, of_form(&typed.puk, Code::PukWrong)));
    }
    match new_pin(typed, form, warned(before)) {
        Ok(pin) if errors.is_empty() => return Ok(pin),
        Ok(_) => {}
        Err(error) => errors.push(error),
    }
    Err(errors)
}

fn new_pin(typed: &InputForm, form: &PinForm, warned: Option<&Pin>) -> Result<Pin, Remark> {
    let pin =
        Pin::parse(&typed.new_pin).map_err(|_| Remark::wrong(Field::NewPin, of_form(&typed.new_pin, Code::PinForm)))?;
    new_pin::check(&pin, form).map_err(|refusal| Remark::wrong(Field::NewPin, refusal.code))?;
    if typed.new_pin_again.is_empty() {
        return Err(Remark::wrong(Field::NewPinAgain, Code::SecretMissing));
    }
    if *typed.new_pin_again != *typed.new_pin {
        return Err(Remark::wrong(Field::NewPinAgain, Code::PinsDiffer));
    }
    match new_pin::warns(&pin, form, warned) {
        Some(of) => Err(Remark { field: Field::NewPin, says: Says::Warned { of, pin } }),
        None => Ok(pin),
    }
}

/// Nothing typed is not a matter of form.
fn of_form(text: &str, wrong: Code) -> Code {
    if text.is_empty() { Code::SecretMissing } else { wrong }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaika_wire::{JobKind, PinDigits, PinRules};

    fn typed(user_code: &str, new_pin: &str, new_pin_again: &str) -> InputForm {
        let typed = |text: &str| Zeroizing::new(text.to_owned());
        InputForm {
            user_code: typed(user_code),
            new_pin: typed(new_pin),
            new_pin_again: typed(new_pin_again),
            ..InputForm::default()
        }
    }

    /// None: a warning.
    fn remarks(typed: &InputForm, form: &PinForm, before: &[Remark]) -> Vec<(Field, Option<Code>)> {
        let remarks = check(JobKind::Activate.inputs(), typed, form, before).err().unwrap_or_default();
        remarks.iter().map(|remark| (remark.field, remark.code())).collect()
    }

    #[test]
    fn every_field_is_told_by_itself() {
        use Field::{NewPin, NewPinAgain, UserCode};
        let any = PinForm::default();
        let six = PinForm { digits: PinDigits { min: 6, max: 6 }, ..PinForm::default() };
        let lax = PinForm { rules: PinRules { refused: Vec::new(), warned_of: Vec::new() }, ..PinForm::default() };
        for (user_code, pin, again, form, expected) in [
            ("Abc123", "135790", "135790", &any, vec![]),
            ("Abc123", "13579024", "13579024", &any, vec![]),
            ("", "", "", &any, vec![(UserCode, Code::SecretMissing), (NewPin, Code::SecretMissing)]),
            ("Abc", "1357", "", &any, vec![(UserCode, Code::UserCodeForm), (NewPin, Code::PinForm)]),
            ("Abc 12", "135790", "", &any, vec![(UserCode, Code::UserCodeForm), (NewPinAgain, Code::SecretMissing)]),
            ("Abc123", "135790", "135791", &any, vec![(NewPinAgain, Code::PinsDiffer)]),
            ("Abc123", "１３５７９０", "１３５７９０", &any, vec![(NewPin, Code::PinForm)]),
            ("Abc123", "135790246", "135790246", &any, vec![(NewPin, Code::PinForm)]),
            ("Abc123", "1357902", "1357902", &six, vec![(NewPin, Code::PinForm)]),
            ("Abc123", "135790", "135790", &six, vec![]),
            ("Abc123", "777777", "", &any, vec![(NewPin, Code::PinTooSimple)]),
            ("Abc123", "87654321", "87654321", &any, vec![(NewPin, Code::PinTooSimple)]),
            ("Abc123", "777777", "777777", &lax, vec![]),
            ("Abc123", "19850412", "19850412", &lax, vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(field, code)| (field, Some(code))).collect();
            assert_eq!(remarks(&typed(user_code, pin, again), form, &[]), expected, "{user_code} {pin} {again}");
        }
    }

    #[test]
    fn who_was_warned_of_a_date_may_have_it() {
        let form = PinForm::default();
        let date = typed("Abc123", "19850412", "19850412");
        let warned = check(JobKind::Activate.inputs(), &date, &form, &[]).err().unwrap();
        assert_eq!(remarks(&date, &form, &[]), [(Field::NewPin, None)]);
        assert_eq!(remarks(&date, &form, &warned), []);
        assert_eq!(remarks(&typed("Abc123", "850412", "850412"), &form, &warned), [(Field::NewPin, None)], "another");
        assert_eq!(remarks(&typed("Abc123", "135790", "135790"), &form, &warned), []);
        let slip = remarks(&typed("", "19850412", "19850412"), &form, &[]);
        assert_eq!(slip, [(Field::UserCode, Some(Code::SecretMissing)), (Field::NewPin, None)]);
    }

    #[test]
    fn a_job_without_inputs_asks_for_nothing() {
        assert!(check(&[], &InputForm::default(), &PinForm::default(), &[]).is_ok());
    }
}
