//! Command and response APDUs (ISO/IEC 7816-4), command chaining and GET RESPONSE.
//!
//! Commands are put together here rather than with `iso7816`'s builder because they may hold a PIN, a PUK or a key:
//! every buffer is of its final size from the start and wiped at its end.

use crate::Transport;
use iso7816::Status;
use kaika_wire::CardFault;
use zeroize::Zeroizing;

/// A command before it is cut into short APDUs. CLA is 00.
pub(crate) struct Apdu<'d> {
    pub(crate) instruction: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    pub(crate) data: &'d [u8],
    /// Whether data is expected in the response (Le 00).
    pub(crate) answers: bool,
}

/// A whole response, put together from its parts.
pub(crate) struct Response {
    pub(crate) data: Zeroizing<Vec<u8>>,
    pub(crate) status: Status,
}

const GET_RESPONSE: u8 = 0xc0;
const CHAINED: u8 = 0x10;
const LONGEST_DATA: usize = 255;
/// Of 256 octets each: far more than the longest object, so that a card cannot keep us for ever.
const MOST_PARTS: usize = 64;

/// Sends a command, in several APDUs where its data is long, and collects the whole response (61xx).
pub(crate) fn exchange(transport: &mut dyn Transport, command: &Apdu<'_>) -> Result<Response, CardFault> {
    let mut rest = command.data;
    while rest.len() > LONGEST_DATA {
        let (part, after) = rest.split_at(LONGEST_DATA);
        let response = transmit(transport, &bytes(CHAINED, command, part, None))?;
        if response.status != Status::Success {
            return Ok(response);
        }
        rest = after;
    }
    let le = command.answers.then_some(0);
    let mut response = transmit(transport, &bytes(0, command, rest, le))?;
    if let Status::WrongLeField(right) = response.status {
        response = transmit(transport, &bytes(0, command, rest, Some(right)))?;
    }
    collect(transport, response)
}

impl Response {
    /// The data, where the card did what it was told.
    pub(crate) fn success(self) -> Result<Zeroizing<Vec<u8>>, CardFault> {
        match self.status {
            Status::Success => Ok(self.data),
            status => Err(fault(status)),
        }
    }
}

/// What a status word that the command does not know comes to.
pub(crate) fn fault(status: Status) -> CardFault {
    match status {
        Status::InstructionNotSupportedOrInvalid => CardFault::Unsupported,
        status => CardFault::Status { status: format!("{:04x}", u16::from(status)) },
    }
}

fn collect(transport: &mut dyn Transport, first: Response) -> Result<Response, CardFault> {
    let mut whole = first;
    for _ in 0..MOST_PARTS {
        let Status::MoreAvailable(length) = whole.status else {
            return Ok(whole);
        };
        let part = transmit(transport, &[0, GET_RESPONSE, 0, 0, length])?;
        // Growing a `Vec` may leave a copy behind; a new one of the right size does not.
        let mut data = Zeroizing::new(Vec::with_capacity(whole.data.len() + part.data.len()));
        data.extend_from_slice(&whole.data);
        data.extend_from_slice(&part.data);
        whole = Response { data, status: part.status };
    }
    Err(CardFault::Malformed)
}

fn transmit(transport: &mut dyn Transport, apdu: &[u8]) -> Result<Response, CardFault> {
    let mut data = Zeroizing::new(transport.transmit(apdu)?);
    let end = data.len().checked_sub(2).ok_or(CardFault::Malformed)?;
    let status = Status::from([data[end], data[end + 1]]);
    data.truncate(end);
    Ok(Response { data, status })
}

fn bytes(class: u8, command: &Apdu<'_>, data: &[u8], le: Option<u8>) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(6 + data.len()));
    out.extend_from_slice(&[class, command.instruction, command.p1, command.p2]);
    if !data.is_empty() {
        out.push(u8::try_from(data.len()).expect("data is cut to 255 octets"));
        out.extend_from_slice(data);
    }
    out.extend(le);
    out
}
