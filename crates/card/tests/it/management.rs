//! Opening the card for writing: the factory's key is replaced, ours recognised, another's refused.

use crate::script::{Script, run_one};
use aes::{
    Aes192, Aes256,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use des::TdesEde3;
use kaika_wire::{CardFault, Command, ManagementKey, Outcome, SecretKind};

const OURS: [u8; 32] = [0x42; 32];
const FACTORY: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];
const METADATA: &str = "00f7 009b 00";
const WITNESS: [u8; 16] = [0x77; 16];
const CHALLENGE: [u8; 16] = [0x5a; 16];

fn open() -> Command {
    Command::OpenManagement { key: ManagementKey::new(OURS) }
}

fn encrypt<C: KeyInit + BlockCipherEncrypt>(key: &[u8], block: &[u8]) -> String {
    let mut block = block.to_vec();
    let cipher = C::new_from_slice(key).unwrap();
    cipher.encrypt_block(block.as_mut_slice().try_into().unwrap());
    hex::encode(block)
}

/// The four messages of SP 800-73-4 part 2, appendix A.1, with the answers of a card that has `key`.
fn authentication<C: KeyInit + BlockCipherEncrypt>(algorithm: &str, key: &[u8]) -> Vec<(String, String)> {
    let length = C::block_size();
    let (witness, challenge) = (&WITNESS[..length], &CHALLENGE[..length]);
    let (plain, ours) = (hex::encode(witness), hex::encode(challenge));
    let inner = length + 2;
    vec![
        (
            format!("0087 {algorithm}9b 04 7c02 8000 00"),
            format!("7c{inner:02x} 80{length:02x} {} 9000", encrypt::<C>(key, witness)),
        ),
        (
            format!(
                "0087 {algorithm}9b {:02x} 7c{:02x} 80{length:02x} {plain} 81{length:02x} {ours} 00",
                2 * inner + 2,
                2 * inner
            ),
            format!("7c{inner:02x} 82{length:02x} {} 9000", encrypt::<C>(key, challenge)),
        ),
    ]
}

fn step(command: &str, answer: &str) -> (String, String) {
    (command.into(), answer.into())
}

fn set_ours() -> (String, String) {
    (format!("00ff ffff 23 0c9b20 {}", hex::encode(OURS)), "9000".into())
}

#[test]
fn the_factory_key_is_replaced_and_ours_read_back() {
    let ours = || authentication::<Aes256>("0c", &OURS);
    let check = |metadata: &str, factory: Vec<(String, String)>| {
        let steps = [vec![step(METADATA, metadata)], factory, vec![set_ours()], ours()].concat();
        let run = run_one(&mut Script::begun(steps), open());
        assert_eq!((run.fault, run.outcomes), (None, vec![Outcome::Done]));
    };
    check("0101 0a 0202 0001 0501 01 9000", authentication::<Aes192>("0a", &FACTORY));
    check("0101 03 0501 01 9000", authentication::<TdesEde3>("03", &FACTORY));
    // Firmware that has no GET METADATA.
    check("6d00", authentication::<TdesEde3>("03", &FACTORY));
}

#[test]
fn our_key_is_enough_the_next_time() {
    let steps =
        [vec![step(METADATA, "0101 0c 0202 0001 0501 00 9000")], authentication::<Aes256>("0c", &OURS)].concat();
    let run = run_one(&mut Script::begun(steps), open());
    assert_eq!((run.fault, run.outcomes), (None, vec![Outcome::Done]));
}

#[test]
fn another_key_is_refused() {
    let refused = Outcome::Refused { secret: SecretKind::ManagementKey, tries_left: None };
    // Of another cipher: nothing is tried.
    let run = run_one(&mut Script::begun([step(METADATA, "0101 0a 0501 00 9000")]), open());
    assert_eq!(run.outcomes, std::slice::from_ref(&refused));
    let mut steps = authentication::<Aes256>("0c", &OURS);
    steps[1].1 = "6982".into();
    steps.insert(0, step(METADATA, "0101 0c 0501 00 9000"));
    let run = run_one(&mut Script::begun(steps), open());
    assert_eq!(run.outcomes, [refused]);
}

#[test]
fn a_card_without_the_key_is_another_card() {
    let mut steps = authentication::<Aes256>("0c", &OURS);
    steps[1].1 = format!("7c12 8210 {} 9000", "00".repeat(16));
    steps.insert(0, step(METADATA, "0101 0c 0501 00 9000"));
    let run = run_one(&mut Script::begun(steps), open());
    assert_eq!((run.fault, run.outcomes), (Some(CardFault::OtherCard), vec![]));
}

#[test]
fn what_cannot_be_read_is_a_fault() {
    let check = |steps: &[(&str, &str)], expected: CardFault| {
        let run = run_one(&mut Script::begun(steps.iter().copied()), open());
        assert_eq!((run.fault, run.outcomes), (Some(expected), vec![]));
    };
    let ours = (METADATA, "0101 0c 0501 00 9000");
    check(&[(METADATA, "0101 0c 0501 01 9000")], CardFault::Unsupported);
    check(&[(METADATA, "0100 9000")], CardFault::Malformed);
    check(&[ours, ("0087 0c9b 04 7c02 8000 00", "9000")], CardFault::Malformed);
    check(&[ours, ("0087 0c9b 04 7c02 8000 00", "7c0a 8008 0011223344556677 9000")], CardFault::Malformed);
    check(&[ours, ("0087 0c9b 04 7c02 8000 00", "6a86")], CardFault::Status { status: "6a86".into() });
}
