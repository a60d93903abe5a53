//! Organisations: which holders are of one, and lists of all their certificates.

use super::StoreError;
use async_trait::async_trait;
use kaika_domain::{CertificateState, Holder, Membership};
use kaika_wire::{AuthorityId, CardNumber, CertificateId, CertificateRole, CertificateStatus, HolderId, SerialNumber};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use time::OffsetDateTime;

/// Which certificates of an organisation, in which order, and which part of them.
#[derive(Clone, Debug)]
pub struct ListQuery<'a> {
    /// [`Membership::key`].
    pub organisation: &'a str,
    pub order: ListOrder,
    pub shown: Shown,
    /// When they end; none: at any time.
    pub ending: Option<RangeInclusive<OffsetDateTime>>,
    /// Those after this place.
    pub after: Option<&'a After>,
    pub limit: u32,
    pub now: OffsetDateTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListOrder {
    /// By name, a holder's cards by number.
    Holder,
    Number,
    /// What ends first comes first.
    Expiry,
    /// What ends last comes first.
    LatestExpiry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    All,
    Unrevoked,
    With(CertificateStatus),
}

/// A place in a list: behind this certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    pub holder: String,
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

    pub fn place(&self, now: OffsetDateTime) -> After {
        After {
            holder: self.holder.clone(),
            number: self.number.to_string(),
            role: self.role,
            not_after: self.not_after,
            status: self.status(now),
            certificate: self.certificate,
        }
    }
}

#[async_trait]
pub trait OrganisationReader: Send {
    /// The holders' own certificates, not those of the cards themselves.
    async fn list_certificates(&mut self, query: &ListQuery<'_>) -> Result<Vec<ListedCertificate>, StoreError>;
    /// The authority's holders in the order of their ids, at most `limit`, those after `after`.
    async fn holders(
        &mut self,
        authority: &AuthorityId,
        after: Option<HolderId>,
        limit: u32,
    ) -> Result<Vec<Holder>, StoreError>;
    /// By which rule the authority's holders were put into organisations.
    async fn organisation_rule(&mut self, authority: &AuthorityId) -> Result<Option<String>, StoreError>;
}

#[async_trait]
pub trait OrganisationWriter: OrganisationReader {
    /// Puts a holder into an organisation, or out of any, and the certificates of its cards with it.
    async fn put_member(&mut self, holder: HolderId, membership: Option<&Membership>) -> Result<(), StoreError>;
    async fn put_organisation_rule(&mut self, authority: &AuthorityId, rule: &str) -> Result<(), StoreError>;
}
