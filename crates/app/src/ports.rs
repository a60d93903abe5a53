//! What use cases need from the world: a store, an issuer, a vault, a mailer, a clock and randomness.

mod confirmations;
mod mails;
mod organisations;
mod sessions;

pub use confirmations::{ConfirmationReader, ConfirmationWriter};
pub use mails::{DeliveredMail, LetterSeal, MailCounts, MailError, MailReader, Mailbox, Mailer, Outbox};
pub use organisations::{
    After, ListOrder, ListQuery, ListedCertificate, OrganisationReader, OrganisationWriter, Shown,
};
pub use sessions::{SessionReader, SessionWriter};

use crate::{
    Crl, CrlHead, Generation, Issuance, JobRecord, KeyUse, Receipt, Station, StatusRecord, StoredPuk, TicketRecord,
    UserCodeRecord,
    audit::{Chained, Event, Head},
};
use async_trait::async_trait;
use kaika_domain::{Actor, Card, Certificate, Holder, PukVersion};
use kaika_pki::crl::Revoked;
use kaika_wire::{
    AuthorityId, CardId, CardNumber, CertificateId, CertificateRole, EmailAddress, GenerationId, HolderId, JobDetails,
    JobId, JobKind, KeyAlgorithm, ManagementKey, Puk, SerialNumber, Slot, StationId, UserCode,
};
use time::OffsetDateTime;

pub trait Clock: Send + Sync {
    fn now(&self) -> OffsetDateTime;
}

pub trait Rng: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Rng + '_ {
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row was changed by somebody else since it was read, or a unique key is taken.
    #[error("changed by somebody else in the meantime")]
    Stale,
    /// This transaction and others waited for one another, and the database chose it to give way. Nothing was read or
    /// written that was wrong: the same again may go well.
    #[error("others were at the same rows, and this transaction had to give way")]
    Conflict,
    /// Nothing of Kaika is in the database, or there is none.
    #[error("the database is empty")]
    Empty,
    /// The schema lacks what this version of the program needs.
    #[error("the database has schema {found}, and this version of Kaika needs {known}")]
    Older { found: i64, known: i64 },
    /// The schema is of a newer version of the program, and takes this one no more.
    #[error(
        "the database belongs to a newer version of Kaika (schema {found}, this version knows {known}); \
         it needs Kaika {oldest_program} or newer"
    )]
    Newer { found: i64, known: i64, oldest_program: String },
    /// A row holds what this version cannot read.
    #[error("unreadable row: {0}")]
    Row(String),
    #[error(transparent)]
    Database(Box<dyn std::error::Error + Send + Sync>),
}

/// The database.
#[async_trait]
pub trait Store: Send + Sync {
    /// A consistent view.
    async fn read(&self) -> Result<Box<dyn Reader>, StoreError>;
    /// A transaction; dropped without [`UnitOfWork::commit`] it leaves nothing.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;
    /// Whether this program may run on the schema, which another may have changed since this handle was opened.
    async fn check_schema(&self) -> Result<(), StoreError>;
    /// How many transactions through this handle may have changed a certificate's status: counted before their commit
    /// is told.
    fn status_changes(&self) -> u64;
    /// Ends all connections once they are idle; nothing can be done afterwards.
    async fn close(&self);
}

/// Everything that is read. Lists are ordered as their method says.
#[async_trait]
pub trait Reader: MailReader + ConfirmationReader + SessionReader + OrganisationReader + Send {
    async fn holder(&mut self, id: HolderId) -> Result<Option<Holder>, StoreError>;
    async fn card(&mut self, id: CardId) -> Result<Option<Card>, StoreError>;
    async fn card_by_number(&mut self, number: &CardNumber) -> Result<Option<Card>, StoreError>;
    /// The card that is not terminated and was made from this device.
    async fn card_by_device(&mut self, device: u32) -> Result<Option<Card>, StoreError>;
    /// The oldest ordered card for which no device was taken yet, of this authority or of any.
    async fn oldest_order(&mut self, authority: Option<&AuthorityId>) -> Result<Option<Card>, StoreError>;
    /// In the order in which they were ordered.
    async fn cards(&mut self, authority: &AuthorityId) -> Result<Vec<Card>, StoreError>;
    /// Of this authority's holders with the same subject as this one, in the order in which they were ordered; at most
    /// 100.
    async fn cards_of_same_holder(&mut self, holder: &Holder) -> Result<Vec<Card>, StoreError>;
    /// Dispatched before `before` and not activated; at most `limit`, the longest overdue first, those after `after`.
    async fn overdue_cards(
        &mut self,
        authority: &AuthorityId,
        before: OffsetDateTime,
        after: Option<&Card>,
        limit: u32,
    ) -> Result<Vec<Card>, StoreError>;

