//! Why something did not come to its end.

use kaika_domain::kernel::NotAllowed;
use kaika_wire::{Code, Refusal};

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The person's affair; said in their language.
    #[error(transparent)]
    Refused(Refusal),
    /// Others were at the same rows: begun anew on what they have left, the same may go well.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    #[error(transparent)]
    Store(StoreError),
    /// Nothing was issued, or signed.
    #[error(transparent)]
    Issue(Box<dyn std::error::Error + Send + Sync>),
    /// The key that was to sign is not within reach: the same again later may go well.
    #[error("a key cannot be reached at the moment: {0}")]
    KeyAway(String),
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database holds what cannot be.
    #[error("inconsistent: {0}")]
    Inconsistent(String),
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The state was read in the transaction that changes it: a rule that does not let it is no race.
impl From<NotAllowed> for Failure {
    fn from(error: NotAllowed) -> Self {
        Self::Inconsistent(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Conflict(Conflict::Stale),
            StoreError::Conflict => Self::Conflict(Conflict::GaveWay),
            other => Self::Store(other),
        }
    }
}

/// Who was quicker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Somebody has changed what this rested on, or taken what it wanted.
    #[error("changed by somebody else in the meantime")]
    Stale,
    /// Several waited for one another, and this one gave way.
    #[error("others were at the same rows, and this transaction had to give way")]
    GaveWay,
}

impl Conflict {
    /// What a person is told where nobody has begun anew.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Stale => Code::Stale.into(),
            Self::GaveWay => Code::Busy.into(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row was changed by somebody else since it was read, or a unique key is taken.
    #[error("changed by somebody else in the meantime")]
    Stale,
    /// This transaction and others waited for one another, and the database chose it to give way. Nothing was read or
    /// written that was wrong: the same again may go well.
    #[error("others were at the same rows, and this transaction had to give way")]
    Conflict,
    /// Nothing of Kaika is in the database, or there is none.
    #[error("the database is empty")]
    Empty,
    /// The schema lacks what this version of the program needs.
    #[error("the database has schema {found}, and this version of Kaika needs {known}")]
    Older { found: i64, known: i64 },
    /// The schema is of a newer version of the program, and takes this one no more.
    #[error(
        "the database belongs to a newer version of Kaika (schema {found}, this version knows {known}); \
         it needs Kaika {oldest_program} or newer"
    )]
    Newer { found: i64, known: i64, oldest_program: String },
    /// What lies on the disk is no whole database.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A row holds what this version cannot read.
    #[error("unreadable row: {0}")]
    Row(String),
    #[error(transparent)]
    Database(Box<dyn std::error::Error + Send + Sync>),
}

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("a secret cannot be opened: wrong key, or altered")]
    Sealed,
    #[error("cryptography failed")]
    Failed,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
