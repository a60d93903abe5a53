//! What programs ask: agents, stations and the portal's own scripts.

pub(crate) mod cards;
pub(crate) mod jobs;
mod stations;
pub(crate) mod tickets;
