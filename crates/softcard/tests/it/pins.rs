//! PIN and PUK: tries, forms, what lasts and what does not.

use super::rig::{Rig, padded, two};

const CHANGE: u8 = 0x24;
const UNBLOCK: u8 = 0x2C;
const PIN: u8 = 0x80;
const PUK: u8 = 0x81;

#[test]
fn verifying_and_asking() {
    let mut rig = Rig::new();
    assert_eq!(rig.status(0x20, 0x00, PIN, &[]), 0x63C3);
    assert_eq!(rig.verify("123456"), 0x9000);
    assert_eq!(rig.status(0x20, 0x00, PIN, &[]), 0x9000);
    assert_eq!(rig.status(0x20, 0xFF, PIN, &[]), 0x9000);
    assert_eq!(rig.status(0x20, 0x00, PIN, &[]), 0x63C3);
}

#[test]
fn a_wrong_pin_costs_a_try_and_the_state() {
    let mut rig = Rig::new();
    rig.verify("123456");
    assert_eq!(rig.verify("654321"), 0x63C2);
    assert!(!rig.is_verified());
    assert_eq!(rig.verify("123456"), 0x9000);
    assert_eq!(rig.card().inspect().pin_tries_left(), 3);
}

#[test]
fn three_wrong_pins_block() {
    let mut rig = Rig::new();
    for status in [0x63C2, 0x63C1, 0x63C0, 0x6983] {
        assert_eq!(rig.verify("000000"), status);
    }
    assert_eq!(rig.verify("123456"), 0x6983);
    assert_eq!(rig.status(0x20, 0x00, PIN, &[]), 0x6983);
    assert_eq!(rig.status(CHANGE, 0x00, PIN, &two("123456", "111111")), 0x6983);
}

#[test]
fn a_wrong_form_costs_nothing() {
    let mut rig = Rig::new();
    let wrong: [&[u8]; 6] =
        [b"12345\xFF\xFF\xFF", b"1234567", b"123456789", b"12345a\xFF\xFF", &[0xFF; 8], b"1234\xFF\xFF56"];
    for pin in wrong {
        assert_eq!(rig.status(0x20, 0x00, PIN, pin), 0x6A80, "{pin:02X?}");
        let both = [pin, &padded("123456")].concat();
        assert_eq!(rig.status(CHANGE, 0x00, PIN, &both), 0x6A80, "{pin:02X?}");
    }
    assert_eq!(rig.status(CHANGE, 0x00, PIN, &two("123456", "12345")), 0x6A80);
    assert_eq!(rig.status(UNBLOCK, 0x00, PIN, &two("12345678", "12345")), 0x6A80);
    assert_eq!(rig.status(UNBLOCK, 0x00, PIN, &two("12345", "123456")), 0x6A80);
    let inspection = rig.card().inspect();
    assert_eq!((inspection.pin_tries_left(), inspection.puk_tries_left()), (3, 3));
    assert!(inspection.pin_is("123456"));
}

#[test]
fn other_references_and_parameters_are_refused() {
    let mut rig = Rig::new();
    assert_eq!(rig.status(0x20, 0x00, 0x00, &padded("123456")), 0x6A88);
    assert_eq!(rig.status(0x20, 0x01, PIN, &padded("123456")), 0x6A86);
    assert_eq!(rig.status(0x20, 0xFF, PIN, &padded("123456")), 0x6A80);
    assert_eq!(rig.status(CHANGE, 0x00, 0x96, &two("123456", "111111")), 0x6A88);
    assert_eq!(rig.status(CHANGE, 0x01, PIN, &two("123456", "111111")), 0x6A86);
    assert_eq!(rig.status(UNBLOCK, 0x00, PUK, &two("12345678", "111111")), 0x6A86);
}

#[test]
fn tries_outlive_power_and_the_card_object() {
    let mut rig = Rig::new();
    rig.verify("000000");
    rig.restart();
    assert_eq!(rig.status(0x20, 0x00, PIN, &[]), 0x63C2);
    rig.verify("000000");
    rig.reopen();
    assert_eq!(rig.status(0x20, 0x00, PIN, &[]), 0x63C1);
    assert_eq!(rig.status(UNBLOCK, 0x00, PIN, &two("00000000", "111111")), 0x63C2);
    rig.reopen();
    assert_eq!(rig.card().inspect().puk_tries_left(), 2);
}

#[test]
fn verification_ends_with_power_and_with_a_reset() {
    let mut rig = Rig::new();
    rig.verify("123456");
    rig.restart();
    assert!(!rig.is_verified());
    rig.verify("123456");
    rig.card().reset();
    rig.raw(super::rig::SELECT);
    assert!(!rig.is_verified());
}

#[test]
fn selecting_again_changes_nothing() {
    let mut rig = Rig::new();
    rig.verify("123456");
    assert_eq!(rig.raw(super::rig::SELECT).1, 0x9000);
    assert!(rig.is_verified());
}

#[test]
fn the_pin_is_changed() {
    let mut rig = Rig::new();
    assert_eq!(rig.status(CHANGE, 0x00, PIN, &two("000000", "111111")), 0x63C2);
    assert_eq!(rig.status(CHANGE, 0x00, PIN, &two("123456", "87654321")), 0x9000);
    assert!(rig.is_verified());
    rig.reopen();
    let inspection = rig.card().inspect();
    assert!(inspection.pin_is("87654321") && !inspection.pin_is("123456"));
    assert_eq!(inspection.pin_tries_left(), 3);
}

#[test]
fn the_puk_is_changed_and_blocks() {
    let mut rig = Rig::new();
    assert_eq!(rig.status(CHANGE, 0x00, PUK, &two("12345678", "87654321")), 0x9000);
    assert!(!rig.is_verified());
    assert!(rig.card().inspect().puk_is("87654321"));
    for status in [0x63C2, 0x63C1, 0x63C0, 0x6983] {
        assert_eq!(rig.status(CHANGE, 0x00, PUK, &two("12345678", "11111111")), status);
    }
    assert_eq!(rig.status(UNBLOCK, 0x00, PIN, &two("87654321", "111111")), 0x6983);
}

#[test]
fn the_puk_unblocks_the_pin() {
    let mut rig = Rig::new();
    for _ in 0..3 {
        rig.verify("000000");
    }
    assert_eq!(rig.status(UNBLOCK, 0x00, PIN, &two("00000000", "111111")), 0x63C2);
    assert_eq!(rig.status(UNBLOCK, 0x00, PIN, &two("12345678", "111111")), 0x9000);
    assert_eq!(rig.card().inspect().puk_tries_left(), 3);
    // The PIN is set, not verified.
    assert_eq!(rig.status(0x20, 0x00, PIN, &[]), 0x63C3);
    assert_eq!(rig.verify("111111"), 0x9000);
}

#[test]
fn inspecting_spends_no_try() {
    let mut rig = Rig::new();
    let inspection = rig.card().inspect();
    for wrong in ["", "12345", "1234567", "123456\u{FF}", "123456789"] {
        assert!(!inspection.pin_is(wrong) && !inspection.puk_is(wrong));
    }
    assert_eq!(rig.card().inspect().pin_tries_left(), 3);
}
