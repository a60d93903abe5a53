//! The management key: proved from one side or both, and changed.

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use des::TdesEde3;
use kaika_softcard::ManagementAlgorithm;

use super::rig::{FACTORY_KEY, Rig, objects, tlv, value};

const ASK_CHALLENGE: &[u8] = &[0x7C, 0x02, 0x81, 0x00];
const ASK_WITNESS: &[u8] = &[0x7C, 0x02, 0x80, 0x00];
const AES_192: u8 = 0x0A;

fn encrypt<C: BlockCipherEncrypt + KeyInit + BlockSizeUser>(key: &[u8], block: &[u8]) -> Vec<u8> {
    let mut block = Array::try_from(block).unwrap();
    C::new_from_slice(key).unwrap().encrypt_block(&mut block);
    block.to_vec()
}

fn decrypt<C: BlockCipherDecrypt + KeyInit + BlockSizeUser>(key: &[u8], block: &[u8]) -> Vec<u8> {
    let mut block = Array::try_from(block).unwrap();
    C::new_from_slice(key).unwrap().decrypt_block(&mut block);
    block.to_vec()
}

fn prove_one_side<C: BlockCipherEncrypt + KeyInit + BlockSizeUser>(rig: &mut Rig, id: u8, key: &[u8]) -> u16 {
    let challenge = rig.ok(0x87, id, 0x9B, ASK_CHALLENGE);
    let response = encrypt::<C>(key, value(value(&challenge)));
    rig.status(0x87, id, 0x9B, &tlv(0x7C, &tlv(0x82, &response)))
}

fn prove_both_sides<C>(rig: &mut Rig, id: u8, key: &[u8]) -> u16
where
    C: BlockCipherEncrypt + BlockCipherDecrypt + KeyInit + BlockSizeUser,
{
    let answer = rig.ok(0x87, id, 0x9B, ASK_WITNESS);
    assert_eq!(objects(value(&answer))[0].0, 0x80);
    let witness = decrypt::<C>(key, value(value(&answer)));
    let challenge = vec![0x5A; witness.len()];
    let template = [tlv(0x80, &witness), tlv(0x81, &challenge)].concat();
    let (answer, status) = rig.send(0x87, id, 0x9B, &tlv(0x7C, &template));
    if status == 0x9000 {
        assert_eq!(answer, tlv(0x7C, &tlv(0x82, &encrypt::<C>(key, &challenge))));
    }
    status
}

/// Whether the management key counts as proved.
fn is_authenticated(rig: &mut Rig) -> bool {
    match rig.put(0x5F_C102, b"x") {
        0x9000 => true,
        0x6982 => false,
        other => panic!("{other:04X}"),
    }
}

#[test]
fn it_is_proved_from_one_side() {
    let mut rig = Rig::new();
    assert!(!is_authenticated(&mut rig));
    assert_eq!(prove_one_side::<Aes192>(&mut rig, AES_192, &FACTORY_KEY), 0x9000);
    assert!(is_authenticated(&mut rig));
}

#[test]
fn it_is_proved_from_both_sides() {
    let mut rig = Rig::new();
    assert_eq!(prove_both_sides::<Aes192>(&mut rig, AES_192, &FACTORY_KEY), 0x9000);
    assert!(is_authenticated(&mut rig));
}

#[test]
fn a_wrong_key_proves_nothing_and_ends_what_was_proved() {
    let mut rig = Rig::new();
    rig.authenticate();
    assert_eq!(prove_one_side::<Aes192>(&mut rig, AES_192, &[9; 24]), 0x6982);
    assert!(!is_authenticated(&mut rig));
    assert_eq!(prove_both_sides::<Aes192>(&mut rig, AES_192, &[9; 24]), 0x6982);
    assert!(!is_authenticated(&mut rig));
}

#[test]
fn a_challenge_is_good_once() {
    let mut rig = Rig::new();
    let challenge = rig.ok(0x87, AES_192, 0x9B, ASK_CHALLENGE);
    let right = encrypt::<Aes192>(&FACTORY_KEY, value(value(&challenge)));
    let right = tlv(0x7C, &tlv(0x82, &right));
    assert_eq!(rig.status(0x87, AES_192, 0x9B, &tlv(0x7C, &tlv(0x82, &[0; 16]))), 0x6982);
    assert_eq!(rig.status(0x87, AES_192, 0x9B, &right), 0x6985);
    assert!(!is_authenticated(&mut rig));
}

