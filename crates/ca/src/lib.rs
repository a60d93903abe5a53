//! The issuer: the only one who opens issuing keys.
//!
//! Each certificate goes one way: the bytes to be signed are built, linted and put on record, which takes their serial
//! number; exactly these are signed, the signature is verified, and the certificate is put on record as held. Whatever
//! breaks off in between, there are never two certificates under one serial number.

mod ca;
mod core;
mod error;
mod foresee;
mod found;
mod groups;
mod issue;
mod key_ring;
mod keys;
mod responder;
mod status;
mod template;

pub use ca::{Ca, CaConfig, OpenError};
pub use key_ring::{KeyRing, Keys};
pub use keys::{FileKeyStore, FileSigner, KeyStore, KeyStoreError, Signer, SignerError, Signing};
