//! Confirmations and contacts in the database.

use super::StoreError;
use crate::confirmation::{ConfirmationRecord, Purpose};
use async_trait::async_trait;
use kaika_domain::Contact;
use kaika_wire::{CardId, HolderId};
use time::OffsetDateTime;

#[async_trait]
pub trait ConfirmationReader: Send {
    /// By the SHA-256 of its token, used or not.
    async fn confirmation(&mut self, token_sha256: &[u8; 32]) -> Result<Option<ConfirmationRecord>, StoreError>;
    /// The newest that is open: neither used nor run out.
    async fn open_confirmation(
        &mut self,
        purpose: Purpose,
        card: CardId,
        now: OffsetDateTime,
    ) -> Result<Option<ConfirmationRecord>, StoreError>;
    /// How many were asked for since then, used or not.
    async fn count_confirmations(
        &mut self,
        purpose: Purpose,
        card: CardId,
        since: OffsetDateTime,
    ) -> Result<u64, StoreError>;
    async fn contact(&mut self, holder: HolderId) -> Result<Option<Contact>, StoreError>;
}

#[async_trait]
pub trait ConfirmationWriter: ConfirmationReader {
    async fn insert_confirmation(&mut self, confirmation: &ConfirmationRecord) -> Result<(), StoreError>;
    /// Uses it up, in one statement. False: it is of another purpose, was used, or ran out.
    async fn use_confirmation(
        &mut self,
        token_sha256: &[u8; 32],
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Takes one try at its short code, in one statement. False: none is left, or it is not open.
    async fn debit_confirmation(&mut self, token_sha256: &[u8; 32], now: OffsetDateTime) -> Result<bool, StoreError>;
    /// What is open for this card, of one purpose or of all, is used up.
    async fn void_confirmations(
        &mut self,
        card: CardId,
        purpose: Option<Purpose>,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError>;
    /// Those that ran out before `before`.
    async fn delete_confirmations(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// Sets the holder's contact.
    async fn put_contact(&mut self, holder: HolderId, contact: &Contact, now: OffsetDateTime)
    -> Result<(), StoreError>;
}
