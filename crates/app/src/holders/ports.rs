//! Holders, who is written to about their cards, and organisations, in the database.

use crate::kernel::StoreError;
use async_trait::async_trait;
use kaika_domain::holders::{Contact, Holder, Membership};
use kaika_pki::DistinguishedName;
use kaika_wire::{AuthorityId, CardId, HolderId};
use time::OffsetDateTime;

#[async_trait]
pub trait HolderReader: Send {
    async fn holder(&mut self, id: HolderId) -> Result<Option<Holder>, StoreError>;
    /// The one holder of this authority with exactly this subject.
    async fn holder_by_subject(
        &mut self,
        authority: &AuthorityId,
        subject: &DistinguishedName,
    ) -> Result<Option<Holder>, StoreError>;
    /// Who is written to about this card.
    async fn contact(&mut self, card: CardId) -> Result<Option<Contact>, StoreError>;
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
pub trait HolderWriter: HolderReader {
    /// # Errors
    /// [`StoreError::Stale`] where the authority has a holder with this subject.
    async fn insert_holder(&mut self, holder: &Holder) -> Result<(), StoreError>;
    /// Writes what the holder is in the authority's terms; the subject stays for ever.
    async fn update_holder(&mut self, holder: &Holder) -> Result<(), StoreError>;
    /// Sets who is written to about this card.
    async fn upsert_contact(&mut self, card: CardId, contact: &Contact, now: OffsetDateTime) -> Result<(), StoreError>;
    /// Puts a holder into an organisation, or out of any, and the certificates of its cards with it.
    async fn upsert_member(&mut self, holder: HolderId, membership: Option<&Membership>) -> Result<(), StoreError>;
    async fn upsert_organisation_rule(&mut self, authority: &AuthorityId, rule: &str) -> Result<(), StoreError>;
}
