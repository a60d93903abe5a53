//! Yubico's extensions.

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use kaika_softcard::{Origin, PinPolicy};
use kaika_testkit::tools;

use super::rig::{P256, RSA, Rig, SERIAL, objects, sha256, tlv, two, value};

const METADATA: u8 = 0xF7;
const MOVE: u8 = 0xF6;
const ATTEST: u8 = 0xF9;
const IMPORT: u8 = 0xFE;

fn block(rig: &mut Rig) {
    for _ in 0..3 {
        rig.verify("000000");
        rig.status(0x2C, 0x00, 0x80, &two("00000000", "111111"));
    }
}

#[test]
fn version_and_serial() {
    let mut rig = Rig::new();
    assert_eq!(rig.ok(0xFD, 0, 0, &[]), [5, 7, 1]);
    assert_eq!(rig.ok(0xF8, 0, 0, &[]), SERIAL.to_be_bytes());
}

#[test]
fn metadata_of_pin_and_puk() {
    let mut rig = Rig::new();
    assert_eq!(rig.ok(METADATA, 0, 0x80, &[]), [0x01, 1, 0xFF, 0x05, 1, 1, 0x06, 2, 3, 3]);
    rig.verify("000000");
    rig.status(0x24, 0x00, 0x81, &two("12345678", "87654321"));
    assert_eq!(rig.ok(METADATA, 0, 0x80, &[]), [0x01, 1, 0xFF, 0x05, 1, 1, 0x06, 2, 3, 2]);
    assert_eq!(rig.ok(METADATA, 0, 0x81, &[]), [0x01, 1, 0xFF, 0x05, 1, 0, 0x06, 2, 3, 3]);
    assert_eq!(rig.ok(METADATA, 0, 0x9B, &[]), [0x01, 1, 0x0A, 0x02, 2, 0, 1, 0x05, 1, 1]);
}

#[test]
fn metadata_of_keys() {
    let mut rig = Rig::new();
    assert_eq!(rig.status(METADATA, 0, 0x9C, &[]), 0x6A88);
    let public = rig.generate(0x9C, P256);
    let metadata = rig.ok(METADATA, 0, 0x9C, &[]);
    assert_eq!(objects(&metadata), [(0x01, &[P256][..]), (0x02, &[3, 1]), (0x03, &[1]), (0x04, public.as_slice())]);
    assert_eq!(objects(&rig.ok(METADATA, 0, 0xF9, &[]))[0], (0x01, &[P256][..]));
    assert_eq!(rig.status(METADATA, 1, 0x9C, &[]), 0x6A86);
}

#[test]
fn keys_are_moved_and_deleted() {
    let mut rig = Rig::new();
    let old = rig.generate(0x9C, P256);
    let new = rig.generate_with(0x82, P256, &[0xAA, 1, 3]);
    rig.restart();
    assert_eq!(rig.status(MOVE, 0x83, 0x9C, &[]), 0x6982);
    rig.authenticate();
    assert_eq!(rig.status(MOVE, 0x9C, 0x82, &[]), 0x6A86);
    assert_eq!(rig.status(MOVE, 0x9C, 0x9C, &[]), 0x6A86);
    assert_eq!(rig.status(MOVE, 0x83, 0x9C, &[]), 0x9000);
    assert_eq!(rig.status(MOVE, 0x83, 0x9C, &[]), 0x6A88);
    assert_eq!(rig.status(MOVE, 0x9C, 0x82, &[]), 0x9000);
    rig.reopen();
    let public = |rig: &mut Rig, slot| objects(&rig.ok(METADATA, 0, slot, &[]))[3].1.to_vec();
    assert_eq!(public(&mut rig, 0x83), old);
    assert_eq!(public(&mut rig, 0x9C), new);
    assert_eq!(rig.card().inspect().key(0x82), None);

    rig.authenticate();
    assert_eq!(rig.status(MOVE, 0xFF, 0x83, &[]), 0x9000);
    assert_eq!(rig.card().inspect().key(0x83), None);
    for (to, from) in [(0xFF, 0xF9), (0xF9, 0x9C), (0x9B, 0x9C)] {
        assert_eq!(rig.status(MOVE, to, from, &[]), 0x6A86);
    }
}

