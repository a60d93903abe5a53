//! Opening the card for writing: the factory's key is replaced, ours recognised, another's refused.

use crate::script::{Script, batch, fixed, run_all, run_one, secrets};
use aes::{
    Aes128, Aes192, Aes256,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use des::TdesEde3;
use kaika_card::go_on;
use kaika_wire::{CardFault, Command, Lack, ManagementKey, Outcome, SecretKind};

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

/// The first message where the key has another cipher.
fn witness(algorithm: &str, answer: &str) -> (String, String) {
    step(&format!("0087 {algorithm}9b 04 7c02 8000 00"), answer)
}

/// A card that answers the second message so: it has another key of this cipher.
fn another<C: KeyInit + BlockCipherEncrypt>(algorithm: &str, key: &[u8], answer: &str) -> Vec<(String, String)> {
    let mut steps = authentication::<C>(algorithm, key);
    steps[1].1 = answer.into();
    steps
}

fn ours() -> Vec<(String, String)> {
    authentication::<Aes256>("0c", &OURS)
}

#[track_caller]
fn opens(steps: impl IntoIterator<Item = Vec<(String, String)>>) {
    let run = run_one(&mut Script::begun(steps.into_iter().flatten()), open());
    assert_eq!((run.fault, run.outcomes), (None, vec![Outcome::Done]));
}

#[track_caller]
fn is_refused(steps: impl IntoIterator<Item = Vec<(String, String)>>) {
    let run = run_one(&mut Script::begun(steps.into_iter().flatten()), open());
    let refused = Outcome::Refused { secret: SecretKind::ManagementKey, tries_left: None };
    assert_eq!((run.fault, run.outcomes), (None, vec![refused]));
}

#[test]
fn the_factory_key_is_replaced_and_ours_read_back() {
    let told = |metadata: &str| vec![step(METADATA, metadata)];
    let aes_192 = || authentication::<Aes192>("0a", &FACTORY);
    opens([told("0101 0a 0202 0001 0501 01 9000"), aes_192(), vec![set_ours()], ours()]);
    opens([told("0101 03 0501 01 9000"), authentication::<TdesEde3>("03", &FACTORY), vec![set_ours()], ours()]);
    opens([told("0101 08 0501 01 9000"), authentication::<Aes128>("08", &FACTORY[..16]), vec![set_ours()], ours()]);
}

#[test]
fn our_key_is_enough_the_next_time() {
    opens([vec![step(METADATA, "0101 0c 0202 0001 0501 00 9000")], ours()]);
}

/// Firmware without GET METADATA, cards that answer it with nothing, and some that cannot be understood.
#[test]
fn a_card_that_tells_nothing_is_tried() {
    for nothing in ["6d00", "6a81", "6a86", "6a88", "9000", "0100 9000", "6985"] {
        let told = || vec![step(METADATA, nothing)];
        opens([told(), ours()]);
        opens([
            told(),
            vec![witness("0c", "6a86"), witness("0a", "6a86")],
            authentication::<TdesEde3>("03", &FACTORY),
            vec![set_ours()],
            ours(),
        ]);
        opens([
            told(),
            vec![witness("0c", "6a80"), witness("0a", "6984"), witness("03", "6982")],
            authentication::<Aes128>("08", &FACTORY[..16]),
            vec![set_ours()],
            ours(),
        ]);
    }
}

/// The "default" flag the wrong way round, and a cipher that the key does not have.
#[test]
fn a_card_that_tells_what_is_not_so_is_tried() {
    let told = |metadata: &str| vec![step(METADATA, metadata)];
    let aes_192 = || authentication::<Aes192>("0a", &FACTORY);
    // Ours, said to be the factory's.
    opens([told("0101 0c 0501 01 9000"), ours()]);
    opens([told("0101 0a 0501 01 9000"), vec![witness("0a", "6a86")], ours()]);
    // The factory's, said to be another's.
    opens([told("0101 0a 0501 00 9000"), vec![witness("0c", "6a86")], aes_192(), vec![set_ours()], ours()]);
    opens([
        told("0101 03 0501 00 9000"),
        vec![witness("0c", "6a86"), witness("03", "6a86")],
        aes_192(),
        vec![set_ours()],
        ours(),
    ]);
    // A card that gives whatever witness it has.
    opens([
        told("0501 00 9000"),
        vec![witness("0c", "7c0a 8008 0011223344556677 9000")],
        aes_192(),
        vec![set_ours()],
        ours(),
    ]);
    // A card that gives a witness in any cipher tells by the answer.
    opens([told("0501 00 9000"), another::<Aes256>("0c", &OURS, "6982"), aes_192(), vec![set_ours()], ours()]);
}

#[test]
fn another_key_is_refused() {
    let told = |metadata: &str| vec![step(METADATA, metadata)];
    let not_ours = |answer: &str| another::<Aes256>("0c", &OURS, answer);
    let no_factorys = || vec![witness("0a", "6a86"), witness("03", "6a86"), witness("08", "6a86")];
    is_refused([told("0101 0c 0501 00 9000"), not_ours("6982"), no_factorys()]);
    is_refused([told("6d00"), not_ours("6a80"), no_factorys()]);
    is_refused([
        told("0101 0a 0501 00 9000"),
        vec![witness("0c", "6a86")],
        another::<Aes192>("0a", &FACTORY, "6300"),
        vec![witness("03", "6a86"), witness("08", "6a86")],
    ]);
}

/// The key that was set is not the key that opens: nobody is told that it were open.
#[test]
fn a_key_that_was_not_taken_is_seen() {
    let told = vec![step(METADATA, "0101 0a 0501 01 9000")];
    is_refused([told, authentication::<Aes192>("0a", &FACTORY), vec![set_ours(), witness("0c", "6a86")]]);
}

#[test]
fn a_card_without_aes_is_unsuitable() {
    for refused in ["6a80", "6a86", "6a81", "6700"] {
        let mut set = set_ours();
        set.1 = refused.into();
        let told = vec![step(METADATA, "0101 03 0501 01 9000")];
        let steps = [told, authentication::<TdesEde3>("03", &FACTORY), vec![set]].concat();
        let run = run_one(&mut Script::begun(steps), open());
        let unsuitable = CardFault::Unsuitable { missing: vec![Lack::ManagementKeyAes] };
        assert_eq!((run.fault, run.outcomes), (Some(unsuitable), vec![]));
    }
}

#[test]
fn a_card_without_the_key_is_another_card() {
    let mut steps = ours();
    steps[1].1 = format!("7c12 8210 {} 9000", "00".repeat(16));
    steps.insert(0, step(METADATA, "0101 0c 0501 00 9000"));
    let run = run_one(&mut Script::begun(steps), open());
    assert_eq!((run.fault, run.outcomes), (Some(CardFault::OtherCard), vec![]));
}

#[test]
fn what_cannot_be_read_is_a_fault() {
    let check = |answer: &str, expected: CardFault| {
        let steps = [step(METADATA, "0101 0c 0501 00 9000"), witness("0c", answer)];
        let run = run_one(&mut Script::begun(steps), open());
        assert_eq!((run.fault, run.outcomes), (Some(expected), vec![]));
    };
    check("9000", CardFault::Malformed);
    check("6f00", CardFault::Status { status: "6f00".into() });
    check("removed", CardFault::Removed);
}

/// Asked for last in one batch, answered first in the next: between the two nothing is sent, SELECT neither.
#[test]
fn a_challenge_is_answered_by_the_next_command() {
    let challenge = ("0087 0c9b 04 7c02 8100 00", format!("7c12 8110 {} 9000", hex::encode(CHALLENGE)));
    let answer = format!("0087 0c9b 14 7c12 8210 {} 00", "0b".repeat(16));
    let given = |status: &str| {
        let steps = [(challenge.0.to_owned(), challenge.1.clone()), (answer.clone(), status.to_owned())];
        let mut card = Script::begun(steps);
        let asked = run_all(&mut card, &batch(vec![Command::ChallengeManagement]));
        assert_eq!(asked.outcomes, [Outcome::Challenge { challenge: CHALLENGE.to_vec().into() }]);
        let response = vec![0x0b; 16].into();
        let next = batch(vec![Command::AnswerManagement { response }]);
        let run = go_on(&mut card, &next, None, &secrets(), &mut fixed, &mut |_| {});
        (run.fault, run.outcomes)
    };
    let refused = Outcome::Refused { secret: SecretKind::ManagementKey, tries_left: None };
    assert_eq!(given("9000"), (None, vec![Outcome::Done]));
    // A challenge that the card no longer knows, or another key.
    for status in ["6982", "6985", "6a80", "6a86", "6984"] {
        assert_eq!(given(status), (None, vec![refused.clone()]), "{status}");
    }
    assert_eq!(given("6f00"), (Some(CardFault::Status { status: "6f00".into() }), vec![]));
}
