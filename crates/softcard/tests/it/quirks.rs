//! What other makers' cards do otherwise, each switch by itself: with it and, where the same is not shown elsewhere, without.

use std::str::FromStr;

use kaika_softcard::{CardError, Inspection, Quirk, Quirks};

use super::rig::{P256, Rig, SERIAL, put_data, sha256, tlv, two};

const WITNESS: &[u8] = &[0x7C, 0x02, 0x80, 0x00];
const CHALLENGE: &[u8] = &[0x7C, 0x02, 0x81, 0x00];

fn metadata_of_management_key(quirk: Quirk) -> Vec<u8> {
    Rig::of(&[quirk]).ok(0xF7, 0, 0x9B, &[])
}

#[test]
fn names_are_read_back() {
    for quirk in Quirk::ALL {
        assert_eq!(Quirk::from_str(quirk.name()), Ok(quirk));
    }
    let unknown = Quirk::from_str("left-handed").unwrap_err().to_string();
    assert!(unknown.contains("left-handed") && unknown.contains("challenge-voided, f7-empty"), "{unknown}");
}

#[test]
fn a_cards_file_remembers_them() {
    let mut rig = Rig::of(&[Quirk::F7Absent, Quirk::FixedSerial]);
    rig.reopen();
    assert_eq!(rig.status(0xF7, 0, 0x9B, &[]), 0x6D00);
    assert_eq!(rig.ok(0xF8, 0, 0, &[]), [0; 4]);
    let path = rig.folder.path().join("card.json");
    let of_file = Inspection::of_file(&path).unwrap();
    assert_eq!(of_file.quirks(), Quirks::from_iter([Quirk::FixedSerial, Quirk::F7Absent]));
    assert_eq!(of_file.serial(), SERIAL);

    let (card, _folder) = rig.into_card();
    drop(card);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("f7-absent", "f8-absent")).unwrap();
    assert!(matches!(Inspection::of_file(&path), Err(CardError::Damaged { .. })));
}

#[test]
fn a_card_without_has_the_file_that_it_had() {
    let rig = Rig::new();
    let text = std::fs::read_to_string(rig.folder.path().join("card.json")).unwrap();
    for new in ["quirks", "broken", "sizes"] {
        assert!(!text.contains(new), "{text}");
    }
}

#[test]
fn challenge_voided() {
    for begin in [CHALLENGE, WITNESS] {
        for (quirks, expected) in [(&[][..], 0x6982), (&[Quirk::ChallengeVoided][..], 0x6985)] {
            let mut rig = Rig::of(quirks);
            rig.ok(0x87, 0x0A, 0x9B, begin);
            rig.ok(0xCB, 0x3F, 0xFF, &[0x5C, 0x01, 0x7E]);
            let answer = match begin {
                CHALLENGE => tlv(0x7C, &tlv(0x82, &[0; 16])),
                _ => tlv(0x7C, &[tlv(0x80, &[0; 16]), tlv(0x81, &[0; 16])].concat()),
            };
            assert_eq!(rig.status(0x87, 0x0A, 0x9B, &answer), expected);
        }
    }
    // The next command is in time.
    Rig::of(&[Quirk::ChallengeVoided]).authenticate();
}

#[test]
fn f7() {
    assert!(metadata_of_management_key(Quirk::F7Empty).is_empty());
    assert_eq!(metadata_of_management_key(Quirk::F7Flag).last(), Some(&0));
    let mut rig = Rig::of(&[Quirk::F7Flag]);
    rig.authenticate();
    rig.ok(0xFF, 0xFF, 0xFF, &[&[0x0C, 0x9B, 32][..], &[7; 32]].concat());
    assert_eq!(rig.ok(0xF7, 0, 0x9B, &[]).last(), Some(&1));
    assert_eq!(Rig::of(&[Quirk::F7Absent]).status(0xF7, 0, 0x80, &[]), 0x6D00);
}

#[test]
fn reset_breaks_keys() {
    let mut rig = Rig::of(&[Quirk::ResetBreaksKeys]);
    for slot in [0x9A, 0x9C, 0x9E] {
        rig.generate(slot, P256);
    }
    rig.verify("123456");
    assert_eq!(rig.apply(0x9A, P256, &sha256(b"before")).1, 0x9000);
    rig.ok(0x2C, 0x00, 0x80, &two("12345678", "654321"));
    rig.reopen();
    for (slot, expected) in [(0x9A, 0x6F00), (0x9C, 0x6F00), (0x9E, 0x9000)] {
        assert_eq!(rig.verify("654321"), 0x9000);
        assert_eq!(rig.apply(slot, P256, &sha256(b"after")).1, expected, "{slot:02X}");
    }
    // Moved or not, it stays as it is; one made anew works.
    rig.authenticate();
    rig.ok(0xF6, 0x82, 0x9A, &[]);
    assert_eq!(rig.apply(0x82, P256, &sha256(b"moved")).1, 0x6F00);
    rig.generate(0x9A, P256);
    assert_eq!(rig.apply(0x9A, P256, &sha256(b"anew")).1, 0x9000);
}

#[test]
fn signature_once() {
    let mut rig = Rig::of(&[Quirk::SignatureOnce]);
    for (policies, second) in [(&[][..], 0x9000), (&[0xAA, 1, 3][..], 0x6982)] {
        rig.generate_with(0x9C, P256, policies);
        rig.verify("123456");
        assert_eq!(rig.apply(0x9C, P256, &sha256(b"first")).1, 0x9000);
        assert_eq!(rig.apply(0x9C, P256, &sha256(b"second")).1, second);
    }
}

