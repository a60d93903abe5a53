//! Keys: generated, used, and who may use them.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use kaika_softcard::{Algorithm, Origin, PinPolicy, TouchPolicy};

use super::rig::{P256, P384, RSA, Rig, objects, sha256, sha384, tlv, value};

const ALWAYS: &[u8] = &[0xAA, 0x01, 0x03];
const MESSAGE: &[u8] = b"to be signed";

/// DigestInfo for SHA-256, padded for PKCS #1 v1.5 (RFC 8017 §9.2).
fn pkcs1_block(message: &[u8]) -> Vec<u8> {
    let info = b"\x30\x31\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    let mut block = vec![0xFF; 256 - 3 - info.len() - 32];
    block.splice(0..0, [0x00, 0x01]);
    block.push(0x00);
    block.extend(info);
    block.extend(sha256(message));
    block
}

#[test]
fn elliptic_keys_sign_a_digest() {
    let mut rig = Rig::new();
    for (algorithm, digest) in [(P256, sha256(MESSAGE)), (P384, sha384(MESSAGE))] {
        let public = rig.generate(0x9A, algorithm);
        rig.verify("123456");
        let (signature, status) = rig.apply(0x9A, algorithm, &digest);
        assert_eq!(status, 0x9000);
        let point = value(&public);
        match algorithm {
            P256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(MESSAGE, &signature).unwrap(),
            _ => UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point).verify(MESSAGE, &signature).unwrap(),
        }
    }
}

#[test]
fn a_digest_that_does_not_fit_is_refused() {
    let mut rig = Rig::new();
    rig.generate(0x9E, P256);
    assert_eq!(rig.apply(0x9E, P256, &[1; 33]).1, 0x6A80);
    assert_eq!(rig.apply(0x9E, P256, &[]).1, 0x6A80);
    assert_eq!(rig.apply(0x9E, P256, &[1; 20]).1, 0x9000);
}

#[test]
fn rsa_keys_sign_and_decrypt_a_block() {
    let mut rig = Rig::new();
    let public = rig.generate(0x9D, RSA);
    let parts = objects(&public);
    assert_eq!((parts[0].0, parts[0].1.len(), parts[1]), (0x81, 256, (0x82, &[1, 0, 1][..])));
    let spki = rig.card().inspect().key(0x9D).unwrap().public_key;
    rig.verify("123456");

    let (signature, status) = rig.apply(0x9D, RSA, &pkcs1_block(MESSAGE));
    assert_eq!(status, 0x9000);
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &spki).verify(MESSAGE, &signature).unwrap();

    let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&spki).unwrap()).unwrap();
    let mut encrypted = vec![0; 256];
    key.encrypt(&OAEP_SHA256_MGF1SHA256, b"secret", &mut encrypted, None).unwrap();
    let (block, status) = rig.apply(0x9D, RSA, &encrypted);
    // OAEP begins with a zero (RFC 8017 §7.1.1), which must not be lost.
    assert_eq!((status, block.len(), block[0]), (0x9000, 256, 0));

    // Beyond the modulus, too short, too long.
    for wrong in [vec![0xFF; 256], vec![1; 255], vec![1; 257], vec![]] {
        assert_eq!(rig.apply(0x9D, RSA, &wrong).1, 0x6A80, "{} bytes", wrong.len());
    }
}

#[test]
fn elliptic_keys_agree_on_a_secret() {
    let mut rig = Rig::new();
    for (algorithm, curve) in [(P256, &ECDH_P256), (P384, &ECDH_P384)] {
        let public = rig.generate(0x9D, algorithm);
        rig.verify("123456");
        let ours = agreement::PrivateKey::generate(curve).unwrap();
        let point = ours.compute_public_key().unwrap();
        let template = [&[0x82, 0x00][..], &tlv(0x85, point.as_ref())].concat();
        let answer = rig.ok(0x87, algorithm, 0x9D, &tlv(0x7C, &template));
        let theirs = agreement::UnparsedPublicKey::new(curve, value(&public));
        agreement::agree(&ours, theirs, (), |secret| {
            assert_eq!(secret, value(value(&answer)));
            Ok(())
        })
        .unwrap();

        let mut off_curve = point.as_ref().to_vec();
        *off_curve.last_mut().unwrap() ^= 1;
        let template = [&[0x82, 0x00][..], &tlv(0x85, &off_curve)].concat();
        assert_eq!(rig.status(0x87, algorithm, 0x9D, &tlv(0x7C, &template)), 0x6A80);
    }
}

