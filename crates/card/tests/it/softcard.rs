//! Everything against the software card, which knows PIV from its own side and is strict here: VERIFY and the 9C
//! signature have to be neighbours. Signatures, keys and agreed secrets are checked by a third party.

use crate::script::{batch, context, guid};
use aws_lc_rs::{agreement, signature};
use kaika_card::{
    Pin, Retries, Run, Secrets, Transport, TransportError, read_certificate, recognise, retries, run, survey,
};
use kaika_softcard::{Fault, FaultKind, ManagementAlgorithm, Options, SoftCard};
use kaika_wire::{
    Bytes, CardFault, CertificateReference, CertificateRole, Command, Document, Expectation, KeyAlgorithm,
    ManagementKey, Outcome, PinPolicy, PinSource, Puk, SecretKind, Slot,
};
use std::time::Duration;
use tempfile::TempDir;

const SERIAL: u32 = 4_711;
const MANAGEMENT: [u8; 32] = [0x42; 32];
const SLOTS: [Slot; 4] = [Slot::CardAuthentication, Slot::Signature, Slot::KeyManagement, Slot::Authentication];

/// A card in a reader: reset whenever it has lost its power.
struct Reader {
    card: SoftCard,
    _folder: TempDir,
}

impl Reader {
    fn with_blank_card() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { serial: SERIAL, strict: true, ..Options::default() };
        let mut card = SoftCard::create(folder.path().join("card"), options).unwrap();
        card.reset();
        Self { card, _folder: folder }
    }

    fn run(&mut self, card: Expectation, commands: Vec<Command>) -> Run {
        self.card.reset();
        let mut batch = batch(commands);
        batch.card = card;
        let mut next = 1u8;
        let mut random = move |bytes: &mut [u8]| {
            for byte in bytes {
                next = next.wrapping_mul(77).wrapping_add(13);
                *byte = next;
            }
        };
        run(self, &batch, &secrets(), &mut random, &mut |_| {})
    }

    /// All of the batch succeeds.
    fn outcomes(&mut self, card: Expectation, commands: Vec<Command>) -> Vec<Outcome> {
        let run = self.run(card, commands);
        assert_eq!(run.fault, None);
        run.outcomes
    }
}

impl Transport for Reader {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.card.transmit(apdu).map_err(|_| TransportError::Removed)
    }
}

fn secrets() -> Secrets {
    Secrets { new_pin: Pin::parse("246810").ok(), ..Secrets::default() }
}

fn puk(text: &str) -> Puk {
    Puk::parse(text).unwrap()
}

fn open() -> Command {
    Command::OpenManagement { key: ManagementKey::new(MANAGEMENT) }
}

fn policy(slot: Slot) -> PinPolicy {
    match slot {
        Slot::CardAuthentication => PinPolicy::Never,
        Slot::Signature => PinPolicy::Always,
        _ => PinPolicy::Default,
    }
}

fn blank() -> Expectation {
    Expectation::Device(SERIAL)
}

fn ours() -> Expectation {
    Expectation::Identity(guid())
}

fn key_of(outcome: &Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Key { public_key: Some(key) } => key.0.clone(),
        other => panic!("no key: {other:?}"),
    }
}

fn signature_of(outcome: &Outcome) -> &[u8] {
    match outcome {
        Outcome::Signature { signature } => signature,
        other => panic!("no signature: {other:?}"),
    }
}

/// Judged by aws-lc: `key` is SubjectPublicKeyInfo.
fn check_signature(algorithm: KeyAlgorithm, key: &[u8], document: Document<'_>, outcome: &Outcome) {
    let verification: &dyn signature::VerificationAlgorithm = match algorithm {
        KeyAlgorithm::Rsa2048 => &signature::RSA_PKCS1_2048_8192_SHA256,
        KeyAlgorithm::P256 => &signature::ECDSA_P256_SHA256_ASN1,
        KeyAlgorithm::P384 => &signature::ECDSA_P384_SHA384_ASN1,
    };
    signature::UnparsedPublicKey::new(verification, key)
        .verify(&document.to_bytes(), signature_of(outcome))
        .expect("the card's signature is right");
}

