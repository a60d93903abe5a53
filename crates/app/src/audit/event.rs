//! An event of the audit log, and how it is chained to the one before.

use super::Action;
use kaika_domain::audit::Actor;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub at: OffsetDateTime,
    pub actor: Actor,
    pub action: Action,
}

/// An event as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chained {
    /// 1 for the first, without gaps.
    pub sequence: i64,
    /// Seconds since 1970.
    pub at: i64,
    pub actor: String,
    pub action: String,
    /// JSON as written.
    pub payload: String,
    pub hash: [u8; 32],
}

/// The last event's number and hash; 0 and zeros before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub sequence: i64,
    pub hash: [u8; 32],
}

impl Head {
    pub const EMPTY: Self = Self { sequence: 0, hash: [0; 32] };

    /// The event that follows.
    pub fn chain(self, event: &Event) -> Chained {
        let mut next = Chained {
            sequence: self.sequence + 1,
            at: event.at.unix_timestamp(),
            actor: event.actor.to_string(),
            action: event.action.name().to_owned(),
            payload: event.action.payload().to_string(),
            hash: [0; 32],
        };
        next.hash = next.expected_hash(&self.hash);
        next
    }
}

impl Chained {
    /// SHA-256 over the hash before and every field, each with its length in front.
    pub fn expected_hash(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut sha = Sha256::new();
        let mut field = |bytes: &[u8]| {
            sha.update((bytes.len() as u64).to_be_bytes());
            sha.update(bytes);
        };
        field(before);
        field(&self.sequence.to_be_bytes());
        field(&self.at.to_be_bytes());
        field(self.actor.as_bytes());
        field(self.action.as_bytes());
        field(self.payload.as_bytes());
        sha.finalize().into()
    }

    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash }
    }
}
