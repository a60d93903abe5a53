//! The audit log in the database, and its anchors outside of it.

use super::{Anchor, Chained, Event, Head};
use crate::kernel::{StoreError, VaultError};
use async_trait::async_trait;

#[async_trait]
pub trait AuditReader: Send {
    /// Events after the one numbered `after`, at most `limit`.
    async fn audit_events(&mut self, after: i64, limit: u32) -> Result<Vec<Chained>, StoreError>;
    async fn audit_head(&mut self) -> Result<Head, StoreError>;
}

pub trait AuditWriter: AuditReader {
    /// Adds an event to this transaction; chained and written as its last statements.
    fn audit(&mut self, event: Event);
}

/// The file of anchors and the key that signs them.
#[async_trait]
pub trait Anchors: Send + Sync {
    /// Appends and makes durable.
    async fn append(&self, anchor: &Anchor) -> Result<(), VaultError>;
}
