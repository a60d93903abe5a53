//! What the store keeps of cards and their jobs: plain records without rules of their own.

use crate::kernel::{BrowserHash, JobHash, OutcomeHash, TicketHash};
use kaika_domain::cards::{
    PukRecord,
    job::{CardJob, Step},
};
use kaika_wire::{AuthorityId, CardId, JobDetails, JobId, JobKind, Nonce, StationId};
use time::OffsetDateTime;

/// A card job in the database.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRecord {
    pub id: JobId,
    pub card: CardId,
    /// Where it is personalised.
    pub station: Option<StationId>,
    /// One open job that changes the card, per card; a newer one fences the older.
    pub open: bool,
    /// SHA-256 of the job's bearer token.
    pub token_sha256: JobHash,
    pub state: CardJob,
    /// The batch that is out, by its number; 0 before the first.
    pub sequence: u32,
    pub nonce: Nonce,
    /// The steps of that batch.
    pub steps: Vec<Step>,
    /// How the agent knows the card again in that batch.
    pub expectation: kaika_wire::Expectation,
    /// How it ended. A success is told by its state alone, and drawn up afresh.
    pub ended: Option<Ended>,
    pub origin: String,
    pub started_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    /// Who took in the latest report.
    pub worker: Option<Worker>,
    pub version: i64,
}

/// A process that works on the report of a batch: until it is done, the same report at another process waits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Worker {
    pub sequence: u32,
    /// Drawn when the process started.
    pub process: String,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Succeeded,
    Failed(kaika_wire::Refusal),
    /// A newer job took the card over.
    Fenced,
}

/// What a portal's page was given to have a job started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRecord {
    pub ticket_sha256: TicketHash,
    /// Of the secret under which the page learns how the job ended.
    pub outcome_sha256: OutcomeHash,
    pub kind: JobKind,
    /// What the page said of its job.
    pub details: JobDetails,
    pub authority: AuthorityId,
    pub expires_at: OffsetDateTime,
    /// The job that it started.
    pub job: Option<JobId>,
    /// For a login: of the secret that the browser which asked keeps.
    pub browser_sha256: Option<BrowserHash>,
}

/// An acceptance signed by the holder: CMS SignedData (DER).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub job: JobId,
    pub card: CardId,
    pub cms: Vec<u8>,
    pub at: OffsetDateTime,
}

/// A PUK as the ledger knows it, with its ciphertext; the factory's has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPuk {
    pub record: PukRecord,
    pub ciphertext: Vec<u8>,
}
