//! The PIV Card Application: what it knows while it has power, and which command does what.

mod authenticate;
mod keypairs;
mod objects;
mod pins;
mod select;
mod vendor;

use iso7816::Status;
use zeroize::Zeroizing;

use crate::apdu::{Apdu, GET_RESPONSE, Intake, Outlet, Received};
use crate::quirk::Quirk;
use crate::state::Tracked;
use crate::symmetric::ManagementAlgorithm;

/// What GET VERSION answers: the first YubiKeys with MOVE KEY and an AES management key.
pub(crate) const FIRMWARE: [u8; 3] = [5, 7, 1];

const SELECT: u8 = 0xA4;
const GENERAL_AUTHENTICATE: u8 = 0x87;
const GET_METADATA: u8 = 0xF7;
/// Yubico's instructions.
const YUBICO: std::ops::RangeInclusive<u8> = 0xF6..=0xFF;

const MANAGEMENT_KEY: u8 = 0x9B;

type Answer = Result<Vec<u8>, Status>;

pub(crate) struct Applet {
    pub(crate) state: Tracked,
    session: Session,
    intake: Intake,
    outlet: Outlet,
}

/// What is lost with power (SP 800-73-4 part 2 §2.3).
#[derive(Default)]
struct Session {
    selected: bool,
    pin_verified: bool,
    /// The PIN was verified for one use of a key with PIN policy "always".
    pin_fresh: bool,
    management_authenticated: bool,
    pending: Option<Pending>,
}

/// What the terminal has yet to answer to prove that it has the management key.
struct Pending {
    kind: PendingKind,
    algorithm: ManagementAlgorithm,
    expected: Zeroizing<Vec<u8>>,
}

#[derive(PartialEq, Eq)]
enum PendingKind {
    Challenge,
    Witness,
}

impl Applet {
    pub(crate) fn new(state: Tracked) -> Applet {
        Applet { state, session: Session::default(), intake: Intake::default(), outlet: Outlet::default() }
    }

    /// Forgets all that is lost with power.
    pub(crate) fn forget(&mut self) {
        self.session = Session::default();
        self.intake = Intake::default();
        self.outlet = Outlet::default();
    }

    pub(crate) fn is_pin_verified(&self) -> bool {
        self.session.pin_verified
    }

    pub(crate) fn keep_pin_verified(&mut self) {
        self.session.pin_verified = true;
    }

    /// Takes one APDU and gives its answer with SW1 SW2.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        let pin_fresh = self.session.pin_fresh;
        if self.state.strict {
            // Only what belongs to the use of a key gets it back, below.
            self.session.pin_fresh = false;
        }
        let received = self.intake.accept(bytes);
        if let Ok(Received::Command(apdu)) = &received
            && apdu.ins == GET_RESPONSE
        {
            return self.more(apdu);
        }
        let answer = match received {
            Ok(Received::Link(ins)) => {
                self.session.pin_fresh |= pin_fresh && ins == GENERAL_AUTHENTICATE;
                Ok((Vec::new(), 0))
            }
            Ok(Received::Command(apdu)) => {
                let uses_key = apdu.ins == GENERAL_AUTHENTICATE;
                self.session.pin_fresh |= pin_fresh && uses_key;
                let answer = self.execute(&apdu);
                if self.state.strict && uses_key {
                    self.session.pin_fresh = false;
                }
                answer.map(|answer| (answer, apdu.room))
            }
            Err(status) => Err(status),
        };
        let (answer, room) = match answer {
            Ok(answer) => answer,
            Err(status) => {
                self.outlet.fill(Vec::new());
                return alone(status);
            }
        };
        self.outlet.fill(answer);
        self.outlet.portion(room)
    }

    /// GET RESPONSE: what is left of the answer before.
    fn more(&mut self, apdu: &Apdu) -> Vec<u8> {
        match (apdu.parameters(), self.outlet.is_empty()) {
            ((0, 0), false) => self.outlet.portion(apdu.room),
            ((0, 0), true) => alone(Status::ConditionsOfUseNotSatisfied),
            _ => alone(Status::IncorrectP1OrP2Parameter),
        }
    }

    fn execute(&mut self, apdu: &Apdu) -> Answer {
        if !self.session.selected && apdu.ins != SELECT {
            return Err(Status::InstructionNotSupportedOrInvalid);
        }
        if self.state.has(Quirk::Plain) && YUBICO.contains(&apdu.ins)
            || self.state.has(Quirk::F7Absent) && apdu.ins == GET_METADATA
        {
            return Err(Status::InstructionNotSupportedOrInvalid);
        }
        if self.state.has(Quirk::ChallengeVoided) && (apdu.ins, apdu.p2) != (GENERAL_AUTHENTICATE, MANAGEMENT_KEY) {
            self.session.pending = None;
        }
        match apdu.ins {
            SELECT => self.select(apdu),
            0xCB => self.read_object(apdu),
            0xDB => self.write_object(apdu),
            0x20 => self.verify(apdu),
            0x24 => self.change_reference_data(apdu),
            0x2C => self.reset_retry_counter(apdu),
            GENERAL_AUTHENTICATE => self.general_authenticate(apdu),
            0x47 => self.generate_key_pair(apdu),
            0xF6 => self.move_key(apdu),
            GET_METADATA => self.metadata(apdu),
            0xF8 => self.serial(apdu),
            0xF9 => self.attest(apdu),
            0xFA => self.set_pin_tries(apdu),
            0xFB => self.back_to_factory(apdu),
            0xFD => self.version(apdu),
            0xFE => self.import_key(apdu),
            0xFF => self.set_management_key(apdu),
            _ => Err(Status::InstructionNotSupportedOrInvalid),
        }
    }

    fn needs_management_key(&self) -> Result<(), Status> {
        match self.session.management_authenticated {
            true => Ok(()),
            false => Err(Status::SecurityStatusNotSatisfied),
        }
    }
}

/// An answer of nothing but a status word.
fn alone(status: Status) -> Vec<u8> {
    status.to_u16().to_be_bytes().to_vec()
}

/// Refuses other parameters than these.
fn expect_parameters(apdu: &Apdu, p1: u8, p2: u8) -> Result<(), Status> {
    match apdu.parameters() == (p1, p2) {
        true => Ok(()),
        false => Err(Status::IncorrectP1OrP2Parameter),
    }
}

/// Refuses data in a command that takes none.
fn expect_no_data(apdu: &Apdu) -> Result<(), Status> {
    match apdu.data.is_empty() {
        true => Ok(()),
        false => Err(Status::WrongLength),
    }
}
