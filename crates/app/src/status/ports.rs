//! What responders and revocation lists are made from, in the database.

use super::{Crl, CrlHead, StatusRecord};
use crate::kernel::StoreError;
use async_trait::async_trait;
use kaika_pki::crl::Revoked;
use kaika_wire::{GenerationId, SerialNumber};
use time::OffsetDateTime;

#[async_trait]
pub trait StatusReader: Send {
    async fn certificate_status(
        &mut self,
        generation: GenerationId,
        serial: &SerialNumber,
    ) -> Result<Option<StatusRecord>, StoreError>;
    /// The generation's revision at the latest change of a certificate of this shard, or of any; 0 before the first.
    async fn shard_revision(&mut self, generation: GenerationId, shard: Option<u32>) -> Result<i64, StoreError>;
    /// Certificates of this shard whose status changed after that revision; at most `limit`.
    async fn changed_since(
        &mut self,
        generation: GenerationId,
        shard: u32,
        revision: i64,
        limit: u32,
    ) -> Result<Vec<SerialNumber>, StoreError>;
    /// Held, suspended and revoked certificates that had not expired at this time, of this shard or of all.
    async fn revocations(
        &mut self,
        generation: GenerationId,
        shard: Option<u32>,
        now: OffsetDateTime,
    ) -> Result<Vec<Revoked>, StoreError>;
    async fn latest_crl_head(
        &mut self,
        generation: GenerationId,
        shard: Option<u32>,
    ) -> Result<Option<CrlHead>, StoreError>;
    /// It may have tens of megabytes.
    async fn latest_crl(&mut self, generation: GenerationId, shard: Option<u32>) -> Result<Option<Crl>, StoreError>;
}

#[async_trait]
pub trait StatusWriter: StatusReader {
    /// # Errors
    /// [`StoreError::Stale`] where this number was signed already, or a newer state.
    async fn insert_crl(&mut self, crl: &Crl) -> Result<(), StoreError>;
}
