//! Authorities are data: what one does in its own way stands in its policy.

pub mod policy;
mod together;

pub use policy::{
    Activation, AuthorityKey, CardRules, CertificateRules, Hierarchy, OrganisationRules, Overdue, PinRules, Policy,
    PolicyError, Root, Roots, StatusChanges, Unlock, UserCodeRules, Way,
};
pub use together::{Authorities, AuthoritiesError, ROOTS_FILE};
