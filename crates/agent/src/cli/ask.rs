//! Where a person's secrets come from: a prompt that shows nothing, or lines on standard input. Never the arguments,
//! which every program on the computer can read.

use super::output::Output;
use kaika_card::Pin;
use kaika_texts::text;
use kaika_wire::{Code, Refusal, UserCode};
use std::io::{self, BufRead};
use zeroize::Zeroizing;

/// No `Debug`.
pub(super) struct Given {
    pub(super) user_code: Zeroizing<String>,
    pub(super) new_pin: Zeroizing<String>,
}

/// User code and new PIN, of the right form: what is not is said at once.
pub(super) fn activation_secrets(from_stdin: bool, output: &Output) -> Result<Given, Refusal> {
    let given = if from_stdin { read_lines(io::stdin().lock())? } else { prompt_for(output)? };
    UserCode::parse(&given.user_code).map_err(|_| Code::UserCodeForm)?;
    Pin::parse(&given.new_pin).map_err(|_| Code::PinForm)?;
    Ok(given)
}

/// Lines `user_code=…` and `new_pin=…`.
fn read_lines(input: impl BufRead) -> Result<Given, Refusal> {
    let (mut user_code, mut new_pin) = (None, None);
    for line in input.lines() {
        let line = Zeroizing::new(line.map_err(|_| Code::SecretMissing)?);
        if line.trim().is_empty() {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(unknown_line)?;
        let place = match name.trim() {
            "user_code" => &mut user_code,
            "new_pin" => &mut new_pin,
            _ => return Err(unknown_line()),
        };
        *place = Some(Zeroizing::new(value.trim_end_matches('\r').to_owned()));
    }
    let missing = |name| move || Refusal::new(Code::SecretMissing).detail(name);
    Ok(Given {
        user_code: user_code.ok_or_else(missing("user_code"))?,
        new_pin: new_pin.ok_or_else(missing("new_pin"))?,
    })
}

/// The line itself is not repeated: it may be a secret.
fn unknown_line() -> Refusal {
    Refusal::new(Code::BadRequest).detail("a line is user_code=… or new_pin=…")
}

fn prompt_for(output: &Output) -> Result<Given, Refusal> {
    let prompt = |key: &str| {
        rpassword::prompt_password(format!("{} ", text(output.language, key, &[])))
            .map(Zeroizing::new)
            .map_err(|_| Refusal::from(Code::SecretMissing))
    };
    let user_code = prompt("prompt-user_code")?;
    let new_pin = loop {
        let (first, second) = (prompt("prompt-new_pin")?, prompt("prompt-new_pin_again")?);
        if first == second {
            break first;
        }
        output.say("prompt-pins_differ", &[]);
    };
    Ok(Given { user_code, new_pin })
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
        assert_eq!(*given.user_code, "a=b=c#1");
        assert_eq!(*given.new_pin, "123456");
        assert_eq!(code("new_pin=123456\n"), Some(Code::SecretMissing));
        assert_eq!(code("pin=123456\n"), Some(Code::BadRequest));
        assert_eq!(code("123456\n"), Some(Code::BadRequest));
    }
}
