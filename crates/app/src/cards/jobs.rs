//! Card jobs at work: loads the facts, lets the rules of `domain` decide, performs what they ask for, writes down what
//! is about to be sent to the card, and takes in what came back.
//!
//! **Invariant:** whatever changes a card stands in the database before it leaves in a batch.

mod batch;
mod check;
mod drive;
mod perform;
mod record;
mod report;
mod start;
mod view;

pub(crate) use batch::{current_batch, succeeded};
pub(crate) use check::{Report, check_report};
pub(crate) use drive::drive;
pub(crate) use perform::Codes;
pub(crate) use record::{event, fence, record_report};
pub(crate) use report::PATIENCE;
pub use report::report_batch;
pub use start::start_card_job;
pub(crate) use view::{JobTransaction, View};
