//! Sessions of those who have logged in with a card, and what they decide on it.

use super::StoreError;
use crate::SessionRecord;
use async_trait::async_trait;
use kaika_wire::CardId;
use time::OffsetDateTime;

#[async_trait]
pub trait SessionReader: Send {
    /// By the SHA-256 of its token, over or not.
    async fn session(&mut self, token_sha256: &[u8; 32]) -> Result<Option<SessionRecord>, StoreError>;
    /// Whether strangers find the card's certificates; all cards that nobody has decided on are found.
    async fn is_published(&mut self, card: CardId) -> Result<bool, StoreError>;
}

#[async_trait]
pub trait SessionWriter: SessionReader {
    /// # Errors
    /// [`StoreError::Stale`] where its login has opened one already.
    async fn insert_session(&mut self, session: &SessionRecord) -> Result<(), StoreError>;
    /// False: there is none, or it was ended before.
    async fn end_session(&mut self, token_sha256: &[u8; 32], now: OffsetDateTime) -> Result<bool, StoreError>;
    /// Those that ran out before `before`; how many they were.
    async fn delete_sessions(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// Whether this changed anything.
    async fn set_published(&mut self, card: CardId, published: bool, now: OffsetDateTime) -> Result<bool, StoreError>;
}
