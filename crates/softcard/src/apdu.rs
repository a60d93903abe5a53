//! From bytes to whole commands and back: lengths, classes, command chaining, GET RESPONSE (ISO/IEC 7816-4 §5.3).

use iso7816::Status;
use iso7816::command::{CommandView, FromSliceError};
use zeroize::Zeroizing;

pub(crate) const GET_RESPONSE: u8 = 0xC0;
const SELECT: u8 = 0xA4;

/// Commands whose data may outgrow a short APDU and come in a chain: GENERATE, GENERAL AUTHENTICATE, PUT DATA, IMPORT.
const CHAINABLE: [u8; 4] = [0x47, 0x87, 0xDB, 0xFE];

/// More than the largest data object with its tags, which is the longest command.
const LONGEST_CHAIN: usize = 4096;

/// A whole command.
pub(crate) struct Apdu {
    pub(crate) ins: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    pub(crate) data: Zeroizing<Vec<u8>>,
    /// How many bytes of answer the terminal takes at a time.
    pub(crate) room: usize,
}

impl Apdu {
    pub(crate) fn parameters(&self) -> (u8, u8) {
        (self.p1, self.p2)
    }
}

pub(crate) enum Received {
    /// A link of a chain that goes on; the instruction it belongs to.
    Link(u8),
    Command(Apdu),
}

/// Puts chained commands together.
#[derive(Default)]
pub(crate) struct Intake {
    chain: Option<Chain>,
}

struct Chain {
    header: [u8; 3],
    data: Zeroizing<Vec<u8>>,
}

impl Intake {
    /// # Errors
    /// The status word to answer with; a chain that was begun is then forgotten.
    pub(crate) fn accept(&mut self, bytes: &[u8]) -> Result<Received, Status> {
        let chain = self.chain.take();
        let command = CommandView::try_from(bytes).map_err(|error| match error {
            FromSliceError::InvalidClass => Status::ClassNotSupported,
            _ => Status::WrongLength,
        })?;
        let last = is_last(command.class().into_inner())?;
        let ins = u8::from(command.instruction());
        let header = [ins, command.p1, command.p2];

        let mut data = match chain {
            Some(chain) if chain.header == header => chain.data,
            // A terminal that begins anew after another has died in the middle of a chain is not to be confused.
            Some(_) if ins != SELECT => return Err(Status::LastCommandOfChainExpected),
            _ => Zeroizing::default(),
        };
        if data.len() + command.data().len() > LONGEST_CHAIN && !(data.is_empty() && last) {
            return Err(Status::WrongLength);
        }
        data.extend_from_slice(command.data());

        if last {
            let room = match command.expected() {
                // Without Le nothing is expected; yet terminals leave it out and cards answer all the same.
                0 if command.extended => 65_536,
                0 => 256,
                expected => expected,
            };
            let [ins, p1, p2] = header;
            return Ok(Received::Command(Apdu { ins, p1, p2, data, room }));
        }
        if !CHAINABLE.contains(&ins) {
            return Err(Status::CommandChainingNotSupported);
        }
        self.chain = Some(Chain { header, data });
        Ok(Received::Link(ins))
    }
}

/// Whether this is the last or only command of a chain, by its class byte.
fn is_last(class: u8) -> Result<bool, Status> {
    match class {
        0x00 => Ok(true),
        0x10 => Ok(false),
        0x01..=0x03 | 0x11..=0x13 => Err(Status::LogicalChannelNotSupported),
        0x04..=0x0F | 0x14..=0x1F => Err(Status::SecureMessagingNotSupported),
        _ => Err(Status::ClassNotSupported),
    }
}

/// Hands an answer out in the portions that the terminal takes.
#[derive(Default)]
pub(crate) struct Outlet {
    rest: Zeroizing<Vec<u8>>,
}

impl Outlet {
    /// Begins a new answer; what is left of an older one is gone.
    pub(crate) fn fill(&mut self, answer: Vec<u8>) {
        self.rest = Zeroizing::new(answer);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next portion, with 9000, or 61xx if there is more.
    pub(crate) fn portion(&mut self, room: usize) -> Vec<u8> {
        let length = room.min(self.rest.len());
        let mut portion: Vec<u8> = self.rest.drain(..length).collect();
        let status = match self.rest.len() {
            0 => Status::Success,
            more => Status::MoreAvailable(u8::try_from(more).unwrap_or(0)),
        };
        portion.extend(status.to_u16().to_be_bytes());
        portion
    }
}
