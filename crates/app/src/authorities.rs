//! Roots and issuing authorities: their keys and certificates, who opens them, and what the portal says of them.

mod find;
mod found;
mod generation;
mod lacks;
mod ports;
mod well_known;

pub(crate) use find::named;
pub use find::{authority_certificate, generations_of};
pub use found::found_authorities;
pub use generation::Generation;
pub use lacks::{Lack, first_lack, lacks};
pub use ports::{Applicant, Foreseen, GenerationReader, GenerationWriter, IssueError, IssueOrder, Issuer, Place};
pub use well_known::well_known;