#[test]
fn generating_is_guarded_and_checked() {
    let mut rig = Rig::new();
    let template = |inside: &[u8]| tlv(0xAC, inside);
    assert_eq!(rig.status(0x47, 0x00, 0x9A, &template(&[0x80, 0x01, P256])), 0x6982);
    rig.authenticate();
    for slot in [0x9B, 0x81, 0x96, 0xF9, 0x00] {
        assert_eq!(rig.status(0x47, 0x00, slot, &template(&[0x80, 0x01, P256])), 0x6A86, "{slot:02X}");
    }
    let wrong: [&[u8]; 6] = [
        &[],
        &[0x80, 0x01, 0x06],
        &[0x80, 0x02, P256, P256],
        &[0x80, 0x01, P256, 0xAA, 0x01, 0x04],
        &[0x80, 0x01, P256, 0xAB, 0x01, 0x04],
        &[0x80, 0x01],
    ];
    for inside in wrong {
        assert_eq!(rig.status(0x47, 0x00, 0x9A, &template(inside)), 0x6A80, "{inside:02X?}");
    }
    assert_eq!(rig.card().inspect().key(0x9A), None);
}

#[test]
fn each_slot_has_its_pin_policy() {
    let mut rig = Rig::new();
    for (slot, policy) in [
        (0x9A, PinPolicy::Once),
        (0x9C, PinPolicy::Always),
        (0x9D, PinPolicy::Once),
        (0x9E, PinPolicy::Never),
        (0x82, PinPolicy::Once),
        (0x95, PinPolicy::Once),
    ] {
        rig.generate(slot, P256);
        let key = rig.card().inspect().key(slot).unwrap();
        assert_eq!((key.algorithm, key.origin), (Algorithm::P256, Origin::Generated));
        assert_eq!((key.pin_policy, key.touch_policy), (policy, TouchPolicy::Never), "{slot:02X}");
    }
    rig.generate_with(0x82, P256, &[0xAA, 0x01, 0x03, 0xAB, 0x01, 0x02]);
    let key = rig.card().inspect().key(0x82).unwrap();
    assert_eq!((key.pin_policy, key.touch_policy), (PinPolicy::Always, TouchPolicy::Always));
}

#[test]
fn policies_are_kept() {
    let mut rig = Rig::new();
    for slot in [0x9A, 0x9C, 0x9E] {
        rig.generate(slot, P256);
    }
    let digest = sha256(MESSAGE);
    assert_eq!(rig.apply(0x9A, P256, &digest).1, 0x6982);
    assert_eq!(rig.apply(0x9C, P256, &digest).1, 0x6982);
    assert_eq!(rig.apply(0x9E, P256, &digest).1, 0x9000);
    rig.verify("123456");
    // Once is for as long as the card has power, always is for one use.
    assert_eq!(rig.apply(0x9A, P256, &digest).1, 0x9000);
    assert_eq!(rig.apply(0x9C, P256, &digest).1, 0x9000);
    assert_eq!(rig.apply(0x9C, P256, &digest).1, 0x6982);
    assert!(rig.is_verified());
    assert_eq!(rig.apply(0x9A, P256, &digest).1, 0x9000);
    // Neither a change of the PIN nor a look at its state permits another use.
    assert_eq!(rig.status(0x24, 0x00, 0x80, &super::rig::two("123456", "111111")), 0x9000);
    assert_eq!(rig.apply(0x9C, P256, &digest).1, 0x6982);
}

