//! 停用, 復用, 廢止: what is asked of a certificate's status, and why. The reasons are closed lists of ours, in words that
//! a holder chooses from; what relying parties are told of a revocation follows from them in `domain`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A word that is none of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is one of: {0}")]
pub struct UnknownWord(&'static str);

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* } $list:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// In the order in which a page offers them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As in JSON, forms and command lines.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().find(|word| word.as_str() == text).copied().ok_or(UnknownWord($list))
            }
        }
    )*};
}

words! {
    /// What is asked, without its reason: the name of a page, of a command and of an event in the audit log.
    StatusChangeKind {
        Suspend = "suspend",
        Resume = "resume",
        Revoke = "revoke",
    } "suspend, resume, revoke"

    /// Why certificates are suspended.
    SuspendReason {
        /// Lost or stolen; it may be found again.
        Lost = "lost",
        NotInUse = "not_in_use",
        Other = "other",
    } "lost, not_in_use, other"

    /// Why a suspension is lifted.
    ResumeReason {
        Found = "found",
        Other = "other",
    } "found, other"

    /// Why certificates are revoked.
    RevokeReason {
        /// Lost or stolen, for good.
        Lost = "lost",
        /// Somebody else has or may have the key, or the PIN and the card.
        KeyCompromise = "key_compromise",
        /// Name, agency or post are no longer what the certificate says.
        AffiliationChanged = "affiliation_changed",
        /// Another card took its place.
        Superseded = "superseded",
        /// It is no longer needed.
        Ceased = "ceased",
        Other = "other",
    } "lost, key_compromise, affiliation_changed, superseded, ceased, other"
}

/// What is asked, with its reason: `{"change": "suspend", "reason": "lost"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "change", content = "reason", rename_all = "snake_case")]
pub enum StatusChange {
    Suspend(SuspendReason),
    Resume(ResumeReason),
    Revoke(RevokeReason),
}

impl StatusChange {
    pub fn kind(self) -> StatusChangeKind {
        match self {
            Self::Suspend(_) => StatusChangeKind::Suspend,
            Self::Resume(_) => StatusChangeKind::Resume,
            Self::Revoke(_) => StatusChangeKind::Revoke,
        }
    }

    /// The reason's word.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Suspend(reason) => reason.as_str(),
            Self::Resume(reason) => reason.as_str(),
            Self::Revoke(reason) => reason.as_str(),
        }
    }

    /// From the two words.
    ///
    /// # Errors
    /// The reason is not one of this kind's; the error lists those.
    pub fn parse(kind: StatusChangeKind, reason: &str) -> Result<Self, UnknownWord> {
        Ok(match kind {
            StatusChangeKind::Suspend => Self::Suspend(reason.parse()?),
            StatusChangeKind::Resume => Self::Resume(reason.parse()?),
            StatusChangeKind::Revoke => Self::Revoke(reason.parse()?),
        })
    }
}

impl StatusChangeKind {
    /// The words of the reasons that this kind takes, in the order in which a page offers them.
    pub fn reasons(self) -> Vec<&'static str> {
        match self {
            Self::Suspend => SuspendReason::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Resume => ResumeReason::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Revoke => RevokeReason::ALL.iter().map(|reason| reason.as_str()).collect(),
        }
    }
}
