//! What a card answers: nothing panics, nothing runs for ever, and every APDU that is sent is a short one.
//!
//! Input: answers, each a length of two octets and that many octets; a batch is chosen by the first octet.

use kaika_card::{Pin, Secrets, Transport, TransportError, read_certificate, retries, run, survey};
use kaika_wire::{
    Batch, Bytes, Command, Context, Expectation, Guid, Hold, JobId, KeyAlgorithm, ManagementKey, Nonce, PinPolicy,
    PinSource, Puk, Slot,
};
use time::macros::datetime;

struct Answers<'a>(&'a [u8]);

impl Transport for Answers<'_> {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        assert!((4..=261).contains(&apdu.len()), "a short APDU");
        let (length, rest) = self.0.split_first_chunk::<2>().ok_or(TransportError::Removed)?;
        let length = usize::from(u16::from_be_bytes(*length)) % 300;
        let (answer, rest) = rest.split_at_checked(length).ok_or(TransportError::Removed)?;
        self.0 = rest;
        Ok(answer.to_vec())
    }
}

fn puk() -> Puk {
    Puk::parse("87654321").expect("eight digits")
}

/// Everything that an agent can be told to do, some at a time.
fn commands(choice: u8) -> Vec<Command> {
    let (slot, algorithm) = (Slot::Signature, KeyAlgorithm::P256);
    match choice % 9 {
        0 => vec![Command::ReadRetries, Command::ProveCard { algorithm }],
        1 => vec![
            Command::ResetRetryCounter { puk: puk(), pin: PinSource::New },
            Command::SignAcceptance { pin: PinSource::New, algorithm, certificates: Vec::new() },
            Command::ChangePuk { from: None, to: puk() },
        ],
        2 => vec![Command::OpenManagement { key: ManagementKey::new([0x42; 32]) }],
        3 => vec![
            Command::GenerateKey { slot, algorithm: KeyAlgorithm::Rsa2048, pin_policy: PinPolicy::Always },
            Command::Attest { slot },
        ],
        4 => vec![Command::ReadKey { slot }, Command::ReadCertificate { slot }, Command::ReadIdentity],
        5 => vec![
            Command::WriteCertificate { slot, certificate: Bytes(vec![0x30; 700]) },
            Command::WriteIdentity { guid: Guid::from_random([7; 16]), expires: "20320101".into() },
        ],
        6 => vec![Command::Agree { slot, algorithm, peer: Bytes(vec![4; 65]), pin: PinSource::Factory }],
        7 => vec![
            Command::AllowWriting { pin: PinSource::Current, algorithm, email: None },
            Command::ChallengeManagement,
            Command::AnswerManagement { response: Bytes(vec![7; 16]) },
            Command::ProveHolder { pin: PinSource::Current, algorithm },
        ],
        _ => vec![
            Command::BlockPin,
            Command::ProvePossession { slot, algorithm, pin: PinSource::Factory, public_key: None },
        ],
    }
}

pub fn card_answers(input: &[u8]) {
    let Some((choice, answers)) = input.split_first() else { return };
    let _ = survey(&mut Answers(answers), &mut |bytes: &mut [u8]| bytes.fill(0x5a));
    let _ = retries(&mut Answers(answers));
    let _ = read_certificate(&mut Answers(answers), Slot::CardAuthentication);
    let batch = Batch {
        sequence: 1,
        card: Expectation::Identity(Guid::from_random([7; 16])),
        context: Context {
            job: JobId::new(datetime!(2026-11-20 08:00 UTC), [1; 10]),
            nonce: Nonce([2; 32]),
            origin: "https://portal.example".to_owned(),
            card: "GC00000000000001".parse().expect("a card number"),
        },
        commands: commands(*choice),
        hold: if choice & 0x80 == 0 { Hold::None } else { Hold::Open },
    };
    let new_pin = Pin::parse("135790").ok();
    let current_pin = Pin::parse("246802").ok();
    let secrets = Secrets { new_pin, current_pin, ..Secrets::default() };
    let run = run(&mut Answers(answers), &batch, &secrets, &mut |bytes| bytes.fill(9), &mut |_| {});
    assert!(run.outcomes.len() <= batch.commands.len());
}
