//! The card as a whole: power, APDUs, faults, and its file.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{io, thread};

use iso7816::Status;

use crate::applet::Applet;
use crate::attestation;
use crate::fault::{Fault, FaultKind, FaultSwitch, FiredFault};
use crate::inspection::Inspection;
use crate::quirk::{Quirk, Quirks};
use crate::state::{State, Tracked};
use crate::storage::Storage;

/// How often a held card looks whether it may go on.
const LOOK: Duration = Duration::from_millis(20);

/// T=1, and in the historical bytes: command chaining, extended lengths, "YubiKey". OpenSC knows a PIV card by them.
const ATR: [u8; 23] = [
    0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x15, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x57, 0x59, 0x75, 0x62, 0x69,
    0x4B, 0x65, 0x79, 0x40,
];

/// What a new card is like, apart from its factory values.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// What GET SERIAL answers.
    pub serial: u32,
    /// Any APDU between VERIFY and the signature with a key of PIN policy "always" voids the permission, as on
    /// certified cards.
    pub strict: bool,
    /// In what it differs from a YubiKey.
    pub quirks: Quirks,
}

#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// No answer: the card has no power, or has lost it at this APDU.
    #[error("the card has no power")]
    PowerLost,
    #[error("the card's file {path} cannot be read or written")]
    Storage { path: PathBuf, source: io::Error },
    #[error("the card's file {path} is not a card: {reason}")]
    Damaged { path: PathBuf, reason: String },
    /// Another card object, in this process or another, holds the file.
    #[error("the card {0} is in another reader")]
    InUse(PathBuf),
    #[error("no key could be made")]
    NoKey,
}

/// One APDU and its answer, without what is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// CLA, INS, P1, P2.
    pub header: [u8; 4],
    /// Octets to the card, header included.
    pub to_card: usize,
    /// Octets from the card, SW1 SW2 included.
    pub from_card: usize,
}

/// A card in software. It begins without power, as one that lies on the desk.
pub struct SoftCard {
    storage: Storage,
    applet: Applet,
    powered: bool,
    apdus: u64,
    faults: FaultSwitch,
    record: Option<Vec<Exchange>>,
}

impl SoftCard {
    /// Makes a blank card in factory state (PIN 123456, PUK 12345678, three tries each, the management key of a
    /// YubiKey 5.7) and its file, which must not exist yet.
    pub fn create(path: impl AsRef<Path>, options: Options) -> Result<SoftCard, CardError> {
        let mut state = State::blank(options.serial, options.strict, options.quirks);
        attestation::equip(&mut state).map_err(|_| CardError::NoKey)?;
        let storage = Storage::create(path.as_ref(), &state)?;
        Ok(SoftCard::new(storage, state))
    }

    /// Opens a card's file; [`CardError::InUse`] while another `SoftCard` holds it.
    pub fn open(path: impl AsRef<Path>) -> Result<SoftCard, CardError> {
        let (storage, state) = Storage::open(path.as_ref())?;
        Ok(SoftCard::new(storage, state))
    }

    fn new(storage: Storage, state: State) -> SoftCard {
        SoftCard {
            storage,
            applet: Applet::new(Tracked::new(state)),
            powered: false,
            apdus: 0,
            faults: FaultSwitch::default(),
            record: None,
        }
    }

    pub fn path(&self) -> &Path {
        self.storage.path()
    }

