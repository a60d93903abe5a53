//! What every life cycle stands on.

use time::Duration;

/// How far others' clocks may be behind: what is signed is good from so long before, where nothing speaks against it.
pub const BACKDATED: Duration = Duration::minutes(5);

/// A transition that the present state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not possible in the state {state}")]
pub struct NotAllowed {
    pub what: &'static str,
    pub state: &'static str,
}
