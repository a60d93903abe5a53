//! The database as use cases have it: what is read, and transactions. Each context says what it needs of it in ports of
//! its own; here they are one.

use crate::{
    access::{AccessReader, AccessWriter},
    audit::{AuditReader, AuditWriter},
    authorities::{GenerationReader, GenerationWriter},
    cards::{CardReader, CardWriter, JobReader, JobWriter, OrderReader, OrderWriter, RecordReader},
    certificates::{CertificateReader, CertificateWriter},
    holders::{HolderReader, HolderWriter},
    kernel::{Failure, StoreError},
    mail::{MailReader, Outbox},
    status::{StatusReader, StatusWriter},
};
use async_trait::async_trait;
use kaika_domain::{cards::Card, holders::Holder};
use time::OffsetDateTime;

/// The database.
#[async_trait]
pub trait Store: Send + Sync {
    /// A consistent view.
    async fn read(&self) -> Result<Box<dyn Reader>, StoreError>;
    /// A transaction; dropped without [`UnitOfWork::commit`] it leaves nothing.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;
    /// Whether this program may run on the schema, which another may have changed since this handle was opened.
    async fn check_schema(&self) -> Result<(), StoreError>;
    /// Whether the database can be written, on which a commit a moment ago counts. One that is busy for a moment can be.
    async fn check_writable(&self) -> Result<(), StoreError>;
    /// Takes the work by the clock for this process alone, for as long as it has this handle: what another left there is
    /// nobody's any more. False where others may share the database, or one does.
    async fn take_alone(&self) -> Result<bool, StoreError>;
    /// How many transactions through this handle may have changed a certificate's status: counted before their commit
    /// is told.
    fn status_changes(&self) -> u64;
    /// Ends all connections once they are idle; nothing can be done afterwards.
    async fn close(&self);
}

/// Everything that is read. Lists are ordered as their method says.
pub trait Reader:
    AccessReader
    + AuditReader
    + CardReader
    + CertificateReader
    + GenerationReader
    + HolderReader
    + JobReader
    + MailReader
    + OrderReader
    + RecordReader
    + StatusReader
{
}

/// A transaction.
#[async_trait]
pub trait UnitOfWork:
    Reader
    + AccessWriter
    + AuditWriter
    + CardWriter
    + CertificateWriter
    + GenerationWriter
    + HolderWriter
    + JobWriter
    + OrderWriter
    + Outbox
    + StatusWriter
{
    /// Takes or keeps the lease `name` for `owner` until `until`; false where another holds it past `now`.
    async fn take_lease(
        &mut self,
        name: &str,
        owner: &str,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Gives the lease back, where `owner` has it.
    async fn release_lease(&mut self, name: &str, owner: &str) -> Result<(), StoreError>;

    /// Keeps all leases that `owner` has, until `until`; how many they are.
    async fn renew_leases(&mut self, owner: &str, until: OffsetDateTime) -> Result<u64, StoreError>;

    /// Of all owners.
    async fn release_leases(&mut self) -> Result<(), StoreError>;

    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// Whose card it is.
///
/// # Errors
/// The store failed.
pub(crate) async fn holder_of(reader: &mut dyn Reader, card: &Card) -> Result<Holder, Failure> {
    let holder = reader.holder(card.holder).await?;
    holder.ok_or_else(|| Failure::Inconsistent(format!("card {} has no holder", card.number)))
}
