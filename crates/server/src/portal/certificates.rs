//! Pages about certificates: found, listed, changed in their status.

pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod my_card;
pub(crate) mod status_change;
