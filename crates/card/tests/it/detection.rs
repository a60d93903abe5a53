//! What a card tells without a secret.

use crate::script::{CERTIFICATE_9E, READ_CHUID, SELECT, SELECTED, Script, chuid_answer, fixed, guid, run_one};
use kaika_card::{Retries, read_certificate, recognise, retries, survey};
use kaika_wire::{CardFault, Command, Device, ManagementAlgorithm, ManagementKeyFound, Outcome, Slot};

const VERSION: &str = "00fd 0000 00";
const DEVICE: &str = "00f8 0000 00";
const PIN_TRIES: &str = "0020 0080";
const PUK_TRIES: &str = "00f7 0081 00";
const WITNESS_AES192: &str = "0087 0a9b 04 7c02 8000 00";

#[test]
fn a_kaika_card_is_known_again() {
    let mut script = Script::new([
        (SELECT, SELECTED.to_owned()),
        (READ_CHUID, chuid_answer()),
        (CERTIFICATE_9E, "530c 7005 3003020107 7101 00 fe00 9000".into()),
    ]);
    let found = recognise(&mut script).unwrap();
    assert_eq!(found.guid, Some(guid()));
    assert_eq!(found.certificate.unwrap().0, [0x30, 3, 2, 1, 7]);
    assert!(found.device.is_none() && found.capabilities.is_none());
}

#[test]
fn a_card_of_somebody_else_is_recognised() {
    let check = |chuid: &str, certificate: &str| {
        let mut script = Script::new([(SELECT, "9000"), (READ_CHUID, chuid), (CERTIFICATE_9E, certificate)]);
        let found = recognise(&mut script).unwrap();
        assert!(found.guid.is_none() && found.certificate.is_none());
    };
    check("6a82", "6a82");
    check("5300 9000", "5300 9000");
    // A GUID of 15 octets; a compressed certificate.
    check("5311 340f 00112233445566778899aabbccddee 9000", "5308 7001 30 7101 01 fe00 9000");
    check("5302 3e00 9000", "5304 7000 fe00 9000");
    check("ffff 9000", "5399 9000");
}

/// What a station says of a card, all of it in one selection.
#[test]
fn a_station_surveys_a_card() {
    let found = |version: &str, serial: &str| {
        let mut steps = vec![(SELECT, SELECTED), (READ_CHUID, "6a82"), (CERTIFICATE_9E, "6a82"), (VERSION, version)];
        steps.extend([(DEVICE, serial), (PIN_TRIES, "63c5"), (PUK_TRIES, "0602 0504 9000")]);
        steps.push((WITNESS_AES192, "6a86"));
        steps.extend(["0087 039b 04 7c02 8000 00", "0087 089b 04 7c02 8000 00"].map(|other| (other, "6a86")));
        steps.push(("0087 0c9b 04 7c02 8000 00", "7c12 8010 00112233445566778899aabbccddeeff 9000"));
        survey(&mut Script::new(steps), &mut fixed).unwrap()
    };
    let yubikey = found("050701 9000", "00bc614e 9000");
    assert_eq!(yubikey.device, Some(Device { serial: 12_345_678, version: "5.7.1".into() }));
    let can = yubikey.capabilities.unwrap();
    assert!(can.yubico_extensions);
    assert_eq!((can.pin_tries, can.puk_tries, can.serial), (Some(5), Some(4), Some(12_345_678)));
    let whose = ManagementKeyFound { algorithm: Some(ManagementAlgorithm::Aes256), factory: Some(false) };
    assert_eq!(can.management_key, whose, "no factory's is AES-256");
    // Firmware that tells no serial number; none of these extensions.
    for (version, serial) in [("040305 9000", "6d00"), ("6d00", "6d00"), ("6e00", "6a86")] {
        let found = found(version, serial);
        assert_eq!(found.device, None);
        assert!(!found.capabilities.unwrap().yubico_extensions);
    }
}

