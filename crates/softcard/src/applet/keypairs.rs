//! GENERATE ASYMMETRIC KEY PAIR (SP 800-73-4 part 2 §3.3.2), and Yubico's IMPORT KEY, MOVE KEY, ATTEST.

use iso7816::Status;

use super::{Answer, Applet, expect_no_data};
use crate::apdu::Apdu;
use crate::attestation;
use crate::keys::{Algorithm, Key, Origin, PinPolicy, Policies, TouchPolicy};
use crate::quirk::Quirk;
use crate::state::Slot;
use crate::tlv::{self, Tlv};

const CONTROL_TEMPLATE: u32 = 0xAC;
const PUBLIC_KEY: u32 = 0x7F49;
const MECHANISM: u32 = 0x80;
const PIN_POLICY: u32 = 0xAA;
const TOUCH_POLICY: u32 = 0xAB;

/// MOVE KEY with this destination deletes.
const NOWHERE: u8 = 0xFF;

impl Applet {
    pub(super) fn generate_key_pair(&mut self, apdu: &Apdu) -> Answer {
        self.needs_management_key()?;
        let slot = match apdu.p1 {
            0x00 => holder_slot(apdu.p2)?,
            _ => return Err(Status::IncorrectP1OrP2Parameter),
        };
        let template = tlv::only(CONTROL_TEMPLATE, &apdu.data).and_then(tlv::parse);
        let template = template.ok_or(Status::IncorrectDataParameter)?;
        let algorithm = byte(&template, MECHANISM)?.and_then(Algorithm::from_id);
        let algorithm = algorithm.ok_or(Status::IncorrectDataParameter)?;
        let key = Key::generate(algorithm, self.policies(&template, slot)?)?;
        let answer = tlv::write(PUBLIC_KEY, &key.public);
        self.state.broken.remove(&slot);
        self.state.keys.insert(slot, key);
        Ok(answer)
    }

    pub(super) fn import_key(&mut self, apdu: &Apdu) -> Answer {
        self.needs_management_key()?;
        let algorithm = Algorithm::from_id(apdu.p1).ok_or(Status::IncorrectP1OrP2Parameter)?;
        let slot = holder_slot(apdu.p2)?;
        let parts = tlv::parse(&apdu.data).ok_or(Status::IncorrectDataParameter)?;
        let key = Key::import(algorithm, &parts, self.policies(&parts, slot)?)?;
        self.state.broken.remove(&slot);
        self.state.keys.insert(slot, key);
        Ok(Vec::new())
    }

    /// A key keeps its policies wherever it goes.
    pub(super) fn move_key(&mut self, apdu: &Apdu) -> Answer {
        self.needs_management_key()?;
        expect_no_data(apdu)?;
        let from = holder_slot(apdu.p2)?;
        let to = match apdu.p1 {
            NOWHERE => None,
            to => Some(holder_slot(to)?),
        };
        if !self.state.keys.contains_key(&from) {
            return Err(Status::KeyReferenceNotFound);
        }
        if to.is_some_and(|to| self.state.keys.contains_key(&to)) {
            return Err(Status::IncorrectP1OrP2Parameter);
        }
        let key = self.state.keys.remove(&from);
        if self.state.broken.remove(&from) {
            self.state.broken.extend(to);
        }
        if let (Some(to), Some(key)) = (to, key) {
            self.state.keys.insert(to, key);
        }
        Ok(Vec::new())
    }

    pub(super) fn attest(&mut self, apdu: &Apdu) -> Answer {
        expect_no_data(apdu)?;
        let slot = match apdu.p2 {
            0x00 => holder_slot(apdu.p1)?,
            _ => return Err(Status::IncorrectP1OrP2Parameter),
        };
        let key = self.state.keys.get(&slot);
        let key = key.ok_or(Status::KeyReferenceNotFound)?;
        match key.origin {
            Origin::Generated => attestation::attest(&self.state, slot, key),
            Origin::Imported => Err(Status::IncorrectDataParameter),
        }
    }

    fn policies(&self, objects: &[Tlv<'_>], slot: Slot) -> Result<Policies, Status> {
        let (asked, touch) = (byte(objects, PIN_POLICY)?, byte(objects, TOUCH_POLICY)?);
        if self.state.has(Quirk::Plain) && (asked.is_some() || touch.is_some()) {
            return Err(Status::IncorrectDataParameter);
        }
        let pin = match (asked, slot) {
            (None | Some(0), Slot::SIGNATURE) if self.state.has(Quirk::SignatureOnce) => Some(PinPolicy::Once),
            _ => PinPolicy::from_id(asked, slot),
        };
        match (pin, TouchPolicy::from_id(touch)) {
            (Some(pin), Some(touch)) => Ok(Policies { pin, touch }),
            _ => Err(Status::IncorrectDataParameter),
        }
    }
}

fn holder_slot(reference: u8) -> Result<Slot, Status> {
    Slot::of_holder(reference).ok_or(Status::IncorrectP1OrP2Parameter)
}

/// The value of an object that may be left out and else is one byte.
fn byte(objects: &[Tlv<'_>], tag: u32) -> Result<Option<u8>, Status> {
    match tlv::find(objects, tag) {
        None => Ok(None),
        Some([byte]) => Ok(Some(*byte)),
        Some(_) => Err(Status::IncorrectDataParameter),
    }
}