#[test]
fn a_moved_key_keeps_its_policy() {
    let mut rig = Rig::new();
    rig.generate_with(0x82, P256, &[0xAA, 1, 3]);
    rig.ok(MOVE, 0x9A, 0x82, &[]);
    assert_eq!(rig.card().inspect().key(0x9A).unwrap().pin_policy, PinPolicy::Always);
}

#[test]
fn an_elliptic_key_is_imported() {
    let mut rig = Rig::new();
    let key = agreement::PrivateKey::generate(&ECDH_P256).unwrap();
    let scalar: EcPrivateKeyBin = key.as_be_bytes().unwrap();
    let data = [tlv(0x06, scalar.as_ref()), tlv(0xAA, &[1])].concat();
    assert_eq!(rig.status(IMPORT, P256, 0x9D, &data), 0x6982);
    rig.authenticate();
    assert_eq!(rig.status(IMPORT, P256, 0x9D, &data), 0x9000);
    let summary = rig.card().inspect().key(0x9D).unwrap();
    assert_eq!((summary.origin, summary.pin_policy), (Origin::Imported, PinPolicy::Never));
    let (signature, _) = rig.apply(0x9D, P256, &sha256(b"message"));
    let public = key.compute_public_key().unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public.as_ref()).verify(b"message", &signature).unwrap();

    assert_eq!(rig.status(ATTEST, 0x9D, 0, &[]), 0x6A80);
    assert_eq!(rig.status(IMPORT, P256, 0x9D, &tlv(0x06, &[0; 32])), 0x6A80);
    assert_eq!(rig.status(IMPORT, P256, 0x9D, &tlv(0x06, &[1; 31])), 0x6A80);
    assert_eq!(rig.status(IMPORT, 0x12, 0x9D, &data), 0x6A86);
}

#[test]
fn an_rsa_key_is_imported() {
    use rsa::pkcs8::DecodePrivateKey;
    use rsa::traits::{PrivateKeyParts, PublicKeyParts};

    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der = pair.as_der().unwrap();
    let key = rsa::RsaPrivateKey::from_pkcs8_der(der.as_ref()).unwrap();
    let primes: Vec<_> = key.primes().iter().map(|prime| prime.to_be_bytes()).collect();
    let mut rig = Rig::new();
    rig.authenticate();
    // As a YubiKey gets it, with the CRT parts that this card works out itself.
    let parts = [(0x01, &primes[0][..]), (0x02, &primes[1]), (0x03, &[1]), (0x04, &[1]), (0x05, &[1])];
    let data: Vec<u8> = parts.iter().flat_map(|(tag, part)| tlv(*tag, part)).collect();
    assert_eq!(rig.status(IMPORT, RSA, 0x9E, &data), 0x9000);
    let metadata = rig.ok(METADATA, 0, 0x9E, &[]);
    assert_eq!(objects(objects(&metadata)[3].1)[0].1, &key.n_bytes()[..]);
    assert_eq!(rig.apply(0x9E, RSA, &[1; 256]).1, 0x9000);

    let data = [tlv(0x01, &primes[0]), tlv(0x02, &primes[0])].concat();
    assert_eq!(rig.status(IMPORT, RSA, 0x9E, &data), 0x6A80);
    for (p, q) in
        [([0xFF; 128], [0; 128]), ([0; 128], [0; 128]), ([0xFF; 128], [0xFE; 128]), ([0xFF; 128], [0xFD; 128])]
    {
        let data = [tlv(0x01, &p), tlv(0x02, &q)].concat();
        assert_eq!(rig.status(IMPORT, RSA, 0x9E, &data), 0x6A80, "{:02X} {:02X}", p[0], q[0]);
    }
}