#[test]
fn detection_fails_with_the_card() {
    let check = |steps: &[(&str, &str)], expected: CardFault| {
        let mut script = Script::new(steps.iter().copied());
        assert_eq!(recognise(&mut script).unwrap_err(), expected);
    };
    check(&[(SELECT, "6a82")], CardFault::Unsupported);
    check(&[(SELECT, "removed")], CardFault::Removed);
    check(&[(SELECT, "90")], CardFault::Malformed);
    let status = |status: &str| CardFault::Status { status: status.into() };
    check(&[(SELECT, "6f00")], status("6f00"));
    check(&[(SELECT, "9000"), (READ_CHUID, "6f00")], status("6f00"));
}

#[test]
fn tries_are_read_without_spending_one() {
    let check = |steps: &[(&str, &str)], pin: Option<u8>, puk: Option<u8>| {
        let mut script = Script::new([&[(SELECT, "9000")], steps].concat());
        assert_eq!(retries(&mut script).unwrap(), Retries { pin, puk });
    };
    let puk = "00f7 0081 00";
    let puk_left = "0101 ff 0501 00 0602 0302 9000";
    check(&[("00200080", "63c3"), (puk, puk_left)], Some(3), Some(2));
    check(&[("00200080", "6983"), (puk, puk_left)], Some(0), Some(2));
    check(&[("00200080", "63c1"), (puk, "6d00")], Some(1), None);
    // Verified just now: only GET METADATA tells.
    let pin = "00f7 0080 00";
    check(&[("00200080", "9000"), (pin, "0101 ff 0501 01 0602 0303 9000"), (puk, puk_left)], Some(3), Some(2));
    check(&[("00200080", "9000"), (pin, "6d00"), (puk, "6d00")], None, None);
}

#[test]
fn the_same_tries_as_a_command() {
    let mut script = Script::begun([("00200080", "63c3"), ("00f7 0081 00", "0602 0303 9000")]);
    let run = run_one(&mut script, Command::ReadRetries);
    assert_eq!(run.outcomes, [Outcome::Retries { pin: Some(3), puk: Some(3) }]);
}

#[test]
fn certificates_are_read() {
    let check = |answer: &str, expected: Result<Option<&str>, CardFault>| {
        let mut script = Script::new([(SELECT, "9000"), ("00cb 3fff 05 5c03 5fc10a 00", answer)]);
        let read = read_certificate(&mut script, Slot::Signature);
        assert_eq!(read, expected.map(|der| der.map(|der| hex::decode(der).unwrap())));
    };
    check("530a 7003 300101 7101 00 fe00 9000", Ok(Some("300101")));
    check("5305 7003 300101 9000", Ok(Some("300101")));
    check("6a82", Ok(None));
    check("5300 9000", Ok(None));
    check("530a 7003 1f8b08 7101 01 fe00 9000", Err(CardFault::Malformed));
    check("9000", Err(CardFault::Malformed));
    check("6982", Err(CardFault::Status { status: "6982".into() }));
}

#[test]
fn long_answers_come_in_parts() {
    let der = [0xab; 300];
    let object = format!("53820135 7082012c {} 710100 fe00", hex::encode(der));
    let object = object.split_whitespace().collect::<String>();
    let mut script = Script::new([
        (SELECT, "9000".to_owned()),
        ("00cb 3fff 05 5c03 5fc105 00", format!("{} 6100", &object[..512])),
        ("00c0 0000 00", format!("{} 6103", &object[512..620])),
        ("00c0 0000 03", format!("{} 9000", &object[620..])),
    ]);
    assert_eq!(read_certificate(&mut script, Slot::Authentication).unwrap().unwrap(), der);
}

#[test]
fn a_wrong_expected_length_is_corrected() {
    let mut script = Script::new([
        (SELECT, "9000"),
        ("00cb 3fff 05 5c03 5fc101 00", "6c05"),
        ("00cb 3fff 05 5c03 5fc101 05", "5303 7001 30 9000"),
    ]);
    assert_eq!(read_certificate(&mut script, Slot::CardAuthentication), Ok(Some(vec![0x30])));
}
