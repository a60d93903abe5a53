//! What the store keeps beside the things of `domain`: plain records without rules of their own.

use kaika_domain::{CertificateState, PukRecord, job::CardJob, job::Step};
use kaika_wire::{
    AuthorityId, CardId, CertificateId, CertificateRole, GenerationId, HolderId, JobDetails, JobId, JobKind, Nonce,
    SerialNumber, StationId,
};
use time::OffsetDateTime;

/// One key of a root or an issuing authority, with its certificate and its OCSP responder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    pub id: GenerationId,
    /// Of the authority or root.
    pub owner: AuthorityId,
    /// 1 for the first; `owner-ordinal` names keys and paths.
    pub ordinal: u32,
    pub is_root: bool,
    /// The generation that certified this one; a root's own.
    pub issuer: GenerationId,
    /// DER.
    pub certificate: Vec<u8>,
    /// RFC 5280 §4.2.1.2 (1), 20 octets.
    pub key_identifier: [u8; 20],
    /// The delegated responder's certificate (DER).
    pub responder_certificate: Vec<u8>,
    /// Base of every address in its certificates, as it was when the generation was founded.
    pub base_url: String,
    pub founded_at: OffsetDateTime,
    /// Into how many shards its revocation list is cut; 1: there is the list of all certificates alone.
    pub shards: u32,
    /// Grows with every change of a certificate's status.
    pub revision: i64,
}

impl Generation {
    /// `gca-1`: in paths and names of key files.
    pub fn name(&self) -> String {
        format!("{}-{}", self.owner, self.ordinal)
    }

    /// Which list tells of this certificate: fixed by its number, so that each holds about as many.
    pub fn shard_of(&self, serial: &SerialNumber) -> u32 {
        let bytes = serial.as_be_bytes();
        // The first octet of a number of ours is half fixed.
        let drawn = bytes.iter().rev().take(4).fold(0, |drawn, byte| drawn << 8 | u32::from(*byte));
        drawn % self.shards.max(1)
    }

    /// Of a shard, or of the list of all certificates.
    pub fn crl_url(&self, shard: Option<u32>) -> String {
        match shard {
            None => format!("{}/crl/{}.crl", self.base_url, self.name()),
            Some(shard) => format!("{}/crl/{}/{shard}.crl", self.base_url, self.name()),
        }
    }

    /// What a certificate names: its shard's list, where there are shards.
    pub fn crl_url_for(&self, serial: &SerialNumber) -> String {
        self.crl_url((self.shards > 1).then(|| self.shard_of(serial)))
    }

    pub fn ocsp_url(&self) -> String {
        format!("{}/ocsp/{}", self.base_url, self.name())
    }

    pub fn certificate_url(&self) -> String {
        format!("{}/ca/{}.cer", self.base_url, self.name())
    }
}

/// The way of one certificate through issuing: a serial number is taken together with the bytes, and no others, that
/// may be signed under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    pub certificate: CertificateId,
    pub generation: GenerationId,
    pub serial: SerialNumber,
    /// Idempotence: per job, role and key there is one issuance that is not void.
    pub job: Option<JobId>,
    pub role: CertificateRole,
    pub key_fingerprint: [u8; 32],
    pub state: IssuanceState,
    pub at: OffsetDateTime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuanceState {
    Recorded {
        to_be_signed: Vec<u8>,
    },
    /// The certificate is on record.
    Issued,
    /// The serial will never be used.
    Void,
}

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
    pub token_sha256: [u8; 32],
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
    pub ticket_sha256: [u8; 32],
    /// Of the secret under which the page learns how the job ended.
    pub outcome_sha256: [u8; 32],
    pub kind: JobKind,
    /// What the page said of its job.
    pub details: JobDetails,
    pub authority: AuthorityId,
    pub expires_at: OffsetDateTime,
    /// The job that it started.
    pub job: Option<JobId>,
    /// For a login: of the secret that the browser which asked keeps.
    pub browser_sha256: Option<[u8; 32]>,
}

/// Somebody who has logged in with a card, in one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    pub token_sha256: [u8; 32],
    /// The login: it opens one session.
    pub job: JobId,
    pub card: CardId,
    pub authority: AuthorityId,
    pub begun_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    /// Logged out.
    pub ended_at: Option<OffsetDateTime>,
}

/// An acceptance signed by the holder: CMS SignedData (DER).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub job: JobId,
    pub card: CardId,
    pub cms: Vec<u8>,
    pub at: OffsetDateTime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    pub id: StationId,
    pub name: String,
    pub token_sha256: [u8; 32],
    pub enrolled_at: OffsetDateTime,
    pub withdrawn_at: Option<OffsetDateTime>,
}

/// A PUK as the ledger knows it, with its ciphertext; the factory's has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPuk {
    pub record: PukRecord,
    pub ciphertext: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct UserCodeRecord {
    /// argon2id in PHC string format.
    pub hash: String,
    /// Wrong tries since it was set or last right; debited before a try is tested.
    pub fails: u8,
    /// The same, of the pages that ask for no card.
    pub fails_without_card: u8,
    pub set_at: OffsetDateTime,
}

/// A certificate that was issued for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    pub fingerprint: [u8; 32],
    pub holder: HolderId,
    pub card: Option<CardId>,
    pub role: CertificateRole,
}

/// What a responder has to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRecord {
    pub state: CertificateState,
    pub issued_at: OffsetDateTime,
    /// Its generation's revision when this was read: later changes have higher ones.
    pub read_at: i64,
}

/// What is to be known of a signed revocation list without fetching it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlHead {
    pub number: i64,
    /// The generation's revision at the latest change that it shows.
    pub revision: i64,
    pub this_update: OffsetDateTime,
    pub next_update: OffsetDateTime,
}

/// A signed revocation list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crl {
    pub generation: GenerationId,
    /// None: of all certificates.
    pub shard: Option<u32>,
    pub number: i64,
    /// The generation's revision at the latest change that it shows.
    pub revision: i64,
    pub this_update: OffsetDateTime,
    pub next_update: OffsetDateTime,
    pub der: Vec<u8>,
}
