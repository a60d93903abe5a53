//! Where a person's secrets come from: a prompt that shows nothing, or lines on standard input. Never the arguments,
//! which every program on the computer can read.

use super::output::Output;
use crate::{
    new_pin::{check, pattern_argument, warns},
    tool::TypedSecrets,
    words::digit_arguments,
};
use kaika_card::Pin;
use kaika_texts::{FluentValue, explain, text};
use kaika_wire::{Code, Input, JobKind, PinForm, Refusal};
use std::io::{self, BufRead};
use zeroize::Zeroizing;

/// Lines of standard input with the secrets that such a job needs, of the right form: what is not is said at once.
pub(super) fn lines(kind: JobKind) -> Result<TypedSecrets, Refusal> {
    let given = read_lines(io::stdin().lock())?;
    given.inputs(kind)?;
    Ok(given)
}

/// The same, typed by a person; `form` of a new PIN.
pub(super) fn person(kind: JobKind, form: &PinForm, output: &Output) -> Result<TypedSecrets, Refusal> {
    let given = prompt_for(kind, form, output)?;
    given.inputs(kind)?;
    Ok(given)
}

/// Whether the person means what cannot be taken back.
///
/// # Errors
/// [`Code::BadRequest`] where it is not said so.
pub(super) fn sure(output: &Output) -> Result<(), Refusal> {
    output.say("prompt-revoke", &[]);
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match read.is_ok() && answer.trim().eq_ignore_ascii_case("revoke") {
        true => Ok(()),
        false => Err(Refusal::new(Code::BadRequest).detail("not confirmed")),
    }
}

/// Lines `user_code=…`, `pin=…`, `new_pin=…` and `mail_code=…`.
fn read_lines(input: impl BufRead) -> Result<TypedSecrets, Refusal> {
    let mut given = TypedSecrets::default();
    for line in input.lines() {
        let line = Zeroizing::new(line.map_err(|_| Code::SecretMissing)?);
        if line.trim().is_empty() {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(unknown_line)?;
        let place = match name.trim() {
            "user_code" => &mut given.user_code,
            "pin" => &mut given.pin,
            "new_pin" => &mut given.new_pin,
            "mail_code" => &mut given.mail_code,
            _ => return Err(unknown_line()),
        };
        *place = Some(Zeroizing::new(value.trim_end_matches('\r').to_owned()));
    }
    Ok(given)
}

/// The line itself is not repeated: it may be a secret.
fn unknown_line() -> Refusal {
    Refusal::new(Code::BadRequest).detail("a line is user_code=…, pin=…, new_pin=… or mail_code=…")
}

fn prompt_for(kind: JobKind, form: &PinForm, output: &Output) -> Result<TypedSecrets, Refusal> {
    let prompt_with = |key: &str, arguments: &[(&'static str, FluentValue)]| {
        rpassword::prompt_password(format!("{} ", text(output.language, key, arguments)))
            .map(Zeroizing::new)
            .map_err(|_| Refusal::from(Code::SecretMissing))
    };
    let prompt = |key| prompt_with(key, &[]);
    let mut given = TypedSecrets::default();
    if kind == JobKind::SetEmail {
        given.mail_code = Some(prompt("prompt-mail_code")?).filter(|code| !code.trim().is_empty());
    }
    for input in kind.inputs() {
        match input {
            Input::UserCode => given.user_code = Some(prompt("prompt-user_code")?),
            Input::Pin => given.pin = Some(prompt("prompt-pin")?),
            Input::NewPin => {
                let mut typed = || {
                    let first = prompt_with("prompt-new_pin", &digit_arguments(form.digits))?;
                    Ok((first, prompt("prompt-new_pin_again")?))
                };
                given.new_pin = Some(new_pin(form, &mut typed, output)?);
            }
        }
    }
    Ok(given)
}

/// Typed twice, until it is one that the authority takes, or of no form of a PIN at all, which is told of later.
fn new_pin(
    form: &PinForm,
    typed: &mut dyn FnMut() -> Result<(Zeroizing<String>, Zeroizing<String>), Refusal>,
    output: &Output,
) -> Result<Zeroizing<String>, Refusal> {
    let mut warned = None;
    loop {
        let (first, second) = typed()?;
        if first != second {
            output.say("prompt-pins_differ", &[]);
            continue;
        }
        let Ok(pin) = Pin::parse(&first) else { return Ok(first) };
        if let Err(refusal) = check(&pin, form) {
            let Refusal { message, next_step, .. } = explain(output.language, refusal);
            kaika_say::complain!("{message} {next_step}");
        } else if let Some(pattern) = warns(&pin, form, warned.as_ref()) {
            output.say("prompt-pin_warned", &pattern_argument(pattern));
            warned = Some(pin);
        } else {
            return Ok(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(input: &str) -> Option<Code> {
        read_lines(input.as_bytes()).err().map(|refusal| refusal.code)
    }

    #[test]
    fn secrets_are_read_line_by_line() {
        let given = read_lines("new_pin=123456\r\n\nuser_code=a=b=c#1\n".as_bytes()).ok().unwrap();
        assert_eq!(given.user_code.as_ref().map(|code| code.as_str()), Some("a=b=c#1"));
        assert_eq!(given.new_pin.as_ref().map(|pin| pin.as_str()), Some("123456"));
        assert_eq!(given.inputs(JobKind::Unlock).err(), None);
        let missing = given.inputs(JobKind::ChangePin).err().unwrap();
        assert_eq!((missing.code, missing.detail.as_deref()), (Code::SecretMissing, Some("pin")));
        assert_eq!(code("puk=12345678\n"), Some(Code::BadRequest));
        assert_eq!(code("123456\n"), Some(Code::BadRequest));
    }
}