/// Generates all keys, gives them by slot in the order of [`SLOTS`].
fn generate(reader: &mut Reader, algorithm: KeyAlgorithm) -> Vec<Vec<u8>> {
    let mut commands = vec![open()];
    commands.extend(SLOTS.map(|slot| Command::GenerateKey { slot, algorithm, pin_policy: policy(slot) }));
    let outcomes = reader.outcomes(blank(), commands);
    assert_eq!(outcomes[0], Outcome::Done);
    outcomes[1..].iter().map(key_of).collect()
}

fn write_all() -> Vec<Command> {
    let mut commands = vec![open()];
    commands.extend(SLOTS.map(|slot| Command::WriteCertificate { slot, certificate: certificate(slot).into() }));
    commands.push(Command::WriteIdentity { guid: guid(), expires: "20320101".into() });
    commands
}

/// As long as a real one.
fn certificate(slot: Slot) -> Vec<u8> {
    [&[0x30, 0x82, 0x05, 0x78][..], &[slot.reference(); 1400]].concat()
}

fn prove(slot: Slot, algorithm: KeyAlgorithm) -> Command {
    Command::ProvePossession { slot, algorithm, pin: PinSource::Factory, public_key: None }
}

fn whole_life(algorithm: KeyAlgorithm) {
    let mut reader = Reader::with_blank_card();
    let found = survey(&mut reader, &mut crate::script::fixed).unwrap();
    assert!(found.guid.is_none() && found.certificate.is_none());
    assert!(found.capabilities.unwrap().can_be_made());
    assert_eq!(found.device.unwrap().serial, SERIAL);

    let keys = generate(&mut reader, algorithm);
    assert!(reader.card.inspect().management_key_is(ManagementAlgorithm::Aes256, &MANAGEMENT));
    check_read_keys(&mut reader, &keys);
    check_possession(&mut reader, algorithm, &keys);
    check_agreement(&mut reader, algorithm, &keys[2]);

    for outcome in reader.outcomes(blank(), write_all()) {
        assert_eq!(outcome, Outcome::Done);
    }
    check_contents(&mut reader);

    let close = vec![Command::ChangePuk { from: None, to: puk("11111111") }, Command::BlockPin];
    assert_eq!(reader.outcomes(ours(), close), [Outcome::Done, Outcome::Done]);
    reader.card.reset();
    let left = Retries { pin: Some(0), puk: Some(3) };
    assert_eq!(retries(&mut reader), Ok(left));
    assert!(reader.card.inspect().puk_is("11111111"));
    assert!(!reader.card.inspect().pin_is("123456"));

    check_activation(&mut reader, algorithm, &keys);
}

fn check_read_keys(reader: &mut Reader, keys: &[Vec<u8>]) {
    let mut commands: Vec<_> = SLOTS.map(|slot| Command::ReadKey { slot }).into();
    commands.extend(SLOTS.map(|slot| Command::Attest { slot }));
    let retired = Slot::from_reference(0x82).unwrap();
    commands.push(Command::ReadKey { slot: retired });
    commands.push(Command::Attest { slot: retired });
    let outcomes = reader.outcomes(blank(), commands);
    let read: Vec<_> = outcomes[..4].iter().map(key_of).collect();
    assert_eq!(read, keys);
    for (outcome, key) in outcomes[4..8].iter().zip(keys) {
        let Outcome::Attestation { certificate: Some(certificate), issuer: Some(issuer) } = outcome else {
            panic!("no attestation: {outcome:?}");
        };
        assert!(certificate.windows(key.len()).any(|part| part == key), "it is about this key");
        assert_eq!(issuer[0], 0x30);
    }
    let none = Outcome::Attestation { certificate: None, issuer: None };
    assert_eq!(outcomes[8..], [Outcome::Key { public_key: None }, none]);
}

fn check_possession(reader: &mut Reader, algorithm: KeyAlgorithm, keys: &[Vec<u8>]) {
    let commands = SLOTS.map(|slot| prove(slot, algorithm)).into();
    let outcomes = reader.outcomes(blank(), commands);
    for ((slot, key), outcome) in SLOTS.into_iter().zip(keys).zip(&outcomes) {
        let document = Document::Possession { context: &context(), slot, public_key: key };
        check_signature(algorithm, key, document, outcome);
    }
}

