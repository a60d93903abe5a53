//! Whatever a card answers: nothing panics, nothing runs for ever, and every APDU that is sent is a short one.

use crate::script::{SELECT, batch, chuid_answer, guid, secrets, squeeze};
use kaika_card::{
    Transport, TransportError, key, metadata::Metadata, object, read_certificate, retries, run, survey, tlv,
};
use kaika_wire::{Bytes, Command, KeyAlgorithm, ManagementKey, Outcome, PinPolicy, PinSource, Puk, Slot};
use proptest::{collection::vec, prelude::*};

/// Gives these answers one after the other, then the card is gone.
struct Answers {
    answers: std::vec::IntoIter<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

impl Answers {
    fn new(answers: Vec<Vec<u8>>) -> Self {
        Self { answers: answers.into_iter(), sent: Vec::new() }
    }
}

impl Transport for Answers {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        assert!((4..=261).contains(&apdu.len()), "a short APDU");
        if let Some(lc) = apdu.get(4).filter(|_| apdu.len() > 5) {
            let data = apdu.len() - 5 - usize::from(*lc);
            assert!(data <= 1, "Lc tells the data's length");
        }
        self.sent.push(apdu.to_vec());
        self.answers.next().ok_or(TransportError::Removed)
    }
}

fn algorithms() -> impl Strategy<Value = KeyAlgorithm> {
    prop_oneof![Just(KeyAlgorithm::Rsa2048), Just(KeyAlgorithm::P256), Just(KeyAlgorithm::P384)]
}

fn slots() -> impl Strategy<Value = Slot> {
    prop_oneof![0x82u8..=0x95, 0x9au8..=0x9a, 0x9cu8..=0x9e]
        .prop_map(|reference| Slot::from_reference(reference).expect("a slot's reference"))
}

/// From which a command is made: commands hold secrets, and so cannot be shown themselves.
type Choice = (u8, Slot, KeyAlgorithm, Vec<u8>);

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    vec((0u8..16, slots(), algorithms(), vec(any::<u8>(), 0..400)), 0..4)
}

fn command((kind, slot, algorithm, bytes): Choice) -> Command {
    let puk = Puk::parse("87654321").unwrap();
    match kind {
        0 => Command::ReadRetries,
        1 => Command::ProveCard { algorithm },
        2 => Command::SignAcceptance { pin: PinSource::Current, algorithm, certificates: vec![] },
        3 => Command::ProvePossession { slot, algorithm, pin: PinSource::Factory, public_key: None },
        4 => Command::Agree { slot, algorithm, peer: Bytes(bytes), pin: PinSource::Factory },
        5 => Command::ResetRetryCounter { puk, pin: PinSource::New },
        6 => Command::ChangePuk { from: None, to: puk },
        7 => Command::BlockPin,
        8 => Command::OpenManagement { key: ManagementKey::new([0x42; 32]) },
        9 => Command::GenerateKey { slot, algorithm, pin_policy: PinPolicy::Always },
        10 => Command::ReadKey { slot },
        11 => Command::Attest { slot },
        12 => Command::WriteCertificate { slot, certificate: Bytes(bytes) },
        13 => Command::ReadCertificate { slot },
        14 => Command::WriteIdentity { guid: guid(), expires: "20320101".into() },
        _ => Command::ReadIdentity,
    }
}

/// Bytes that look like the card's: nested objects of the tags that are read.
fn templates() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop::sample::select(vec![
        0x01u32, 0x04, 0x05, 0x06, 0x34, 0x53, 0x70, 0x71, 0x7c, 0x80, 0x81, 0x82, 0x86, 0xfe, 0x7f49,
    ]);
    let value = prop_oneof![
        vec(any::<u8>(), 0..4),
        vec(any::<u8>(), 16..=16),
        vec(any::<u8>(), 32..=32),
        vec(any::<u8>(), 256..=256),
        vec(any::<u8>(), 64..=64).prop_map(|mut point| {
            point.insert(0, 4);
            point
        }),
    ];
    value.prop_recursive(3, 24, 3, move |inner| {
        vec((tag.clone(), inner), 1..4)
            .prop_map(|objects| objects.iter().flat_map(|(tag, value)| tlv::object(*tag, value).to_vec()).collect())
    })
}

