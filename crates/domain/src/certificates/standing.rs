//! How the certificates of one card stand, each by itself: of four, one may be revoked and the others have expired.

use super::{Certificate, CertificateState, RevocationReason};
use kaika_wire::{CertificateRole, CertificateStatus, RoleStatus};
use time::OffsetDateTime;

/// Of each role the newest certificate that is not revoked; where all are, the newest. `certificates` are all of a card,
/// oldest first.
pub fn latest(certificates: &[Certificate], role: CertificateRole) -> Option<&Certificate> {
    let of_role = || certificates.iter().rev().filter(|certificate| certificate.role == role);
    let live = |certificate: &&Certificate| !matches!(certificate.state, CertificateState::Revoked { .. });
    of_role().find(live).or_else(|| of_role().next())
}

/// What bars the key of this role, whichever of its certificates is the newest: one is suspended, or was revoked for
/// another reason than that a newer one took its place.
pub fn barring_status(
    certificates: &[Certificate],
    role: CertificateRole,
    now: OffsetDateTime,
) -> Option<CertificateStatus> {
    let key = latest(certificates, role)?.key_fingerprint;
    let of_key = || certificates.iter().filter(move |c| c.role == role && c.key_fingerprint == key);
    let superseded = |reason: &RevocationReason| matches!(reason, RevocationReason::Superseded);
    if of_key().any(|c| matches!(&c.state, CertificateState::Revoked { reason, .. } if !superseded(reason))) {
        return Some(CertificateStatus::Revoked);
    }
    let suspended = of_key().any(|c| c.status(now) == CertificateStatus::Suspended);
    suspended.then_some(CertificateStatus::Suspended)
}

/// For whoever is told of them.
pub fn standing(certificates: &[Certificate], now: OffsetDateTime) -> Vec<RoleStatus> {
    let status = |role| {
        let own = || latest(certificates, role).map(|certificate| certificate.status(now));
        barring_status(certificates, role, now).or_else(own)
    };
    CertificateRole::ALL.into_iter().filter_map(|role| Some(RoleStatus { role, status: status(role)? })).collect()
}
