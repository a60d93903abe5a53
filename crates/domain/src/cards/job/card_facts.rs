//! What is known of a card: enough to say what may be done with it, not to change it.

use crate::{
    authorities::Policy,
    cards::{Card, CardState},
    certificates::{self, Certificate, CertificateState},
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
        certificates::latest(self.certificates, role)
    }

    /// Whether a mail to this address reached somebody who then said so, not long ago.
    pub fn has_proved(&self, address: &EmailAddress) -> bool {
        let proved = self.card.proved_email.as_ref();
        proved.is_some_and(|proved| proved.address == *address && proved.is_fresh(self.now))
    }

    /// What bars the key of this role, whichever of its certificates is the newest: one is suspended, or was revoked for
    /// another reason than that a newer one took its place.
    pub(super) fn barring_status(&self, role: CertificateRole) -> Option<CertificateStatus> {
        certificates::barring_status(self.certificates, role, self.now)
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

    /// Until when the card can be activated online; none where that is not to be done, or not any more.
    pub fn activate_by(&self) -> Option<OffsetDateTime> {
        match self.card.state {
            CardState::Dispatched { at } => Some(at + self.policy.activation.period()?),
            CardState::Ordered
            | CardState::Personalised { .. }
            | CardState::Activated { .. }
            | CardState::Terminated { .. } => None,
        }
    }

    /// Whether the card is its holder's and works as one.
    pub(super) fn in_use(&self) -> Result<(), Refusal> {
        match self.card.state {
            CardState::Activated { .. } => Ok(()),
            CardState::Terminated { .. } => Err(self.barred(CertificateStatus::Revoked)),
            CardState::Ordered | CardState::Personalised { .. } | CardState::Dispatched { .. } => {
                Err(Code::NotActivated.into())
            }
        }
    }

    /// The refusal of a card that the status of a certificate of it bars; how the others stand is told with it.
    pub(super) fn barred(&self, status: CertificateStatus) -> Refusal {
        let certificates = certificates::standing(self.certificates, self.now);
        Refusal { status: Some(status), certificates, ..Code::CardBarred.into() }
    }

    /// Those that the holder accepts: all but the card's own.
    pub fn holders_certificates(&self) -> Vec<CertificateId> {
        self.contents().filter(|c| c.role != CertificateRole::CardAuthentication).map(|c| c.id).collect()
    }
}
