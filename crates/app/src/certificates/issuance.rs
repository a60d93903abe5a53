//! Certificates on their way through issuing, and what keys were certified.

use kaika_domain::authorities::ProfileName;
use kaika_pki::KeyFingerprint;
use kaika_wire::{CardId, CertificateId, GenerationId, HolderId, RequestId, SerialNumber};
use time::OffsetDateTime;

/// The way of one certificate through issuing: a serial number is taken together with the bytes, and no others, that
/// may be signed under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    pub certificate: CertificateId,
    pub generation: GenerationId,
    pub serial: SerialNumber,
    /// Idempotence: per request, profile and key there is one issuance that is not void.
    pub request: Option<RequestId>,
    pub role: ProfileName,
    pub key_fingerprint: KeyFingerprint,
    pub state: IssuanceState,
    pub at: OffsetDateTime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuanceState {
    Recorded {
        to_be_signed: Vec<u8>,
    },
    /// The certificate is on record.
    Issued,
    /// The serial will never be used.
    Void,
}

/// How an issuance ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Issued,
    Void,
}

/// A certificate that was issued for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    pub fingerprint: KeyFingerprint,
    pub holder: HolderId,
    pub card: Option<CardId>,
    pub role: ProfileName,
}
