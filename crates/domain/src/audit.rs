//! Who did something, as the audit log has it.

use serde::{Deserialize, Serialize};

/// Who did something, as the audit log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The holder of a card, proved by the card or the user code.
    Holder(kaika_wire::CardNumber),
    Station(kaika_wire::StationId),
    /// Somebody at the operator's console.
    Operator,
    /// The authority's own rules, by the clock.
    Scheduler,
    /// A certification authority, when it signs.
    Authority(kaika_wire::AuthorityId),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Holder(number) => write!(f, "holder:{number}"),
            Self::Station(id) => write!(f, "station:{id}"),
            Self::Operator => f.write_str("operator"),
            Self::Scheduler => f.write_str("scheduler"),
            Self::Authority(id) => write!(f, "authority:{id}"),
        }
    }
}
