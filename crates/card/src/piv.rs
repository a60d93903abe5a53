//! The driver for plain PIV: the commands of SP 800-73-4 part 2 §3.

use crate::{
    Pin, Transport,
    apdu::{self, Apdu, Response},
    key,
    keypad::{KeypadRequest, not_typed},
    object::{self, APPLICATION},
    tlv,
};
use iso7816::Status;
use kaika_wire::{CardFault, Guid, KeyAlgorithm, PinDigits, PinPolicy, SecretKind, Slot};
use zeroize::Zeroizing;

/// A card whose PIV application is selected, or about to be.
pub(crate) struct Card<'t> {
    transport: &'t mut dyn Transport,
}

/// Why a command of a batch was not done.
pub(crate) enum Stop {
    /// The card did not take this secret.
    Refused {
        secret: SecretKind,
        tries_left: Option<u8>,
    },
    Fault(CardFault),
}

impl<E: Into<CardFault>> From<E> for Stop {
    fn from(fault: E) -> Self {
        Self::Fault(fault.into())
    }
}

const SELECT: u8 = 0xa4;
const GET_DATA: u8 = 0xcb;
const PUT_DATA: u8 = 0xdb;
const VERIFY: u8 = 0x20;
const CHANGE_REFERENCE_DATA: u8 = 0x24;
const RESET_RETRY_COUNTER: u8 = 0x2c;
const GENERAL_AUTHENTICATE: u8 = 0x87;
const GENERATE: u8 = 0x47;

const PIN: u8 = 0x80;
const PUK: u8 = 0x81;

const TAG_LIST: u32 = 0x5c;
const DATA: u32 = 0x53;
const DYNAMIC_AUTHENTICATION: u32 = 0x7c;
const PUBLIC_KEY: u32 = 0x7f49;

impl<'t> Card<'t> {
    pub(crate) fn new(transport: &'t mut dyn Transport) -> Self {
        Self { transport }
    }

    /// Selects the PIV application; gives its property template. A card without it is [`CardFault::Unsupported`].
    pub(crate) fn select(&mut self) -> Result<Zeroizing<Vec<u8>>, CardFault> {
        let response = self.send(SELECT, 0x04, 0x00, &APPLICATION, true)?;
        match response.status {
            Status::NotFound => Err(CardFault::Unsupported),
            _ => response.success(),
        }
    }

    /// What is inside a data object; none where the card has no such object or an empty one.
    pub(crate) fn data(&mut self, tag: u32) -> Result<Option<Zeroizing<Vec<u8>>>, CardFault> {
        let Some(response) = self.raw_data(tag)? else {
            return Ok(None);
        };
        let content = tlv::require(&response, DATA)?;
        Ok((!content.is_empty()).then(|| Zeroizing::new(content.to_vec())))
    }

    /// The answer to GET DATA with its outer tag; none where the card has no such object.
    pub(crate) fn raw_data(&mut self, tag: u32) -> Result<Option<Zeroizing<Vec<u8>>>, CardFault> {
        let name = tag_list(tag);
        let response = self.send(GET_DATA, 0x3f, 0xff, &name, true)?;
        match response.status {
            Status::NotFound => Ok(None),
            _ => response.success().map(Some),
        }
    }

    /// Wants the management key authenticated.
    pub(crate) fn put(&mut self, tag: u32, content: &[u8]) -> Result<(), CardFault> {
        let name = tag_list(tag);
        let data = tlv::object(DATA, content);
        let both = Zeroizing::new([name.as_slice(), data.as_slice()].concat());
        self.put_raw(&both)
    }

    /// PUT DATA of an object that is its own name: the Discovery Object (SP 800-73-4 part 2 §3.3.1).
    pub(crate) fn put_raw(&mut self, object: &[u8]) -> Result<(), CardFault> {
        self.send(PUT_DATA, 0x3f, 0xff, object, false)?.success().map(drop)
    }