fn check_agreement(reader: &mut Reader, algorithm: KeyAlgorithm, key: &[u8]) {
    let agree = |peer: &[u8]| {
        vec![Command::Agree {
            slot: Slot::KeyManagement,
            algorithm,
            peer: Bytes(peer.to_vec()),
            pin: PinSource::Factory,
        }]
    };
    let (curve, point) = match algorithm {
        KeyAlgorithm::Rsa2048 => {
            let run = reader.run(blank(), agree(&[1; 256]));
            assert_eq!(run.fault, Some(CardFault::Unsupported));
            return;
        }
        KeyAlgorithm::P256 => (&agreement::ECDH_P256, 65),
        KeyAlgorithm::P384 => (&agreement::ECDH_P384, 97),
    };
    let private = agreement::PrivateKey::generate(curve).unwrap();
    let outcomes = reader.outcomes(blank(), agree(private.compute_public_key().unwrap().as_ref()));
    let peer = agreement::UnparsedPublicKey::new(curve, &key[key.len() - point..]);
    let expected = agreement::agree(&private, peer, (), |secret| Ok(secret.to_vec())).unwrap();
    assert_eq!(outcomes, [Outcome::Agreed { secret: expected.into() }]);
}

fn check_contents(reader: &mut Reader) {
    let mut commands: Vec<_> = SLOTS.map(|slot| Command::ReadCertificate { slot }).into();
    commands.push(Command::ReadIdentity);
    let outcomes = reader.outcomes(ours(), commands);
    for (slot, outcome) in SLOTS.into_iter().zip(&outcomes) {
        let certificate = Some(Bytes(certificate(slot)));
        assert_eq!(*outcome, Outcome::Certificate { certificate });
        assert_eq!(read_certificate(reader, slot), Ok(Some(self::certificate(slot))));
    }
    assert_eq!(outcomes[4], Outcome::Identity { guid: Some(guid()) });
    let found = recognise(reader).unwrap();
    assert_eq!(found.guid, Some(guid()));
    assert_eq!(found.certificate.unwrap().0, certificate(Slot::CardAuthentication));
}

fn activation() -> [Vec<Command>; 2] {
    activation_with(KeyAlgorithm::P256)
}

fn activation_with(algorithm: KeyAlgorithm) -> [Vec<Command>; 2] {
    [
        vec![Command::ReadRetries, Command::ProveCard { algorithm }],
        vec![
            Command::ResetRetryCounter { puk: puk("11111111"), pin: PinSource::New },
            Command::SignAcceptance { pin: PinSource::New, algorithm, certificates: vec![accepted()] },
            Command::ChangePuk { from: Some(puk("11111111")), to: puk("22222222") },
        ],
    ]
}

fn accepted() -> CertificateReference {
    CertificateReference { role: CertificateRole::Signature, serial: "7f01".parse().unwrap(), sha256: [3; 32] }
}

fn check_activation(reader: &mut Reader, algorithm: KeyAlgorithm, keys: &[Vec<u8>]) {
    let before = reader.card.apdu_count();
    let [first, second] = activation_with(algorithm);
    let outcomes = reader.outcomes(ours(), first);
    let tries = Outcome::Retries { pin: Some(0), puk: Some(3) };
    assert_eq!(outcomes[0], tries);
    check_signature(algorithm, &keys[0], Document::CardProof(&context()), &outcomes[1]);
    let outcomes = reader.outcomes(ours(), second);
    let document = Document::Acceptance { context: &context(), certificates: &[accepted()] };
    check_signature(algorithm, &keys[1], document, &outcomes[1]);
    assert_eq!((&outcomes[0], &outcomes[2]), (&Outcome::Done, &Outcome::Done));
    let card = reader.card.inspect();
    assert!(card.pin_is("246810") && card.puk_is("22222222"));
    if algorithm != KeyAlgorithm::Rsa2048 {
        let apdus = reader.card.apdu_count() - before;
        assert!(apdus <= 12, "{apdus} APDUs");
    }
}

