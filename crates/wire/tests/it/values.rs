//! Values parsed from text: what is taken, what is refused, and that it is written as it was read.

use kaika_wire::{
    AuthorityId, Base64, Bytes, CardNumber, CertificateRole, Code, EmailAddress, Guid, JobId, JobKind, ManagementKey,
    Nonce, Puk, SerialNumber, Slot, UserCode, ValueError, typed,
};
use proptest::{collection::vec, prelude::*};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Display, str::FromStr};
use time::{Duration, OffsetDateTime};

fn check<T: FromStr + Display>(right: &[&str], wrong: &[&str]) {
    for text in right {
        let value = T::from_str(text).unwrap_or_else(|_| panic!("{text:?} should be right"));
        assert_eq!(value.to_string(), *text);
    }
    for text in wrong {
        assert!(T::from_str(text).is_err(), "{text:?} should be wrong");
    }
}

/// Text that the parser takes is taken from JSON too, and no other.
fn same_in_json<T: FromStr + Serialize + DeserializeOwned>(text: &str) {
    let json = serde_json::to_string(text).unwrap();
    let parsed = serde_json::from_str::<T>(&json);
    assert_eq!(parsed.is_ok(), T::from_str(text).is_ok(), "{text:?}");
    if let Ok(value) = parsed {
        let again = serde_json::to_string(&value).unwrap();
        let second = serde_json::from_str::<T>(&again).ok().unwrap();
        assert_eq!(serde_json::to_string(&second).unwrap(), again);
    }
}

#[test]
fn email_addresses() {
    check::<EmailAddress>(
        &["a@b.example", "Desk.1@agency.example", "o'brien+tag@mail.agency.example", "x_y@1.example"],
        &[
            "",
            "desk",
            "desk@",
            "desk@agency",
            "@agency.example",
            ".desk@agency.example",
            "de..sk@agency.example",
            "desk@-agency.example",
            "desk@agency..example",
            "desk @agency.example",
            "desk@agency.example\n",
            "desk@agency.example\r\nBcc: all@agency.example",
            "\"desk\"@agency.example",
            "桌@agency.example",
            "two@signs@agency.example",
            &format!("{}@agency.example", "a".repeat(65)),
            &format!("desk@{}.example", "a".repeat(64)),
        ],
    );
    let address: EmailAddress = "wang@agency.example".parse().unwrap();
    assert_eq!(address.masked(), "w***@agency.example");
    assert_eq!(address, "wang@AGENCY.example".parse().unwrap());
    assert_ne!(address, "Wang@agency.example".parse().unwrap(), "a mail server may tell these apart");
}

#[test]
fn domains_in_other_letters_are_kept_in_ascii_and_shown_in_their_own() {
    for (given, kept, shown) in [
        ("desk@例子.台灣", "desk@xn--fsqu00a.xn--kpry57d", "desk@例子.台灣"),
        ("desk@xn--fsqu00a.xn--kpry57d", "desk@xn--fsqu00a.xn--kpry57d", "desk@例子.台灣"),
        ("Desk@XN--fsqu00a.XN--kpry57d", "Desk@XN--fsqu00a.XN--kpry57d", "Desk@例子.台灣"),
        ("desk@例子。台灣", "desk@xn--fsqu00a.xn--kpry57d", "desk@例子.台灣"),
        ("desk@BÜCHER.example", "desk@xn--bcher-kva.example", "desk@bücher.example"),
        ("desk@Agency.Example", "desk@Agency.Example", "desk@agency.example"),
        ("desk@ａｇｅｎｃｙ.example", "desk@agency.example", "desk@agency.example"),
        // No A-label, though it looks like one: it is left alone.
        ("desk@xn--a.example", "desk@xn--a.example", "desk@xn--a.example"),
    ] {
        let address: EmailAddress = given.parse().expect(given);
        assert_eq!((address.as_str(), address.to_string().as_str()), (kept, shown), "{given}");
        assert_eq!(serde_json::to_value(&address).unwrap(), kept);
        assert_eq!(address, kept.to_lowercase().replace("desk", &kept[..4]).parse().unwrap(), "{given}");
        assert_eq!(address.to_string().parse::<EmailAddress>().as_ref(), Ok(&address), "{given}");
    }
    let address: EmailAddress = "wang@例子.台灣".parse().unwrap();
    assert_eq!(address.masked(), "w***@例子.台灣");
    for (given, why) in [
        ("桌@例子.台灣", ValueError::EmailName),
        ("桌@agency.example", ValueError::EmailName),
        ("desk@例子", ValueError::EmailAddress),
        ("desk@例 子.台灣", ValueError::EmailAddress),
        ("desk@例子..台灣", ValueError::EmailAddress),
        ("desk@例子.台灣.", ValueError::EmailAddress),
        ("desk@-例子.台灣", ValueError::EmailAddress),
        ("desk@例_子.台灣", ValueError::EmailAddress),
        ("desk@\u{202e}例子.台灣", ValueError::EmailAddress),
        (&format!("desk@{}.台灣", "例".repeat(60)), ValueError::EmailAddress),
    ] {
        assert_eq!(given.parse::<EmailAddress>(), Err(why), "{given}");
    }
    assert_eq!(EmailAddress::in_certificate("desk@例子").map(String::from).as_deref(), Ok("desk@xn--fsqu00a"));
}