#[test]
fn a_challenge_outlives_other_commands_but_not_power() {
    let mut rig = Rig::strict();
    let challenge = rig.ok(0x87, AES_192, 0x9B, ASK_CHALLENGE);
    let right = encrypt::<Aes192>(&FACTORY_KEY, value(value(&challenge)));
    let right = tlv(0x7C, &tlv(0x82, &right));
    rig.get(0x7E);
    rig.verify("123456");
    assert_eq!(rig.status(0x87, AES_192, 0x9B, &right), 0x9000);

    rig.ok(0x87, AES_192, 0x9B, ASK_CHALLENGE);
    rig.restart();
    assert_eq!(rig.status(0x87, AES_192, 0x9B, &right), 0x6985);
}

#[test]
fn the_card_does_not_answer_its_own_challenges() {
    let mut rig = Rig::new();
    let challenge = rig.ok(0x87, AES_192, 0x9B, ASK_CHALLENGE);
    let challenge = value(value(&challenge)).to_vec();
    // INTERNAL AUTHENTICATE of the challenge.
    let template = [tlv(0x81, &challenge), tlv(0x82, &[])].concat();
    assert_eq!(rig.status(0x87, AES_192, 0x9B, &tlv(0x7C, &template)), 0x6A80);
    // A witness is not proved by what answers a challenge.
    let witness = rig.ok(0x87, AES_192, 0x9B, ASK_WITNESS);
    let response = encrypt::<Aes192>(&FACTORY_KEY, value(value(&witness)));
    assert_eq!(rig.status(0x87, AES_192, 0x9B, &tlv(0x7C, &tlv(0x82, &response))), 0x6982);
}

#[test]
fn other_algorithms_are_refused() {
    let mut rig = Rig::new();
    for id in [0x03, 0x08, 0x0C, 0x11] {
        assert_eq!(rig.status(0x87, id, 0x9B, ASK_CHALLENGE), 0x6A86, "{id:02X}");
    }
    // 00 is whatever the card has.
    assert_eq!(prove_one_side::<Aes192>(&mut rig, 0x00, &FACTORY_KEY), 0x9000);
}

#[test]
fn it_is_changed_to_every_algorithm() {
    fn check<C>(id: u8, length: usize, algorithm: ManagementAlgorithm)
    where
        C: BlockCipherEncrypt + BlockCipherDecrypt + KeyInit + BlockSizeUser,
    {
        let mut rig = Rig::new();
        let key: Vec<u8> = (0..length).map(|n| n as u8 * 7 + 1).collect();
        let data = [&[id][..], &tlv(0x9B, &key)].concat();
        assert_eq!(rig.status(0xFF, 0xFF, 0xFF, &data), 0x6982);
        rig.authenticate();
        assert_eq!(rig.status(0xFF, 0xFF, 0xFF, &data), 0x9000);
        rig.reopen();
        assert_eq!(prove_one_side::<C>(&mut rig, id, &key), 0x9000);
        assert!(is_authenticated(&mut rig));
        rig.restart();
        assert_eq!(prove_both_sides::<C>(&mut rig, id, &key), 0x9000);
        assert!(is_authenticated(&mut rig));
        let inspection = rig.card().inspect();
        assert!(inspection.management_key_is(algorithm, &key) && !inspection.has_factory_management_key());
        // Its touch policy is told, and nothing more.
        assert_eq!(rig.ok(0xF7, 0x00, 0x9B, &[]), [0x01, 0x01, id, 0x02, 0x02, 0x00, 0x01, 0x05, 0x01, 0x00]);
    }
    check::<TdesEde3>(0x03, 24, ManagementAlgorithm::TripleDes);
    check::<Aes128>(0x08, 16, ManagementAlgorithm::Aes128);
    check::<Aes192>(0x0A, 24, ManagementAlgorithm::Aes192);
    check::<Aes256>(0x0C, 32, ManagementAlgorithm::Aes256);
}

#[test]
fn a_key_of_the_wrong_length_is_refused() {
    let mut rig = Rig::new();
    rig.authenticate();
    for (id, length) in [(0x0C, 31), (0x0A, 16), (0x08, 0), (0x05, 16)] {
        let data = [&[id][..], &tlv(0x9B, &vec![1; length])].concat();
        assert_eq!(rig.status(0xFF, 0xFF, 0xFF, &data), 0x6A80);
    }
    assert_eq!(rig.status(0xFF, 0xFF, 0xFF, &[]), 0x6A80);
    assert_eq!(rig.status(0xFF, 0x00, 0xFF, &[]), 0x6A86);
    assert!(rig.card().inspect().has_factory_management_key());
}
