//! An order for a card, `Open → Made` or `Open → Withdrawn`, and the attempts at making it. The card's number stays with the
//! order, whichever device becomes the card.

use crate::kernel::NotAllowed;
use kaika_wire::{Capabilities, CardId, Guid, JobId, Lack, MakingId, OrderId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    /// What it is to become: number, holder and all that does not depend on a device.
    pub card: CardId,
    pub ordered_at: OffsetDateTime,
    pub state: OrderState,
    /// Counts every change; an update of an older version is refused.
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderState {
    Open,
    Made { at: OffsetDateTime },
    Withdrawn { at: OffsetDateTime },
}

impl OrderState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Made { .. } => "made",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// # Errors
    /// Only an open order is made.
    pub fn make(self, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        match self {
            Self::Open => Ok(Self::Made { at: now }),
            other => Err(NotAllowed { what: "make", state: other.name() }),
        }
    }

    /// # Errors
    /// Only an open order is withdrawn.
    pub fn withdraw(self, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        match self {
            Self::Open => Ok(Self::Withdrawn { at: now }),
            other => Err(NotAllowed { what: "withdraw", state: other.name() }),
        }
    }
}

/// An attempt at making an ordered card, from the moment a station has put a device to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    pub id: MakingId,
    pub card: CardId,
    /// The device's serial number, where it tells one.
    pub device: Option<u32>,
    /// What the device's CHUID holds or is about to hold.
    pub guid: Option<Guid>,
    pub began_at: OffsetDateTime,
    /// The job that has sent it what may have changed it.
    pub changed_by: Option<JobId>,
    pub found: Findings,
    pub ended: Option<(MakingEnd, OffsetDateTime)>,
}

/// What was found out about the device of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    /// When it was put to the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// Whether its objects grow with what is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects_grow: Option<bool>,
    /// Whether it has passed the tests before it leaves its station.
    pub tested: bool,
    /// Why it cannot be made into a card.
    pub missing: Vec<Lack>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MakingEnd {
    /// The device is the card.
    Made,
    /// The device never becomes a card.
    Spoilt,
    /// The device was put to the order and not changed: both are as before.
    Released,
}

impl MakingEnd {
    pub fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Spoilt => "spoilt",
            Self::Released => "released",
        }
    }
}

impl Making {
    pub fn begin(id: MakingId, card: CardId, device: Option<u32>, now: OffsetDateTime) -> Self {
        let found = Findings::default();
        Self { id, card, device, guid: None, began_at: now, changed_by: None, found, ended: None }
    }

    /// How it ends where the device does not become the card.
    pub fn set_aside(&self) -> MakingEnd {
        if self.changed_by.is_some() { MakingEnd::Spoilt } else { MakingEnd::Released }
    }

    /// # Errors
    /// An attempt ends once; a device that was changed is not released.
    pub fn end(&mut self, how: MakingEnd, now: OffsetDateTime) -> Result<(), NotAllowed> {
        match (&self.ended, how) {
            (Some((ended, _)), _) => Err(NotAllowed { what: "end", state: ended.name() }),
            (None, MakingEnd::Released) if self.changed_by.is_some() => {
                Err(NotAllowed { what: "release", state: "changed" })
            }
            (None, how) => {
                self.ended = Some((how, now));
                Ok(())
            }
        }
    }
}
