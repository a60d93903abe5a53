//! A card that expects exactly these APDUs and gives these answers, and the batches that the tests run.

use kaika_card::{Pin, Run, Secrets, Transport, TransportError, run};
use kaika_wire::{Batch, Command, Context, Expectation, Guid, Hold, Nonce};

/// APDUs and their answers in hexadecimal, blanks free; an answer may also be `removed`.
pub(crate) struct Script {
    steps: Vec<(String, String)>,
    next: usize,
}

impl Script {
    pub(crate) fn new<C: Into<String>, A: Into<String>>(steps: impl IntoIterator<Item = (C, A)>) -> Self {
        let steps = steps.into_iter().map(|(c, a)| (c.into(), a.into())).collect();
        Self { steps, next: 0 }
    }

    /// SELECT and the reading of the right CHUID come first.
    pub(crate) fn begun<C: Into<String>, A: Into<String>>(steps: impl IntoIterator<Item = (C, A)>) -> Self {
        let mut all = vec![(SELECT.to_owned(), SELECTED.to_owned()), (READ_CHUID.to_owned(), chuid_answer())];
        all.extend(steps.into_iter().map(|(c, a)| (c.into(), a.into())));
        Self { steps: all, next: 0 }
    }

    pub(crate) fn sent(&self) -> usize {
        self.next
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.next, self.steps.len(), "APDUs expected and not sent");
        }
    }
}

impl Transport for Script {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        let (command, answer) =
            self.steps.get(self.next).unwrap_or_else(|| panic!("nothing more expected, but: {}", hex::encode(apdu)));
        assert_eq!(hex::encode(apdu), squeeze(command), "APDU {}", self.next + 1);
        self.next += 1;
        match answer.as_str() {
            "removed" => Err(TransportError::Removed),
            answer => Ok(hex::decode(squeeze(answer)).unwrap()),
        }
    }
}

pub(crate) const SELECT: &str = "00a4 0400 0b a000000308000010000100 00";
pub(crate) const SELECTED: &str = "61 11 4f 06 000010000100 79 07 4f 05 a000000308 9000";
pub(crate) const READ_CHUID: &str = "00cb 3fff 05 5c03 5fc102 00";
pub(crate) const GUID: &str = "00112233-4455-4677-8899-aabbccddeeff";
pub(crate) const FASC_N: &str = "d4e739da739ced39ce739d836858210842108421c84210c3eb";
pub(crate) const CERTIFICATE_9E: &str = "00cb 3fff 05 5c03 5fc101 00";

pub(crate) fn squeeze(text: &str) -> String {
    text.split_whitespace().collect()
}

pub(crate) fn guid() -> Guid {
    GUID.parse().unwrap()
}

pub(crate) fn chuid_answer() -> String {
    format!("533b 3019 {FASC_N} 3410 00112233445546778899aabbccddeeff 3508 3230333230313031 3e00 fe00 9000")
}

pub(crate) fn context() -> Context {
    Context {
        job: "0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b".parse().unwrap(),
        nonce: Nonce([7; 32]),
        origin: "https://gca.example".into(),
        card: "GC00000000000001".parse().unwrap(),
    }
}

pub(crate) fn batch(commands: Vec<Command>) -> Batch {
    Batch { sequence: 1, card: Expectation::Identity(guid()), context: context(), commands, hold: Hold::None }
}

/// Present PIN 654321, new PIN 11223344.
pub(crate) fn secrets() -> Secrets {
    Secrets { current_pin: Pin::parse("654321").ok(), new_pin: Pin::parse("11223344").ok(), ..Secrets::default() }
}

/// Every random byte is 5a.
pub(crate) fn fixed(bytes: &mut [u8]) {
    bytes.fill(0x5a);
}

/// One command against one script; gives what came of it and checks that progress was told.
pub(crate) fn run_one(script: &mut dyn Transport, command: Command) -> Run {
    run_all(script, &batch(vec![command]))
}

pub(crate) fn run_all(script: &mut dyn Transport, batch: &Batch) -> Run {
    let mut progress = Vec::new();
    let run = run(script, batch, &secrets(), &mut fixed, &mut |done| progress.push(done));
    let refused = matches!(run.outcomes.last(), Some(kaika_wire::Outcome::Refused { .. }));
    let done = run.outcomes.len() - usize::from(refused);
    assert_eq!(progress, (1..=done).collect::<Vec<_>>());
    run
}