#[test]
fn reset_keeps_pin() {
    for (quirks, kept) in [(&[][..], false), (&[Quirk::ResetKeepsPin][..], true)] {
        let mut rig = Rig::of(quirks);
        rig.verify("123456");
        rig.card().reset();
        rig.raw(super::rig::SELECT);
        assert_eq!(rig.is_verified(), kept);
        assert_eq!(rig.status(0x20, 0xFF, 0x80, &[]), 0x9000);
        rig.card().reset();
        rig.raw(super::rig::SELECT);
        assert!(!rig.is_verified());
        rig.verify("123456");
        rig.restart();
        assert!(!rig.is_verified(), "without power nothing is kept");
    }
}

#[test]
fn triple_des_only() {
    let mut rig = Rig::of(&[Quirk::TripleDesOnly]);
    assert_eq!(rig.status(0x87, 0x0A, 0x9B, CHALLENGE), 0x6A86);
    assert_eq!(rig.ok(0x87, 0x03, 0x9B, CHALLENGE).len(), 4 + 8);
    assert_eq!(rig.ok(0xF7, 0, 0x9B, &[]), [0x01, 1, 0x03, 0x02, 2, 0, 1, 0x05, 1, 1]);
}

#[test]
fn five_tries() {
    let mut rig = Rig::of(&[Quirk::FiveTries]);
    assert_eq!(rig.verify("000000"), 0x63C4);
    assert_eq!(rig.status(0x24, 0x00, 0x81, &two("00000000", "87654321")), 0x63C4);
}

#[test]
fn plain() {
    let mut rig = Rig::of(&[Quirk::Plain]);
    for (ins, p1, p2) in [(0xF7, 0, 0x80), (0xF8, 0, 0), (0xF9, 0x9A, 0), (0xFA, 3, 3), (0xFB, 0, 0), (0xFD, 0, 0)] {
        assert_eq!(rig.status(ins, p1, p2, &[]), 0x6D00, "{ins:02X}");
    }
    rig.authenticate();
    let asked = [&[0x80, 0x01, P256][..], &[0xAA, 1, 3]].concat();
    assert_eq!(rig.status(0x47, 0x00, 0x9C, &tlv(0xAC, &asked)), 0x6A80);
    rig.generate(0x9C, P256);
}

#[test]
fn no_agreement() {
    let mut rig = Rig::of(&[Quirk::NoAgreement]);
    let point = [&[0x86, 65][..], &[4; 65]].concat();
    let peers = [rig.generate(0x9D, P256), rig.generate(0x9A, P256)];
    assert_eq!(peers[0][..2], point[..2]);
    rig.verify("123456");
    for (slot, expected) in [(0x9D, 0x6A80), (0x9A, 0x9000)] {
        let template = [&[0x82, 0x00][..], &tlv(0x85, &peers[0][2..])].concat();
        assert_eq!(rig.status(0x87, P256, slot, &tlv(0x7C, &template)), expected, "{slot:02X}");
    }
}

#[test]
fn tries_untold() {
    let mut rig = Rig::of(&[Quirk::TriesUntold]);
    assert_eq!(rig.verify("000000"), 0x6300);
    assert_eq!(rig.status(0x20, 0x00, 0x80, &[]), 0x63C2);
    assert_eq!(rig.status(0x2C, 0x00, 0x80, &two("00000000", "111111")), 0x6300);
    rig.verify("000000");
    assert_eq!(rig.verify("000000"), 0x6300);
    assert_eq!(rig.verify("123456"), 0x6983);
}

#[test]
fn objects_fixed() {
    let mut rig = Rig::of(&[Quirk::ObjectsFixed]);
    rig.authenticate();
    assert_eq!(rig.put(0x5F_C105, &[1; 100]), 0x9000);
    assert_eq!(rig.put(0x5F_C105, &[2; 101]), 0x6A84);
    assert_eq!(rig.get(0x5F_C105).0[2..], [1; 100]);
    assert_eq!(rig.put(0x5F_C105, &[2; 50]), 0x9000);
    assert_eq!(rig.put(0x5F_C105, &[]), 0x9000);
    rig.reopen();
    rig.authenticate();
    assert_eq!(rig.put(0x5F_C105, &[3; 101]), 0x6A84);
    assert_eq!(rig.put(0x5F_C105, &[3; 100]), 0x9000);
    let other = put_data(0x5F_C10A, &[4; 200]);
    assert_eq!(rig.status(0xDB, 0x3F, 0xFF, &other), 0x9000);
}

#[test]
fn signature_drops_pin() {
    let mut rig = Rig::of(&[Quirk::SignatureDropsPin]);
    rig.generate(0x9C, P256);
    rig.generate(0x9A, P256);
    rig.verify("123456");
    assert_eq!(rig.apply(0x9A, P256, &sha256(b"first")).1, 0x9000);
    assert_eq!(rig.apply(0x9C, P256, &sha256(b"second")).1, 0x9000);
    assert_eq!(rig.apply(0x9A, P256, &sha256(b"third")).1, 0x6982);
    assert!(!rig.is_verified());
}

#[test]
fn pin_complexity() {
    let mut rig = Rig::of(&[Quirk::PinComplexity]);
    for simple in ["111111", "654321", "23456789", "520520"] {
        assert_eq!(rig.status(0x24, 0x00, 0x80, &two("123456", simple)), 0x6985, "{simple}");
        assert_eq!(rig.status(0x2C, 0x00, 0x80, &two("12345678", simple)), 0x6985, "{simple}");
    }
    assert_eq!(rig.status(0x24, 0x00, 0x81, &two("12345678", "11111111")), 0x6985);
    assert_eq!(rig.status(0x20, 0x00, 0x80, &[]), 0x63C3, "no try was spent");
    assert_eq!(rig.status(0x24, 0x00, 0x80, &two("123456", "402718")), 0x9000);
}
