//! For how long something is one process's own, though nothing more is heard of that process.

use std::time::Duration;
use time::Duration as Span;

/// Whoever lives says so in time; of whoever does not, another takes over when the lease is over.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    pub lasts: Span,
    /// Often enough that one or two words may be lost.
    pub renewed_every: Duration,
}

impl Lease {
    /// Longer than a restart of the database takes.
    pub const USUAL: Self = Self { lasts: Span::MINUTE, renewed_every: Duration::from_secs(20) };
}
