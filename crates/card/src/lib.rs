//! The terminal's side of a PIV card (NIST SP 800-73-4): APDUs, BER-TLV, data objects, the drivers for plain PIV and
//! for the Yubico extensions, and the interpreter of the typed commands of `kaika-wire`.
//!
//! Pure: no I/O, no clock, no randomness. APDUs go through a [`Transport`], random bytes come as an argument.

mod apdu;
mod change_pin;
mod detect;
mod holder;
mod interpreter;
pub mod key;
mod keypad;
mod management;
pub mod metadata;
pub mod object;
mod pin;
mod piv;
mod probe;
mod signature;
pub mod tlv;
mod transport;
mod yubico;

pub use change_pin::{PinChange, change_pin};
pub use detect::{Contents, Retries, contents, forget_pin, read_certificate, recognise, retries};
pub use holder::Holder;
pub use interpreter::{Run, go_on, keep_alive, run};
pub use keypad::{KeypadFeature, KeypadRequest};
pub use pin::{Pin, PinError, Secrets};
pub use probe::{probe, survey};
pub use transport::{Transport, TransportError};

/// A source of random bytes: fills the slice.
pub type Random<'r> = dyn FnMut(&mut [u8]) + 'r;
