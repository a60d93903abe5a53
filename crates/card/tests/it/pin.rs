//! What is a PIN, and what is missing for a batch.

use crate::script::batch;
use kaika_card::{Pin, PinError, Secrets};
use kaika_wire::{Command, KeyAlgorithm, PinSource, Puk, Slot};
use proptest::prelude::*;

#[test]
fn a_pin_is_six_to_eight_digits() {
    let check = |text: &str, expected: Result<(), PinError>| {
        assert_eq!(Pin::parse(text).map(|pin| assert_eq!(pin.expose(), text)), expected);
    };
    check("123456", Ok(()));
    check("1234567", Ok(()));
    check("12345678", Ok(()));
    check("", Err(PinError::Length));
    check("12345", Err(PinError::Length));
    check("123456789", Err(PinError::Length));
    check("12345a", Err(PinError::NotDigits));
    check("12 456", Err(PinError::NotDigits));
    check("１２３４５６", Err(PinError::NotDigits));
    check("測試測試測試", Err(PinError::NotDigits));
    check("測試", Err(PinError::Length));
}

#[test]
fn a_random_pin_has_eight_digits() {
    let check = |number: u128, expected: &str| {
        let pin = Pin::random(&mut |bytes: &mut [u8]| bytes.copy_from_slice(&number.to_be_bytes()));
        assert_eq!(pin.expose(), expected);
    };
    check(0, "00000000");
    check(42, "00000042");
    check(123_456_789, "23456789");
    check(u128::MAX, "68211455");
}

#[test]
fn a_missing_pin_is_named() {
    let none = Secrets::default();
    let check = |command: Command, expected: Option<PinSource>| {
        assert_eq!(none.missing(&batch(vec![Command::ReadRetries, command])), expected);
    };
    let acceptance = |pin| Command::SignAcceptance { pin, algorithm: KeyAlgorithm::P256, certificates: vec![] };
    check(acceptance(PinSource::Current), Some(PinSource::Current));
    check(acceptance(PinSource::New), Some(PinSource::New));
    check(acceptance(PinSource::Factory), None);
    let puk = Puk::parse("87654321").unwrap();
    check(Command::ResetRetryCounter { puk, pin: PinSource::New }, Some(PinSource::New));
    check(Command::BlockPin, None);
    check(
        Command::ProvePossession {
            slot: Slot::Signature,
            algorithm: KeyAlgorithm::P256,
            pin: PinSource::Current,
            public_key: None,
        },
        Some(PinSource::Current),
    );
}

proptest! {
    #[test]
    fn any_text_is_a_pin_or_not(text in "\\PC{0,10}") {
        let right = (6..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        prop_assert_eq!(Pin::parse(&text).is_ok(), right);
    }

    #[test]
    fn any_random_pin_is_a_pin(number: u128) {
        let pin = Pin::random(&mut |bytes: &mut [u8]| bytes.copy_from_slice(&number.to_be_bytes()));
        prop_assert!(Pin::parse(pin.expose()).is_ok());
        prop_assert_eq!(pin.expose().len(), 8);
    }
}