    /// The GUID of the CHUID; none where the card has none that can be read.
    pub(crate) fn guid(&mut self) -> Result<Option<Guid>, CardFault> {
        match self.data(object::CHUID) {
            Ok(Some(chuid)) => Ok(object::guid(&chuid).unwrap_or_default()),
            Ok(None) | Err(CardFault::Malformed) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    pub(crate) fn certificate(&mut self, tag: u32) -> Result<Option<Vec<u8>>, CardFault> {
        match self.data(tag)? {
            Some(object) => Ok(object::certificate_in(&object)?),
            None => Ok(None),
        }
    }

    /// The PIN's tries left, without spending one; none where it is verified at the moment, so that the card does not
    /// tell (SP 800-73-4 part 2 §3.2.1).
    pub(crate) fn pin_tries(&mut self) -> Result<Option<u8>, CardFault> {
        let response = self.send(VERIFY, 0x00, PIN, &[], false)?;
        match (tries_left(response.status), response.status) {
            (Some(tries), _) => Ok(tries),
            (None, Status::Success) => Ok(None),
            (None, status) => Err(apdu::fault(status)),
        }
    }

    pub(crate) fn verify(&mut self, pin: &Pin) -> Result<(), Stop> {
        let response = self.send(VERIFY, 0x00, PIN, pin.padded(), false)?;
        self.taken(&response, SecretKind::Pin)
    }

    /// VERIFY without data (SP 800-73-4 part 2 §3.2.1).
    pub(crate) fn is_verified(&mut self) -> Result<bool, CardFault> {
        Ok(self.send(VERIFY, 0x00, PIN, &[], false)?.status == Status::Success)
    }

    /// The PIN counts as verified no more, whatever the card says to it.
    pub(crate) fn forget_pin(&mut self) -> Result<(), CardFault> {
        self.send(VERIFY, 0xff, PIN, &[], false).map(drop)
    }

    /// Where the card has refused a secret without telling how many tries are left (6300), it is asked for them.
    fn taken(&mut self, response: &Response, secret: SecretKind) -> Result<(), Stop> {
        match taken(response, secret) {
            Err(Stop::Refused { secret, tries_left: None }) => {
                let asked = match secret {
                    SecretKind::Pin => self.pin_tries(),
                    SecretKind::Puk => self.metadata(PUK).map(|metadata| metadata.and_then(|told| told.tries_left)),
                    SecretKind::ManagementKey => Ok(None),
                };
                let tries_left = match asked {
                    Ok(tries_left) => tries_left,
                    Err(CardFault::Status { .. } | CardFault::Unsupported | CardFault::Malformed) => None,
                    Err(fault) => return Err(fault.into()),
                };
                Err(Stop::Refused { secret, tries_left })
            }
            taken => taken,
        }
    }

    pub(crate) fn change_pin(&mut self, from: &Pin, to: &Pin) -> Result<(), Stop> {
        let data = Zeroizing::new([from.padded().as_slice(), to.padded()].concat());
        let response = self.send(CHANGE_REFERENCE_DATA, 0x00, PIN, &data, false)?;
        self.taken(&response, SecretKind::Pin)
    }

    pub(crate) fn change_puk(&mut self, from: &[u8; 8], to: &[u8; 8]) -> Result<(), Stop> {
        let data = Zeroizing::new([from.as_slice(), to].concat());
        let response = self.send(CHANGE_REFERENCE_DATA, 0x00, PUK, &data, false)?;
        self.taken(&response, SecretKind::Puk)
    }

    pub(crate) fn reset_retry_counter(&mut self, puk: &[u8; 8], pin: &Pin) -> Result<(), Stop> {
        let data = Zeroizing::new([puk.as_slice(), pin.padded()].concat());
        let response = self.send(RESET_RETRY_COUNTER, 0x00, PIN, &data, false)?;
        self.taken(&response, SecretKind::Puk)
    }

    pub(crate) fn has_keypad(&mut self) -> bool {
        self.transport.has_keypad()
    }

    /// VERIFY with what the holder types at the reader.
    pub(crate) fn verify_at_keypad(&mut self, digits: PinDigits) -> Result<(), Stop> {
        self.at_keypad(&KeypadRequest::verify(digits), SecretKind::Pin)
    }

    /// RESET RETRY COUNTER with PUK and new PIN as the holder types them at the reader.
    pub(crate) fn reset_retry_counter_at_keypad(&mut self, digits: PinDigits) -> Result<(), Stop> {
        self.at_keypad(&KeypadRequest::reset_retry_counter(digits), SecretKind::Puk)
    }

    fn at_keypad(&mut self, request: &KeypadRequest, secret: SecretKind) -> Result<(), Stop> {
        let answer = self.transport.type_pin(request)?;
        let [.., sw1, sw2] = answer.as_slice() else { return Err(CardFault::Malformed.into()) };
        match not_typed(u16::from_be_bytes([*sw1, *sw2])) {
            Some(fault) => Err(fault.into()),
            None => self.taken(&Response { data: Zeroizing::default(), status: Status::from([*sw1, *sw2]) }, secret),
        }
    }

    /// The private-key operation on a challenge: hash or padded block. Gives the signature.
    pub(crate) fn sign(&mut self, slot: Slot, algorithm: KeyAlgorithm, challenge: &[u8]) -> Result<Vec<u8>, CardFault> {
        self.use_key(slot, algorithm, 0x81, challenge).map(|signature| signature.to_vec())
    }

    /// The x-coordinate of the slot's key times this point (SP 800-73-4 part 2, appendix A.5.3).
    pub(crate) fn agree(
        &mut self,
        slot: Slot,
        algorithm: KeyAlgorithm,
        peer: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CardFault> {
        self.use_key(slot, algorithm, 0x85, peer)
    }

    /// GENERAL AUTHENTICATE with these objects in its template; gives those of the answer.
    pub(crate) fn authenticate(
        &mut self,
        algorithm: u8,
        reference: u8,
        objects: &[&[u8]],
    ) -> Result<Response, CardFault> {
        let template = tlv::constructed(DYNAMIC_AUTHENTICATION, objects);
        let mut response = self.send(GENERAL_AUTHENTICATE, algorithm, reference, &template, true)?;
        if response.status == Status::Success && !response.data.is_empty() {
            let inner = tlv::require(&response.data, DYNAMIC_AUTHENTICATION)?.to_vec();
            response.data = Zeroizing::new(inner);
        }
        Ok(response)
    }

    /// Makes a new key in the slot; wants the management key authenticated. Gives SubjectPublicKeyInfo (DER). A card that
    /// takes no policy makes the key with its own: what that is shows when the key is used.
    pub(crate) fn generate(
        &mut self,
        slot: Slot,
        algorithm: KeyAlgorithm,
        pin_policy: PinPolicy,
    ) -> Result<Vec<u8>, CardFault> {
        let mechanism = tlv::object(0x80, &[key::identifier(algorithm)]);
        let policy = match pin_policy {
            PinPolicy::Default => Zeroizing::default(),
            PinPolicy::Never => tlv::object(0xaa, &[1]),
            PinPolicy::Once => tlv::object(0xaa, &[2]),
            PinPolicy::Always => tlv::object(0xaa, &[3]),
        };
        let template = tlv::constructed(0xac, &[&mechanism, &policy]);
        let mut response = self.send(GENERATE, 0x00, slot.reference(), &template, true)?;
        let no_policy = matches!(response.status, Status::IncorrectDataParameter | Status::WrongLength);
        if no_policy && !policy.is_empty() {
            let template = tlv::constructed(0xac, &[&mechanism]);
            response = self.send(GENERATE, 0x00, slot.reference(), &template, true)?;
        }
        let answer = response.success()?;
        let elements = tlv::require(&answer, PUBLIC_KEY)?;
        Ok(key::public_key_info(algorithm, elements)?)
    }

    /// One command, of CLA 00; `answers` tells whether data is expected.
    pub(crate) fn send(
        &mut self,
        instruction: u8,
        p1: u8,
        p2: u8,
        data: &[u8],
        answers: bool,
    ) -> Result<Response, CardFault> {
        apdu::exchange(self.transport, &Apdu { instruction, p1, p2, data, answers })
    }

    fn use_key(
        &mut self,
        slot: Slot,
        algorithm: KeyAlgorithm,
        tag: u32,
        value: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CardFault> {
        let wanted = tlv::object(0x82, &[]);
        let given = tlv::object(tag, value);
        let answer = self.authenticate(key::identifier(algorithm), slot.reference(), &[&wanted, &given])?.success()?;
        let result = tlv::require(&answer, 0x82)?;
        if result.is_empty() {
            return Err(CardFault::Malformed);
        }
        Ok(Zeroizing::new(result.to_vec()))
    }
}

fn tag_list(tag: u32) -> Zeroizing<Vec<u8>> {
    let bytes = tag.to_be_bytes();
    let start = bytes.iter().position(|b| *b != 0).unwrap_or(3);
    tlv::object(TAG_LIST, &bytes[start..])
}

/// The tries left that a status word tells: 63Cx, 6983 (none), 6300 (refused, the count not told).
fn tries_left(status: Status) -> Option<Option<u8>> {
    match status {
        Status::RemainingRetries(tries) => Some(Some(tries)),
        Status::OperationBlocked => Some(Some(0)),
        Status::VerificationFailed => Some(None),
        _ => None,
    }
}

fn taken(response: &Response, secret: SecretKind) -> Result<(), Stop> {
    match (response.status, tries_left(response.status)) {
        (Status::Success, _) => Ok(()),
        (_, Some(tries_left)) => Err(Stop::Refused { secret, tries_left }),
        (status, None) => Err(Stop::Fault(apdu::fault(status))),
    }
}
