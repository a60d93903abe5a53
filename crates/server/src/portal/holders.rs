//! Pages about holders: who is written to.

pub(crate) mod contact;
