//! The port's methods on one driver: each hands its connection to the query that does it.

mod audit;
mod captchas;
mod cards;
mod certificates;
mod confirmations;
mod generations;
mod jobs;
mod mails;
mod organisations;
mod rows;
mod schema;
mod secrets;
mod sessions;
mod tickets;

use super::{Connection, Db, EXPLAIN, PARAMETERS, TABLES, WRITES_AT_ONCE};
use crate::{failure, groups::Many};
use async_trait::async_trait;
use kaika_app::{
    Crl, CrlHead, Generation, Issuance, JobRecord, KeyUse, Reader, Receipt, Settled, Station, StatusRecord, StoreError,
    StoredPuk, TicketRecord, UnitOfWork, UserCodeRecord,
    audit::{Chained, Event, Head},
};
use kaika_domain::{Card, Certificate, Holder};
use kaika_pki::crl::Revoked;
use kaika_wire::{
    AuthorityId, CardId, CardNumber, CertificateId, EmailAddress, GenerationId, HolderId, JobDetails, JobId, JobKind,
    SerialNumber, StationId,
};
pub(super) use organisations::plans as plans_of_lists;
pub(super) use schema::said;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use time::OffsetDateTime;

type Found<T> = Result<T, StoreError>;

/// A transaction, for reading or for both.
pub(super) struct Work {
    transaction: sqlx::Transaction<'static, Db>,
    /// Events of this transaction, chained when it commits.
    events: Vec<Event>,
    /// Something has failed, be it a read. PostgreSQL would roll back at the commit and call it done, SQLite would
    /// keep the rest.
    spoiled: bool,
    revisions: certificates::Revisions,
    /// The status of a certificate that was there before.
    status_changed: bool,
    status_changes: Arc<AtomicU64>,
}

impl Work {
    pub(super) fn new(transaction: sqlx::Transaction<'static, Db>, status_changes: &Arc<AtomicU64>) -> Self {
        Self {
            transaction,
            events: Vec::new(),
            spoiled: false,
            revisions: certificates::Revisions::default(),
            status_changed: false,
            status_changes: Arc::clone(status_changes),
        }
    }

    fn on(&mut self) -> &mut Connection {
        &mut self.transaction
    }

    fn noted<T>(&mut self, done: Found<T>) -> Found<T> {
        self.spoiled |= done.is_err();
        done
    }
}

pub(super) async fn prepare(on: &mut Connection) -> Found<usize> {
    use sqlx::Executor;
    let statements = statements(|statement| statement.texts());
    for statement in &statements {
        (&mut *on).prepare(sqlx::SqlSafeStr::into_sql_str(*statement)).await.map_err(failure)?;
    }
    Ok(statements.len())
}

