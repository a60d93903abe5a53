//! Use cases, one file each, and the ports they need. A use case reads, decides by the rules of `domain`, and writes
//! the new state and its audit events in one transaction.
//!
//! **Invariant:** no SQL, no HTTP, no key of an authority, no PIN comes in here.

mod anchor_audit;
mod answer_ocsp;
pub mod audit;
mod captcha;
mod card_jobs;
mod change_contact;
mod change_status;
pub mod confirmation;
mod context;
mod draw;
mod enrol_station;
mod find_certificates;
mod found_authorities;
mod issue_ticket;
mod job_outcome;
mod list_certificates;
mod login;
mod mail;
mod my_card;
mod order_card;
mod organise;
pub mod ports;
mod prove_email;
mod prove_holder;
mod publish_crl;
mod records;
mod report_batch;
mod reset_user_code;
mod retry;
mod sealed;
mod set_user_code;
mod start_card_job;
mod status;
mod subject;
mod sweep;
mod verify_audit;
mod well_known;

/// Makes an `async fn` one that returns a boxed future. Without it, a use case would be compiled in every crate and program
/// that awaits it: an `async fn` is a type, and its code is made where that type is polled.
pub(crate) use async_recursion::async_recursion as use_case;

pub use anchor_audit::anchor_audit;
pub use answer_ocsp::{OcspAnswer, answer_ocsp};
pub use captcha::{Captcha, Sum, ask_again, captcha_digits, draw_captcha, forget_captchas};
pub use change_contact::{AskedContact, ask_contact_change, change_contact, contact_of, pending_contact};
pub use change_status::{
    Asked, ChangeOutcome, ChangedCertificate, ChangedStatus, Which, WithoutCard, apply_change, change_outcome,
    change_status_by_authority, change_status_without_card,
};
pub use confirmation::forget_confirmations;
pub use context::{App, Failure};
pub use enrol_station::{EnrolledStation, authenticate_station, enrol_station};
pub use find_certificates::{CertificateQuery, FoundCertificate, find_certificates};
pub use found_authorities::found_authorities;
pub use issue_ticket::{forget_tickets, issue_ticket};
pub use job_outcome::job_outcome;
pub use list_certificates::{CertificatePage, CertificateWish, Sorting, list_certificates};
pub use login::{
    AskedLogin, BegunSession, LoggedIn, ask_login, begin_session, end_session, forget_sessions, logged_in,
};
pub use mail::{Delivery, Letter, MailRecord, MailState, Posted, deliver_mails, forget_mails, list_mails, retry_mails};
pub use my_card::{MyCard, my_card, set_publication};
pub use order_card::{CardOrder, OrderedCard, draw_user_code, order_card};
pub use organise::organise;
pub use ports::{
    After, Anchor, Anchors, CardSecrets, Clock, ConfirmationReader, ConfirmationWriter, DeliveredMail, IssueError,
    IssueOrder, Issuer, LetterSeal, ListOrder, ListQuery, ListedCertificate, MailCounts, MailError, MailReader,
    Mailbox, Mailer, OrganisationReader, OrganisationWriter, Outbox, Reader, Rng, SessionReader, SessionWriter,
    Settled, Shown, Store, StoreError, UnitOfWork, UserCodeHasher, VaultError,
};
pub use prove_email::{EmailLink, email_of_link, prove_email, prove_email_on_page};
pub use prove_holder::{HolderProved, prove_holder};
pub use publish_crl::publish_crl;
pub use records::{
    Crl, CrlHead, Ended, Generation, Issuance, IssuanceState, JobRecord, KeyUse, Receipt, SessionRecord, Station,
    StatusRecord, StoredPuk, TicketRecord, UserCodeRecord, Worker,
};
pub use report_batch::report_batch;
pub use reset_user_code::{ask_user_code_reset, card_of_reset, reset_user_code};
pub use set_user_code::{SetUserCode, set_user_code};
pub use start_card_job::start_card_job;
pub use status::{StatusSettings, crl_reason, revoked_for};
pub use subject::subject_name;
pub use sweep::{Swept, sweep};
pub use verify_audit::{AuditFinding, AuditReport, verify_audit};
pub use well_known::well_known;
