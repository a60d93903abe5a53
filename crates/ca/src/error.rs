//! Failures of the parts, in the port's terms.

use crate::keys::{KeyStoreError, SignerError};
use kaika_app::authorities::IssueError;
use kaika_pki::ParseError;
use kaika_pki::lint::Finding;
use std::fmt::Display;

pub(crate) fn lint(what: impl Display) -> IssueError {
    IssueError::Lint(what.to_string())
}

pub(crate) fn signer(what: impl Display) -> IssueError {
    IssueError::Signer(what.to_string())
}

/// A key that signed nothing.
pub(crate) fn unsigned(error: SignerError) -> IssueError {
    match error {
        SignerError::Away(why) => IssueError::KeyAway(why),
        failed @ SignerError::Failed(_) => signer(failed),
    }
}

/// A key that was not opened.
pub(crate) fn unopened(error: KeyStoreError) -> IssueError {
    match error {
        KeyStoreError::Away { name, why } => IssueError::KeyAway(format!("{name}: {why}")),
        other => signer(other),
    }
}

/// What the store holds as a certificate is none.
pub(crate) fn unreadable(error: ParseError) -> IssueError {
    IssueError::Signer(format!("the authority's certificate cannot be read: {error}"))
}

pub(crate) fn findings(findings: &[Finding]) -> Result<(), IssueError> {
    if findings.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
    Err(lint(texts.join("; ")))
}
