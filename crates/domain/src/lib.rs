//! Authorities' policies, the life cycles of cards and certificates, and the card jobs: types and rules.
//!
//! **Invariant:** nothing here does I/O, reads a clock or draws randomness; every transition takes the time.

pub mod card;
pub mod certificate;
mod contact;
pub mod job;
pub mod organisation;
pub mod policy;
pub mod puk;
pub mod status_change;

pub use card::{Card, CardRank, CardState, Holder, Organisation, ProvedEmail, TerminationReason};
pub use certificate::{Certificate, CertificateState, Hold, HoldBy, Placement, RevocationReason};
pub use contact::{Contact, ContactError};
pub use organisation::Membership;
pub use policy::{Policy, PolicyError, Root};
pub use puk::{PukLedger, PukRecord, PukState, PukVersion};
pub use status_change::{Unchanged, changed, may_change, revocation_reason};

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

/// A transition that the present state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not possible in the state {state}")]
pub struct NotAllowed {
    pub what: &'static str,
    pub state: &'static str,
}
