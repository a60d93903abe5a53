//! What is known of a card: enough to say what may be done with it, not to change it.

use crate::{
    authorities::Policy,
    cards::{Card, CardState},
    certificates::{Certificate, CertificateState, RevocationReason},
};
use kaika_wire::{CertificateId, CertificateRole, CertificateStatus, Code, EmailAddress, Refusal};
use time::OffsetDateTime;

#[derive(Clone, Copy)]
pub struct CardFacts<'a> {
    pub policy: &'a Policy,
    pub card: &'a Card,
    /// All certificates of the card, oldest first.
    pub certificates: &'a [Certificate],
    pub now: OffsetDateTime,
}

impl CardFacts<'_> {
    /// Certificates of the present contents of the card: per role the newest that is not revoked.
    pub fn contents(&self) -> impl Iterator<Item = &Certificate> {
        CertificateRole::ALL.into_iter().filter_map(|role| self.certificate(role))
    }

    /// The newest certificate of this role that is not revoked.
    pub fn certificate(&self, role: CertificateRole) -> Option<&Certificate> {
        let live = |c: &&Certificate| c.role == role && !matches!(c.state, CertificateState::Revoked { .. });
        self.certificates.iter().rev().find(live)
    }

    /// The newest certificate of this role that is not revoked; where all are, the newest: it still proves which card
    /// that is, and its holder is told what became of it.
    pub fn latest(&self, role: CertificateRole) -> Option<&Certificate> {
        self.certificate(role).or_else(|| self.certificates.iter().rev().find(|c| c.role == role))
    }

    /// Whether a mail to this address reached somebody who then said so, not long ago.
    pub fn has_proved(&self, address: &EmailAddress) -> bool {
        let proved = self.card.proved_email.as_ref();
        proved.is_some_and(|proved| proved.address == *address && proved.is_fresh(self.now))
    }

    /// What bars the key of this role, whichever of its certificates is the newest: one is suspended, or was revoked for
    /// another reason than that a newer one took its place.
    pub(super) fn barring_status(&self, role: CertificateRole) -> Option<CertificateStatus> {
        let key = self.latest(role)?.key_fingerprint;
        let of_key = || self.certificates.iter().filter(move |c| c.role == role && c.key_fingerprint == key);
        let superseded = |reason: &RevocationReason| matches!(reason, RevocationReason::Superseded);
        if of_key().any(|c| matches!(&c.state, CertificateState::Revoked { reason, .. } if !superseded(reason))) {
            return Some(CertificateStatus::Revoked);
        }
        let suspended = of_key().any(|c| c.status(self.now) == CertificateStatus::Suspended);
        suspended.then_some(CertificateStatus::Suspended)
    }

    /// Of the holder's certificates together: what bars most.
    pub(super) fn status(&self) -> CertificateStatus {
        let statuses =
            self.policy.card.roles.iter().map(|role| match (self.barring_status(*role), self.latest(*role)) {
                (Some(bars), _) => bars,
                (None, Some(certificate)) => certificate.status(self.now),
                (None, None) => CertificateStatus::Revoked,
            });
        let weight = |status: &CertificateStatus| match status {
            CertificateStatus::Valid => 0,
            CertificateStatus::Held => 1,
            CertificateStatus::Suspended => 2,
            CertificateStatus::Expired => 3,
            CertificateStatus::Revoked => 4,
        };
        statuses.max_by_key(weight).unwrap_or(CertificateStatus::Revoked)
    }

    /// Whether the card is its holder's and works as one.
    pub(super) fn in_use(&self) -> Result<(), Refusal> {
        match self.card.state {
            CardState::Activated { .. } => Ok(()),
            CardState::Terminated { .. } => Err(barred(CertificateStatus::Revoked)),
            CardState::Ordered | CardState::Personalised { .. } | CardState::Dispatched { .. } => {
                Err(Code::NotActivated.into())
            }
        }
    }

    /// Those that the holder accepts: all but the card's own.
    pub fn holders_certificates(&self) -> Vec<CertificateId> {
        self.contents().filter(|c| c.role != CertificateRole::CardAuthentication).map(|c| c.id).collect()
    }
}

/// The refusal of a card that its certificates' status bars.
pub(super) fn barred(status: CertificateStatus) -> Refusal {
    Refusal { status: Some(status), ..Code::CardBarred.into() }
}
