//! 停用, 復用, 廢止: who may ask for it, and what becomes of a certificate.
//!
//! A hold keeps who, why and when, and each side lifts its own alone. Revocation is final, whoever asked for it.

use crate::{
    authorities::{Policy, StatusChangeWay},
    certificates::{Certificate, CertificateState, Hold, HoldBy, RevocationReason},
};
use kaika_wire::{CertificateStatus, Code, Refusal, RevokeReason, StatusChange};
use time::OffsetDateTime;

/// Whether this side may ask for such a change at all. The holder may do by himself what the policy offers online; an
/// officer and the authority have looked at the case in their own way.
///
/// # Errors
/// [`Code::ChangedElsewhere`], with the telephone number of who helps.
pub fn check_change_allowed(policy: &Policy, change: StatusChange, by: HoldBy) -> Result<(), Refusal> {
    if by != HoldBy::Holder || policy.status_changes.way(change.kind()) == StatusChangeWay::Online {
        return Ok(());
    }
    let contact = Some(policy.contact.telephone.clone());
    Err(Refusal { authority: Some(policy.id.clone()), contact, ..Refusal::new(Code::ChangedElsewhere) })
}

/// Why a certificate stays as it is.
///
/// In the order in which they matter to who asked: where the certificates of one card stay for different reasons, the
/// last of them is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unchanged {
    Expired,
    /// Revoked is for ever.
    Revoked,
    /// There is no hold to lift.
    NotSuspended,
    /// This side holds it already.
    AlreadySuspended,
    /// It is held, but not by the side that wants to lift it.
    SuspendedByOthers,
}

impl Unchanged {
    pub fn code(self) -> Code {
        match self {
            Self::Expired => Code::CertificatesExpired,
            Self::Revoked => Code::AlreadyRevoked,
            Self::NotSuspended => Code::NotSuspended,
            Self::AlreadySuspended => Code::AlreadySuspended,
            Self::SuspendedByOthers => Code::SuspendedByOthers,
        }
    }
}

/// What the change makes of the certificate's state.
///
/// A certificate that is not accepted yet can be suspended, too: its card may be lost in the post. The hold bars its
/// acceptance, and lifting it never makes the certificate valid.
///
/// # Errors
/// Why it stays as it is.
pub fn changed(
    certificate: &Certificate,
    change: StatusChange,
    by: HoldBy,
    now: OffsetDateTime,
) -> Result<CertificateState, Unchanged> {
    match certificate.status(now) {
        CertificateStatus::Revoked => return Err(Unchanged::Revoked),
        CertificateStatus::Expired => return Err(Unchanged::Expired),
        CertificateStatus::Held | CertificateStatus::Valid | CertificateStatus::Suspended => {}
    }
    let state = certificate.state.clone();
    match change {
        StatusChange::Suspend(reason) => {
            // A second hold of one side would say nothing new, and hide since when it is held.
            if state.holds().iter().any(|hold| hold.by == by) {
                return Err(Unchanged::AlreadySuspended);
            }
            let hold = Hold { by, reason: reason.as_str().to_owned(), at: now };
            state.suspend(hold).map_err(|_| Unchanged::Revoked)
        }
        StatusChange::Resume(_) => {
            let why_not = if state.holds().is_empty() { Unchanged::NotSuspended } else { Unchanged::SuspendedByOthers };
            state.resume(by).map_err(|_| why_not)
        }
        StatusChange::Revoke(reason) => state.revoke(revocation_reason(reason), now).map_err(|_| Unchanged::Revoked),
    }
}

/// The CRLReason that relying parties read (RFC 5280 §5.3.1).
///
/// It has none for a lost card. `keyCompromise` is for a key that is known *or suspected* to be in other hands, and that
/// is what the finder of a card has: the key that proves the card works without any PIN, and for the others there are
/// three tries. Relying parties that go by the reason then take the careful side.
pub fn revocation_reason(reason: RevokeReason) -> RevocationReason {
    match reason {
        RevokeReason::Lost | RevokeReason::KeyCompromise => RevocationReason::KeyCompromise,
        RevokeReason::AffiliationChanged => RevocationReason::AffiliationChanged,
        RevokeReason::Superseded => RevocationReason::Superseded,
        RevokeReason::Ceased => RevocationReason::CessationOfOperation,
        RevokeReason::Other => RevocationReason::Unspecified,
    }
}
