//! The audit log: every event is chained to the one before by SHA-256, and heads are signed outside the database.

mod action;
mod anchor;
mod event;
mod ports;
mod verify;

pub use action::{Action, InJob, StatusFacts, Through};
pub use anchor::{Anchor, anchor_audit};
pub use event::{Chained, Event, Head};
pub use ports::{Anchors, AuditReader, AuditWriter};
pub(crate) use verify::Findings;
pub use verify::{AuditFinding, AuditReport, verify_audit};
