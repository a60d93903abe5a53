//! The port's methods on one driver: each hands its connection to the query that does it.

mod audit;
mod cards;
mod certificates;
mod generations;
mod jobs;
mod rows;
mod secrets;

use super::{Connection, Db};
use crate::failure;
use async_trait::async_trait;
use kaika_app::{
    Crl, Generation, Issuance, IssuanceState, JobRecord, Reader, Receipt, Revocation, Station, StoreError, StoredPuk,
    UnitOfWork, UserCodeRecord,
    audit::{Chained, Event, Head},
};
use kaika_domain::{Card, Certificate, Holder};
use kaika_wire::{
    AuthorityId, CardId, CardNumber, CertificateId, CertificateRole, GenerationId, HolderId, JobId, SerialNumber,
    StationId,
};
use time::OffsetDateTime;

type Found<T> = Result<T, StoreError>;

/// A transaction, for reading or for both.
pub(super) struct Work {
    transaction: sqlx::Transaction<'static, Db>,
    /// Events of this transaction, chained when it commits.
    events: Vec<Event>,
    /// A write has failed. PostgreSQL would roll back at the commit and call it done, SQLite would keep the rest.
    spoiled: bool,
}

impl Work {
    pub(super) fn new(transaction: sqlx::Transaction<'static, Db>) -> Self {
        Self { transaction, events: Vec::new(), spoiled: false }
    }

    fn on(&mut self) -> &mut Connection {
        &mut self.transaction
    }

    fn written<T>(&mut self, done: Found<T>) -> Found<T> {
        self.spoiled |= done.is_err();
        done
    }
}

pub(super) async fn prepare(on: &mut Connection) -> Found<usize> {
    use sqlx::Executor;
    let files = [
        audit::STATEMENTS,
        cards::STATEMENTS,
        certificates::STATEMENTS,
        generations::STATEMENTS,
        jobs::STATEMENTS,
        secrets::STATEMENTS,
    ];
    let mut count = 0;
    for statement in files.into_iter().flatten() {
        (&mut *on).prepare(sqlx::SqlSafeStr::into_sql_str(*statement)).await.map_err(failure)?;
        count += 1;
    }
    Ok(count)
}

#[async_trait]
impl Reader for Work {
    async fn holder(&mut self, id: HolderId) -> Found<Option<Holder>> {
        cards::holder(self.on(), id).await
    }

    async fn card(&mut self, id: CardId) -> Found<Option<Card>> {
        cards::card(self.on(), id).await
    }

    async fn card_by_number(&mut self, number: &CardNumber) -> Found<Option<Card>> {
        cards::card_by_number(self.on(), number).await
    }

    async fn card_by_device(&mut self, device: u32) -> Found<Option<Card>> {
        cards::card_by_device(self.on(), device).await
    }

    async fn oldest_order(&mut self, authority: Option<&AuthorityId>) -> Found<Option<Card>> {
        cards::oldest_order(self.on(), authority).await
    }

    async fn cards(&mut self, authority: &AuthorityId) -> Found<Vec<Card>> {
        cards::cards(self.on(), authority).await
    }

    async fn overdue_cards(&mut self, authority: &AuthorityId, before: OffsetDateTime, limit: u32) -> Found<Vec<Card>> {
        cards::overdue_cards(self.on(), authority, before, limit).await
    }

    async fn certificate(&mut self, id: CertificateId) -> Found<Option<Certificate>> {
        certificates::certificate(self.on(), id).await
    }

    async fn certificate_by_serial(
        &mut self,
        generation: GenerationId,
        serial: &SerialNumber,
    ) -> Found<Option<Certificate>> {
        certificates::by_serial(self.on(), generation, serial).await
    }

    async fn certificates_of_card(&mut self, card: CardId) -> Found<Vec<Certificate>> {
        certificates::of_card(self.on(), card).await
    }

    async fn key_used_by_another(&mut self, fingerprint: &[u8; 32], holder: HolderId) -> Found<bool> {
        certificates::key_used_by_another(self.on(), fingerprint, holder).await
    }

    async fn issuance(
        &mut self,
        job: JobId,
        role: CertificateRole,
        key_fingerprint: &[u8; 32],
    ) -> Found<Option<Issuance>> {
        certificates::issuance(self.on(), job, role, key_fingerprint).await
    }

    async fn unfinished_issuances(&mut self, before: OffsetDateTime) -> Found<Vec<Issuance>> {
        certificates::unfinished_issuances(self.on(), before).await
    }

    async fn generations(&mut self) -> Found<Vec<Generation>> {
        generations::generations(self.on()).await
    }

    async fn revocations(&mut self, generation: GenerationId, now: OffsetDateTime) -> Found<Vec<Revocation>> {
        certificates::revocations(self.on(), generation, now).await
    }