#[test]
fn card_numbers() {
    check::<CardNumber>(
        &["GC12345678901234", "GH123456789012", "TP0000", "XC00000000000000000000"],
        &[
            "",
            "G",
            "GC",
            "GC123",
            "gc12345678901234",
            "G112345678901234",
            "GC1234567890123a",
            " GC1234",
            "GC1234 ",
            "GC123456789012345678901",
            "測試1234",
            "GC１２３４",
            "GC-1234",
        ],
    );
    let number: CardNumber = "GH123456789012".parse().unwrap();
    assert_eq!((number.prefix(), number.digits()), ("GH", "123456789012"));
}

#[test]
fn authority_ids() {
    check::<AuthorityId>(
        &["gca", "moica", "a", "x-1", "a1234567890123456789012345678901"],
        &["", "GCA", "1gca", "-gca", "g ca", "g_ca", "a12345678901234567890123456789012", "測試", "g/ca", "../gca"],
    );
}

#[test]
fn serial_numbers() {
    check::<SerialNumber>(
        &["01", "7f", "ff00", "ffffffffffffffffffffffffffffffffffffffff"],
        &["", "0", "00", "0000", "1", "0x01", "zz", "01 02", "0100000000000000000000000000000000000000ff"],
    );
    let trimmed: SerialNumber = "0000AB".parse().unwrap();
    assert_eq!(trimmed.to_string(), "ab");
    // 20 octets and zeros in front.
    assert!(SerialNumber::from_be_bytes(&[&[0; 5][..], &[1; 20]].concat()).is_ok());
    assert!(SerialNumber::from_be_bytes(&[]).is_err());
    for random in [[0; 16], [0xff; 16], [0x80; 16]] {
        let serial = SerialNumber::from_random(random);
        assert_eq!(serial.as_be_bytes().len(), 16);
        assert_eq!(serial.as_be_bytes()[0] & 0xc0, 0x40);
    }
}

#[test]
fn slots() {
    check::<Slot>(&["9a", "9c", "9d", "9e", "82", "8b", "95"], &["", "9b", "81", "96", "9", "9aa", "00", "+9", "０9"]);
    let tags = [
        ("9a", 0x5f_c105),
        ("9c", 0x5f_c10a),
        ("9d", 0x5f_c10b),
        ("9e", 0x5f_c101),
        ("82", 0x5f_c10d),
        ("95", 0x5f_c120),
    ];
    for (slot, tag) in tags {
        assert_eq!(slot.parse::<Slot>().unwrap().certificate_tag(), tag);
    }
    for role in CertificateRole::ALL {
        let json = serde_json::to_string(&role).unwrap();
        assert_eq!(json, format!("\"{}\"", role.as_str()));
        assert_eq!(Slot::from_reference(role.slot().reference()), Some(role.slot()));
    }
}

#[test]
fn secrets() {
    let user_code = |text: &str| UserCode::parse(text).map(|code| assert_eq!(code.expose(), text)).is_ok();
    assert!(user_code("Ab3-x!") && user_code("0123456789"));
    for wrong in ["", "12345", "12345678901", "1234 6", "測試測試", "１２３４５６"] {
        assert!(!user_code(wrong), "{wrong:?}");
    }
    for copied in ["Ab3-x! ", "\u{200e}Ab3-x!\n", "\u{3000}Ab3\u{2013}x!"] {
        assert_eq!(UserCode::parse(copied).unwrap().expose(), "Ab3-x!", "{copied:?}");
    }
    let puk = |text: &str| Puk::parse(text).map(|puk| assert_eq!(puk.expose(), text.as_bytes())).is_ok();
    assert!(puk("00000000") && puk("12345678"));
    for wrong in ["", "1234567", "123456789", "1234567a", "1234567 ", "１２３４５６７８"] {
        assert!(!puk(wrong), "{wrong:?}");
    }
}

