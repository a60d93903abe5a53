//! GENERAL AUTHENTICATE (SP 800-73-4 part 2 §3.2.4): keys used, and the management key proved.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use iso7816::Status;
use zeroize::Zeroizing;

use super::{Answer, Applet, MANAGEMENT_KEY, Pending, PendingKind};
use crate::apdu::Apdu;
use crate::keys::{Algorithm, PinPolicy};
use crate::quirk::Quirk;
use crate::state::Slot;
use crate::symmetric::ManagementAlgorithm;
use crate::tlv;

const TEMPLATE: u32 = 0x7C;
const WITNESS: u32 = 0x80;
const CHALLENGE: u32 = 0x81;
const RESPONSE: u32 = 0x82;
const EXPONENTIATION: u32 = 0x85;

/// The dynamic authentication template that came in.
#[derive(Default)]
struct Template<'a> {
    witness: Option<&'a [u8]>,
    challenge: Option<&'a [u8]>,
    response: Option<&'a [u8]>,
    exponentiation: Option<&'a [u8]>,
}

impl Applet {
    pub(super) fn general_authenticate(&mut self, apdu: &Apdu) -> Answer {
        let template = Template::parse(&apdu.data).ok_or(Status::IncorrectDataParameter)?;
        match apdu.p2 {
            MANAGEMENT_KEY => self.authenticate_management(apdu.p1, &template),
            reference => self.use_key(apdu.p1, reference, &template),
        }
    }

    fn use_key(&mut self, algorithm: u8, reference: u8, template: &Template<'_>) -> Answer {
        let slot = Slot::of_holder(reference).ok_or(Status::IncorrectP1OrP2Parameter)?;
        let algorithm = Algorithm::from_id(algorithm).ok_or(Status::IncorrectP1OrP2Parameter)?;
        let key = self.state.keys.get(&slot);
        let key = key.ok_or(Status::IncorrectP1OrP2Parameter)?;
        if key.algorithm != algorithm {
            return Err(Status::IncorrectP1OrP2Parameter);
        }
        let permitted = match key.pin_policy {
            PinPolicy::Never => true,
            PinPolicy::Once => self.session.pin_verified,
            // Good for one use; the PIN stays verified for the other keys.
            PinPolicy::Always => std::mem::take(&mut self.session.pin_fresh),
        };
        if !permitted {
            return Err(Status::SecurityStatusNotSatisfied);
        }
        if self.state.broken.contains(&slot) {
            return Err(Status::UnspecifiedCheckingError);
        }
        let agrees = slot != Slot::KEY_MANAGEMENT || !self.state.has(Quirk::NoAgreement);
        let result = match template {
            Template { response: Some([]), challenge: Some(input), exponentiation: None, witness: None } => {
                key.apply(input)?
            }
            Template { response: Some([]), exponentiation: Some(point), challenge: None, witness: None } if agrees => {
                key.agree(point)?
            }
            _ => return Err(Status::IncorrectDataParameter),
        };
        if slot == Slot::SIGNATURE && self.state.has(Quirk::SignatureDropsPin) {
            self.forget_pin();
        }
        Ok(tlv::nest(TEMPLATE, [tlv::write(RESPONSE, &result)]))
    }

    fn authenticate_management(&mut self, algorithm: u8, template: &Template<'_>) -> Answer {
        // 00 is the default algorithm (SP 800-78-4 table 6-2): here, the one that the key has. OpenSC asks so for
        // random numbers.
        let own = self.state.management.algorithm;
        if algorithm != 0x00 && ManagementAlgorithm::from_id(algorithm) != Some(own) {
            return Err(Status::IncorrectP1OrP2Parameter);
        }
        match template {
            // One side: the card gives a challenge …
            Template { challenge: Some([]), witness: None, response: None, exponentiation: None } => self.challenge(),
            // … the terminal encrypts it.
            Template { response: Some(response), witness: None, challenge: None, exponentiation: None }
                if !response.is_empty() =>
            {
                self.prove(PendingKind::Challenge, response)?;
                Ok(Vec::new())
            }
            // Both sides: the card gives an encrypted witness …
            Template { witness: Some([]), challenge: None, response: None, exponentiation: None } => self.witness(),
            // … the terminal decrypts it and gives a challenge, the card encrypts that.
            Template {
                witness: Some(witness),
                challenge: Some(challenge),
                response: None | Some([]),
                exponentiation: None,
            } => {
                if challenge.len() != self.state.management.algorithm.block_length() {
                    return Err(Status::IncorrectDataParameter);
                }
                self.prove(PendingKind::Witness, witness)?;
                let response = self.state.management.encrypt(challenge);
                let response = response.ok_or(Status::IncorrectDataParameter)?;
                Ok(tlv::nest(TEMPLATE, [tlv::write(RESPONSE, &response)]))
            }
            // Encrypting a challenge for a terminal that has proved nothing would answer the card's own challenges.
            _ => Err(Status::IncorrectDataParameter),
        }
    }

    fn challenge(&mut self) -> Answer {
        let challenge = self.random_block()?;
        let expected = self.state.management.encrypt(&challenge);
        self.expect(PendingKind::Challenge, expected);
        Ok(tlv::nest(TEMPLATE, [tlv::write(CHALLENGE, &challenge)]))
    }

    fn witness(&mut self) -> Answer {
        let witness = self.random_block()?;
        let encrypted = self.state.management.encrypt(&witness).unwrap_or_default();
        self.expect(PendingKind::Witness, Some(witness));
        Ok(tlv::nest(TEMPLATE, [tlv::write(WITNESS, &encrypted)]))
    }

    fn random_block(&self) -> Answer {
        let mut block = vec![0; self.state.management.algorithm.block_length()];
        aws_lc_rs::rand::fill(&mut block).map_err(|_| Status::UnspecifiedCheckingError)?;
        Ok(block)
    }

    /// Other commands may come in between, unless the card is [`Quirk::ChallengeVoided`].
    fn expect(&mut self, kind: PendingKind, expected: Option<Vec<u8>>) {
        self.session.management_authenticated = false;
        self.session.pending = expected.map(|expected| Pending {
            kind,
            algorithm: self.state.management.algorithm,
            expected: Zeroizing::new(expected),
        });
    }

    /// Each challenge is good for one attempt.
    fn prove(&mut self, kind: PendingKind, offered: &[u8]) -> Result<(), Status> {
        self.session.management_authenticated = false;
        let pending = self.session.pending.take();
        let pending = pending.ok_or(Status::ConditionsOfUseNotSatisfied)?;
        let is_right = pending.kind == kind
            && pending.algorithm == self.state.management.algorithm
            && verify_slices_are_equal(&pending.expected, offered).is_ok();
        if !is_right {
            return Err(Status::SecurityStatusNotSatisfied);
        }
        self.session.management_authenticated = true;
        Ok(())
    }
}

impl<'a> Template<'a> {
    fn parse(data: &'a [u8]) -> Option<Template<'a>> {
        let mut template = Template::default();
        for object in tlv::parse(tlv::only(TEMPLATE, data)?)? {
            let part = match object.tag {
                WITNESS => &mut template.witness,
                CHALLENGE => &mut template.challenge,
                RESPONSE => &mut template.response,
                EXPONENTIATION => &mut template.exponentiation,
                _ => return None,
            };
            if part.replace(object.value).is_some() {
                return None;
            }
        }
        Some(template)
    }
}