#[test]
fn a_whole_life_with_p256() {
    whole_life(KeyAlgorithm::P256);
}

#[test]
fn a_whole_life_with_p384() {
    whole_life(KeyAlgorithm::P384);
}

#[test]
fn a_whole_life_with_rsa() {
    whole_life(KeyAlgorithm::Rsa2048);
}

#[test]
fn wrong_secrets_are_counted_and_another_card_is_not_touched() {
    let mut reader = Reader::with_blank_card();
    let reset = || vec![Command::ResetRetryCounter { puk: puk("99999999"), pin: PinSource::New }];
    for card in [ours(), Expectation::Device(SERIAL + 1)] {
        assert_eq!(reader.run(card, reset()).fault, Some(CardFault::OtherCard));
    }
    assert_eq!(reader.card.inspect().puk_tries_left(), 3);
    for left in [2, 1, 0, 0] {
        let refused = Outcome::Refused { secret: SecretKind::Puk, tries_left: Some(left) };
        assert_eq!(reader.outcomes(blank(), reset()), [refused]);
    }
    let close = Command::OpenManagement { key: ManagementKey::new([1; 32]) };
    reader.outcomes(blank(), vec![open()]);
    let refused = Outcome::Refused { secret: SecretKind::ManagementKey, tries_left: None };
    assert_eq!(reader.outcomes(blank(), vec![close]), [refused]);
}

const FAULTS: [FaultKind; 5] = [
    FaultKind::LosePowerBefore,
    FaultKind::LosePowerAfter,
    FaultKind::Refuse,
    FaultKind::RefuseAfterActing,
    FaultKind::Slow(Duration::from_millis(1)),
];

/// What is said to be idempotent is: cut at every APDU in every way, then done again.
#[test]
fn interrupted_work_can_be_done_again() {
    let commands = || {
        let mut commands = vec![open(), Command::BlockPin];
        commands.extend(write_all());
        commands
    };
    for kind in FAULTS {
        for at in 1.. {
            let mut reader = Reader::with_blank_card();
            reader.card.plan_fault(Fault { at, kind });
            let cut = reader.run(blank(), commands());
            if reader.card.fired_fault().is_none() {
                assert_eq!(cut.fault, None);
                break;
            }
            for outcome in reader.outcomes(blank(), commands()) {
                assert_eq!(outcome, Outcome::Done, "{kind:?} at {at}");
            }
            let card = reader.card.inspect();
            assert_eq!((card.pin_tries_left(), card.puk_tries_left()), (0, 3), "{kind:?} at {at}");
            assert!(card.management_key_is(ManagementAlgorithm::Aes256, &MANAGEMENT));
            check_contents(&mut reader);
        }
    }
}

/// Cut anywhere, a batch says so, tells no more outcomes than happened, and spends no try of a right secret.
#[test]
fn a_cut_activation_spends_no_try() {
    let mut cuts = 0;
    for kind in FAULTS {
        for at in 1.. {
            let mut reader = Reader::with_blank_card();
            let mut prepare = vec![open()];
            prepare.extend(SLOTS.map(|slot| Command::GenerateKey {
                slot,
                algorithm: KeyAlgorithm::P256,
                pin_policy: policy(slot),
            }));
            prepare.extend(write_all());
            prepare.push(Command::ChangePuk { from: None, to: puk("11111111") });
            reader.outcomes(blank(), prepare);
            reader.card.plan_fault(Fault { at, kind });
            for commands in activation() {
                let asked = commands.len();
                let run = reader.run(ours(), commands);
                assert_eq!(run.fault.is_some(), run.outcomes.len() < asked, "{kind:?} at {at}");
                if run.fault.is_some() {
                    break;
                }
            }
            let card = reader.card.inspect();
            assert_eq!((card.pin_tries_left(), card.puk_tries_left()), (3, 3), "{kind:?} at {at}");
            assert!(card.puk_is("11111111") || card.puk_is("22222222"));
            if reader.card.fired_fault().is_none() {
                break;
            }
            cuts += 1;
        }
    }
    assert_eq!(cuts, 11 * FAULTS.len());
}
