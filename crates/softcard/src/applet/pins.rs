//! VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (SP 800-73-4 part 2 §3.2.1–3.2.3).
//!
//! The form of what is offered is checked first, and a wrong one spends no try: 6A80.

use iso7816::Status;

use super::{Answer, Applet, expect_parameters};
use crate::apdu::Apdu;
use crate::quirk::Quirk;
use crate::reference::{self, is_pin, is_puk, is_simple};
use crate::state::Slot;

const PIN: u8 = 0x80;
const PUK: u8 = 0x81;

impl Applet {
    pub(super) fn verify(&mut self, apdu: &Apdu) -> Answer {
        match apdu.parameters() {
            (0x00 | 0xFF, PIN) => {}
            (0x00 | 0xFF, _) => return Err(Status::KeyReferenceNotFound),
            _ => return Err(Status::IncorrectP1OrP2Parameter),
        }
        match (apdu.p1, apdu.data.is_empty()) {
            (0x00, true) => self.pin_status(),
            (0x00, false) => self.verify_pin(&apdu.data),
            (_, true) => {
                self.forget_pin();
                Ok(Vec::new())
            }
            (_, false) => Err(Status::IncorrectDataParameter),
        }
    }

    fn pin_status(&self) -> Answer {
        if self.session.pin_verified {
            return Ok(Vec::new());
        }
        match self.state.pin.is_blocked() {
            true => Err(Status::OperationBlocked),
            false => Err(self.state.pin.status()),
        }
    }

    fn verify_pin(&mut self, offered: &[u8]) -> Answer {
        if self.state.pin.is_blocked() {
            return Err(Status::OperationBlocked);
        }
        if !is_pin(offered) {
            return Err(Status::IncorrectDataParameter);
        }
        self.forget_pin();
        self.try_reference(PIN, offered)?;
        self.session.pin_verified = true;
        self.session.pin_fresh = true;
        Ok(Vec::new())
    }

    pub(super) fn change_reference_data(&mut self, apdu: &Apdu) -> Answer {
        let has_form = match apdu.parameters() {
            (0x00, PIN) => is_pin,
            (0x00, PUK) => is_puk,
            (0x00, _) => return Err(Status::KeyReferenceNotFound),
            _ => return Err(Status::IncorrectP1OrP2Parameter),
        };
        let is_of_pin = apdu.p2 == PIN;
        let reference = if is_of_pin { &self.state.pin } else { &self.state.puk };
        if reference.is_blocked() {
            return Err(Status::OperationBlocked);
        }
        let (old, new) = two(&apdu.data)?;
        if !has_form(old) || !has_form(new) {
            return Err(Status::IncorrectDataParameter);
        }
        self.expect_complex(new)?;
        if is_of_pin {
            self.forget_pin();
            self.try_reference(PIN, old)?;
            self.state.pin.set(new);
            self.session.pin_verified = true;
        } else {
            self.try_reference(PUK, old)?;
            self.state.puk.set(new);
        }
        Ok(Vec::new())
    }

    /// The PUK sets a new PIN; whether the PIN counts as verified is not changed.
    pub(super) fn reset_retry_counter(&mut self, apdu: &Apdu) -> Answer {
        expect_parameters(apdu, 0x00, PIN)?;
        if self.state.puk.is_blocked() {
            return Err(Status::OperationBlocked);
        }
        let (puk, pin) = two(&apdu.data)?;
        if !is_puk(puk) || !is_pin(pin) {
            return Err(Status::IncorrectDataParameter);
        }
        self.expect_complex(pin)?;
        self.try_reference(PUK, puk)?;
        self.state.pin.set(pin);
        if self.state.has(Quirk::ResetBreaksKeys) {
            let keys = [Slot::AUTHENTICATION, Slot::SIGNATURE, Slot::KEY_MANAGEMENT];
            self.state.broken.extend(keys);
        }
        Ok(Vec::new())
    }

    /// Spends a try; all are back where it is right.
    fn try_reference(&mut self, of: u8, offered: &[u8]) -> Result<(), Status> {
        let reference = if of == PIN { &mut self.state.pin } else { &mut self.state.puk };
        let tried = reference.verify(offered);
        match tried {
            Err(Status::RemainingRetries(_)) if self.state.has(Quirk::TriesUntold) => Err(Status::VerificationFailed),
            tried => tried,
        }
    }

    fn expect_complex(&self, new: &[u8]) -> Result<(), Status> {
        match self.state.has(Quirk::PinComplexity) && is_simple(new) {
            true => Err(Status::ConditionsOfUseNotSatisfied),
            false => Ok(()),
        }
    }

    pub(super) fn forget_pin(&mut self) {
        self.session.pin_verified = false;
        self.session.pin_fresh = false;
    }
}

fn two(data: &[u8]) -> Result<(&[u8], &[u8]), Status> {
    match data.len() == 2 * reference::LENGTH {
        true => Ok(data.split_at(reference::LENGTH)),
        false => Err(Status::IncorrectDataParameter),
    }
}
