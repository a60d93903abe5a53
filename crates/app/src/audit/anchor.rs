//! Signs the head of the audit log and keeps it outside the database.

use crate::{
    App, Failure,
    audit::{Anchors, Head},
};
use time::OffsetDateTime;

/// One signed head of the audit log, kept outside the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub head: Head,
    pub at: OffsetDateTime,
}

/// Appends an anchor where the head has moved since `last`; gives the head.
///
/// # Errors
/// The store or the file failed.
#[crate::use_case]
pub async fn anchor_audit(app: &App, anchors: &dyn Anchors, last: Option<Head>) -> Result<Head, Failure> {
    let head = app.store.read().await?.audit_head().await?;
    if head != Head::EMPTY && Some(head) != last {
        anchors.append(&Anchor { head, at: app.now() }).await?;
    }
    Ok(head)
}
