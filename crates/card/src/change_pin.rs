//! The holder's PIN exchanged for another one that he knows.

use crate::{
    Pin, Transport,
    piv::{Card, Stop},
};
use kaika_wire::CardFault;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinChange {
    /// The card has the new PIN.
    Done,
    /// The present PIN was not right; none: the card does not tell how many tries are left.
    Refused { tries_left: Option<u8> },
    /// The card does not take such a new PIN, and keeps the present one.
    NotTaken,
}

/// A PIN is tried where two tries are left at least: the last one stays the person's.
const ENOUGH: u8 = 2;

/// CHANGE REFERENCE DATA (SP 800-73-4 part 2 §3.2.2), on the card that is selected. Where the same change was cut
/// before (`resumes`), a card that refuses the old PIN is asked whether it has the new one.
///
/// # Errors
/// What the card or the reader did: then the card has either of them.
pub fn change_pin(transport: &mut dyn Transport, from: &Pin, to: &Pin, resumes: bool) -> Result<PinChange, CardFault> {
    let mut card = Card::new(transport);
    match card.change_pin(from, to) {
        Ok(()) => Ok(PinChange::Done),
        Err(Stop::Fault(fault)) if fault.refuses_new_pin() => Ok(PinChange::NotTaken),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Refused { tries_left: Some(left), .. }) if resumes && left >= ENOUGH => match card.verify(to) {
            Ok(()) => Ok(PinChange::Done),
            Err(Stop::Fault(fault)) => Err(fault),
            Err(Stop::Refused { tries_left, .. }) => Ok(PinChange::Refused { tries_left }),
        },
        Err(Stop::Refused { tries_left, .. }) => Ok(PinChange::Refused { tries_left }),
    }
}
