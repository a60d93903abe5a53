//! Failures of the parts, in the port's terms.

use crate::keys::{KeyStoreError, SignerError};
use kaika_app::authorities::IssueError;
use kaika_domain::authorities::ProfileName;
use kaika_pki::lint::Finding;
use kaika_pki::{ParseError, ToBeCertified};
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

/// Findings in what was ordered: of these alone it is told what is too long, or may not stand in a certificate.
pub(crate) fn of_order(profile: &ProfileName, shall: &ToBeCertified, findings: &[Finding]) -> Result<(), IssueError> {
    let told = |finding: &Finding| match finding {
        Finding::TooLong { len, max } => Some(format!(
            "the {profile} certificate would have {len} octets, and there is room for {max}: {} too many; the subject takes \
             {} of them, the e-mail address {}",
            len - max,
            shall.subject.to_der().len(),
            shall.email.as_ref().map_or(0, String::len),
        )),
        Finding::Name(_) | Finding::DirectoryText(_) | Finding::NotComposed => Some(finding.to_string()),
        _ => None,
    };
    let unfit: Option<Vec<_>> = findings.iter().map(told).collect();
    match unfit {
        Some(unfit) if unfit.is_empty() => Ok(()),
        Some(unfit) => Err(IssueError::Unfit(unfit.join("; "))),
        None => self::findings(findings),
    }
}

pub(crate) fn findings(findings: &[Finding]) -> Result<(), IssueError> {
    if findings.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
    Err(lint(texts.join("; ")))
}
