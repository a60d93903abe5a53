//! What an operator and the clock do with the outbox.

use super::MailRecord;
use crate::{App, Failure};
use kaika_wire::MailId;
use time::Duration;

/// Far more than anybody reads.
const MOST: u32 = 10_000;
/// The time for which a mail that was sent is remembered.
const SENT_REMEMBERED: Duration = Duration::days(30);
/// The time for which a mail that was given up is kept, for somebody to look into it.
const GIVEN_UP_REMEMBERED: Duration = Duration::days(90);

/// Waiting and given-up mails, oldest first; with `sent` also those that were sent.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn list_mails(app: &App, sent: bool) -> Result<Vec<MailRecord>, Failure> {
    Ok(app.store.read().await?.mails(sent, MOST).await?)
}

/// Waiting and given-up mails are due at once, one or all; not those whose link has run out, nor those that are being
/// sent. How many they were.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn retry_mails(app: &App, only: Option<MailId>) -> Result<u64, Failure> {
    let mut work = app.store.begin().await?;
    let retried = work.retry_mails(only, app.now()).await?;
    work.commit().await?;
    Ok(retried)
}

/// Deletes what was settled long ago; how many they were.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn forget_mails(app: &App) -> Result<u64, Failure> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    let forgotten = work.delete_mails(now - SENT_REMEMBERED, now - GIVEN_UP_REMEMBERED).await?;
    work.commit().await?;
    Ok(forgotten)
}