    async fn certificate(&mut self, id: CertificateId) -> Result<Option<Certificate>, StoreError>;
    async fn certificate_by_serial(
        &mut self,
        generation: GenerationId,
        serial: &SerialNumber,
    ) -> Result<Option<Certificate>, StoreError>;
    /// Oldest first.
    async fn certificates_of_card(&mut self, card: CardId) -> Result<Vec<Certificate>, StoreError>;
    async fn certificate_status(
        &mut self,
        generation: GenerationId,
        serial: &SerialNumber,
    ) -> Result<Option<StatusRecord>, StoreError>;
    /// Every certificate that was issued for one of these keys.
    async fn uses_of_keys(&mut self, fingerprints: &[[u8; 32]]) -> Result<Vec<KeyUse>, StoreError>;
    /// Those of these jobs that are not void.
    async fn issuances(&mut self, jobs: &[JobId]) -> Result<Vec<Issuance>, StoreError>;
    /// Issuances begun before `before` and neither issued nor void.
    async fn unfinished_issuances(&mut self, before: OffsetDateTime) -> Result<Vec<Issuance>, StoreError>;

    /// All, oldest first.
    async fn generations(&mut self) -> Result<Vec<Generation>, StoreError>;
    /// The generation's revision at the latest change of a certificate of this shard, or of any; 0 before the first.
    async fn shard_revision(&mut self, generation: GenerationId, shard: Option<u32>) -> Result<i64, StoreError>;
    /// Certificates of this shard whose status changed after that revision; at most `limit`.
    async fn changed_since(
        &mut self,
        generation: GenerationId,
        shard: u32,
        revision: i64,
        limit: u32,
    ) -> Result<Vec<SerialNumber>, StoreError>;
    /// Held, suspended and revoked certificates that have not expired by `now`, of this shard or of all.
    async fn revocations(
        &mut self,
        generation: GenerationId,
        shard: Option<u32>,
        now: OffsetDateTime,
    ) -> Result<Vec<Revoked>, StoreError>;
    async fn latest_crl_head(
        &mut self,
        generation: GenerationId,
        shard: Option<u32>,
    ) -> Result<Option<CrlHead>, StoreError>;
    /// It may have tens of megabytes.
    async fn latest_crl(&mut self, generation: GenerationId, shard: Option<u32>) -> Result<Option<Crl>, StoreError>;

    async fn user_code(&mut self, card: CardId) -> Result<Option<UserCodeRecord>, StoreError>;
    /// Oldest version first.
    async fn puks(&mut self, card: CardId) -> Result<Vec<StoredPuk>, StoreError>;
    async fn job(&mut self, id: JobId) -> Result<Option<JobRecord>, StoreError>;
    /// The open job that changes this card.
    async fn open_job(&mut self, card: CardId) -> Result<Option<JobRecord>, StoreError>;
    async fn ticket_by_outcome(&mut self, outcome_sha256: &[u8; 32]) -> Result<Option<TicketRecord>, StoreError>;
    /// Oldest first.
    async fn receipts(&mut self, card: CardId) -> Result<Vec<Receipt>, StoreError>;
    async fn station(&mut self, id: StationId) -> Result<Option<Station>, StoreError>;

    /// Events after the one numbered `after`, at most `limit`.
    async fn audit_events(&mut self, after: i64, limit: u32) -> Result<Vec<Chained>, StoreError>;
    async fn audit_head(&mut self) -> Result<Head, StoreError>;
}

/// A transaction.
#[async_trait]
pub trait UnitOfWork: Reader + Outbox + ConfirmationWriter + SessionWriter + OrganisationWriter {
    async fn insert_holder(&mut self, holder: &Holder) -> Result<(), StoreError>;
    /// The address that the holder's certificates name from now on.
    async fn set_holder_email(&mut self, holder: HolderId, email: &EmailAddress) -> Result<(), StoreError>;
    /// # Errors
    /// [`StoreError::Stale`] where the number is taken.
    async fn insert_card(&mut self, card: &Card) -> Result<(), StoreError>;
    /// Writes everything but id, number, authority and holder, where the row still has `card.version`, and counts
    /// the version up in `card` too.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where it has not, or another card was made from this device.
    async fn update_card(&mut self, card: &mut Card) -> Result<(), StoreError>;
    /// Others that lock this card wait until this transaction ends. What is read from here on is as they left it; whether
    /// what was read before may not be.
    async fn lock_card(&mut self, card: CardId) -> Result<bool, StoreError>;

