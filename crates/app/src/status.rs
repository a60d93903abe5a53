//! What relying parties are told of a certificate, by revocation list and by OCSP alike.

mod answer_ocsp;
mod cache;
mod ports;
mod publish_crl;
mod records;

pub use answer_ocsp::{Cacheable, OcspAnswer, answer_ocsp};
pub(crate) use cache::{Ready, Responder, StatusCache};
pub use ports::{StatusReader, StatusWriter};
pub(crate) use publish_crl::{Unsigned, VALIDITY};
pub use publish_crl::{crl_failures, publish_crl};
pub use records::{Crl, CrlHead, StatusRecord};

use kaika_domain::certificates::{CertificateState, RevocationReason};
use kaika_pki::crl;
use time::{Duration, OffsetDateTime};

/// How soon changes show, and what may be spent on it.
#[derive(Clone, Copy, Debug)]
pub struct StatusSettings {
    /// A list that has changed is signed again this long after the one before, at the earliest.
    pub crl_every: Duration,
    /// For OCSP answers that are kept, in octets; one takes about 1,200.
    pub ocsp_cache: usize,
}

impl Default for StatusSettings {
    fn default() -> Self {
        Self { crl_every: Duration::seconds(10), ocsp_cache: 8 * 1024 * 1024 }
    }
}

/// Since when and why a certificate is not good. Held and suspended ones are revoked for the time being, with the
/// reason `certificateHold`.
pub fn revoked_for(
    state: &CertificateState,
    issued_at: OffsetDateTime,
) -> Option<(OffsetDateTime, crl::RevocationReason)> {
    let hold = crl::RevocationReason::CertificateHold;
    match state {
        CertificateState::Valid => None,
        CertificateState::Held { .. } => Some((issued_at, hold)),
        CertificateState::Suspended { holds } => Some((holds.first().map_or(issued_at, |hold| hold.at), hold)),
        CertificateState::Revoked { reason, at } => Some((*at, crl_reason(*reason))),
    }
}

/// The CRLReason of RFC 5280 §5.3.1.
pub fn crl_reason(reason: RevocationReason) -> crl::RevocationReason {
    match reason {
        RevocationReason::Unspecified => crl::RevocationReason::Unspecified,
        RevocationReason::KeyCompromise => crl::RevocationReason::KeyCompromise,
        RevocationReason::AffiliationChanged => crl::RevocationReason::AffiliationChanged,
        RevocationReason::Superseded => crl::RevocationReason::Superseded,
        RevocationReason::CessationOfOperation => crl::RevocationReason::CessationOfOperation,
        RevocationReason::PrivilegeWithdrawn => crl::RevocationReason::PrivilegeWithdrawn,
    }
}
