//! The life of a certificate, and who may change its status.

mod certificate;
mod standing;
mod status_change;

pub use certificate::{Certificate, CertificateState, Hold, HoldBy, Placement, RevocationReason};
pub use standing::{barring_status, latest, standing};
pub use status_change::{Unchanged, changed, check_change_allowed, revocation_reason};
