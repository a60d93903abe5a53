//! Lists of all certificates of an organisation: what is asked for, and what is found.

use kaika_domain::certificates::CertificateState;
use kaika_wire::{CardNumber, CertificateId, CertificateRole, CertificateStatus, SerialNumber};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use time::OffsetDateTime;

/// Which certificates of an organisation, in which order, and which part of them.
#[derive(Clone, Debug)]
pub struct ListQuery<'a> {
    /// [`Membership::key`].
    pub organisation: &'a str,
    pub order: ListOrder,
    pub shown: StatusFilter,
    /// When they end; none: at any time.
    pub ending: Option<RangeInclusive<OffsetDateTime>>,
    /// Those after this place.
    pub after: Option<&'a ListPosition>,
    pub limit: u32,
    pub now: OffsetDateTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListOrder {
    /// By name ([`Membership::sorted_by`]), a holder's cards by number.
    Holder,
    Number,
    /// What ends first comes first.
    Expiry,
    /// What ends last comes first.
    LatestExpiry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFilter {
    All,
    Unrevoked,
    With(CertificateStatus),
}

/// A place in a list: behind this certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPosition {
    /// [`Membership::sorted_by`].
    pub sorted_by: String,
    pub number: String,
    pub role: CertificateRole,
    #[serde(with = "time::serde::timestamp")]
    pub not_after: OffsetDateTime,
    /// As it was when the place was told.
    pub status: CertificateStatus,
    pub certificate: CertificateId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCertificate {
    pub certificate: CertificateId,
    /// [`Membership::holder`].
    pub holder: String,
    /// [`Membership::sorted_by`].
    pub sorted_by: String,
    pub number: CardNumber,
    pub role: CertificateRole,
    pub serial: SerialNumber,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    /// Whether it lies on its card.
    pub written: bool,
    pub state: CertificateState,
}

impl ListedCertificate {
    pub fn status(&self, now: OffsetDateTime) -> CertificateStatus {
        self.state.status(self.not_after, now)
    }

    pub fn place(&self, now: OffsetDateTime) -> ListPosition {
        ListPosition {
            sorted_by: self.sorted_by.clone(),
            number: self.number.to_string(),
            role: self.role,
            not_after: self.not_after,
            status: self.status(now),
            certificate: self.certificate,
        }
    }
}
