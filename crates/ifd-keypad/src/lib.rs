//! A reader with a keypad for a real pcscd, for tests: a driver of the IFD handler interface 3.0, which pcscd loads, and
//! [`insert`], which puts a software card into it from a test.
//!
//! The driver listens on the Unix socket that its `DEVICENAME` names, `/dev/null:PATH`; a card that connects is inserted. A request is a length
//! of two bytes, a kind and what belongs to it; each has an answer, a length and that many bytes.

#![allow(non_snake_case, reason = "the names of the C interface")]

mod card;
mod channel;
mod driver;

pub use card::{Inserted, insert};

use std::path::PathBuf;

/// What the driver asks of the card's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    PowerOff = 0,
    /// The answer is the ATR.
    PowerOn = 1,
    /// The answer is the ATR.
    Reset = 2,
    /// Whether it is still there.
    Presence = 3,
    Apdu = 4,
    /// A PIN_VERIFY_STRUCTURE.
    Verify = 6,
    /// A PIN_MODIFY_STRUCTURE.
    Modify = 7,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::PowerOff, Self::PowerOn, Self::Reset, Self::Presence, Self::Apdu, Self::Verify, Self::Modify];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// Where cargo has put the driver for a test that depends on this crate: beside the test itself.
///
/// # Panics
/// Where it is not there.
pub fn driver() -> PathBuf {
    let test = std::env::current_exe().expect("a running program");
    let driver = test.with_file_name("libkaika_ifd_keypad.so");
    assert!(driver.exists(), "no driver at {}", driver.display());
    driver
}
