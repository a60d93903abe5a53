//! The life of a certificate: `Held → Valid ⇄ Suspended`, and from any of them `→ Revoked`. Expired is what the clock says.

use crate::authorities::ProfileName;
use crate::kernel::NotAllowed;
use kaika_pki::{CertificateDigest, KeyFingerprint};
use kaika_wire::{
    AuthorityId, CardId, CertificateId, CertificateReference, CertificateRole, CertificateStatus, GenerationId,
    HolderId, JobId, SerialNumber,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub id: CertificateId,
    pub authority: AuthorityId,
    pub generation: GenerationId,
    pub holder: HolderId,
    pub card: Option<CardId>,
    /// The profile of its authority's policy by which it was issued: of a certificate on a card, its role there.
    pub role: ProfileName,
    pub serial: SerialNumber,
    /// The shard of its generation's revocation list that tells of it, as the certificate itself says.
    pub shard: u32,
    /// DER as issued.
    pub certificate: Vec<u8>,
    /// SHA-256 of `certificate`.
    pub sha256: CertificateDigest,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub key_fingerprint: KeyFingerprint,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    pub issued_at: OffsetDateTime,
    /// The job that had it issued.
    pub job: Option<JobId>,
    pub placement: Option<Placement>,
    pub state: CertificateState,
    pub version: i64,
}

/// Whether the certificate lies on its card. *Pending* is what is issued but not yet read back: seen, listed, repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    Pending,
    Written { read_back_at: OffsetDateTime },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateState {
    /// Issued, not yet accepted; ends by acceptance or revocation only. A hold (the authority's, once the activation
    /// period is over) bars acceptance until it is lifted; lifting it never makes the certificate valid.
    Held {
        holds: Vec<Hold>,
    },
    Valid,
    /// Never empty; each hold keeps who, why and when, and is lifted alone.
    Suspended {
        holds: Vec<Hold>,
    },
    Revoked {
        reason: RevocationReason,
        at: OffsetDateTime,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub by: HoldBy,
    pub reason: String,
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldBy {
    Holder,
    Counter,
    Authority,
}

/// CRLReason (RFC 5280 §5.3.1), as far as an authority gives them; `certificateHold` is a state, not a reason here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    Unspecified,
    KeyCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    PrivilegeWithdrawn,
}

impl RevocationReason {
    pub const ALL: [Self; 6] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key_compromise",
            Self::AffiliationChanged => "affiliation_changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation_of_operation",
            Self::PrivilegeWithdrawn => "privilege_withdrawn",
        }
    }
}

impl CertificateState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::Valid => "valid",
            Self::Suspended { .. } => "suspended",
            Self::Revoked { .. } => "revoked",
        }
    }

    /// Revoked tells more than expired, so it comes first.
    pub fn status(&self, not_after: OffsetDateTime, now: OffsetDateTime) -> CertificateStatus {
        match self {
            Self::Revoked { .. } => CertificateStatus::Revoked,
            _ if now > not_after => CertificateStatus::Expired,
            Self::Suspended { .. } => CertificateStatus::Suspended,
            Self::Held { holds } if !holds.is_empty() => CertificateStatus::Suspended,
            Self::Held { .. } => CertificateStatus::Held,
            Self::Valid => CertificateStatus::Valid,
        }
    }

    /// Who holds it, in the order in which they came.
    pub fn holds(&self) -> &[Hold] {
        match self {
            Self::Held { holds } | Self::Suspended { holds } => holds,
            Self::Valid | Self::Revoked { .. } => &[],
        }
    }

    /// # Errors
    /// Only a held certificate without any further hold is accepted.
    pub fn accept(self) -> Result<Self, NotAllowed> {
        match self {
            Self::Held { holds } if holds.is_empty() => Ok(Self::Valid),
            other => Err(NotAllowed { what: "accept", state: other.name() }),
        }
    }

    /// # Errors
    /// A revoked certificate is not suspended.
    pub fn suspend(self, hold: Hold) -> Result<Self, NotAllowed> {
        match self {
            Self::Valid => Ok(Self::Suspended { holds: vec![hold] }),
            Self::Suspended { mut holds } => {
                holds.push(hold);
                Ok(Self::Suspended { holds })
            }
            Self::Held { mut holds } => {
                holds.push(hold);
                Ok(Self::Held { holds })
            }
            Self::Revoked { .. } => Err(NotAllowed { what: "suspend", state: "revoked" }),
        }
    }

    /// Lifts the holds of one side; others stay.
    ///
    /// # Errors
    /// There is no hold of that side.
    pub fn resume(self, by: HoldBy) -> Result<Self, NotAllowed> {
        let refused = NotAllowed { what: "resume", state: self.name() };
        let lift = |mut holds: Vec<Hold>| {
            let before = holds.len();
            holds.retain(|hold| hold.by != by);
            (holds.len() < before).then_some(holds).ok_or(refused)
        };
        match self {
            Self::Held { holds } => Ok(Self::Held { holds: lift(holds)? }),
            Self::Suspended { holds } => match lift(holds)? {
                rest if rest.is_empty() => Ok(Self::Valid),
                holds => Ok(Self::Suspended { holds }),
            },
            Self::Valid | Self::Revoked { .. } => Err(refused),
        }
    }

    /// # Errors
    /// A certificate is revoked once.
    pub fn revoke(self, reason: RevocationReason, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        match self {
            Self::Revoked { .. } => Err(NotAllowed { what: "revoke", state: "revoked" }),
            _ => Ok(Self::Revoked { reason, at: now }),
        }
    }
}

impl Certificate {
    pub fn status(&self, now: OffsetDateTime) -> CertificateStatus {
        self.state.status(self.not_after, now)
    }

    /// None where it lies on no card.
    pub fn card_role(&self) -> Option<CertificateRole> {
        self.card.and(self.role.role())
    }

    /// As its card names it; none where it lies on no card.
    pub fn reference(&self) -> Option<CertificateReference> {
        Some(CertificateReference {
            role: self.card_role()?,
            serial: self.serial.clone(),
            sha256: *self.sha256.as_bytes(),
        })
    }

    pub fn is_written(&self) -> bool {
        matches!(self.placement, Some(Placement::Written { .. }))
    }
}
