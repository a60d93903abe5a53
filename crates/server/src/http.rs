//! What every request goes through, and what answers have in common: limits, guards, cookies, languages, errors.

pub(crate) mod cookies;
pub(crate) mod csv;
pub(crate) mod equal_time;
pub(crate) mod errors;
pub(crate) mod extract;
pub(crate) mod guard;
pub(crate) mod health;
pub(crate) mod language;
pub(crate) mod limits;
pub(crate) mod session;
