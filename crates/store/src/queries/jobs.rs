//! Card jobs, their receipts, the stations where cards are made, and leases.

use super::{
    Connection, Db, Found,
    rows::{
        Row, array, bytes, from_json, json, number, parsed, parsed_or_none, text, text_or_none, time, time_or_none,
        to_json,
    },
};
use crate::{failure, many, statements};
use kaika_app::{JobRecord, Receipt, Station, StoreError};
use kaika_wire::{CardId, JobId, Nonce, StationId};
use time::OffsetDateTime;

macro_rules! jobs {
    ($which:literal) => {
        concat!(
            "SELECT id, card, station, open, token_sha256, state, sequence, nonce, steps, expectation, ended, \
            origin, started_at, updated_at, worker, version FROM card_job",
            $which
        )
    };
}

statements! {
    JOB = jobs!(" WHERE id = $1");
    OPEN_JOB = jobs!(" WHERE card = $1 AND open = 1 AND exclusive = 1");
    INSERT = "INSERT INTO card_job (id, kind, card, station, open, exclusive, token_sha256, state, sequence, nonce, \
        steps, expectation, ended, origin, started_at, updated_at, version, worker) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    UPDATE = "UPDATE card_job SET open = $3, state = $4, sequence = $5, nonce = $6, steps = $7, expectation = $8, \
        ended = $9, updated_at = $10, worker = $11, version = version + 1 WHERE id = $1 AND version = $2";
    RECEIPTS = "SELECT job, card, cms, at FROM receipt WHERE card = $1 ORDER BY at, job";
    INSERT_RECEIPT = "INSERT INTO receipt (job, card, cms, at) VALUES ($1, $2, $3, $4)";
    STATION = "SELECT id, name, token_sha256, enrolled_at, withdrawn_at FROM station WHERE id = $1";
    INSERT_STATION = "INSERT INTO station (id, name, token_sha256, enrolled_at, withdrawn_at) \
        VALUES ($1, $2, $3, $4, $5)";
    TAKE_LEASE = "INSERT INTO lease (name, owner, until) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until \
        WHERE lease.owner = excluded.owner OR lease.until <= $4";
    RELEASE_LEASE = "DELETE FROM lease WHERE name = $1 AND owner = $2";
}

many! {
    HOLD = "UPDATE card_job SET version = version WHERE id IN ({1}) RETURNING id, ended";
}

pub(super) async fn job(on: &mut Connection, id: JobId) -> Found<Option<JobRecord>> {
    let row = sqlx::query::<Db>(JOB).bind(id.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read(&row)).transpose()
}

pub(super) async fn open_job(on: &mut Connection, card: CardId) -> Found<Option<JobRecord>> {
    let row = sqlx::query::<Db>(OPEN_JOB).bind(card.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read(&row)).transpose()
}

pub(super) async fn insert(on: &mut Connection, job: &JobRecord) -> Found<()> {
    sqlx::query::<Db>(INSERT)
        .bind(job.id.to_string())
        .bind(job.state.kind().as_str())
        .bind(job.card.to_string())
        .bind(job.station.map(|station| station.to_string()))
        .bind(i64::from(job.open))
        .bind(i64::from(job.state.kind().changes_card()))
        .bind(job.token_sha256.to_vec())
        .bind(to_json(&job.state)?)
        .bind(i64::from(job.sequence))
        .bind(job.nonce.0.to_vec())
        .bind(to_json(&job.steps)?)
        .bind(to_json(&job.expectation)?)
        .bind(job.ended.as_ref().map(to_json).transpose()?)
        .bind(job.origin.clone())
        .bind(job.started_at.unix_timestamp())
        .bind(job.updated_at.unix_timestamp())
        .bind(job.version)
        .bind(job.worker.as_ref().map(to_json).transpose()?)
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

pub(super) async fn update(on: &mut Connection, job: &mut JobRecord) -> Found<()> {
    let done = sqlx::query::<Db>(UPDATE)
        .bind(job.id.to_string())
        .bind(job.version)
        .bind(i64::from(job.open))
        .bind(to_json(&job.state)?)
        .bind(i64::from(job.sequence))
        .bind(job.nonce.0.to_vec())
        .bind(to_json(&job.steps)?)
        .bind(to_json(&job.expectation)?)
        .bind(job.ended.as_ref().map(to_json).transpose()?)
        .bind(job.updated_at.unix_timestamp())
        .bind(job.worker.as_ref().map(to_json).transpose()?)
        .execute(on)
        .await
        .map_err(failure)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Stale);
    }
    job.version += 1;
    Ok(())
}