    /// The answer to reset, which does not change.
    pub fn atr(&self) -> &'static [u8] {
        &ATR
    }

    pub fn is_powered(&self) -> bool {
        self.powered
    }

    /// Gives power (again) and resets the card; its answer to reset.
    pub fn power_on(&mut self) -> &'static [u8] {
        self.applet.forget();
        self.powered = true;
        &ATR
    }

    /// A warm reset: like taking power away and giving it again, but for a card of [`Quirk::ResetKeepsPin`].
    pub fn reset(&mut self) -> &'static [u8] {
        let keeps_pin = self.applet.state.has(Quirk::ResetKeepsPin) && self.applet.is_pin_verified();
        self.power_on();
        if keeps_pin {
            self.applet.keep_pin_verified();
        }
        &ATR
    }

    pub fn power_off(&mut self) {
        self.applet.forget();
        self.powered = false;
    }

    /// The answer to one APDU, with SW1 SW2 at its end. What the card has changed is in its file before this returns.
    ///
    /// # Errors
    /// [`CardError::PowerLost`] while there is no power, and where a fault takes it. [`CardError::Storage`] if the
    /// change could not be written: then it has not happened, and power is gone.
    pub fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardError> {
        if !self.powered {
            return Err(CardError::PowerLost);
        }
        self.apdus += 1;
        let answer = self.answer(apdu)?;
        if let (Some(record), Some(header)) = (&mut self.record, apdu.first_chunk()) {
            record.push(Exchange { header: *header, to_card: apdu.len(), from_card: answer.len() });
        }
        Ok(answer)
    }

    fn answer(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardError> {
        let refusal = Status::UnspecifiedCheckingError.to_u16().to_be_bytes();
        match self.faults.fire(self.apdus, apdu) {
            None => self.act(apdu),
            Some(FaultKind::LosePowerBefore) => Err(self.lose_power()),
            Some(FaultKind::LosePowerAfter) => {
                self.act(apdu)?;
                Err(self.lose_power())
            }
            Some(FaultKind::Refuse) => Ok(refusal.to_vec()),
            Some(FaultKind::RefuseAfterActing) => {
                self.act(apdu)?;
                Ok(refusal.to_vec())
            }
            Some(FaultKind::Slow(time)) => {
                thread::sleep(time);
                self.act(apdu)
            }
            Some(FaultKind::Held(file)) => {
                while file.exists() {
                    thread::sleep(LOOK);
                }
                self.act(apdu)
            }
        }
    }

    fn act(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardError> {
        let answer = self.applet.receive(apdu);
        if self.applet.state.take_touched()
            && let Err(error) = self.storage.save(&self.applet.state)
        {
            self.applet = Applet::new(Tracked::new(self.storage.saved()));
            self.power_off();
            return Err(error);
        }
        Ok(answer)
    }

    fn lose_power(&mut self) -> CardError {
        self.power_off();
        CardError::PowerLost
    }

    /// Plans one fault, in place of an older plan; it fires once.
    pub fn plan_fault(&mut self, fault: Fault) {
        self.faults.plan(fault, self.apdus);
    }

    /// Plans one fault for the next APDU with this INS byte, whatever comes before it, in place of an older plan; it
    /// fires once. Of a chain that is the first link.
    pub fn plan_fault_at_instruction(&mut self, instruction: u8, kind: FaultKind) {
        self.faults.plan_at_instruction(instruction, kind);
    }

    /// Forgets a fault that is planned and has not fired.
    pub fn cancel_fault(&mut self) {
        self.faults.cancel();
    }

    /// Whether a planned fault has still to fire.
    pub fn has_planned_fault(&self) -> bool {
        self.faults.is_planned()
    }

    /// The fault that has fired since the last [`SoftCard::plan_fault`].
    pub fn fired_fault(&self) -> Option<FiredFault> {
        self.faults.last
    }

    /// How many APDUs this object has received while it had power: links of chains and GET RESPONSE count, too.
    pub fn apdu_count(&self) -> u64 {
        self.apdus
    }

    /// From now on remembers which APDUs are answered, of what was remembered before nothing.
    pub fn record(&mut self) {
        self.record = Some(Vec::new());
    }

    /// What was answered since [`SoftCard::record`], and remembers no more.
    pub fn recorded(&mut self) -> Vec<Exchange> {
        self.record.take().unwrap_or_default()
    }

    /// What is on the card, as nothing but a look into its file could tell.
    pub fn inspect(&self) -> Inspection {
        Inspection::new(State::clone(&self.applet.state))
    }
}
