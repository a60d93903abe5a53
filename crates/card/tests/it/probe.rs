//! What a card can do, found out on software cards of every kind: nothing on them is another afterwards.

use crate::script::{SELECT, Script, fixed};
use kaika_card::{Transport, TransportError, probe};
use kaika_softcard::{Options, Quirk, SoftCard};
use kaika_wire::{
    Capabilities, CardFault, KeyAlgorithm, Lack, ManagementAlgorithm,
    ManagementAlgorithm::{Aes192, TripleDes},
    ManagementKeyFound,
};

struct Reader<'c>(&'c mut SoftCard);

impl Transport for Reader<'_> {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.0.transmit(apdu).map_err(|_| TransportError::Removed)
    }
}

/// Of a blank card with these oddities.
fn found(quirks: &[Quirk]) -> Capabilities {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.card");
    let quirks = quirks.iter().copied().collect();
    let mut card = SoftCard::create(&path, Options { serial: 4711, strict: true, quirks }).unwrap();
    let before = std::fs::read(&path).unwrap();
    card.reset();
    let found = probe(&mut Reader(&mut card), &mut fixed).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), before, "nothing has changed, and no try was spent");
    found
}

fn key(algorithm: ManagementAlgorithm, factory: bool) -> ManagementKeyFound {
    ManagementKeyFound { algorithm: Some(algorithm), factory: Some(factory) }
}

#[test]
fn a_card_with_yubicos_extensions_can_be_made() {
    let found = found(&[]);
    let expected = Capabilities {
        piv: true,
        yubico_extensions: true,
        version: Some("5.7.1".to_owned()),
        management_key: key(Aes192, true),
        algorithms: vec![KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384],
        pin_tries: Some(3),
        puk_tries: Some(3),
        serial: Some(4711),
    };
    assert_eq!(found, expected);
    assert!(found.can_be_used() && found.can_be_made());
}

#[test]
fn the_management_key_is_found_whatever_the_card_says_of_it() {
    for quirk in [Quirk::F7Absent, Quirk::F7Empty, Quirk::F7Flag] {
        let found = found(&[quirk]);
        assert_eq!(found.management_key, key(Aes192, true), "{quirk}");
        assert!(found.can_be_made(), "{quirk}");
        assert_eq!(found.puk_tries.is_none(), quirk == Quirk::F7Absent);
    }
}

#[test]
fn what_is_missing_is_told() {
    let odd = found(&[Quirk::FiveTries, Quirk::FixedSerial]);
    assert_eq!((odd.pin_tries, odd.puk_tries, odd.serial), (Some(5), Some(5), Some(0)));
    let triple_des = found(&[Quirk::TripleDesOnly]);
    assert_eq!((triple_des.management_key, triple_des.missing()), (key(TripleDes, true), vec![Lack::ManagementKeyAes]));
    assert!(triple_des.can_be_used());
    let plain = found(&[Quirk::Plain]);
    assert_eq!((plain.version.clone(), plain.serial, plain.puk_tries), (None, None, None));
    assert_eq!((plain.pin_tries, plain.management_key), (Some(3), key(Aes192, true)));
    assert_eq!(plain.missing(), [Lack::YubicoExtensions, Lack::KeyAlgorithm]);
    assert!(plain.can_be_used() && !plain.can_be_made());
}

/// Firmware 5.4 to 5.6 has 3DES from the factory, and knows AES.
#[test]
fn triple_des_from_the_factory_is_no_lack_of_firmware_that_knows_more() {
    let of = |version: &str| Capabilities {
        piv: true,
        yubico_extensions: true,
        version: Some(version.to_owned()),
        management_key: key(TripleDes, true),
        algorithms: vec![KeyAlgorithm::P256],
        ..Capabilities::default()
    };
    for version in ["5.4.2", "5.4.3", "5.6.0"] {
        assert!(of(version).can_be_made(), "{version}");
    }
    for version in ["4.3.7", "5.2.7", "5.7.0", "6.0.0", "?"] {
        assert_eq!(of(version).missing(), [Lack::ManagementKeyAes], "{version}");
    }
}

#[test]
fn what_is_no_piv_card_is_told_as_that() {
    for answer in ["6a82", "6d00", "6999"] {
        let found = probe(&mut Script::new([(SELECT, answer)]), &mut fixed).unwrap();
        assert_eq!((&found, found.missing()), (&Capabilities::default(), vec![Lack::Piv]));
        assert!(!found.can_be_used() && !found.can_be_made());
    }
    let gone = probe(&mut Script::new([(SELECT, "removed")]), &mut fixed);
    assert_eq!(gone.unwrap_err(), CardFault::Removed);
}

/// SP 800-73-4 part 2 table 3: a card of nothing but the standard may list what it knows.
#[test]
fn algorithms_are_those_that_a_card_lists() {
    let listed = "61 1d 4f 06 000010000100 79 07 4f 05 a000000308 ac 0a 8001 07 8001 11 8001 2e 0600 9000";
    let mut card = Script::new([
        (SELECT, listed),
        ("00fd 0000 00", "6d00"),
        ("00f8 0000 00", "6d00"),
        ("0020 0080", "63c3"),
        ("00f7 0081 00", "6d00"),
        ("0087 0a9b 04 7c02 8000 00", "6a86"),
        ("0087 039b 04 7c02 8000 00", "6a86"),
        ("0087 089b 04 7c02 8000 00", "6a86"),
        ("0087 0c9b 04 7c02 8000 00", "6a86"),
    ]);
    let found = probe(&mut card, &mut fixed).unwrap();
    assert_eq!(found.algorithms, [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256]);
    assert_eq!(found.management_key, ManagementKeyFound::default());
    assert_eq!(found.missing(), [Lack::YubicoExtensions]);
}
