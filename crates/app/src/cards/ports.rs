//! Cards, their jobs and what goes with them, in the database and in the vault.

use super::{CardRow, CertificateRow, JobRecord, Receipt, StoredPuk, TicketRecord};
use crate::access::Station;
use crate::kernel::{OutcomeHash, StoreError, TicketHash, VaultError};
use crate::mail::LetterSeal;
use async_trait::async_trait;
use kaika_domain::cards::{Card, Making, Order, PukVersion};
use kaika_wire::{
    AuthorityId, CardId, CardNumber, HolderId, JobDetails, JobId, JobKind, KeyAlgorithm, ManagementKey, Puk, Slot,
};
use time::OffsetDateTime;

#[async_trait]
pub trait CardReader: Send {
    async fn card(&mut self, id: CardId) -> Result<Option<Card>, StoreError>;
    async fn card_by_number(&mut self, number: &CardNumber) -> Result<Option<Card>, StoreError>;
    /// The card that is not terminated and was made from this device.
    async fn cards_by_device(&mut self, device: u32) -> Result<Vec<Card>, StoreError>;
    /// The oldest ordered card for which no device was taken yet, of this authority or of any.
    async fn oldest_order(&mut self, authority: Option<&AuthorityId>) -> Result<Option<Card>, StoreError>;
    /// In the order in which they were ordered.
    async fn cards(&mut self, authority: &AuthorityId) -> Result<Vec<Card>, StoreError>;
    /// In the order in which they were ordered; at most 100.
    async fn cards_of_holder(&mut self, holder: HolderId) -> Result<Vec<Card>, StoreError>;
    /// Dispatched before `before` and not activated; at most `limit`, the longest overdue first, those after `after`.
    async fn overdue_cards(
        &mut self,
        authority: &AuthorityId,
        before: OffsetDateTime,
        after: Option<&Card>,
        limit: u32,
    ) -> Result<Vec<Card>, StoreError>;
    /// Oldest version first.
    async fn puks(&mut self, card: CardId) -> Result<Vec<StoredPuk>, StoreError>;
    /// Oldest first.
    async fn receipts(&mut self, card: CardId) -> Result<Vec<Receipt>, StoreError>;
}

/// What is held against the audit log: page by page in the order of ids, those after this id.
#[async_trait]
pub trait RecordReader: Send {
    async fn certificate_rows(&mut self, after: &str, limit: u32) -> Result<Vec<CertificateRow>, StoreError>;
    async fn card_rows(&mut self, after: &str, limit: u32) -> Result<Vec<CardRow>, StoreError>;
    async fn stations(&mut self, after: &str, limit: u32) -> Result<Vec<Station>, StoreError>;
}

#[async_trait]
pub trait CardWriter: CardReader {
    /// # Errors
    /// [`StoreError::Stale`] where the number is taken.
    async fn insert_card(&mut self, card: &Card) -> Result<(), StoreError>;
    /// Writes everything but id, number, authority and holder, where the row still has `card.version`, and counts
    /// the version up in `card` too.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where it has not, or another card was made from this device.
    async fn update_card(&mut self, card: &mut Card) -> Result<(), StoreError>;
    /// Others that lock this card wait until this transaction ends. What is read from here on is as they left it; whether
    /// what was read before may not be.
    async fn lock_card(&mut self, card: CardId) -> Result<bool, StoreError>;
    /// Insert or update by card and version; ciphertexts are never changed.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where this version has another ciphertext.
    async fn upsert_puk(&mut self, card: CardId, puk: &StoredPuk) -> Result<(), StoreError>;
    async fn insert_receipt(&mut self, receipt: &Receipt) -> Result<(), StoreError>;
}

#[async_trait]
pub trait OrderReader: Send {
    async fn order_of_card(&mut self, card: CardId) -> Result<Option<Order>, StoreError>;
    /// The attempt at making this card that has not ended.
    async fn making_under_way(&mut self, card: CardId) -> Result<Option<Making>, StoreError>;
    /// All attempts at making this card, oldest first.
    async fn makings(&mut self, card: CardId) -> Result<Vec<Making>, StoreError>;
}