    /// Adds certificates; new ones are held, which is a change of status. The first change of status in a transaction
    /// counts its generation's revision up, and holds off others of that generation until the end.
    async fn insert_certificates(&mut self, certificates: &[Certificate]) -> Result<(), StoreError>;
    /// Writes placement and state where the row still has `certificate.version`, and counts the version up.
    async fn update_certificate(&mut self, certificate: &mut Certificate) -> Result<(), StoreError>;
    /// # Errors
    /// [`StoreError::Stale`] where a serial number is taken, or there is one of that job, role and key.
    async fn insert_issuances(&mut self, issuances: &[Issuance]) -> Result<(), StoreError>;
    /// Recorded → Issued or Void; the bytes to be signed are kept of void ones alone, since the others' certificates
    /// have them.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where one of them is not recorded.
    async fn settle_issuances(&mut self, certificates: &[CertificateId], settled: Settled) -> Result<(), StoreError>;

    async fn insert_generation(&mut self, generation: &Generation) -> Result<(), StoreError>;
    /// # Errors
    /// [`StoreError::Stale`] where this number was signed already, or a newer state.
    async fn insert_crl(&mut self, crl: &Crl) -> Result<(), StoreError>;

    /// Sets a user code and forgives all tries.
    async fn put_user_code(&mut self, card: CardId, hash: &str, now: OffsetDateTime) -> Result<(), StoreError>;
    /// One try is taken, where `fails < limit`, in one statement; gives the record after it. None: locked, or no code.
    async fn debit_user_code(&mut self, card: CardId, limit: u8) -> Result<Option<UserCodeRecord>, StoreError>;
    /// All tries are given back, where the code is still the one of this hash.
    async fn credit_user_code(&mut self, card: CardId, hash: &str) -> Result<(), StoreError>;
    /// As [`debit_user_code`](Self::debit_user_code), of the counter for pages that ask for no card; neither counter
    /// touches the other.
    async fn debit_user_code_without_card(
        &mut self,
        card: CardId,
        limit: u8,
    ) -> Result<Option<UserCodeRecord>, StoreError>;
    /// As [`credit_user_code`](Self::credit_user_code), of the counter for pages that ask for no card.
    async fn credit_user_code_without_card(&mut self, card: CardId, hash: &str) -> Result<(), StoreError>;
    /// Whether this captcha was not answered before. Now it is; remembered past `expires_at`, when it is over.
    async fn use_captcha(&mut self, id: &[u8; 16], expires_at: OffsetDateTime) -> Result<bool, StoreError>;
    /// Those that were over before `before`; how many they were.
    async fn delete_captchas(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// Insert or update by card and version; ciphertexts are never changed.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where this version has another ciphertext.
    async fn put_puk(&mut self, card: CardId, puk: &StoredPuk) -> Result<(), StoreError>;

    /// # Errors
    /// [`StoreError::Stale`] where the card has another open job that changes it.
    async fn insert_job(&mut self, job: &JobRecord) -> Result<(), StoreError>;
    /// Where the row still has `job.version`; counts the version up.
    async fn update_job(&mut self, job: &mut JobRecord) -> Result<(), StoreError>;
    /// None of these jobs ends until this transaction does; gives those that have ended already.
    async fn hold_jobs(&mut self, jobs: &[JobId]) -> Result<Vec<JobId>, StoreError>;
    async fn insert_ticket(&mut self, ticket: &TicketRecord) -> Result<(), StoreError>;
    /// What the ticket's page said of its job, where the ticket was good for such a one: of this kind and authority, not
    /// run out, not used. Now it is used.
    async fn redeem_ticket(
        &mut self,
        ticket_sha256: &[u8; 32],
        kind: JobKind,
        authority: &AuthorityId,
        job: JobId,
        now: OffsetDateTime,
    ) -> Result<Option<JobDetails>, StoreError>;
    /// Those that ran out before `before`, used or not; how many they were.
    async fn delete_tickets(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    async fn insert_receipt(&mut self, receipt: &Receipt) -> Result<(), StoreError>;
    async fn insert_station(&mut self, station: &Station) -> Result<(), StoreError>;

    /// Takes or keeps the lease `name` for `owner` until `until`; false where another holds it past `now`.
    async fn take_lease(
        &mut self,
        name: &str,
        owner: &str,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Gives the lease back, where `owner` has it.
    async fn release_lease(&mut self, name: &str, owner: &str) -> Result<(), StoreError>;

    /// Adds an event to this transaction; chained and written as its last statements.
    fn audit(&mut self, event: Event);
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// How an issuance ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Issued,
    Void,
}

/// What is to be certified, for whom.
#[derive(Clone, Debug)]
pub struct IssueOrder {
    /// Who has it issued.
    pub actor: Actor,
    pub job: JobId,
    pub card: Card,
    pub holder: Holder,
    pub role: CertificateRole,
    /// SubjectPublicKeyInfo (DER); its possession was proved.
    pub public_key: Vec<u8>,
    /// The end of the certificate that this one takes the place of; it is good no longer.
    pub not_after: Option<OffsetDateTime>,
}

#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The key is weak, was used by somebody else, or is not what the policy asks for.
    #[error("the key is not certified: {0}")]
    Key(String),
    /// Policy and holder give a certificate that the lint does not let pass.
    #[error("the certificate would not be right: {0}")]
    Lint(String),
    /// Another job has the card by now.
    #[error("the job has ended")]
    JobOver,
    #[error("no such authority or generation")]
    UnknownAuthority,
    #[error("signing failed: {0}")]
    Signer(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The only one who opens issuing keys.
#[async_trait]
pub trait Issuer: Send + Sync {
    /// Makes key, certificate and responder of a root or an authority, unless it has them already.
    async fn found(&self, owner: &AuthorityId) -> Result<Generation, IssueError>;
    /// A held certificate, on record with placement pending; the same one again for the same job, role and key.
    async fn issue(&self, order: &IssueOrder) -> Result<Certificate, IssueError>;
    /// Signs a revocation list of these entries (DER). It is not stored.
    async fn sign_crl(
        &self,
        generation: &Generation,
        shard: Option<u32>,
        number: i64,
        entries: Vec<Revoked>,
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError>;
    /// Signs an OCSP response (DER) by the generation's delegated responder.
    async fn sign_ocsp(
        &self,
        generation: &Generation,
        answers: Vec<kaika_pki::ocsp::SingleAnswer>,
        nonce: Option<kaika_pki::ocsp::Nonce>,
        produced_at: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError>;
}

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("a secret cannot be opened: wrong key, or altered")]
    Sealed,
    #[error("line {line} of the file of anchors is not what was signed")]
    Anchor { line: usize },
    #[error("cryptography failed")]
    Failed,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Secrets of cards.
pub trait CardSecrets: LetterSeal {
    /// A new random PUK, encrypted for this card and version.
    fn new_puk(&self, card: CardId, version: PukVersion) -> Result<Vec<u8>, VaultError>;
    fn open_puk(&self, card: CardId, version: PukVersion, ciphertext: &[u8]) -> Result<Puk, VaultError>;
    /// Diversified from the management master key.
    fn management_key(&self, number: &CardNumber, version: u32) -> Result<ManagementKey, VaultError>;
    /// That key's answer to a card's challenge: one block of AES-256.
    fn answer_management(&self, number: &CardNumber, version: u32, challenge: &[u8]) -> Result<Vec<u8>, VaultError>;
    /// The server's side of a key agreement, derived for this job and slot alone: an uncompressed point.
    fn agreement_peer(&self, job: JobId, slot: Slot, algorithm: KeyAlgorithm) -> Result<Vec<u8>, VaultError>;
    /// The secret that the card's key (uncompressed point) must agree on with it.
    fn agreement_secret(
        &self,
        job: JobId,
        slot: Slot,
        algorithm: KeyAlgorithm,
        card_point: &[u8],
    ) -> Result<Vec<u8>, VaultError>;

    /// A keyed digest of what a page hands out and gets back: only who has the vault can make it. The same at all
    /// servers that share the vault; another for every purpose.
    fn seal(&self, purpose: &str, message: &[u8]) -> Result<[u8; 32], VaultError>;
}

/// argon2id on a bounded pool.
#[async_trait]
pub trait UserCodeHasher: Send + Sync {
    /// PHC string.
    async fn hash(&self, code: &UserCode) -> Result<String, VaultError>;
    async fn verify(&self, hash: &str, code: &UserCode) -> Result<bool, VaultError>;
}

/// One signed head of the audit log, kept outside the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub head: Head,
    pub at: OffsetDateTime,
}

/// The file of anchors and the key that signs them.
pub trait Anchors: Send + Sync {
    /// Appends and makes durable.
    fn append(&self, anchor: &Anchor) -> Result<(), VaultError>;
    /// All, oldest first, each with its signature checked.
    fn all(&self) -> Result<Vec<Anchor>, VaultError>;
}
