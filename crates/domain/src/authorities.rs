//! Authorities are data: what one does in its own way stands in its policy.

pub mod policy;
mod profile;
mod together;

pub use policy::{
    Activation, AuthorityKey, CardRules, CertificateRules, CrlRules, Hierarchy, HolderRules, OrganisationRules,
    Overdue, PinPolicy, Policy, PolicyError, Root, Roots, StatusChangeWay, StatusChanges, Text, Unlock, UserCodeRules,
};
pub use profile::{Keys, NoProfileName, Profile, ProfileName, ProfileRules, Usage};
pub use together::{Authorities, AuthoritiesError, Policies, ROOTS_FILE};
