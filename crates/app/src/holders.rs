//! Holders: what they are called, how they are reached, and which organisations they are of.

mod contact;
mod organise;
mod ports;

pub use contact::{ContactChangeOutcome, ask_contact_change, change_contact, contact_of, pending_contact};
pub use organise::organise;
pub use ports::{HolderReader, HolderWriter};
