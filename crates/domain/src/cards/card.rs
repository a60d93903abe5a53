//! The life of a card: `Ordered → Personalised → Dispatched → Activated`, and from any of them `→ Terminated`.
//! Whether its PIN is locked is a fact of the card, not of the database.

use crate::{holders::Holder, kernel::NotAllowed};
use kaika_wire::{AuthorityId, CardId, CardNumber, EmailAddress, Guid, HolderId};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub id: CardId,
    pub number: CardNumber,
    pub authority: AuthorityId,
    pub holder: HolderId,
    pub rank: CardRank,
    /// What its certificates name (rfc822Name), for everybody to read; nothing secret is sent there.
    pub email: Option<EmailAddress>,
    /// The serial number of the device that is being made into this card, or was.
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

impl Card {
    /// As ordered now: a primary card, whose certificates name no address.
    pub fn ordered(id: CardId, number: CardNumber, holder: &Holder, now: OffsetDateTime) -> Self {
        Self {
            id,
            number,
            authority: holder.authority.clone(),
            holder: holder.id,
            rank: CardRank::Primary,
            email: None,
            device: None,
            guid: None,
            ordered_at: now,
            state: CardState::Ordered,
            proved_email: None,
            version: 1,
        }
    }
}

/// An address that a mail reached: somebody followed the link in it, or typed the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvedEmail {
    pub address: EmailAddress,
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
}

impl ProvedEmail {
    /// The time that a person may take to find card and PIN.
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
    /// Its order was withdrawn.
    NoLongerNeeded,
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
