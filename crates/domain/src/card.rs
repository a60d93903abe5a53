//! The life of a card: `Ordered → Personalised → Dispatched → Activated`, and from any of them `→ Terminated`.
//! Whether its PIN is locked is a fact of the card, not of the database.

use crate::NotAllowed;
use kaika_wire::{AuthorityId, CardId, CardNumber, EmailAddress, Guid, HolderId};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use unicode_normalization::UnicodeNormalization;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub id: CardId,
    pub number: CardNumber,
    pub authority: AuthorityId,
    pub holder: HolderId,
    pub rank: CardRank,
    /// The device's serial number, from the moment a station has taken a card for the order.
    pub device: Option<u32>,
    /// The GUID that the card's CHUID holds or is about to hold.
    pub guid: Option<Guid>,
    pub ordered_at: OffsetDateTime,
    pub state: CardState,
    /// The address that its certificates are about to name.
    pub proved_email: Option<ProvedEmail>,
    /// Counts every change; an update of an older version is refused.
    pub version: i64,
}

/// An address that a mail reached: somebody followed the link in it, or typed the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvedEmail {
    pub address: EmailAddress,
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
}

impl ProvedEmail {
    /// So long a person may take to find card and PIN.
    const GOOD_FOR: Duration = Duration::days(1);

    pub fn is_fresh(&self, now: OffsetDateTime) -> bool {
        now < self.at + Self::GOOD_FOR
    }
}

/// 正卡 or 附卡.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardRank {
    #[default]
    Primary,
    Supplementary,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardState {
    Ordered,
    Personalised {
        at: OffsetDateTime,
    },
    /// Sent to its holder; the activation period runs from here.
    Dispatched {
        at: OffsetDateTime,
    },
    Activated {
        dispatched_at: OffsetDateTime,
        at: OffsetDateTime,
    },
    Terminated {
        reason: TerminationReason,
        at: OffsetDateTime,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminationReason {
    NotActivatedInTime,
    Lost,
    Replaced,
    Destroyed,
}

impl CardState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Personalised { .. } => "personalised",
            Self::Dispatched { .. } => "dispatched",
            Self::Activated { .. } => "activated",
            Self::Terminated { .. } => "terminated",
        }
    }

    /// # Errors
    /// Only an ordered card is personalised.
    pub fn personalise(self, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        match self {
            Self::Ordered => Ok(Self::Personalised { at: now }),
            other => Err(NotAllowed { what: "personalise", state: other.name() }),
        }
    }

    /// # Errors
    /// Only a personalised card is dispatched.
    pub fn dispatch(self, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        match self {
            Self::Personalised { .. } => Ok(Self::Dispatched { at: now }),
            other => Err(NotAllowed { what: "dispatch", state: other.name() }),
        }
    }

    /// # Errors
    /// Only a dispatched card is activated.
    pub fn activate(self, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        match self {
            Self::Dispatched { at } => Ok(Self::Activated { dispatched_at: at, at: now }),
            other => Err(NotAllowed { what: "activate", state: other.name() }),
        }
    }

    /// # Errors
    /// A card is terminated once.
    pub fn terminate(self, reason: TerminationReason, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        match self {
            Self::Terminated { .. } => Err(NotAllowed { what: "terminate", state: "terminated" }),
            _ => Ok(Self::Terminated { reason, at: now }),
        }
    }

    pub fn is_activated(&self) -> bool {
        matches!(self, Self::Activated { .. })
    }
}

/// 卡片持有者: who holds cards of one authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub id: HolderId,
    pub authority: AuthorityId,
    /// Attribute and value, C first: `("C", "TW")`.
    pub subject: Vec<(String, String)>,
    /// What the holder is, in the terms of subjectDirectoryAttributes.
    pub organisation: Organisation,
    /// What certificates name (rfc822Name), for everybody to read; nothing secret is sent there.
    pub email: Option<String>,
    pub registered_at: OffsetDateTime,
}

impl Holder {
    /// Whether somebody who knows the holder would call it so: by its name, or by its whole path within an organisation.
    /// Width, case and spaces make no difference, nor do 台 and 臺.
    pub fn is_called(&self, name: &str) -> bool {
        let values = |labels: &'static [&'static str]| {
            self.subject.iter().filter(|(label, _)| labels.contains(&label.as_str())).map(|(_, value)| value.as_str())
        };
        let own = [&["CN"][..], &["OU"], &["O"]].into_iter().find_map(|labels| values(labels).next_back());
        let path: String = values(&["O", "OU", "CN"]).collect();
        let name = plain(name);
        !name.is_empty() && own.into_iter().chain([path.as_str()]).any(|known| plain(known) == name)
    }
}

/// As two who write the same name may both write it.
pub(crate) fn plain(name: &str) -> String {
    let folded = name.nfkc().flat_map(char::to_lowercase);
    folded.filter(|c| !c.is_whitespace()).map(|c| if c == '台' { '臺' } else { c }).collect()
}

/// Values of the subject directory attributes (RFC 5280 §4.2.1.8) that the holder brings.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// An OID under the authority's subject types; none: the policy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<String>,
    /// 統一編號, 8 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_number: Option<String>,
    /// The agency's own OID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency_oid: Option<String>,
}
