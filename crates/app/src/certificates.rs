//! Certificates of holders: issued, found, listed, and changed in their status.

mod accept;
mod change_status;
mod find;
mod issuance;
mod list;
mod listing;
mod my_card;
mod ports;
mod standing;

pub use accept::accept_certificate;
pub use change_status::{
    ChangeOutcome, ChangedCertificate, ChangedStatus, StatusChangeRequest, Which, WithoutCard, apply_change,
    change_outcome, change_status_by_authority, change_status_without_card,
};
pub(crate) use find::shown;
pub use find::{FoundCertificate, FoundStatus, certificate_file, certificate_status, find_certificates};
pub use issuance::{Issuance, IssuanceState, KeyUse, Settled};
pub use list::{CertificatePage, ListRequest, Sorting, list_certificates};
pub use listing::{ListOrder, ListPosition, ListQuery, ListedCertificate, StatusFilter};
pub use my_card::{MyCard, my_card, set_publication};
pub use ports::{CertificateReader, CertificateWriter};
pub(crate) use standing::standing;