pub(super) async fn hold(on: &mut Connection, jobs: &[JobId]) -> Found<Vec<JobId>> {
    let mut ended = Vec::new();
    for (sql, group) in HOLD.each(jobs) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, job| query.bind(job.to_string()));
        for row in query.fetch_all(&mut *on).await.map_err(failure)? {
            if text_or_none(&row, "ended")?.is_some() {
                ended.push(parsed(&row, "id")?);
            }
        }
    }
    Ok(ended)
}

pub(super) async fn receipts(on: &mut Connection, card: CardId) -> Found<Vec<Receipt>> {
    let rows = sqlx::query::<Db>(RECEIPTS).bind(card.to_string()).fetch_all(on).await.map_err(failure)?;
    rows.iter()
        .map(|row| {
            Ok(Receipt {
                job: parsed(row, "job")?,
                card: parsed(row, "card")?,
                cms: bytes(row, "cms")?,
                at: time(row, "at")?,
            })
        })
        .collect()
}

pub(super) async fn insert_receipt(on: &mut Connection, receipt: &Receipt) -> Found<()> {
    sqlx::query::<Db>(INSERT_RECEIPT)
        .bind(receipt.job.to_string())
        .bind(receipt.card.to_string())
        .bind(receipt.cms.clone())
        .bind(receipt.at.unix_timestamp())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

pub(super) async fn station(on: &mut Connection, id: StationId) -> Found<Option<Station>> {
    let row = sqlx::query::<Db>(STATION).bind(id.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| {
        Ok(Station {
            id: parsed(&row, "id")?,
            name: text(&row, "name")?,
            token_sha256: array(&row, "token_sha256")?,
            enrolled_at: time(&row, "enrolled_at")?,
            withdrawn_at: time_or_none(&row, "withdrawn_at")?,
        })
    })
    .transpose()
}

pub(super) async fn insert_station(on: &mut Connection, station: &Station) -> Found<()> {
    sqlx::query::<Db>(INSERT_STATION)
        .bind(station.id.to_string())
        .bind(station.name.clone())
        .bind(station.token_sha256.to_vec())
        .bind(station.enrolled_at.unix_timestamp())
        .bind(station.withdrawn_at.map(|at| at.unix_timestamp()))
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

pub(super) async fn take_lease(
    on: &mut Connection,
    name: &str,
    owner: &str,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Found<bool> {
    let done = sqlx::query::<Db>(TAKE_LEASE)
        .bind(name.to_owned())
        .bind(owner.to_owned())
        .bind(until.unix_timestamp())
        .bind(now.unix_timestamp())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn release_lease(on: &mut Connection, name: &str, owner: &str) -> Found<()> {
    let release = sqlx::query::<Db>(RELEASE_LEASE).bind(name.to_owned()).bind(owner.to_owned());
    release.execute(on).await.map_err(failure)?;
    Ok(())
}

fn read(row: &Row) -> Found<JobRecord> {
    Ok(JobRecord {
        id: parsed(row, "id")?,
        card: parsed(row, "card")?,
        station: parsed_or_none(row, "station")?,
        open: number::<i64>(row, "open")? != 0,
        token_sha256: array(row, "token_sha256")?,
        state: json(row, "state")?,
        sequence: number(row, "sequence")?,
        nonce: Nonce(array(row, "nonce")?),
        steps: json(row, "steps")?,
        expectation: json(row, "expectation")?,
        ended: text_or_none(row, "ended")?.map(|text| from_json("ended", &text)).transpose()?,
        origin: text(row, "origin")?,
        started_at: time(row, "started_at")?,
        updated_at: time(row, "updated_at")?,
        worker: text_or_none(row, "worker")?.map(|text| from_json("worker", &text)).transpose()?,
        version: number(row, "version")?,
    })
}
