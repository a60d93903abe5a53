//! Yubico's commands that are not about key pairs: SET MANAGEMENT KEY, GET VERSION, GET SERIAL, SET PIN RETRIES, RESET,
//! GET METADATA (Yubico, "PIV commands" of its SDK's manual).

use iso7816::Status;

use super::{Answer, Applet, FIRMWARE, MANAGEMENT_KEY, expect_no_data, expect_parameters};
use crate::apdu::Apdu;
use crate::attestation;
use crate::keys::TouchPolicy;
use crate::quirk::Quirk;
use crate::reference::{DEFAULT_PIN, DEFAULT_PUK, Reference};
use crate::state::{Slot, State};
use crate::symmetric::{ManagementAlgorithm, ManagementKey};
use crate::tlv;

const ALGORITHM: u32 = 0x01;
const POLICY: u32 = 0x02;
const ORIGIN: u32 = 0x03;
const PUBLIC_KEY: u32 = 0x04;
const IS_DEFAULT: u32 = 0x05;
const TRIES: u32 = 0x06;

/// The "algorithm" of PIN and PUK.
const NO_ALGORITHM: u8 = 0xFF;

impl Applet {
    pub(super) fn version(&self, apdu: &Apdu) -> Answer {
        expect_parameters(apdu, 0, 0)?;
        expect_no_data(apdu)?;
        Ok(FIRMWARE.to_vec())
    }

    pub(super) fn serial(&self, apdu: &Apdu) -> Answer {
        expect_parameters(apdu, 0, 0)?;
        expect_no_data(apdu)?;
        Ok(self.state.told_serial().to_be_bytes().to_vec())
    }

    /// Data: the algorithm, and the key in tag 9B. P2 is FF, or FE for one that wants a touch.
    pub(super) fn set_management_key(&mut self, apdu: &Apdu) -> Answer {
        self.needs_management_key()?;
        let touch = match apdu.parameters() {
            (0xFF, 0xFF) => false,
            (0xFF, 0xFE | 0xFD) => true,
            _ => return Err(Status::IncorrectP1OrP2Parameter),
        };
        let key = apdu.data.split_first().and_then(|(&algorithm, key)| {
            let algorithm = ManagementAlgorithm::from_id(algorithm)?;
            if self.state.has(Quirk::TripleDesOnly) && algorithm != ManagementAlgorithm::TripleDes {
                return None;
            }
            let key = tlv::only(u32::from(MANAGEMENT_KEY), key)?;
            ManagementKey::new(algorithm, key, touch)
        });
        self.state.management = key.ok_or(Status::IncorrectDataParameter)?;
        Ok(Vec::new())
    }

    /// New limits for PIN (P1) and PUK (P2), which both get their factory values back.
    pub(super) fn set_pin_tries(&mut self, apdu: &Apdu) -> Answer {
        expect_no_data(apdu)?;
        self.needs_management_key()?;
        if !self.session.pin_verified {
            return Err(Status::SecurityStatusNotSatisfied);
        }
        let (pin, puk) = apdu.parameters();
        if pin == 0 || puk == 0 {
            return Err(Status::IncorrectP1OrP2Parameter);
        }
        self.state.pin = Reference::new(DEFAULT_PIN, pin);
        self.state.puk = Reference::new(DEFAULT_PUK, puk);
        Ok(Vec::new())
    }

    /// Back to factory state, for a card that nobody can use any more. The attestation key stays.
    pub(super) fn back_to_factory(&mut self, apdu: &Apdu) -> Answer {
        expect_parameters(apdu, 0, 0)?;
        expect_no_data(apdu)?;
        if !self.state.pin.is_blocked() || !self.state.puk.is_blocked() {
            return Err(Status::ConditionsOfUseNotSatisfied);
        }
        let mut blank = State::blank(self.state.serial, self.state.strict, self.state.quirks);
        let key = self.state.keys.remove_entry(&Slot::ATTESTATION);
        blank.keys.extend(key);
        let certificate = self.state.objects.remove_entry(&attestation::CERTIFICATE);
        blank.objects.extend(certificate);
        *self.state = blank;
        self.forget();
        self.session.selected = true;
        Ok(Vec::new())
    }

    pub(super) fn metadata(&self, apdu: &Apdu) -> Answer {
        expect_no_data(apdu)?;
        if apdu.p1 != 0 {
            return Err(Status::IncorrectP1OrP2Parameter);
        }
        match apdu.p2 {
            0x80 => Ok(of_reference(&self.state.pin, DEFAULT_PIN)),
            0x81 => Ok(of_reference(&self.state.puk, DEFAULT_PUK)),
            MANAGEMENT_KEY if self.state.has(Quirk::F7Empty) => Ok(Vec::new()),
            MANAGEMENT_KEY => {
                let factory = self.state.has_factory_management_key() != self.state.has(Quirk::F7Flag);
                Ok(of_management_key(&self.state.management, factory))
            }
            slot => self.of_key(Slot(slot)),
        }
    }

    fn of_key(&self, slot: Slot) -> Answer {
        let key = self.state.keys.get(&slot);
        let key = key.ok_or(Status::KeyReferenceNotFound)?;
        let objects = [
            tlv::write(ALGORITHM, &[key.algorithm.id()]),
            tlv::write(POLICY, &[key.pin_policy as u8, key.touch_policy as u8]),
            tlv::write(ORIGIN, &[key.origin as u8]),
            tlv::write(PUBLIC_KEY, &key.public),
        ];
        Ok(objects.concat())
    }
}

fn of_reference(reference: &Reference, default: &str) -> Vec<u8> {
    let objects = [
        tlv::write(ALGORITHM, &[NO_ALGORITHM]),
        tlv::write(IS_DEFAULT, &[u8::from(reference.is(default))]),
        tlv::write(TRIES, &[reference.tries, reference.tries_left]),
    ];
    objects.concat()
}

fn of_management_key(key: &ManagementKey, factory: bool) -> Vec<u8> {
    let touch = match key.touch {
        true => TouchPolicy::Always,
        false => TouchPolicy::Never,
    };
    let objects = [
        tlv::write(ALGORITHM, &[key.algorithm.id()]),
        tlv::write(POLICY, &[0, touch as u8]),
        tlv::write(IS_DEFAULT, &[u8::from(factory)]),
    ];
    objects.concat()
}
