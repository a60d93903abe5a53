//! Card jobs are kept for a time. What has to last longer does not hang on them: the audit log tells of each, receipts of
//! acceptance, certificates and the PUK ledger lie by themselves.

use crate::{App, Failure};
use time::Duration;

/// Deleted in one transaction: others wait for no more than these.
const AT_ONCE: u32 = 500;

/// Deletes jobs of which nothing was heard for so long, but for open ones that change their card; how many they were.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn forget_jobs(app: &App, kept: Duration) -> Result<u64, Failure> {
    let before = app.now() - kept;
    let mut forgotten = 0;
    loop {
        let mut work = app.store.begin().await?;
        let deleted = work.delete_jobs(before, AT_ONCE).await?;
        work.commit().await?;
        forgotten += deleted;
        if deleted < u64::from(AT_ONCE) {
            return Ok(forgotten);
        }
    }
}
