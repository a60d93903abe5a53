//! Orders for cards, the life of a card, the ledger of its PUKs, and the jobs that change it.

mod card;
pub mod job;
mod order;
mod puk;

pub use card::{Card, CardRank, CardState, ProvedEmail, TerminationReason};
pub use order::{Findings, Making, MakingEnd, Order, OrderState};
pub use puk::{Choice, PukLedger, PukRecord, PukState, PukVersion};
