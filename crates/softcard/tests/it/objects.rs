//! SELECT, GET DATA, PUT DATA.

use super::rig::{Rig, tlv};

const CHUID: u32 = 0x5F_C102;
const PRINTED_INFORMATION: u32 = 0x5F_C109;

#[test]
fn selecting_tells_what_the_application_is() {
    let mut rig = Rig::new();
    let aid = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];
    for length in 5..=aid.len() {
        let answer = rig.ok(0xA4, 0x04, 0x00, &aid[..length]);
        assert_eq!(answer[0], 0x61);
        let inside = &answer[2..];
        assert_eq!(inside[..8], [0x4F, 0x06, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00]);
        assert_eq!(inside[8..17], [0x79, 0x07, 0x4F, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08]);
    }
    assert_eq!(rig.ok(0xA4, 0x04, 0x0C, &aid), b"");
}

#[test]
fn other_applications_are_not_there_and_leave_this_one_selected() {
    let mut rig = Rig::new();
    rig.verify("123456");
    for aid in [&b"\xA0\x00\x00\x03\x08\x01"[..], b"\xA0\x00\x00\x00\x03", b"\xA0\x00", b""] {
        assert_eq!(rig.status(0xA4, 0x04, 0x00, aid), 0x6A82, "{aid:02X?}");
    }
    assert_eq!(rig.status(0xA4, 0x00, 0x00, b"\x3F\x00"), 0x6A86);
    assert!(rig.is_verified());
}

#[test]
fn objects_are_written_read_and_taken_away() {
    let mut rig = Rig::new();
    assert_eq!(rig.get(CHUID).1, 0x6A82);
    rig.authenticate();
    assert_eq!(rig.put(CHUID, b"first"), 0x9000);
    assert_eq!(rig.put(CHUID, b"second"), 0x9000);
    assert_eq!(rig.get(CHUID), (tlv(0x53, b"second"), 0x9000));
    rig.reopen();
    assert_eq!(rig.get(CHUID), (tlv(0x53, b"second"), 0x9000));
    assert_eq!(rig.card().inspect().object(CHUID), Some(&b"second"[..]));
    rig.authenticate();
    assert_eq!(rig.put(CHUID, b""), 0x9000);
    assert_eq!(rig.get(CHUID).1, 0x6A82);
}

#[test]
fn writing_needs_the_management_key() {
    let mut rig = Rig::new();
    assert_eq!(rig.put(CHUID, b"x"), 0x6982);
    rig.verify("123456");
    assert_eq!(rig.put(CHUID, b"x"), 0x6982);
    rig.authenticate();
    rig.restart();
    assert_eq!(rig.put(CHUID, b"x"), 0x6982);
}

#[test]
fn an_object_has_3052_bytes_at_most() {
    let mut rig = Rig::new();
    rig.authenticate();
    assert_eq!(rig.put(CHUID, &[7; 3052]), 0x9000);
    assert_eq!(rig.get(CHUID), (tlv(0x53, &[7; 3052]), 0x9000));
    assert_eq!(rig.put(CHUID, &[8; 3053]), 0x6A84);
    assert_eq!(rig.put(CHUID, &[8; 10_000]), 0x6A84);
    assert_eq!(rig.card().inspect().object(CHUID), Some(&[7; 3052][..]));
}

#[test]
fn discovery_is_there_from_the_beginning() {
    let mut rig = Rig::new();
    let expected = b"\x7E\x12\x4F\x0B\xA0\x00\x00\x03\x08\x00\x00\x10\x00\x01\x00\x5F\x2F\x02\x40\x00";
    assert_eq!(rig.get(0x7E), (expected.to_vec(), 0x9000));
    rig.authenticate();
    let other = tlv(0x7E, b"\x4F\x05\xA0\x00\x00\x03\x08\x5F\x2F\x02\x40\x00");
    assert_eq!(rig.status(0xDB, 0x3F, 0xFF, &other), 0x9000);
    assert_eq!(rig.get(0x7E), (other, 0x9000));
}

#[test]
fn biometric_templates_have_a_tag_of_two_bytes() {
    let mut rig = Rig::new();
    assert_eq!(rig.get(0x7F61).1, 0x6A82);
    rig.authenticate();
    let templates = b"\x7F\x61\x03\x02\x01\x00";
    assert_eq!(rig.status(0xDB, 0x3F, 0xFF, templates), 0x9000);
    assert_eq!(rig.get(0x7F61), (templates.to_vec(), 0x9000));
}

#[test]
fn the_holders_data_are_behind_the_pin() {
    let mut rig = Rig::new();
    rig.authenticate();
    assert_eq!(rig.put(PRINTED_INFORMATION, b"name"), 0x9000);
    assert_eq!(rig.get(PRINTED_INFORMATION).1, 0x6982);
    rig.verify("123456");
    assert_eq!(rig.get(PRINTED_INFORMATION), (tlv(0x53, b"name"), 0x9000));
}

#[test]
fn what_is_no_object_is_refused() {
    let mut rig = Rig::new();
    for tag in [0x5F_C100, 0x5F_C124, 0x12_3456, 0x7D, 0x7F60] {
        assert_eq!(rig.get(tag).1, 0x6A82, "{tag:X}");
    }
    assert_eq!(rig.status(0xCB, 0x3F, 0xFF, b"\x5D\x01\x7E"), 0x6A80);
    assert_eq!(rig.status(0xCB, 0x3F, 0xFF, b""), 0x6A80);
    assert_eq!(rig.status(0xCB, 0x00, 0x00, b"\x5C\x01\x7E"), 0x6A86);
    rig.authenticate();
    assert_eq!(rig.put(0x5F_C124, b"x"), 0x6A80);
    assert_eq!(rig.put(0x7E, b"x"), 0x6A80);
    assert_eq!(rig.status(0xDB, 0x3F, 0xFF, b"\x5C\x03\x5F\xC1\x02\x54\x00"), 0x6A80);
    assert_eq!(rig.status(0xDB, 0x00, 0x00, b"\x5C\x03\x5F\xC1\x02\x53\x00"), 0x6A86);
}
