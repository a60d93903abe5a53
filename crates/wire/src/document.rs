//! The documents that cards sign. Each begins with its kind and version, as `kaika/card-proof/1`, so that no signature made for one purpose can
//! serve another; every field is preceded by its length in octets (32 bits, big-endian).
//!
//! The agent builds the document from the command it was given, the server builds it again and compares signatures:
//! nobody is asked to sign a bare hash.

use crate::{CardNumber, CertificateRole, EmailAddress, JobId, SerialNumber, Slot};
use serde::{Deserialize, Serialize};

/// 32 fresh random octets, new for every batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nonce(#[serde(with = "crate::Base64")] pub [u8; 32]);

/// What every document names: for which job, on whose behalf, with which card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    pub job: JobId,
    pub nonce: Nonce,
    /// The portal's origin, `https://host[:port]`.
    pub origin: String,
    pub card: CardNumber,
}

/// One certificate that a holder accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateReference {
    pub role: CertificateRole,
    pub serial: SerialNumber,
    /// SHA-256 of the certificate's DER.
    #[serde(with = "crate::Base64")]
    pub sha256: [u8; 32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document<'a> {
    /// The card shows that it is the one it says (9E).
    CardProof(&'a Context),
    /// The holder shows that he has the card and knows its PIN (9C).
    HolderProof(&'a Context),
    /// The holder lets the server open the card for writing (9C); for certificates that name this address, if one is given.
    ManagementProof { context: &'a Context, email: Option<&'a EmailAddress> },
    /// A key shows that it is in the card and works; `public_key` is SubjectPublicKeyInfo (DER).
    Possession { context: &'a Context, slot: Slot, public_key: &'a [u8] },
    /// The holder accepts these certificates (9C).
    Acceptance { context: &'a Context, certificates: &'a [CertificateReference] },
}

impl Document<'_> {
    /// The octets that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::CardProof(context) => start(&mut out, "kaika/card-proof/1", context),
            Self::HolderProof(context) => start(&mut out, "kaika/holder-proof/1", context),
            Self::ManagementProof { context, email } => {
                start(&mut out, "kaika/management-proof/2", context);
                if let Some(email) = email {
                    field(&mut out, email.as_str().as_bytes());
                }
            }
            Self::Possession { context, slot, public_key } => {
                start(&mut out, "kaika/possession/1", context);
                field(&mut out, &[slot.reference()]);
                field(&mut out, public_key);
            }
            Self::Acceptance { context, certificates } => {
                start(&mut out, "kaika/acceptance/1", context);
                for certificate in *certificates {
                    field(&mut out, certificate.role.as_str().as_bytes());
                    field(&mut out, certificate.serial.as_be_bytes());
                    field(&mut out, &certificate.sha256);
                }
            }
        }
        out
    }
}

fn start(out: &mut Vec<u8>, kind: &str, context: &Context) {
    field(out, kind.as_bytes());
    field(out, context.job.as_bytes());
    field(out, &context.nonce.0);
    field(out, context.origin.as_bytes());
    field(out, context.card.as_str().as_bytes());
}

fn field(out: &mut Vec<u8>, value: &[u8]) {
    let length = u32::try_from(value.len()).expect("a document's field is far below 4 GiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
}
