//! Pages of the card jobs, and what became of them.

pub(crate) mod card_job;
pub(crate) mod email;
pub(crate) mod login;
pub(crate) mod outcome;
