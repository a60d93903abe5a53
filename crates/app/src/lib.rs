//! Use cases, one file each, and the ports they need. A use case reads, decides by the rules of `domain`, and writes
//! the new state and its audit events in one transaction.
//!
//! **Invariant:** no SQL, no HTTP, no key of an authority, no PIN comes in here.

pub mod audit;
pub mod ports;
mod records;

pub use ports::{
    Anchor, Anchors, CardSecrets, Clock, IssueError, IssueOrder, Issuer, Reader, Rng, Store, StoreError, UnitOfWork,
    UserCodeHasher, VaultError,
};
pub use records::{
    Crl, Ended, Generation, Issuance, IssuanceState, JobRecord, Receipt, Revocation, Station, Status, StatusAnswer,
    StoredPuk, UserCodeRecord,
};
