//! Holders: what they are called, how they are reached, and which organisations they are of.

mod collation;
mod contact;
mod holder;
mod naming;
mod organisation;

pub use contact::{Contact, ContactError};
pub use holder::{FOLDING, Holder, Organisation};
pub use organisation::{Membership, organisation_name};
