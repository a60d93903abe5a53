//! The holder's PIN exchanged, APDU by APDU: which PIN is tried when, and at what cost.

use crate::script::Script;
use kaika_card::{Pin, PinChange, change_pin};
use kaika_wire::CardFault;

const CHANGE: &str = "0024 0080 10 313335373930ffff 323436383032ffff";
const TRIES: &str = "0020 0080";
const VERIFY_NEW: &str = "0020 0080 08 323436383032ffff";

#[track_caller]
fn check(steps: &[(&str, &str)], resumes: bool, expected: Result<PinChange, CardFault>) {
    let mut script = Script::new(steps.iter().copied());
    let (from, to) = (Pin::parse("135790").unwrap(), Pin::parse("246802").unwrap());
    assert_eq!(change_pin(&mut script, &from, &to, resumes), expected, "{steps:?}");
}

fn refused(tries_left: Option<u8>) -> Result<PinChange, CardFault> {
    Ok(PinChange::Refused { tries_left })
}

#[test]
fn a_pin_is_changed_by_the_present_one() {
    for resumes in [false, true] {
        check(&[(CHANGE, "9000")], resumes, Ok(PinChange::Done));
        check(&[(CHANGE, "removed")], resumes, Err(CardFault::Removed));
        check(&[(CHANGE, "6f00")], resumes, Err(CardFault::Status { status: "6f00".parse().unwrap() }));
        // One try is left, none, or the card does not tell: no other PIN is tried.
        for (answer, left) in [("63c1", Some(1)), ("63c0", Some(0)), ("6983", Some(0))] {
            check(&[(CHANGE, answer)], resumes, refused(left));
        }
        // A card that does not tell is asked.
        for (answer, left) in [("63c1", Some(1)), ("6983", Some(0)), ("6a80", None)] {
            check(&[(CHANGE, "6300"), (TRIES, answer)], resumes, refused(left));
        }
    }
}

/// As cards say that it is too simple: nothing was changed, and no try spent.
#[test]
fn a_new_pin_that_the_card_does_not_take_is_told() {
    for answer in ["6985", "6a80"] {
        for resumes in [false, true] {
            check(&[(CHANGE, answer)], resumes, Ok(PinChange::NotTaken));
        }
    }
}

/// Not even where the new one would be right.
#[test]
fn a_wrong_pin_costs_one_try() {
    check(&[(CHANGE, "63c2")], false, refused(Some(2)));
}

#[test]
fn after_a_cut_the_new_pin_is_tried_too() {
    check(&[(CHANGE, "63c2"), (VERIFY_NEW, "9000")], true, Ok(PinChange::Done));
    check(&[(CHANGE, "63c4"), (VERIFY_NEW, "63c3")], true, refused(Some(3)));
    check(&[(CHANGE, "63c2"), (VERIFY_NEW, "63c1")], true, refused(Some(1)));
    check(&[(CHANGE, "63c2"), (VERIFY_NEW, "removed")], true, Err(CardFault::Removed));
}
