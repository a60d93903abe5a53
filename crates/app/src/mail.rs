//! Mails, from the transaction of what they tell of until the mail server has taken them.
//!
//! A mail is written into the outbox by [`post`], in the transaction that changes something: if that is undone, so is the
//! mail, and if the mail server is away, it waits. What it says is a [`Letter`], facts without words; the words are found
//! when it leaves.

mod deliver;
mod letter;
mod look_after;
mod ports;

pub use deliver::{Delivery, deliver_mails};
pub use letter::{Letter, Posted};
pub use look_after::{forget_mails, list_mails, retry_mails};
pub use ports::{DeliveredMail, LetterSeal, MailCounts, MailError, MailReader, Mailbox, Mailer, Outbox};

use crate::{App, Failure, UnitOfWork};
use kaika_wire::{AuthorityId, EmailAddress, MailId};
use time::OffsetDateTime;

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRecord {
    pub id: MailId,
    pub authority: AuthorityId,
    pub to: EmailAddress,
    /// Which letter it is, by its name.
    pub letter: String,
    /// The letter, sealed; none once it was sent.
    pub sealed: Option<Vec<u8>>,
    pub state: MailState,
    /// Begun, whatever became of them.
    pub attempts: u32,
    pub queued_at: OffsetDateTime,
    /// Of the next attempt; of the end where there is no next.
    pub due_at: OffsetDateTime,
    /// From then on nobody has any use for it.
    pub useless_at: Option<OffsetDateTime>,
    /// Of the last attempt that failed.
    pub failure: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    Waiting,
    Sent,
    GivenUp,
}

/// Puts a letter into the outbox, in this transaction. It leaves soon after the commit.
///
/// # Errors
/// The store or the vault failed.
pub(crate) async fn post(
    app: &App,
    work: &mut dyn UnitOfWork,
    authority: &AuthorityId,
    to: &EmailAddress,
    letter: &Letter,
    useless_at: Option<OffsetDateTime>,
) -> Result<MailId, Failure> {
    let now = app.now();
    let id = MailId::new(now, app.rng.bytes());
    let sealed = app.secrets.seal_letter(id, &letter.to_bytes())?;
    let mail = MailRecord {
        id,
        authority: authority.clone(),
        to: to.clone(),
        letter: letter.name().to_owned(),
        sealed: Some(sealed),
        state: MailState::Waiting,
        attempts: 0,
        queued_at: now,
        due_at: now,
        useless_at,
        failure: None,
    };
    work.insert_mail(&mail).await?;
    Ok(id)
}
