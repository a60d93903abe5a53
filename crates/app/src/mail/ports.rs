//! Mails: the outbox in the database, and whoever carries a mail on.

use super::{MailRecord, Posted};
use crate::kernel::{StoreError, VaultError};
use async_trait::async_trait;
use kaika_wire::{EmailAddress, MailId};
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// What of the outbox is read.
#[async_trait]
pub trait MailReader: Send {
    /// Waiting ones whose time has come, the longest due first.
    async fn due_mails(&mut self, now: OffsetDateTime, limit: u32) -> Result<Vec<MailRecord>, StoreError>;
    /// Waiting ones and those that were given up, oldest first; `sent` ones too where they are asked for.
    async fn mails(&mut self, sent: bool, limit: u32) -> Result<Vec<MailRecord>, StoreError>;
    async fn count_mails(&mut self) -> Result<MailCounts, StoreError>;
}

/// The outbox, in the transaction of what a mail tells of.
#[async_trait]
pub trait Outbox: MailReader {
    async fn insert_mail(&mut self, mail: &MailRecord) -> Result<(), StoreError>;
    /// One more attempt at a mail that is still due at `mail.due_at`; if nothing more is heard of this attempt, the next
    /// is due at `until`. False: somebody else has taken it.
    async fn claim_mail(&mut self, mail: &mut MailRecord, until: OffsetDateTime) -> Result<bool, StoreError>;
    /// The attempt that `mail` was claimed for lasts: the next is due at `until`. False: it is another's, or settled.
    async fn keep_claim(&mut self, mail: &MailRecord, until: OffsetDateTime) -> Result<bool, StoreError>;
    /// Attempts of which nothing more can be heard, since no process but this one sends mails: they are due now. How many
    /// they were.
    async fn release_claims(&mut self, now: OffsetDateTime) -> Result<u64, StoreError>;
    /// Writes state, due time, failure and letter of a mail that was claimed for this attempt, as `to` has them. False:
    /// somebody else has taken it since.
    async fn settle_mail(&mut self, mail: &MailRecord, to: &MailRecord) -> Result<bool, StoreError>;
    /// Waiting and given-up mails that are still of use, and not being sent, are due now; all of them, or one. How many
    /// they were.
    async fn retry_mails(&mut self, only: Option<MailId>, now: OffsetDateTime) -> Result<u64, StoreError>;
    /// Those that were sent before `sent`, and those that were given up before `given_up`.
    async fn delete_mails(&mut self, sent: OffsetDateTime, given_up: OffsetDateTime) -> Result<u64, StoreError>;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailCounts {
    pub waiting: u64,
    pub given_up: u64,
}

/// A letter may hold a link that opens something: it lies sealed in the outbox.
pub trait LetterSeal: Send + Sync {
    /// It opens for this mail alone.
    fn seal_letter(&self, mail: MailId, letter: &[u8]) -> Result<Vec<u8>, VaultError>;
    fn open_letter(&self, mail: MailId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError>;
}

/// Why a mail did not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The mail server is not there, or does not take mails from us: that is no matter of this mail.
    #[error("the mail server cannot be used: {0}")]
    Away(String),
    /// Not now.
    #[error("put off by the mail server: {0}")]
    PutOff(String),
    /// Never: another attempt would end in the same way.
    #[error("refused by the mail server: {0}")]
    Refused(String),
}

/// Hands mails over to whoever carries them on.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Done when the other side has taken the mail upon itself. Each attempt names the mail by the same `Message-ID`, by
    /// which a receiver can tell that one came twice.
    ///
    /// # Errors
    /// It was not taken, as far as is known.
    async fn send(&self, mail: &Posted<'_>) -> Result<(), MailError>;
}

/// A mail in a mailbox that is read on a page: where mails are shown rather than sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredMail {
    pub id: MailId,
    pub to: EmailAddress,
    pub subject: String,
    pub text: String,
    pub at: OffsetDateTime,
}

#[async_trait]
pub trait Mailbox: Send + Sync {
    /// The newest first.
    ///
    /// # Errors
    /// The mailbox cannot be read.
    async fn delivered(&self) -> std::io::Result<Vec<DeliveredMail>>;
}