#[test]
fn random_puks_are_fair() {
    assert_eq!(Puk::from_random(&[0, 1, 9, 10, 249, 250, 255, 100, 57, 8]).unwrap().expose(), b"01909078");
    assert!(Puk::from_random(&[255; 32]).is_none());
    assert!(Puk::from_random(&[1; 7]).is_none());
}

#[test]
fn ids_are_uuids_of_version_7_in_order() {
    let then = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    let first = JobId::new(then, [0xff; 10]);
    let second = JobId::new(then + Duration::milliseconds(1), [0; 10]);
    assert!(first < second && first.to_string() < second.to_string());
    assert_eq!(first.to_string(), "018bcfe5-6800-7fff-bfff-ffffffffffff");
    assert_eq!(first.to_string().parse::<JobId>().unwrap(), first);
    // Before 1970 there is nothing to order.
    JobId::new(OffsetDateTime::UNIX_EPOCH - Duration::days(1), [0; 10]);
    assert_eq!(Guid::from_random([0xff; 16]).to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

#[test]
fn names_are_the_same_in_json() {
    for kind in JobKind::ALL {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.as_str()));
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    for code in Code::ALL {
        assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
    }
}

#[test]
fn bytes_have_their_length() {
    let json = |length: usize| serde_json::to_string(&Bytes(vec![0x5a; length])).unwrap();
    for length in [0, 31, 33, 64] {
        assert!(serde_json::from_str::<Nonce>(&json(length)).is_err());
        assert!(serde_json::from_str::<ManagementKey>(&json(length)).is_err());
    }
    assert_eq!(serde_json::from_str::<Nonce>(&json(32)).unwrap().0, [0x5a; 32]);
    assert_eq!(serde_json::from_str::<ManagementKey>(&json(32)).ok().unwrap().expose(), &[0x5a; 32]);
    assert_eq!(format!("{:?}", Bytes(vec![1, 2, 3])), "3 bytes");
}

proptest! {
    #[test]
    fn any_text(text in prop_oneof!["\\PC{0,24}", "[A-Z]{0,3}[0-9]{0,22}", "[0-9a-fA-F]{0,44}", "[a-z0-9-]{0,40}"]) {
        same_in_json::<CardNumber>(&text);
        same_in_json::<AuthorityId>(&text);
        same_in_json::<SerialNumber>(&text);
        same_in_json::<Slot>(&text);
        same_in_json::<JobId>(&text);
        same_in_json::<Guid>(&text);
        let meant = typed(&text);
        prop_assert_eq!(
            UserCode::parse(&text).is_ok(),
            (6..=10).contains(&meant.len()) && meant.bytes().all(|b| (0x21..0x7f).contains(&b))
        );
        prop_assert_eq!(Puk::parse(&text).is_ok(), text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()));
        let _ = Base64::decode(&text);
        let json = serde_json::to_string(&text).unwrap();
        let _ = serde_json::from_str::<Bytes>(&json);
        let _ = serde_json::from_str::<Nonce>(&json);
        prop_assert_eq!(serde_json::from_str::<UserCode>(&json).is_ok(), UserCode::parse(&text).is_ok());
        prop_assert_eq!(serde_json::from_str::<Puk>(&json).is_ok(), Puk::parse(&text).is_ok());
    }

    #[test]
    fn serial_numbers_keep_their_value(bytes in vec(any::<u8>(), 0..24)) {
        let significant: Vec<u8> = bytes.iter().copied().skip_while(|b| *b == 0).collect();
        match SerialNumber::from_be_bytes(&bytes) {
            Ok(serial) => {
                prop_assert_eq!(serial.as_be_bytes(), &significant[..]);
                prop_assert_eq!(serial.to_string().parse::<SerialNumber>(), Ok(serial));
            }
            Err(_) => prop_assert!(significant.is_empty() || significant.len() > 20),
        }
    }

    #[test]
    fn random_serial_numbers_are_positive_and_long(random: [u8; 16]) {
        let serial = SerialNumber::from_random(random);
        prop_assert_eq!(SerialNumber::from_be_bytes(serial.as_be_bytes()), Ok(serial));
    }

    #[test]
    fn random_puks_are_puks(random in vec(any::<u8>(), 0..64)) {
        if let Some(puk) = Puk::from_random(&random) {
            let text = std::str::from_utf8(puk.expose()).unwrap();
            prop_assert!(Puk::parse(text).is_ok());
        }
    }

    #[test]
    fn bytes_travel(bytes in vec(any::<u8>(), 0..100)) {
        let json = serde_json::to_string(&Bytes(bytes.clone())).unwrap();
        prop_assert_eq!(serde_json::from_str::<Bytes>(&json).unwrap().0, bytes);
    }
}
