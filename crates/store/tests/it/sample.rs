//! Records to write, told apart by a number, and the two movements of every case: read, and write in a transaction.

use kaika_app::{
    Reader, Store, StoreError, UnitOfWork,
    audit::{Action, Event},
    authorities::Generation,
    cards::JobRecord,
};
use kaika_domain::{
    audit::Actor,
    cards::{Card, job::CardJob},
    certificates::{Certificate, CertificateState},
    holders::Holder,
};
use kaika_testkit::postgres::psql;
use kaika_wire::{
    AuthorityId, Capabilities, CardId, CertificateId, CertificateRole, Expectation, GenerationId, Guid, HolderId,
    JobDetails, JobId, JobKind, Nonce, SerialNumber, StationId,
};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::sync::Arc;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, macros::datetime};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-20 08:00:00 UTC);

pub(crate) fn days(n: i64) -> OffsetDateTime {
    NOW + Duration::days(n)
}

pub(crate) fn seconds(n: i64) -> OffsetDateTime {
    NOW + Duration::seconds(n)
}

pub(crate) fn sqlite_url(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("kaika.db").display())
}

/// A database of one's own, made and opened.
pub(crate) async fn made(url: &str) -> Arc<dyn Store> {
    kaika_store::migrate(url).await.unwrap();
    kaika_store::open(url).await.unwrap()
}

pub(crate) async fn read(store: &dyn Store) -> Box<dyn Reader> {
    store.read().await.unwrap()
}

/// One transaction: what `change` does, committed where it succeeds, and rolled back where it fails.
pub(crate) async fn write<T>(
    store: &dyn Store,
    change: impl AsyncFnOnce(&mut dyn UnitOfWork) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut work = store.begin().await?;
    let value = change(work.as_mut()).await?;
    work.commit().await?;
    Ok(value)
}

/// Runs SQL in the database from outside.
pub(crate) async fn run(url: &str, sql: &str) {
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let mut file = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut file).await.unwrap();
            file.close().await.unwrap();
        }
        None => drop(psql(url, sql)),
    }
}

#[track_caller]
pub(crate) fn assert_stale<T>(result: Result<T, StoreError>) {
    match result {
        Err(StoreError::Stale) => {}
        Err(other) => panic!("not Stale but: {other}"),
        Ok(_) => panic!("not Stale but done"),
    }
}

pub(crate) fn gca() -> AuthorityId {
    "gca".parse().unwrap()
}

pub(crate) fn serial(n: u8) -> SerialNumber {
    SerialNumber::from_random([n; 16])
}

pub(crate) fn job_id(n: u8) -> JobId {
    JobId::new(NOW, [n; 10])
}

pub(crate) fn holder(n: u8) -> Holder {
    let subject = format!("C=TW,O=測試機關{n}").parse().unwrap();
    Holder::registered(HolderId::new(NOW, [n; 10]), gca(), subject, NOW)
}

/// Ordered `n` seconds after the others began.
pub(crate) fn card(n: u8, holder: &Holder) -> Card {
    let number = format!("GC{n:014}").parse().unwrap();
    Card::ordered(CardId::new(NOW, [n; 10]), number, holder, seconds(n.into()))
}

pub(crate) fn generation(n: u8) -> Generation {
    let id = GenerationId::new(NOW, [n; 10]);
    Generation {
        id,
        owner: gca(),
        ordinal: n.into(),
        is_root: false,
        issuer: id,
        certificate: vec![0x30, n],
        key_identifier: [n; 20],
        responder_certificate: vec![0x31, n],
        base_url: "http://pki.example.tw".into(),
        founded_at: seconds(n.into()),
        shards: 4,
        revision: 0,
    }
}

/// Held, on no card.
pub(crate) fn certificate(n: u8, generation: &Generation, holder: &Holder) -> Certificate {
    Certificate {
        id: CertificateId::new(NOW, [n; 10]),
        authority: holder.authority.clone(),
        generation: generation.id,
        holder: holder.id,
        card: None,
        role: CertificateRole::Signature.into(),
        serial: serial(n),
        shard: 0,
        certificate: vec![0x30, 0x82, n],
        sha256: [n; 32].into(),
        key_fingerprint: [n; 32].into(),
        not_before: NOW,
        not_after: days(365),
        issued_at: seconds(n.into()),
        job: None,
        placement: None,
        state: CertificateState::Held { holds: Vec::new() },
        version: 1,
    }
}

/// Open, before its first batch.
pub(crate) fn job(n: u8, kind: JobKind, card: &Card) -> JobRecord {
    JobRecord {
        id: job_id(n),
        card: card.id,
        station: None,
        open: true,
        token_sha256: [n; 32].into(),
        state: CardJob::new(kind, &JobDetails::default(), Some(&Capabilities::default())).unwrap(),
        sequence: 0,
        nonce: Nonce([n; 32]),
        steps: Vec::new(),
        expectation: Expectation::Identity(Guid::from_bytes([n; 16])),
        ended: None,
        origin: "https://portal.example.tw".into(),
        started_at: NOW,
        worker: None,
        updated_at: NOW,
        version: 1,
    }
}

pub(crate) fn event(n: i64) -> Event {
    Event {
        at: seconds(n),
        actor: operator(),
        action: Action::EnrolStation {
            station: StationId::new(NOW, [1; 10]),
            name: format!("{n} 測試\u{20bb7} ' \"quoted\" \\ \n"),
        },
    }
}

/// Holder 1 is on record.
pub(crate) async fn with_holder(store: &dyn Store) -> Holder {
    let holder = holder(1);
    write(store, async |work| work.insert_holder(&holder).await).await.unwrap();
    holder
}

/// Holder 1 and card 1 are.
pub(crate) async fn with_card(store: &dyn Store) -> Card {
    let card = card(1, &with_holder(store).await);
    write(store, async |work| work.insert_card(&card).await).await.unwrap();
    card
}

/// Holder 1 and generation 1 are.
pub(crate) async fn with_generation(store: &dyn Store) -> (Generation, Holder) {
    let (generation, holder) = (generation(1), with_holder(store).await);
    write(store, async |work| work.insert_generation(&generation).await).await.unwrap();
    (generation, holder)
}

pub(crate) fn operator() -> Actor {
    Actor::Operator("測試 operator".parse().unwrap())
}
