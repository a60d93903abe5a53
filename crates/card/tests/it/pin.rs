//! What is a PIN, and what is missing for a batch.

use crate::script::batch;
use kaika_card::{Pin, PinError, Secrets};
use kaika_wire::{Command, KeyAlgorithm, PinPattern, PinSource, Puk, Slot};
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
    check(42, "00000042");
    check(u128::MAX, "68211455");
}

/// Drawn again where it is one that is guessed first.
#[test]
fn a_random_pin_is_none_that_is_guessed_first() {
    let mut numbers = [0, 77_777_777, 12_345_678, 9_876_543, 19_850_412, 31_121_999, 40_271_853u128].into_iter();
    let pin = Pin::random(&mut |bytes: &mut [u8]| bytes.copy_from_slice(&numbers.next().unwrap().to_be_bytes()));
    assert_eq!(pin.expose(), "40271853");
}

#[test]
fn what_makes_a_pin_easy_to_guess_is_told() {
    use PinPattern::{Date, OneDigit, Run};
    let check = |texts: &[&str], expected: Option<PinPattern>| {
        for text in texts {
            assert_eq!(Pin::parse(text).unwrap().shows(&PinPattern::ALL), expected, "{text}");
        }
    };
    check(&["000000", "7777777", "99999999"], Some(OneDigit));
    check(&["123456", "23456789", "654321", "9876543", "567890", "7890123", "321098", "21098765"], Some(Run));
    // Years of four digits, of two, of the Republic; each order of day and month.
    check(&["19850412", "20240229", "12041985", "04301985", "31121999"], Some(Date));
    check(&["850412", "120485", "041285", "740412", "310199"], Some(Date));
    check(&["0740412", "1131231", "0010101"], Some(Date));
    check(&["402718", "135790", "998877", "223344", "500000", "8504120", "2001301", "18850412", "20241301"], None);
    check(&["993199", "320230", "41285000", "13571357"], None);
    assert_eq!(Pin::parse("850412").unwrap().shows(&[OneDigit, Run]), None);
    assert_eq!(Pin::parse("777777").unwrap().shows(&[]), None);
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
    fn any_random_pin_is_a_pin(mut number: u128) {
        let pin = Pin::random(&mut |bytes: &mut [u8]| {
            bytes.copy_from_slice(&number.to_be_bytes());
            number = number.wrapping_add(40_271);
        });
        prop_assert!(Pin::parse(pin.expose()).is_ok());
        prop_assert_eq!(pin.expose().len(), 8);
    }
}
