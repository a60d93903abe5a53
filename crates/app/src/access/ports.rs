//! User codes, confirmations, captchas, sessions and stations, in the database.

use super::{ConfirmationRecord, Purpose, SessionRecord, Station, UserCodeRecord};
use crate::kernel::{LinkHash, SessionHash, StoreError, VaultError};
use async_trait::async_trait;
use kaika_domain::access::Subject;
use kaika_wire::{CardId, StationId, UserCode};
use time::OffsetDateTime;

#[async_trait]
pub trait AccessReader: Send {
    async fn user_code(&mut self, card: CardId) -> Result<Option<UserCodeRecord>, StoreError>;
    /// By the SHA-256 of its token, used or not.
    async fn confirmation(&mut self, token_sha256: &LinkHash) -> Result<Option<ConfirmationRecord>, StoreError>;
    /// The newest that is open: neither used nor run out.
    async fn open_confirmation(
        &mut self,
        purpose: Purpose,
        subject: Subject,
        now: OffsetDateTime,
    ) -> Result<Option<ConfirmationRecord>, StoreError>;
    /// How many were asked for since then, used or not.
    async fn count_confirmations(
        &mut self,
        purpose: Purpose,
        subject: Subject,
        since: OffsetDateTime,
    ) -> Result<u64, StoreError>;
    /// By the SHA-256 of its token, over or not.
    async fn session(&mut self, token_sha256: &SessionHash) -> Result<Option<SessionRecord>, StoreError>;
    async fn station(&mut self, id: StationId) -> Result<Option<Station>, StoreError>;
}

#[async_trait]
pub trait AccessWriter: AccessReader {
    /// Sets a user code and forgives all tries.
    async fn upsert_user_code(&mut self, card: CardId, hash: &str, now: OffsetDateTime) -> Result<(), StoreError>;
    /// One try is taken, where `fails < limit`, in one statement; gives the record after it. None: locked, or no code.
    async fn debit_user_code(&mut self, card: CardId, limit: u8) -> Result<Option<UserCodeRecord>, StoreError>;
    /// All tries are given back, where the code is still the one of this hash.
    async fn credit_user_code(&mut self, card: CardId, hash: &str) -> Result<(), StoreError>;
    /// As [`debit_user_code`](Self::debit_user_code), of the counter for pages that ask for no card; neither counter
    /// touches the other.
    async fn debit_user_code_without_card(
        &mut self,
        card: CardId,
        limit: u8,
    ) -> Result<Option<UserCodeRecord>, StoreError>;
    /// As [`credit_user_code`](Self::credit_user_code), of the counter for pages that ask for no card.
    async fn credit_user_code_without_card(&mut self, card: CardId, hash: &str) -> Result<(), StoreError>;
    async fn insert_confirmation(&mut self, confirmation: &ConfirmationRecord) -> Result<(), StoreError>;
    /// Uses it up, in one statement. False: it is of another purpose, was used, or ran out.
    async fn use_confirmation(
        &mut self,
        token_sha256: &LinkHash,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Takes one try at its short code, in one statement. False: none is left, or it is not open.
    async fn debit_confirmation(&mut self, token_sha256: &LinkHash, now: OffsetDateTime) -> Result<bool, StoreError>;
    /// What is open for this subject, of one purpose or of all, is used up.
    async fn void_confirmations(
        &mut self,
        subject: Subject,
        purpose: Option<Purpose>,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError>;
    /// Those that ran out before `before`.
    async fn delete_confirmations(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// Whether this captcha was not answered before. Now it is; remembered past `expires_at`, when it is over.
    async fn use_captcha(&mut self, id: &[u8; 16], expires_at: OffsetDateTime) -> Result<bool, StoreError>;
    /// Those that were over before `before`; how many they were.
    async fn delete_captchas(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// # Errors
    /// [`StoreError::Stale`] where its login has opened one already.
    async fn insert_session(&mut self, session: &SessionRecord) -> Result<(), StoreError>;
    /// False: there is none, or it was ended before.
    async fn end_session(&mut self, token_sha256: &SessionHash, now: OffsetDateTime) -> Result<bool, StoreError>;
    /// Those that ran out before `before`; how many they were.
    async fn delete_sessions(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    async fn insert_station(&mut self, station: &Station) -> Result<(), StoreError>;
}

/// argon2id on a bounded pool.
#[async_trait]
pub trait UserCodeHasher: Send + Sync {
    /// PHC string.
    async fn hash(&self, code: &UserCode) -> Result<String, VaultError>;
    async fn verify(&self, hash: &str, code: &UserCode) -> Result<bool, VaultError>;
}
