//! The driver for the Yubico extensions of PIV. Each command answers none where the card does not have it.

use crate::{apdu::Response, metadata::Metadata, object, piv::Card};
use iso7816::Status;
use kaika_wire::{CardFault, Slot};

const GET_VERSION: u8 = 0xfd;
const GET_SERIAL: u8 = 0xf8;
const GET_METADATA: u8 = 0xf7;
const ATTEST: u8 = 0xf9;
const SET_PIN_RETRIES: u8 = 0xfa;
const SET_MANAGEMENT_KEY: u8 = 0xff;

pub(crate) const MANAGEMENT_KEY: u8 = 0x9b;
pub(crate) const PIN: u8 = 0x80;
pub(crate) const PUK: u8 = 0x81;

impl Card<'_> {
    /// Firmware version, major first.
    pub(crate) fn version(&mut self) -> Result<Option<[u8; 3]>, CardFault> {
        let response = self.send(GET_VERSION, 0, 0, &[], true)?;
        if not_here(response.status) {
            return Ok(None);
        }
        let version = response.success()?;
        Ok(Some(version.as_slice().try_into().map_err(|_| CardFault::Malformed)?))
    }

    /// The device's serial number (firmware 5 and later).
    pub(crate) fn serial(&mut self) -> Result<Option<u32>, CardFault> {
        let response = self.send(GET_SERIAL, 0, 0, &[], true)?;
        if not_here(response.status) {
            return Ok(None);
        }
        let serial = response.success()?;
        let serial: [u8; 4] = serial.as_slice().try_into().map_err(|_| CardFault::Malformed)?;
        Ok(Some(u32::from_be_bytes(serial)))
    }

    /// What the card tells of a slot's key, of the management key, PIN or PUK; none where the slot is empty too.
    pub(crate) fn metadata(&mut self, reference: u8) -> Result<Option<Metadata>, CardFault> {
        let response = self.send(GET_METADATA, 0, reference, &[], true)?;
        if not_here(response.status) || nothing_there(&response) {
            return Ok(None);
        }
        Ok(Some(Metadata::parse(&response.success()?)?))
    }

    /// The device's certificate over the slot's key (DER); none where the key was not made in the card, too.
    pub(crate) fn attest(&mut self, slot: Slot) -> Result<Option<Vec<u8>>, CardFault> {
        let response = self.send(ATTEST, slot.reference(), 0, &[], true)?;
        let not_made_here = response.status == Status::IncorrectDataParameter;
        if not_here(response.status) || nothing_there(&response) || not_made_here {
            return Ok(None);
        }
        let certificate = response.success()?;
        if certificate.first() != Some(&0x30) {
            return Err(CardFault::Malformed);
        }
        Ok(Some(certificate.to_vec()))
    }

    /// The certificate of the key that signs attestations (DER).
    pub(crate) fn attestation_issuer(&mut self) -> Result<Option<Vec<u8>>, CardFault> {
        self.certificate(object::ATTESTATION_ISSUER)
    }

    /// PIN and PUK become the factory's, with so many tries. Wants management key and PIN. False where the card has no such
    /// command.
    pub(crate) fn set_pin_retries(&mut self, pin: u8, puk: u8) -> Result<bool, CardFault> {
        let response = self.send(SET_PIN_RETRIES, pin, puk, &[], false)?;
        match not_here(response.status) {
            true => Ok(false),
            false => response.success().map(|_| true),
        }
    }

    /// Wants the present management key authenticated. No touch is asked for (P2 FF).
    pub(crate) fn set_management_key(&mut self, algorithm: u8, key: &[u8]) -> Result<Status, CardFault> {
        let length = u8::try_from(key.len()).map_err(|_| CardFault::Unsupported)?;
        let mut data = zeroize::Zeroizing::new(Vec::with_capacity(3 + key.len()));
        data.extend_from_slice(&[algorithm, MANAGEMENT_KEY, length]);
        data.extend_from_slice(key);
        Ok(self.send(SET_MANAGEMENT_KEY, 0xff, 0xff, &data, false)?.status)
    }
}

/// How cards say that they do not know an instruction.
fn not_here(status: Status) -> bool {
    matches!(
        status,
        Status::InstructionNotSupportedOrInvalid
            | Status::ClassNotSupported
            | Status::FunctionNotSupported
            | Status::IncorrectP1OrP2Parameter
            | Status::WrongParameters
    )
}

fn nothing_there(response: &Response) -> bool {
    matches!(response.status, Status::KeyReferenceNotFound | Status::NotFound)
}