#[async_trait]
pub trait OrderWriter: OrderReader {
    async fn insert_order(&mut self, order: &Order) -> Result<(), StoreError>;
    /// Writes its state, where the row still has `order.version`, and counts the version up in `order` too.
    async fn update_order(&mut self, order: &mut Order) -> Result<(), StoreError>;
    /// # Errors
    /// [`StoreError::Stale`] where another attempt at this card is under way.
    async fn insert_making(&mut self, making: &Making) -> Result<(), StoreError>;
    /// Writes all but card, device and when it began.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where it has ended.
    async fn update_making(&mut self, making: &Making) -> Result<(), StoreError>;
}

#[async_trait]
pub trait JobReader: Send {
    async fn job(&mut self, id: JobId) -> Result<Option<JobRecord>, StoreError>;
    /// The open job that changes this card.
    async fn open_job(&mut self, card: CardId) -> Result<Option<JobRecord>, StoreError>;
    async fn ticket(&mut self, ticket_sha256: &TicketHash) -> Result<Option<TicketRecord>, StoreError>;
    async fn ticket_by_outcome(&mut self, outcome_sha256: &OutcomeHash) -> Result<Option<TicketRecord>, StoreError>;
}

#[async_trait]
pub trait JobWriter: JobReader {
    /// # Errors
    /// [`StoreError::Stale`] where the card has another open job that changes it.
    async fn insert_job(&mut self, job: &JobRecord) -> Result<(), StoreError>;
    /// Where the row still has `job.version`; counts the version up.
    async fn update_job(&mut self, job: &mut JobRecord) -> Result<(), StoreError>;
    /// None of these jobs ends until this transaction does; gives those that have ended already.
    async fn hold_jobs(&mut self, jobs: &[JobId]) -> Result<Vec<JobId>, StoreError>;
    async fn insert_ticket(&mut self, ticket: &TicketRecord) -> Result<(), StoreError>;
    /// What the ticket's page said of its job, where the ticket was good for such a one: of this kind and authority, not
    /// run out, not used. Now it is used.
    async fn redeem_ticket(
        &mut self,
        ticket_sha256: &TicketHash,
        kind: JobKind,
        authority: &AuthorityId,
        job: JobId,
        now: OffsetDateTime,
    ) -> Result<Option<JobDetails>, StoreError>;
    /// Those that ran out before `before`, used or not; how many they were.
    async fn delete_tickets(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// At most `limit` of those that were last heard of before `before`, the oldest first; how many they were. An open
    /// job that changes its card is not among them: the next one at that card goes by it.
    async fn delete_jobs(&mut self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError>;
}

/// Secrets of cards.
pub trait CardSecrets: LetterSeal {
    /// A new random PUK, encrypted for this card and version.
    fn new_puk(&self, card: CardId, version: PukVersion) -> Result<Vec<u8>, VaultError>;
    fn open_puk(&self, card: CardId, version: PukVersion, ciphertext: &[u8]) -> Result<Puk, VaultError>;
    /// Diversified from the management master key.
    fn management_key(&self, number: &CardNumber, version: u32) -> Result<ManagementKey, VaultError>;
    /// That key's answer to a card's challenge: one block of AES-256.
    fn answer_management(&self, number: &CardNumber, version: u32, challenge: &[u8]) -> Result<Vec<u8>, VaultError>;
    /// The server's side of a key agreement, derived for this job and slot alone: an uncompressed point.
    fn agreement_peer(&self, job: JobId, slot: Slot, algorithm: KeyAlgorithm) -> Result<Vec<u8>, VaultError>;
    /// The secret that the card's key (uncompressed point) must agree on with it.
    fn agreement_secret(
        &self,
        job: JobId,
        slot: Slot,
        algorithm: KeyAlgorithm,
        card_point: &[u8],
    ) -> Result<Vec<u8>, VaultError>;

    /// A keyed digest of what a page hands out and gets back: only who has the vault can make it. The same at all
    /// servers that share the vault; another for every purpose.
    fn seal(&self, purpose: &str, message: &[u8]) -> Result<[u8; 32], VaultError>;
}
