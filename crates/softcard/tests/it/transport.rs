//! APDUs: lengths, classes, chaining, answers in portions.

use super::rig::{Rig, chained, extended, put_data, tag_list, tlv};

const CHUID: u32 = 0x5F_C102;
const GET_RESPONSE: &[u8] = &[0x00, 0xC0, 0x00, 0x00, 0x00];

fn short(ins: u8, p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
    [&[0x00, ins, p1, p2, data.len() as u8], data, &[0x00]].concat()
}

#[test]
fn a_chain_does_what_one_long_apdu_does() {
    let content: Vec<u8> = (0..1800).map(|n| n as u8).collect();
    let mut one = Rig::new();
    one.authenticate();
    assert_eq!(one.put(CHUID, &content), 0x9000);

    let mut other = Rig::new();
    other.authenticate();
    let links = chained(0xDB, 0x3F, 0xFF, &put_data(CHUID, &content));
    assert_eq!(links.len(), 8);
    for link in &links {
        assert_eq!(other.raw(link), (vec![], 0x9000));
    }
    assert_eq!(one.card().inspect().object(CHUID), other.card().inspect().object(CHUID));
    assert_eq!(other.card().inspect().object(CHUID), Some(content.as_slice()));
}

#[test]
fn a_long_answer_comes_in_portions() {
    let mut rig = Rig::new();
    rig.authenticate();
    let content: Vec<u8> = (0..600).map(|n| n as u8).collect();
    rig.put(CHUID, &content);
    let whole = tlv(0x53, &content);
    assert_eq!(whole.len(), 604);

    let (mut collected, status) = rig.raw(&short(0xCB, 0x3F, 0xFF, &tag_list(CHUID)));
    assert_eq!((collected.len(), status), (256, 0x6100));
    let (more, status) = rig.raw(GET_RESPONSE);
    collected.extend(more);
    assert_eq!((collected.len(), status), (512, 0x615C));
    let (more, status) = rig.raw(&[0x00, 0xC0, 0x00, 0x00, 0x5C]);
    collected.extend(more);
    assert_eq!(status, 0x9000);
    assert_eq!(collected, whole);
    assert_eq!(rig.raw(GET_RESPONSE).1, 0x6985);

    assert_eq!(rig.get(CHUID), (whole, 0x9000));
}

#[test]
fn an_answer_that_is_not_collected_is_gone() {
    let mut rig = Rig::new();
    rig.authenticate();
    rig.put(CHUID, &[7; 600]);
    rig.raw(&short(0xCB, 0x3F, 0xFF, &tag_list(CHUID)));
    rig.is_verified();
    assert_eq!(rig.raw(GET_RESPONSE).1, 0x6985);
    rig.raw(&short(0xCB, 0x3F, 0xFF, &tag_list(CHUID)));
    rig.restart();
    assert_eq!(rig.raw(GET_RESPONSE).1, 0x6985);
}

#[test]
fn a_missing_le_is_no_reason_to_keep_silent() {
    let mut rig = Rig::new();
    let data = tag_list(0x7E);
    let case_3 = [&[0x00, 0xCB, 0x3F, 0xFF, data.len() as u8], data.as_slice()].concat();
    assert_eq!(rig.raw(&case_3).0.len(), 20);
    assert_eq!(rig.raw(&[0x00, 0xFD, 0x00, 0x00]), (vec![5, 7, 1], 0x9000));
    assert_eq!(rig.raw(&[0x00, 0xFD, 0x00, 0x00, 0x02]), (vec![5, 7], 0x6101));
}

#[test]
fn a_chain_that_is_broken_is_forgotten() {
    let mut rig = Rig::new();
    rig.authenticate();
    let links = chained(0xDB, 0x3F, 0xFF, &put_data(CHUID, &[7; 400]));
    rig.raw(&links[0]);
    assert_eq!(rig.raw(&[0x00, 0xFD, 0x00, 0x00]).1, 0x6883);
    assert_eq!(rig.raw(&[0x00, 0xFD, 0x00, 0x00]).1, 0x9000);
    assert_eq!(rig.raw(&links[1]).1, 0x6A80);

    // Another terminal may begin anew.
    rig.raw(&links[0]);
    assert_eq!(rig.raw(super::rig::SELECT).1, 0x9000);

    rig.raw(&links[0]);
    rig.restart();
    rig.authenticate();
    assert_eq!(rig.raw(&links[1]).1, 0x6A80);
    assert_eq!(rig.get(CHUID).1, 0x6A82);
}

#[test]
fn a_chain_without_end_is_refused() {
    let mut rig = Rig::new();
    rig.authenticate();
    let link = [&[0x10, 0xDB, 0x3F, 0xFF, 0xFF][..], &[0; 255]].concat();
    let statuses: Vec<u16> = (0..17).map(|_| rig.raw(&link).1).collect();
    assert_eq!(statuses[..16], [0x9000; 16]);
    assert_eq!(statuses[16], 0x6700);
    let long_link = [&[0x10, 0xDB, 0x3F, 0xFF, 0x00, 0xFF, 0xFF][..], &[0; 0xFFFF]].concat();
    assert_eq!(rig.raw(&long_link).1, 0x6700);
}

#[test]
fn commands_that_are_never_long_are_not_chained() {
    let mut rig = Rig::new();
    assert_eq!(rig.raw(&[0x10, 0x20, 0x00, 0x80, 0x02, 0x31, 0x32]).1, 0x6884);
}

#[test]
fn wrong_classes_lengths_and_instructions() {
    let mut rig = Rig::new();
    for (apdu, status) in [
        (&[0x80, 0xFD, 0x00, 0x00][..], 0x6E00),
        (&[0x40, 0xFD, 0x00, 0x00], 0x6E00),
        (&[0xFF, 0xFD, 0x00, 0x00], 0x6E00),
        (&[0x01, 0xFD, 0x00, 0x00], 0x6881),
        (&[0x13, 0xFD, 0x00, 0x00], 0x6881),
        (&[0x0C, 0xFD, 0x00, 0x00], 0x6882),
        (&[0x00, 0xB0, 0x00, 0x00], 0x6D00),
        (&[0x00, 0xC0, 0x01, 0x00, 0x00], 0x6A86),
        (&[0x00, 0xFD, 0x00, 0x00, 0x05, 0x01], 0x6700),
        (&[0x00, 0xFD, 0x00], 0x6700),
        (&[0x00], 0x6700),
        (&[], 0x6700),
        (&[0x00, 0xFD, 0x00, 0x01, 0x00], 0x6A86),
        (&[0x00, 0xFD, 0x00, 0x00, 0x01, 0x01, 0x00], 0x6700),
    ] {
        assert_eq!(rig.raw(apdu), (vec![], status), "{apdu:02X?}");
    }
}

#[test]
fn nothing_works_before_select() {
    let mut rig = Rig::new();
    rig.card().reset();
    assert_eq!(rig.verify("123456"), 0x6D00);
    assert_eq!(rig.raw(&extended(0xFD, 0, 0, &[])).1, 0x6D00);
}

#[test]
fn the_atr_is_well_formed() {
    let mut rig = Rig::new();
    let atr = rig.card().atr();
    assert_eq!(rig.card().power_on(), atr);
    // TCK makes the exclusive or of all bytes but TS zero (ISO/IEC 7816-3 §8.2.5).
    assert_eq!(atr[1..].iter().fold(0, |sum, byte| sum ^ byte), 0);
    assert!(atr.windows(7).any(|window| window == b"YubiKey"));
}
