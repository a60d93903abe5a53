//! What every life cycle stands on.

/// A transition that the present state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not possible in the state {state}")]
pub struct NotAllowed {
    pub what: &'static str,
    pub state: &'static str,
}
