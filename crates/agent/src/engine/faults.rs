//! What a fault of the card means for the person at the reader.

use kaika_card::TransportError;
use kaika_wire::{CardFault, Code, Refusal};

/// The refusal for a fault in the middle of a job.
pub(crate) fn refusal(fault: CardFault) -> Refusal {
    match fault {
        CardFault::Removed => Code::CardRemoved.into(),
        CardFault::OtherCard => Code::OtherCard.into(),
        CardFault::Status { status } => Refusal::new(Code::CardFault).detail(format!("status {status}")),
        CardFault::Unsupported => Code::CardUnsuitable.into(),
        CardFault::Unsuitable { missing } => Refusal::unsuitable(missing),
        CardFault::Malformed => Refusal::new(Code::CardFault).detail("unreadable answer"),
        CardFault::Reader { detail } => Refusal::new(Code::ReaderFault).detail(detail),
        CardFault::NotTyped { why } => why.code().into(),
    }
}

/// The refusal for a card that could not even be looked at: what cannot do PIV is no card of ours.
pub(crate) fn not_ours(fault: CardFault) -> Refusal {
    match fault {
        CardFault::Status { .. } | CardFault::Unsupported | CardFault::Malformed => Code::NotKaikaCard.into(),
        fault => refusal(fault),
    }
}

pub(crate) fn lost(error: TransportError) -> Refusal {
    refusal(error.into())
}

/// Whether a job cannot go on after this fault, even if the server would.
pub(super) fn ends_job(fault: &CardFault) -> bool {
    match fault {
        CardFault::Removed
        | CardFault::OtherCard
        | CardFault::Unsupported
        | CardFault::Unsuitable { .. }
        | CardFault::Reader { .. } => true,
        // The server may know what to do about it.
        CardFault::Status { .. } | CardFault::Malformed | CardFault::NotTyped { .. } => false,
    }
}

/// What to tell where the card had a fault and the server then gave this refusal: what happened at the reader, since
/// there the person can do something; an odd status word says less than the server.
pub(super) fn after(fault: Option<CardFault>, error: Refusal) -> Refusal {
    match fault {
        Some(fault) if ends_job(&fault) => refusal(fault),
        _ => error,
    }
}
