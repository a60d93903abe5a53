//! Roots and issuing authorities: their keys and certificates, who opens them, and what the portal says of them.

mod found;
mod generation;
mod lacks;
mod ports;
mod well_known;

pub use found::found_authorities;
pub use generation::Generation;
pub use lacks::{Lack, lacks};
pub use ports::{Applicant, GenerationReader, GenerationWriter, IssueError, IssueOrder, Issuer, Place};
pub use well_known::well_known;