fn answers() -> impl Strategy<Value = Vec<u8>> {
    let status = prop_oneof![
        6 => Just(vec![0x90, 0x00]),
        1 => (0u8..=255).prop_map(|more| vec![0x61, more]),
        1 => (0u8..=255).prop_map(|left| vec![0x63, left]),
        1 => (0u8..=255).prop_map(|right| vec![0x6c, right]),
        1 => prop::sample::select(vec![0x6982u16, 0x6983, 0x6a80, 0x6a82, 0x6a88, 0x6d00, 0x6f00])
            .prop_map(|status| status.to_be_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..3),
    ];
    let data = prop_oneof![Just(vec![]), templates(), vec(any::<u8>(), 0..300)];
    (data, status).prop_map(|(mut data, status)| {
        data.extend(status);
        data
    })
}

fn counting() -> impl FnMut(&mut [u8]) {
    let mut next = 0u8;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            next = next.wrapping_mul(29).wrapping_add(17);
            *byte = next;
        }
    }
}

proptest! {
    #[test]
    fn parsers_take_any_bytes(bytes in prop_oneof![vec(any::<u8>(), 0..600), templates()], algorithm in algorithms()) {
        let walked: usize = tlv::objects(&bytes).map_while(Result::ok).map(|(_, value)| value.len()).sum();
        prop_assert!(walked <= bytes.len());
        let _ = tlv::find(&bytes, 0x53);
        let _ = object::guid(&bytes);
        let _ = object::certificate_in(&bytes);
        if let Ok(metadata) = Metadata::parse(&bytes) {
            let _ = metadata.public_key_info();
        }
        let _ = key::public_key_info(algorithm, &bytes);
    }

    #[test]
    fn objects_are_read_as_written(
        written in vec((prop_oneof![0x01u32..=0x1e, 0x80u32..=0x9e, Just(0x7f49), Just(0x5f_c102)], vec(any::<u8>(), 0..700)), 0..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes: Vec<u8> = written.iter().flat_map(|(tag, value)| tlv::object(*tag, value).to_vec()).collect();
        let read: Result<Vec<_>, _> = tlv::objects(&bytes).map(|object| object.map(|(tag, value)| (tag, value.to_vec()))).collect();
        prop_assert_eq!(read, Ok(written));
        let cut = &bytes[..cut.index(bytes.len() + 1)];
        for object in tlv::objects(cut) {
            prop_assert!(object.map_or(0, |(_, value)| value.len()) <= cut.len());
        }
    }

    #[test]
    fn certificates_are_read_as_written(der in vec(any::<u8>(), 1..2000)) {
        prop_assert_eq!(object::certificate_in(&object::certificate(&der)), Ok(Some(der)));
    }

    #[test]
    fn a_run_takes_any_answers(
        choices in choices(),
        answers in vec(answers(), 0..24),
    ) {
        let begun = [vec![0x90, 0x00], hex::decode(squeeze(&chuid_answer())).unwrap()];
        let mut card = Answers::new([begun.to_vec(), answers].concat());
        let batch = batch(choices.into_iter().map(command).collect());
        let result = run(&mut card, &batch, &secrets(), &mut counting(), &mut |_| {});
        prop_assert!(result.outcomes.len() <= batch.commands.len());
        let refused = result.outcomes.iter().position(|outcome| matches!(outcome, Outcome::Refused { .. }));
        if let Some(at) = refused {
            prop_assert_eq!(at + 1, result.outcomes.len(), "nothing after a refusal");
            prop_assert!(result.fault.is_none());
        } else {
            prop_assert_eq!(result.outcomes.len() == batch.commands.len(), result.fault.is_none());
        }
    }

    #[test]
    fn a_run_takes_any_card(answers in vec(answers(), 0..6)) {
        let mut card = Answers::new(answers);
        let batch = batch(vec![Command::ChangePuk { from: None, to: Puk::parse("87654321").unwrap() }]);
        let result = run(&mut card, &batch, &secrets(), &mut counting(), &mut |_| {});
        prop_assert_eq!(result.outcomes.is_empty(), result.fault.is_some());
        prop_assert_eq!(hex::encode(&card.sent[0]), squeeze(SELECT));
    }

    #[test]
    fn detection_takes_any_card(answers in vec(answers(), 0..12)) {
        let _ = survey(&mut Answers::new(answers.clone()), &mut counting());
        let _ = retries(&mut Answers::new(answers.clone()));
        let _ = read_certificate(&mut Answers::new(answers), Slot::Signature);
    }
}

#[test]
fn a_card_that_always_has_more_is_left() {
    let mut card = Answers::new(vec![vec![0xaa, 0x61, 0x00]; 10_000]);
    let result = run(&mut card, &batch(vec![Command::ReadIdentity]), &secrets(), &mut counting(), &mut |_| {});
    assert_eq!(result.fault, Some(kaika_wire::CardFault::Malformed));
    assert!(card.sent.len() < 100);
}