    async fn latest_crl(&mut self, generation: GenerationId) -> Found<Option<Crl>> {
        generations::latest_crl(self.on(), generation).await
    }

    async fn user_code(&mut self, card: CardId) -> Found<Option<UserCodeRecord>> {
        secrets::user_code(self.on(), card).await
    }

    async fn puks(&mut self, card: CardId) -> Found<Vec<StoredPuk>> {
        secrets::puks(self.on(), card).await
    }

    async fn job(&mut self, id: JobId) -> Found<Option<JobRecord>> {
        jobs::job(self.on(), id).await
    }

    async fn open_job(&mut self, card: CardId) -> Found<Option<JobRecord>> {
        jobs::open_job(self.on(), card).await
    }

    async fn receipts(&mut self, card: CardId) -> Found<Vec<Receipt>> {
        jobs::receipts(self.on(), card).await
    }

    async fn station(&mut self, id: StationId) -> Found<Option<Station>> {
        jobs::station(self.on(), id).await
    }

    async fn audit_events(&mut self, after: i64, limit: u32) -> Found<Vec<Chained>> {
        audit::events(self.on(), after, limit).await
    }

    async fn audit_head(&mut self) -> Found<Head> {
        audit::head(self.on()).await
    }
}

#[async_trait]
impl UnitOfWork for Work {
    async fn insert_holder(&mut self, holder: &Holder) -> Found<()> {
        let done = cards::insert_holder(self.on(), holder).await;
        self.written(done)
    }

    async fn insert_card(&mut self, card: &Card) -> Found<()> {
        let done = cards::insert_card(self.on(), card).await;
        self.written(done)
    }

    async fn update_card(&mut self, card: &mut Card) -> Found<()> {
        let done = cards::update_card(self.on(), card).await;
        self.written(done)
    }

    async fn insert_certificate(&mut self, certificate: &Certificate) -> Found<()> {
        let done = certificates::insert(self.on(), certificate).await;
        self.written(done)
    }

    async fn update_certificate(&mut self, certificate: &mut Certificate) -> Found<()> {
        let done = certificates::update(self.on(), certificate).await;
        self.written(done)
    }

    async fn insert_issuance(&mut self, issuance: &Issuance) -> Found<()> {
        let done = certificates::insert_issuance(self.on(), issuance).await;
        self.written(done)
    }

    async fn update_issuance(&mut self, issuance: &Issuance, before: &IssuanceState) -> Found<()> {
        let done = certificates::update_issuance(self.on(), issuance, before).await;
        self.written(done)
    }

    async fn insert_generation(&mut self, generation: &Generation) -> Found<()> {
        let done = generations::insert(self.on(), generation).await;
        self.written(done)
    }

    async fn insert_crl(&mut self, crl: &Crl) -> Found<()> {
        let done = generations::insert_crl(self.on(), crl).await;
        self.written(done)
    }

    async fn put_user_code(&mut self, card: CardId, hash: &str, now: OffsetDateTime) -> Found<()> {
        let done = secrets::put_user_code(self.on(), card, hash, now).await;
        self.written(done)
    }

    async fn debit_user_code(&mut self, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
        let done = secrets::debit_user_code(self.on(), card, limit).await;
        self.written(done)
    }

    async fn credit_user_code(&mut self, card: CardId, hash: &str) -> Found<()> {
        let done = secrets::credit_user_code(self.on(), card, hash).await;
        self.written(done)
    }

    async fn put_puk(&mut self, card: CardId, puk: &StoredPuk) -> Found<()> {
        let done = secrets::put_puk(self.on(), card, puk).await;
        self.written(done)
    }

    async fn insert_job(&mut self, job: &JobRecord) -> Found<()> {
        let done = jobs::insert(self.on(), job).await;
        self.written(done)
    }

    async fn update_job(&mut self, job: &mut JobRecord) -> Found<()> {
        let done = jobs::update(self.on(), job).await;
        self.written(done)
    }

    async fn insert_receipt(&mut self, receipt: &Receipt) -> Found<()> {
        let done = jobs::insert_receipt(self.on(), receipt).await;
        self.written(done)
    }

    async fn insert_station(&mut self, station: &Station) -> Found<()> {
        let done = jobs::insert_station(self.on(), station).await;
        self.written(done)
    }

    async fn take_lease(&mut self, name: &str, owner: &str, now: OffsetDateTime, until: OffsetDateTime) -> Found<bool> {
        let done = jobs::take_lease(self.on(), name, owner, now, until).await;
        self.written(done)
    }

    fn audit(&mut self, event: Event) {
        self.events.push(event);
    }

    async fn commit(mut self: Box<Self>) -> Found<()> {
        if self.spoiled {
            return Err(StoreError::Database("a write of this transaction failed".into()));
        }
        let events = std::mem::take(&mut self.events);
        audit::append(self.on(), &events).await?;
        self.transaction.commit().await.map_err(failure)
    }
}
