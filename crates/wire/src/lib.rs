//! What travels between page, agent, server and card: values that are parsed once, the typed card commands,
//! the documents that cards sign, and the JSON of the job protocol.
//!
//! Nothing here does I/O, reads a clock or draws randomness.

mod aftermath;
mod bytes;
mod capability;
mod card;
mod check;
mod command;
mod document;
mod holder_name;
mod ids;
mod job;
mod protocol;
mod refusal;
mod secret;
mod status_change;
mod ticket;
mod typed;
mod user_code;
mod values;
mod well_known;
mod words;

pub use aftermath::{Aftermath, Leaves, PinAfter};
pub use bytes::{Base64, Bytes};
pub use capability::{Capabilities, Lack, ManagementAlgorithm, ManagementKeyFound};
pub use card::{CertificateRole, CertificateStatus, KeyAlgorithm, PinPolicy, RoleStatus, Slot};
pub use check::{CardCheck, CardTest, CertificateTest, CheckResult, SlotCheck};
pub use command::{Batch, CardFault, Command, Expectation, Hold, NotTyped, Outcome, PinSource, SecretKind};
pub use document::{CertificateReference, Context, Document, Nonce};
pub use holder_name::{HolderKind, HolderName, run_together, said_name, spelled_name};
pub use ids::{
    AccountId, ApplicationId, CardId, CertificateId, ClientId, GenerationId, Guid, HolderId, JobId, MailId, MakingId,
    OfficerId, OrderId, RequestId, StationId,
};
pub use job::*;
pub use protocol::Protocol;
pub use refusal::{Code, Refusal};
pub use secret::{ManagementKey, Puk, SecretBytes, SecretError, UserCode};
pub use status_change::{ResumeReason, RevokeReason, StatusChange, StatusChangeKind, SuspendReason, UnknownWord};
pub use ticket::{CardStanding, CertificateOutcome, IssuedTicket, JobOutcome, LookAtTicket, TicketFacts};
pub use typed::{is_dash, is_invisible, typed};
pub use user_code::{NewUserCode, UserCodeSet};
pub use values::{AuthorityId, CardNumber, EmailAddress, SerialNumber, ValueError};
pub use well_known::{PinDigits, PinForm, PinPattern, PinRules, PortalAuthority, WELL_KNOWN_PATH, WellKnown};
