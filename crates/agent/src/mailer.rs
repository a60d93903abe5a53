//! The secret mailer's file: the PIN that a station delivers, on its disk before the card has it, so that no cut leaves
//! a card with a PIN that nobody knows.

use crate::file::write_private;
use kaika_card::Pin;
use kaika_wire::{CardNumber, Code, Refusal};
use serde::{Deserialize, Serialize};
use std::{fs, io::ErrorKind, path::Path};
use zeroize::Zeroizing;

#[derive(Serialize, Deserialize)]
struct Mailer {
    number: CardNumber,
    pin: Zeroizing<String>,
}

/// The PIN that the file holds for this card, or else a new one, which it holds from now on.
///
/// # Errors
/// [`Code::BadRequest`] where the file holds something else; [`Code::Internal`] where it cannot be read or written.
pub(crate) fn pin_for(path: &Path, number: &CardNumber) -> Result<Pin, Refusal> {
    let unusable = |code: Code, what: &str| Refusal::new(code).detail(format!("{}: {what}", path.display()));
    match fs::read(path).map(Zeroizing::new) {
        Ok(contents) => {
            let mailer: Mailer =
                serde_json::from_slice(&contents).map_err(|_| unusable(Code::BadRequest, "not a mailer file"))?;
            if mailer.number != *number {
                return Err(unusable(Code::BadRequest, "holds the PIN of another card"));
            }
            Pin::parse(&mailer.pin).map_err(|_| unusable(Code::BadRequest, "not a mailer file"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let pin = Pin::random(&mut crate::random);
            let mailer = Mailer { number: number.clone(), pin: Zeroizing::new(pin.expose().to_owned()) };
            let contents = serde_json::to_vec(&mailer)
                .map(Zeroizing::new)
                .map_err(|_| unusable(Code::Internal, "cannot be written"))?;
            write_private(path, &contents).map_err(|error| unusable(Code::Internal, &error.to_string()))?;
            Ok(pin)
        }
        Err(error) => Err(unusable(Code::Internal, &error.to_string())),
    }
}