/// Every statement there is, those about many things in these texts.
pub(super) fn statements(texts: impl Fn(&'static Many) -> &'static [&'static str]) -> Vec<&'static str> {
    let files = [
        audit::STATEMENTS,
        captchas::STATEMENTS,
        cards::STATEMENTS,
        certificates::STATEMENTS,
        confirmations::STATEMENTS,
        generations::STATEMENTS,
        jobs::STATEMENTS,
        mails::STATEMENTS,
        organisations::STATEMENTS,
        schema::STATEMENTS,
        secrets::STATEMENTS,
        sessions::STATEMENTS,
        tickets::STATEMENTS,
    ];
    let many = [audit::MANY, certificates::MANY, jobs::MANY, organisations::MANY].concat();
    files
        .into_iter()
        .flatten()
        .copied()
        .chain(many.into_iter().flat_map(|statement| texts(statement).to_vec()))
        .collect()
}

#[async_trait]
impl Reader for Work {
    async fn holder(&mut self, id: HolderId) -> Found<Option<Holder>> {
        let found = cards::holder(self.on(), id).await;
        self.noted(found)
    }

    async fn card(&mut self, id: CardId) -> Found<Option<Card>> {
        let found = cards::card(self.on(), id).await;
        self.noted(found)
    }

    async fn card_by_number(&mut self, number: &CardNumber) -> Found<Option<Card>> {
        let found = cards::card_by_number(self.on(), number).await;
        self.noted(found)
    }

    async fn card_by_device(&mut self, device: u32) -> Found<Option<Card>> {
        let found = cards::card_by_device(self.on(), device).await;
        self.noted(found)
    }

    async fn oldest_order(&mut self, authority: Option<&AuthorityId>) -> Found<Option<Card>> {
        let found = cards::oldest_order(self.on(), authority).await;
        self.noted(found)
    }

    async fn cards(&mut self, authority: &AuthorityId) -> Found<Vec<Card>> {
        let found = cards::cards(self.on(), authority).await;
        self.noted(found)
    }

    async fn cards_of_same_holder(&mut self, holder: &Holder) -> Found<Vec<Card>> {
        let found = cards::cards_of_same_holder(self.on(), holder).await;
        self.noted(found)
    }

    async fn overdue_cards(
        &mut self,
        authority: &AuthorityId,
        before: OffsetDateTime,
        after: Option<&Card>,
        limit: u32,
    ) -> Found<Vec<Card>> {
        let found = cards::overdue_cards(self.on(), authority, before, after, limit).await;
        self.noted(found)
    }

    async fn certificate(&mut self, id: CertificateId) -> Found<Option<Certificate>> {
        let found = certificates::certificate(self.on(), id).await;
        self.noted(found)
    }

    async fn certificate_by_serial(
        &mut self,
        generation: GenerationId,
        serial: &SerialNumber,
    ) -> Found<Option<Certificate>> {
        let found = certificates::by_serial(self.on(), generation, serial).await;
        self.noted(found)
    }

    async fn certificates_of_card(&mut self, card: CardId) -> Found<Vec<Certificate>> {
        let found = certificates::of_card(self.on(), card).await;
        self.noted(found)
    }

    async fn certificate_status(
        &mut self,
        generation: GenerationId,
        serial: &SerialNumber,
    ) -> Found<Option<StatusRecord>> {
        let found = certificates::status(self.on(), generation, serial).await;
        self.noted(found)
    }

    async fn uses_of_keys(&mut self, fingerprints: &[[u8; 32]]) -> Found<Vec<KeyUse>> {
        let found = certificates::uses_of_keys(self.on(), fingerprints).await;
        self.noted(found)
    }

    async fn issuances(&mut self, jobs: &[JobId]) -> Found<Vec<Issuance>> {
        let found = certificates::issuances(self.on(), jobs).await;
        self.noted(found)
    }

    async fn unfinished_issuances(&mut self, before: OffsetDateTime) -> Found<Vec<Issuance>> {
        let found = certificates::unfinished_issuances(self.on(), before).await;
        self.noted(found)
    }

    async fn generations(&mut self) -> Found<Vec<Generation>> {
        let found = generations::generations(self.on()).await;
        self.noted(found)
    }

    async fn shard_revision(&mut self, generation: GenerationId, shard: Option<u32>) -> Found<i64> {
        let found = certificates::shard_revision(self.on(), generation, shard).await;
        self.noted(found)
    }

    async fn changed_since(
        &mut self,
        generation: GenerationId,
        shard: u32,
        revision: i64,
        limit: u32,
    ) -> Found<Vec<SerialNumber>> {
        let found = certificates::changed_since(self.on(), generation, shard, revision, limit).await;
        self.noted(found)
    }

    async fn revocations(
        &mut self,
        generation: GenerationId,
        shard: Option<u32>,
        now: OffsetDateTime,
    ) -> Found<Vec<Revoked>> {
        let found = certificates::revocations(self.on(), generation, shard, now).await;
        self.noted(found)
    }

    async fn latest_crl_head(&mut self, generation: GenerationId, shard: Option<u32>) -> Found<Option<CrlHead>> {
        let found = generations::latest_crl_head(self.on(), generation, shard).await;
        self.noted(found)
    }

    async fn latest_crl(&mut self, generation: GenerationId, shard: Option<u32>) -> Found<Option<Crl>> {
        let found = generations::latest_crl(self.on(), generation, shard).await;
        self.noted(found)
    }

    async fn user_code(&mut self, card: CardId) -> Found<Option<UserCodeRecord>> {
        let found = secrets::user_code(self.on(), card).await;
        self.noted(found)
    }

    async fn puks(&mut self, card: CardId) -> Found<Vec<StoredPuk>> {
        let found = secrets::puks(self.on(), card).await;
        self.noted(found)
    }

    async fn job(&mut self, id: JobId) -> Found<Option<JobRecord>> {
        let found = jobs::job(self.on(), id).await;
        self.noted(found)
    }

    async fn open_job(&mut self, card: CardId) -> Found<Option<JobRecord>> {
        let found = jobs::open_job(self.on(), card).await;
        self.noted(found)
    }

    async fn ticket_by_outcome(&mut self, outcome_sha256: &[u8; 32]) -> Found<Option<TicketRecord>> {
        let found = tickets::by_outcome(self.on(), outcome_sha256).await;
        self.noted(found)
    }

    async fn receipts(&mut self, card: CardId) -> Found<Vec<Receipt>> {
        let found = jobs::receipts(self.on(), card).await;
        self.noted(found)
    }

    async fn station(&mut self, id: StationId) -> Found<Option<Station>> {
        let found = jobs::station(self.on(), id).await;
        self.noted(found)
    }

    async fn audit_events(&mut self, after: i64, limit: u32) -> Found<Vec<Chained>> {
        let found = audit::events(self.on(), after, limit).await;
        self.noted(found)
    }

    async fn audit_head(&mut self) -> Found<Head> {
        let found = audit::head(self.on()).await;
        self.noted(found)
    }
}

#[async_trait]
impl UnitOfWork for Work {
    async fn insert_holder(&mut self, holder: &Holder) -> Found<()> {
        let done = cards::insert_holder(self.on(), holder).await;
        self.noted(done)
    }

    async fn set_holder_email(&mut self, holder: HolderId, email: &EmailAddress) -> Found<()> {
        let done = cards::set_holder_email(self.on(), holder, email).await;
        self.noted(done)
    }

    async fn insert_card(&mut self, card: &Card) -> Found<()> {
        let done = cards::insert_card(self.on(), card).await;
        self.noted(done)
    }

    async fn update_card(&mut self, card: &mut Card) -> Found<()> {
        let done = cards::update_card(self.on(), card).await;
        self.noted(done)
    }

    async fn lock_card(&mut self, card: CardId) -> Found<bool> {
        let done = cards::lock_card(self.on(), card).await;
        self.noted(done)
    }

    async fn insert_certificates(&mut self, certificates: &[Certificate]) -> Found<()> {
        // New ones were unknown, and nobody keeps an answer that says so: no change to be followed at once.
        let done = certificates::insert(&mut self.transaction, certificates, &mut self.revisions).await;
        self.noted(done)?;
        let done = organisations::list(self.on(), certificates).await;
        self.noted(done)
    }

    async fn update_certificate(&mut self, certificate: &mut Certificate) -> Found<()> {
        let done = certificates::update(&mut self.transaction, certificate, &mut self.revisions).await;
        self.status_changed |= self.noted(done)?;
        Ok(())
    }

    async fn insert_issuances(&mut self, issuances: &[Issuance]) -> Found<()> {
        let done = certificates::insert_issuances(self.on(), issuances).await;
        self.noted(done)
    }

    async fn settle_issuances(&mut self, certificates: &[CertificateId], settled: Settled) -> Found<()> {
        let done = certificates::settle_issuances(self.on(), certificates, settled).await;
        self.noted(done)
    }

    async fn insert_generation(&mut self, generation: &Generation) -> Found<()> {
        let done = generations::insert(self.on(), generation).await;
        self.noted(done)
    }

    async fn insert_crl(&mut self, crl: &Crl) -> Found<()> {
        let done = generations::insert_crl(self.on(), crl).await;
        self.noted(done)
    }

    async fn put_user_code(&mut self, card: CardId, hash: &str, now: OffsetDateTime) -> Found<()> {
        let done = secrets::put_user_code(self.on(), card, hash, now).await;
        self.noted(done)
    }

    async fn debit_user_code(&mut self, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
        let done = secrets::debit_user_code(self.on(), card, limit).await;
        self.noted(done)
    }

    async fn credit_user_code(&mut self, card: CardId, hash: &str) -> Found<()> {
        let done = secrets::credit_user_code(self.on(), card, hash).await;
        self.noted(done)
    }

    async fn debit_user_code_without_card(&mut self, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
        let done = secrets::debit_without_card(self.on(), card, limit).await;
        self.noted(done)
    }

    async fn credit_user_code_without_card(&mut self, card: CardId, hash: &str) -> Found<()> {
        let done = secrets::credit_without_card(self.on(), card, hash).await;
        self.noted(done)
    }

    async fn use_captcha(&mut self, id: &[u8; 16], expires_at: OffsetDateTime) -> Found<bool> {
        let done = captchas::answer(self.on(), id, expires_at).await;
        self.noted(done)
    }

    async fn delete_captchas(&mut self, before: OffsetDateTime) -> Found<u64> {
        let done = captchas::delete(self.on(), before).await;
        self.noted(done)
    }

    async fn put_puk(&mut self, card: CardId, puk: &StoredPuk) -> Found<()> {
        let done = secrets::put_puk(self.on(), card, puk).await;
        self.noted(done)
    }

    async fn insert_job(&mut self, job: &JobRecord) -> Found<()> {
        let done = jobs::insert(self.on(), job).await;
        self.noted(done)
    }

    async fn update_job(&mut self, job: &mut JobRecord) -> Found<()> {
        let done = jobs::update(self.on(), job).await;
        self.noted(done)
    }

    async fn hold_jobs(&mut self, jobs: &[JobId]) -> Found<Vec<JobId>> {
        let found = jobs::hold(self.on(), jobs).await;
        self.noted(found)
    }

    async fn insert_ticket(&mut self, ticket: &TicketRecord) -> Found<()> {
        let done = tickets::insert(self.on(), ticket).await;
        self.noted(done)
    }

    async fn redeem_ticket(
        &mut self,
        ticket_sha256: &[u8; 32],
        kind: JobKind,
        authority: &AuthorityId,
        job: JobId,
        now: OffsetDateTime,
    ) -> Found<Option<JobDetails>> {
        let done = tickets::redeem(self.on(), ticket_sha256, kind, authority, job, now).await;
        self.noted(done)
    }

    async fn delete_tickets(&mut self, before: OffsetDateTime) -> Found<u64> {
        let done = tickets::delete(self.on(), before).await;
        self.noted(done)
    }

    async fn insert_receipt(&mut self, receipt: &Receipt) -> Found<()> {
        let done = jobs::insert_receipt(self.on(), receipt).await;
        self.noted(done)
    }

    async fn insert_station(&mut self, station: &Station) -> Found<()> {
        let done = jobs::insert_station(self.on(), station).await;
        self.noted(done)
    }

    async fn take_lease(&mut self, name: &str, owner: &str, now: OffsetDateTime, until: OffsetDateTime) -> Found<bool> {
        let done = jobs::take_lease(self.on(), name, owner, now, until).await;
        self.noted(done)
    }

    async fn release_lease(&mut self, name: &str, owner: &str) -> Found<()> {
        let done = jobs::release_lease(self.on(), name, owner).await;
        self.noted(done)
    }

    fn audit(&mut self, event: Event) {
        self.events.push(event);
    }

    async fn commit(mut self: Box<Self>) -> Found<()> {
        if self.spoiled {
            return Err(StoreError::Database("a statement of this transaction failed".into()));
        }
        let events = std::mem::take(&mut self.events);
        audit::append(self.on(), &events).await?;
        let done = self.transaction.commit().await.map_err(failure);
        if self.status_changed {
            // Also where the commit failed: it may have reached the database all the same.
            self.status_changes.fetch_add(1, Ordering::SeqCst);
        }
        done
    }
}
