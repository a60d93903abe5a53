//! Holders, their contacts and organisations, in the database.

use crate::kernel::StoreError;
use async_trait::async_trait;
use kaika_domain::holders::{Contact, Holder, Membership};
use kaika_wire::{AuthorityId, EmailAddress, HolderId};
use time::OffsetDateTime;

#[async_trait]
pub trait HolderReader: Send {
    async fn holder(&mut self, id: HolderId) -> Result<Option<Holder>, StoreError>;
    async fn contact(&mut self, holder: HolderId) -> Result<Option<Contact>, StoreError>;
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
    async fn insert_holder(&mut self, holder: &Holder) -> Result<(), StoreError>;
    /// The address that the holder's certificates name from now on.
    async fn set_holder_email(&mut self, holder: HolderId, email: &EmailAddress) -> Result<(), StoreError>;
    /// Sets the holder's contact.
    async fn put_contact(&mut self, holder: HolderId, contact: &Contact, now: OffsetDateTime)
    -> Result<(), StoreError>;
    /// Puts a holder into an organisation, or out of any, and the certificates of its cards with it.
    async fn put_member(&mut self, holder: HolderId, membership: Option<&Membership>) -> Result<(), StoreError>;
    async fn put_organisation_rule(&mut self, authority: &AuthorityId, rule: &str) -> Result<(), StoreError>;
}