#[test]
fn strict_cards_want_the_pin_right_before() {
    let mut rig = Rig::strict();
    rig.generate_with(0x9C, P256, ALWAYS);
    rig.generate(0x9E, P256);
    let digest = sha256(MESSAGE);
    let chain = super::rig::chained(0x87, P256, 0x9C, &[0; 300]);
    let between: [&[u8]; 6] = [
        &[0x00, 0x20, 0x00, 0x80],
        &[0x00, 0xCB, 0x3F, 0xFF, 0x03, 0x5C, 0x01, 0x7E, 0x00],
        super::rig::SELECT,
        &[0x00, 0xC0, 0x00, 0x00, 0x00],
        &[0x00, 0x01, 0x02, 0x03],
        &[0xFF],
    ];
    for apdu in between {
        rig.verify("123456");
        rig.raw(apdu);
        assert_eq!(rig.apply(0x9C, P256, &digest).1, 0x6982, "{apdu:02X?}");
    }
    rig.verify("123456");
    assert_eq!(rig.apply(0x9E, P256, &digest).1, 0x9000);
    assert_eq!(rig.apply(0x9C, P256, &digest).1, 0x6982);

    rig.verify("123456");
    assert_eq!(rig.apply(0x9C, P256, &digest).1, 0x9000);
    assert_eq!(rig.apply(0x9C, P256, &digest).1, 0x6982);
    assert!(rig.is_verified());

    // The links of a chain are one command: it gets as far as its data.
    rig.verify("123456");
    assert_eq!(rig.raw(&chain[0]).1, 0x9000);
    assert_eq!(rig.raw(&chain[1]).1, 0x6A80);
}

#[test]
fn a_chained_signature_is_permitted_on_a_strict_card() {
    let mut rig = Rig::strict();
    rig.generate(0x9C, RSA);
    let template = [&[0x82, 0x00][..], &tlv(0x81, &pkcs1_block(MESSAGE))].concat();
    rig.verify("123456");
    let links = super::rig::chained(0x87, RSA, 0x9C, &tlv(0x7C, &template));
    assert_eq!(links.len(), 2);
    assert_eq!(rig.raw(&links[0]), (vec![], 0x9000));
    let (first, status) = rig.raw(&links[1]);
    assert_eq!((first.len(), status), (256, 0x6108));
    assert_eq!(rig.raw(&[0x00, 0xC0, 0x00, 0x00, 0x00]).1, 0x9000);
}

#[test]
fn a_lenient_card_permits_what_comes_between() {
    let mut rig = Rig::new();
    rig.generate(0x9C, P256);
    rig.verify("123456");
    rig.raw(super::rig::SELECT);
    rig.is_verified();
    assert_eq!(rig.apply(0x9C, P256, &sha256(MESSAGE)).1, 0x9000);
}

#[test]
fn wrong_uses_are_refused() {
    let mut rig = Rig::new();
    rig.generate(0x9E, P256);
    let digest = sha256(MESSAGE);
    assert_eq!(rig.apply(0x9E, P384, &digest).1, 0x6A86);
    assert_eq!(rig.apply(0x9E, 0x12, &digest).1, 0x6A86);
    assert_eq!(rig.apply(0x9A, P256, &digest).1, 0x6A86);
    assert_eq!(rig.apply(0xF9, P256, &digest).1, 0x6A86);
    let wrong: [&[u8]; 6] = [
        b"\x7C\x00",
        b"\x7C\x02\x82\x00",
        b"\x7C\x06\x81\x01\x01\x82\x01\x01",
        b"\x7C\x08\x82\x00\x81\x01\x01\x85\x01\x01",
        b"\x7C\x06\x82\x00\x82\x00\x81\x00",
        b"\x7D\x02\x82\x00",
    ];
    for template in wrong {
        assert_eq!(rig.status(0x87, P256, 0x9E, template), 0x6A80, "{template:02X?}");
    }
}
