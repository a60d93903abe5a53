//! The fault switch: what may go wrong at an APDU, and when.

use std::{path::Path, time::Duration};

/// One thing to go wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// At which APDU, counted from the moment of planning; 1 is the next one.
    pub at: u64,
    pub kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Power is gone before the card acts.
    LosePowerBefore,
    /// The card acts and remembers, but power is gone before it answers.
    LosePowerAfter,
    /// The card answers 6F00 and has not acted.
    Refuse,
    /// The card answers 6F00, though it has acted.
    RefuseAfterActing,
    /// The card answers rightly, but only after this time.
    Slow(Duration),
    /// The card answers rightly, but only when this file is gone.
    Held(&'static Path),
}

/// A fault that has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiredFault {
    pub kind: FaultKind,
    /// The number of the APDU among all that this card object has received, as [`crate::SoftCard::apdu_count`] counts.
    pub apdu: u64,
    /// Its INS byte, if it had one.
    pub instruction: Option<u8>,
}

/// What is planned, and what has happened last.
#[derive(Default)]
pub(crate) struct FaultSwitch {
    planned: Option<(Moment, FaultKind)>,
    pub(crate) last: Option<FiredFault>,
}

#[derive(Clone, Copy)]
enum Moment {
    /// The number of the APDU among all.
    Number(u64),
    /// The next APDU with this INS byte.
    Instruction(u8),
}

impl Moment {
    fn is_now(self, number: u64, apdu: &[u8]) -> bool {
        match self {
            Self::Number(at) => at == number,
            Self::Instruction(instruction) => apdu.get(1) == Some(&instruction),
        }
    }
}

impl FaultSwitch {
    /// A new plan replaces an older one that has not fired, and forgets what fired before.
    pub(crate) fn plan(&mut self, fault: Fault, apdus_so_far: u64) {
        self.set(Moment::Number(apdus_so_far.saturating_add(fault.at.max(1))), fault.kind);
    }

    /// The same, for the next APDU of an instruction.
    pub(crate) fn plan_at_instruction(&mut self, instruction: u8, kind: FaultKind) {
        self.set(Moment::Instruction(instruction), kind);
    }

    fn set(&mut self, moment: Moment, kind: FaultKind) {
        self.planned = Some((moment, kind));
        self.last = None;
    }

    pub(crate) fn cancel(&mut self) {
        self.planned = None;
    }

    pub(crate) fn is_planned(&self) -> bool {
        self.planned.is_some()
    }

    /// What is to go wrong with this APDU, the `number`-th.
    pub(crate) fn fire(&mut self, number: u64, apdu: &[u8]) -> Option<FaultKind> {
        let (_, kind) = self.planned.take_if(|(moment, _)| moment.is_now(number, apdu))?;
        self.last = Some(FiredFault { kind, apdu: number, instruction: apdu.get(1).copied() });
        Some(kind)
    }
}
