//! A PIV card in software: the card's side of NIST SP 800-73-4, with the Yubico extensions that personalising needs.
//!
//! [`SoftCard`] takes APDUs as a card in a reader does and keeps its state in one file. It can lose power, refuse or
//! dawdle at any APDU ([`Fault`]), so that tests can cut a job anywhere. [`vpcd`] puts it into a reader of a real pcscd,
//! and [`keypad`] is what a reader may have for PINs.
//!
//! It shares no code with the terminal's side (`kaika-card`), so that the two check each other. It is made for
//! demonstrations and tests: its keys lie in a file, protected by nothing but the file's permissions.

mod apdu;
mod applet;
mod attestation;
mod card;
mod fault;
mod inspection;
pub mod keypad;
mod keys;
mod quirk;
mod reference;
mod state;
mod storage;
mod symmetric;
mod tlv;
pub mod vpcd;

pub use card::{CardError, Exchange, Options, SoftCard};
pub use fault::{Fault, FaultKind, FiredFault};
pub use inspection::{Inspection, KeySummary};
pub use keys::{Algorithm, Origin, PinPolicy, TouchPolicy};
pub use quirk::{Quirk, Quirks, UnknownQuirk};
pub use symmetric::ManagementAlgorithm;