#[test]
fn tries_are_set_anew() {
    let mut rig = Rig::new();
    rig.status(0x24, 0x00, 0x80, &two("123456", "654321"));
    rig.restart();
    assert_eq!(rig.status(0xFA, 5, 20, &[]), 0x6982);
    rig.authenticate();
    assert_eq!(rig.status(0xFA, 5, 20, &[]), 0x6982);
    rig.verify("654321");
    assert_eq!(rig.status(0xFA, 0, 20, &[]), 0x6A86);
    assert_eq!(rig.status(0xFA, 5, 20, &[]), 0x9000);
    rig.reopen();
    assert!(rig.card().inspect().pin_is("123456"));
    assert_eq!(rig.verify("000000"), 0x63C4);
    // More than fifteen cannot be told in 63Cx.
    assert_eq!(rig.status(0x2C, 0x00, 0x80, &two("00000000", "111111")), 0x63CF);
    assert_eq!(rig.card().inspect().puk_tries_left(), 19);
}

#[test]
fn reset_is_for_a_card_that_nobody_can_use() {
    let mut rig = Rig::new();
    rig.generate(0x9A, P256);
    rig.put(0x5F_C102, b"x");
    assert_eq!(rig.status(0xFB, 0, 0, &[]), 0x6985);
    for _ in 0..3 {
        rig.verify("000000");
    }
    assert_eq!(rig.status(0xFB, 0, 0, &[]), 0x6985);
    let before = rig.card().inspect();
    block(&mut rig);
    assert_eq!(rig.status(0xFB, 0, 0, &[]), 0x9000);
    rig.reopen();
    let after = rig.card().inspect();
    assert!(after.pin_is("123456") && after.puk_is("12345678") && after.has_factory_management_key());
    assert_eq!((after.pin_tries_left(), after.puk_tries_left()), (3, 3));
    assert_eq!(after.keys().keys().collect::<Vec<_>>(), [&0xF9]);
    assert_eq!(after.keys().get(&0xF9), before.keys().get(&0xF9));
    assert_eq!(after.objects().into_keys().collect::<Vec<_>>(), [0x5F_FF01]);
}

#[test]
fn attestation_is_understood_by_openssl() {
    let mut rig = Rig::new();
    for (slot, algorithm) in [(0x9C, P256), (0x82, RSA)] {
        let public = rig.generate(slot, algorithm);
        let leaf = rig.ok(ATTEST, slot, 0, &[]);
        let root = rig.get(0x5F_FF01).0;
        let root = value(value(&root)).to_vec();
        let (leaf_file, root_file) = (rig.folder.path().join("leaf.der"), rig.folder.path().join("root.der"));
        std::fs::write(&leaf_file, &leaf).unwrap();
        std::fs::write(&root_file, &root).unwrap();
        let (leaf_file, root_file) = (leaf_file.to_str().unwrap(), root_file.to_str().unwrap());
        let text = tools::run("openssl", &["x509", "-inform", "DER", "-in", leaf_file, "-noout", "-text"], &[]);
        let text = text.expect_success().stdout();
        for extension in ["1.3.6.1.4.1.41482.3.3", "1.3.6.1.4.1.41482.3.7", "1.3.6.1.4.1.41482.3.8"] {
            assert!(text.contains(extension), "{text}");
        }
        tools::run("openssl", &["verify", "-trusted", root_file, leaf_file], &[]).expect_success();

        let contains = |part: &[u8]| leaf.windows(part.len()).any(|window| window == part);
        assert!(contains(objects(&public)[0].1), "the key of {slot:02X}");
        let pin_policy = if slot == 0x9C { 3 } else { 2 };
        assert!(contains(&[0x82, 0xC4, 0x0A, 3, 8, 0x04, 2, pin_policy, 1]));
        assert!(contains(&[0x82, 0xC4, 0x0A, 3, 3, 0x04, 3, 5, 7, 1]));
    }
    assert_eq!(rig.status(ATTEST, 0x9D, 0, &[]), 0x6A88);
    assert_eq!(rig.status(ATTEST, 0x9B, 0, &[]), 0x6A86);
}
