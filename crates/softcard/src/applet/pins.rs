//! VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (SP 800-73-4 part 2 §3.2.1–3.2.3).
//!
//! The form of what is offered is checked first, and a wrong one spends no try: 6A80.

use iso7816::Status;

use super::{Answer, Applet, expect_parameters};
use crate::apdu::Apdu;
use crate::reference::{self, is_pin, is_puk};

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
        self.state.pin.verify(offered)?;
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
        if is_of_pin {
            self.forget_pin();
            self.state.pin.verify(old)?;
            self.state.pin.set(new);
            self.session.pin_verified = true;
        } else {
            self.state.puk.verify(old)?;
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
        self.state.puk.verify(puk)?;
        self.state.pin.set(pin);
        Ok(Vec::new())
    }

    fn forget_pin(&mut self) {
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
