//! What certificates, revocation lists, OCSP answers and signed receipts look like: profiles, lint,
//! encoding, parsing and verification.
//!
//! Pure: no I/O, no clock, no randomness. Nothing here holds a private key: each builder gives the bytes to be
//! signed, and an `assemble` that joins them with the signature made elsewhere over exactly these bytes.
//! Parsed things keep the bytes received, and signatures are verified over those, never over a re-encoding.

mod asn1;
pub mod certificate;
pub mod chain;
pub mod cms;
pub mod crl;
mod digest;
pub mod key;
pub mod lint;
pub mod name;
pub mod ocsp;
pub mod oid;
pub mod profile;
pub mod serial;
mod signed;
pub mod text;
pub mod to_be_certified;
pub mod weak;

pub use asn1::{ParseError, TimeOutOfRange};
pub use certificate::Certificate;
pub use digest::{CertificateDigest, KeyFingerprint};
pub use key::{KeyAlgorithm, PublicKey, SignatureAlgorithm};
pub use name::DistinguishedName;
pub use oid::Oid;
pub use profile::Profile;
pub use serial::Serial;
pub use to_be_certified::ToBeCertified;
