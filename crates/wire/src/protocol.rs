//! Which protocol a program speaks: agent, portal and card tool are updated apart.

use crate::{Code, JobKind, Refusal};
use serde::{Deserialize, Serialize};

/// A program speaks its own protocol and all before it. It counts up with whatever the other side cannot do without
/// knowing it: a kind of job, a card command, a field that must be there; what the other side may pass over needs no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Protocol(pub u32);

impl Protocol {
    /// Of programs that say no number.
    pub const FIRST: Self = Self(1);
    /// The number is said, and with it who is too old for a job.
    pub const TOLD: Self = Self(2);
    /// The holder allows writing before the card is asked for its challenge, which is answered at once; a card is tested
    /// before it leaves its station.
    pub const CHALLENGE_LAST: Self = Self(3);
    /// A station says what a blank card can do before anything is put to it.
    pub const CAPABILITIES: Self = Self(4);
    /// A portal tells what a ticket is for.
    pub const TICKETS: Self = Self(5);
    /// This program's.
    pub const OURS: Self = {
        let (mut newest, mut at) = (Self::TICKETS, 0);
        while at < JobKind::ALL.len() {
            let needed = JobKind::ALL[at].protocol();
            if needed.0 > newest.0 {
                newest = needed;
            }
            at += 1;
        }
        newest
    };

    /// Whether a program that speaks this one can do such a job; `too_old` is the code that says which program cannot.
    ///
    /// # Errors
    /// `too_old`, with both numbers.
    pub fn suffices(self, kind: JobKind, too_old: Code) -> Result<(), Refusal> {
        let needed = kind.protocol();
        if self >= needed {
            return Ok(());
        }
        let detail = format!("it speaks protocol {self}, and {} needs {needed}", kind.as_str());
        Err(Refusal::new(too_old).detail(detail))
    }
}

impl Default for Protocol {
    fn default() -> Self {
        Self::FIRST
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
