//! Card jobs, and the tickets that start them.

use super::{
    Connection, Db, EXPLAIN, Found, Query, Work,
    rows::{
        Row, array, array_or_none, from_json, json, number, parsed, parsed_or_none, text, text_or_none, time, to_json,
        to_word, word,
    },
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{
    StoreError,
    cards::{JobReader, JobRecord, JobWriter, TicketRecord},
    kernel::{BrowserHash, OutcomeHash, TicketHash},
};
use kaika_wire::{AuthorityId, CardId, JobDetails, JobId, JobKind, Nonce};
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

macro_rules! tickets {
    ($which:literal) => {
        concat!(
            "SELECT ticket_sha256, outcome_sha256, kind, details, authority, expires_at, job, browser_sha256 FROM ticket",
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
    TICKET = tickets!(" WHERE ticket_sha256 = $1");
    TICKET_BY_OUTCOME = tickets!(" WHERE outcome_sha256 = $1");
    INSERT_TICKET = "INSERT INTO ticket (ticket_sha256, outcome_sha256, kind, authority, expires_at, job, details, \
        browser_sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    REDEEM_TICKET = "UPDATE ticket SET job = $5 \
        WHERE ticket_sha256 = $1 AND kind = $2 AND authority = $3 AND expires_at > $4 AND job IS NULL \
        RETURNING details";
    DELETE_TICKETS = "DELETE FROM ticket WHERE expires_at < $1";

    DELETE_JOBS = "DELETE FROM card_job WHERE updated_at < $1 AND id IN (SELECT id FROM card_job \
        WHERE updated_at < $1 AND (open = 0 OR exclusive = 0) ORDER BY updated_at LIMIT $2)";

    [many] HOLD = "UPDATE card_job SET version = version WHERE id IN ({1}) RETURNING id, ended";
}

#[async_trait]
impl JobReader for Work {
    async fn job(&mut self, id: JobId) -> Found<Option<JobRecord>> {
        self.on(async |on| job(on, id).await).await
    }

    async fn open_job(&mut self, card: CardId) -> Found<Option<JobRecord>> {
        self.on(async |on| open_job(on, card).await).await
    }

    async fn ticket(&mut self, ticket_sha256: &TicketHash) -> Found<Option<TicketRecord>> {
        self.on(async |on| ticket(on, TICKET, ticket_sha256.to_vec()).await).await
    }

    async fn ticket_by_outcome(&mut self, outcome_sha256: &OutcomeHash) -> Found<Option<TicketRecord>> {
        self.on(async |on| ticket(on, TICKET_BY_OUTCOME, outcome_sha256.to_vec()).await).await
    }
}

#[async_trait]
impl JobWriter for Work {
    async fn insert_job(&mut self, job: &JobRecord) -> Found<()> {
        self.on(async |on| insert(on, job).await).await
    }

    async fn update_job(&mut self, job: &mut JobRecord) -> Found<()> {
        self.on(async |on| update(on, job).await).await
    }

    async fn hold_jobs(&mut self, jobs: &[JobId]) -> Found<Vec<JobId>> {
        self.on(async |on| hold(on, jobs).await).await
    }

    async fn insert_ticket(&mut self, ticket: &TicketRecord) -> Found<()> {
        self.on(async |on| insert_ticket(on, ticket).await).await
    }

    async fn redeem_ticket(
        &mut self,
        ticket_sha256: &TicketHash,
        kind: JobKind,
        authority: &AuthorityId,
        job: JobId,
        now: OffsetDateTime,
    ) -> Found<Option<JobDetails>> {
        self.on(async |on| redeem_ticket(on, ticket_sha256, kind, authority, job, now).await).await
    }

    async fn delete_tickets(&mut self, before: OffsetDateTime) -> Found<u64> {
        self.on(async |on| delete_tickets(on, before).await).await
    }

    async fn delete_jobs(&mut self, before: OffsetDateTime, limit: u32) -> Found<u64> {
        self.on(async |on| delete_jobs(on, before, limit).await).await
    }
}

async fn job(on: &mut Connection, id: JobId) -> Found<Option<JobRecord>> {
    let row = sqlx::query::<Db>(JOB).bind(id.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read(&row)).transpose()
}

async fn open_job(on: &mut Connection, card: CardId) -> Found<Option<JobRecord>> {
    let row = sqlx::query::<Db>(OPEN_JOB).bind(card.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read(&row)).transpose()
}

async fn insert(on: &mut Connection, job: &JobRecord) -> Found<()> {
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

async fn update(on: &mut Connection, job: &mut JobRecord) -> Found<()> {
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

async fn hold(on: &mut Connection, jobs: &[JobId]) -> Found<Vec<JobId>> {
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

fn read(row: &Row) -> Found<JobRecord> {
    Ok(JobRecord {
        id: parsed(row, "id")?,
        card: parsed(row, "card")?,
        station: parsed_or_none(row, "station")?,
        open: number::<i64>(row, "open")? != 0,
        token_sha256: array(row, "token_sha256")?.into(),
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

async fn ticket(on: &mut Connection, which: &'static str, hash: Vec<u8>) -> Found<Option<TicketRecord>> {
    let row = sqlx::query::<Db>(which).bind(hash).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read_ticket(&row)).transpose()
}

async fn insert_ticket(on: &mut Connection, ticket: &TicketRecord) -> Found<()> {
    sqlx::query::<Db>(INSERT_TICKET)
        .bind(ticket.ticket_sha256.to_vec())
        .bind(ticket.outcome_sha256.to_vec())
        .bind(to_word(&ticket.kind)?)
        .bind(ticket.authority.as_str().to_owned())
        .bind(ticket.expires_at.unix_timestamp())
        .bind(ticket.job.map(|job| job.to_string()))
        .bind(to_json(&ticket.details)?)
        .bind(ticket.browser_sha256.map(|hash| hash.to_vec()))
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

async fn redeem_ticket(
    on: &mut Connection,
    ticket_sha256: &TicketHash,
    kind: JobKind,
    authority: &AuthorityId,
    job: JobId,
    now: OffsetDateTime,
) -> Found<Option<JobDetails>> {
    let row = sqlx::query::<Db>(REDEEM_TICKET)
        .bind(ticket_sha256.to_vec())
        .bind(to_word(&kind)?)
        .bind(authority.as_str().to_owned())
        .bind(now.unix_timestamp())
        .bind(job.to_string())
        .fetch_optional(on)
        .await
        .map_err(failure)?;
    row.map(|row| json(&row, "details")).transpose()
}

async fn delete_tickets(on: &mut Connection, before: OffsetDateTime) -> Found<u64> {
    let done = sqlx::query::<Db>(DELETE_TICKETS).bind(before.unix_timestamp()).execute(on).await.map_err(failure)?;
    Ok(done.rows_affected())
}

async fn delete_jobs(on: &mut Connection, before: OffsetDateTime, limit: u32) -> Found<u64> {
    let deleted = old(sqlx::query::<Db>(DELETE_JOBS), before, limit).execute(on).await;
    Ok(deleted.map_err(failure)?.rows_affected())
}

fn old(query: Query<'_>, before: OffsetDateTime, limit: u32) -> Query<'_> {
    query.bind(before.unix_timestamp()).bind(i64::from(limit))
}

/// Of the deletion of old jobs.
pub(crate) async fn plan(on: &mut Connection) -> Found<String> {
    let explain = format!("{} {DELETE_JOBS}", EXPLAIN.0);
    let query = old(sqlx::query::<Db>(sqlx::AssertSqlSafe(explain)), OffsetDateTime::UNIX_EPOCH, 1);
    let rows = query.fetch_all(on).await.map_err(failure)?;
    let lines = rows.iter().map(|row| text(row, EXPLAIN.1)).collect::<Found<Vec<_>>>()?;
    Ok(lines.join("\n"))
}

fn read_ticket(row: &Row) -> Found<TicketRecord> {
    Ok(TicketRecord {
        ticket_sha256: array(row, "ticket_sha256")?.into(),
        outcome_sha256: array(row, "outcome_sha256")?.into(),
        kind: word(row, "kind")?,
        details: json(row, "details")?,
        authority: parsed(row, "authority")?,
        expires_at: time(row, "expires_at")?,
        job: parsed_or_none(row, "job")?,
        browser_sha256: array_or_none(row, "browser_sha256")?.map(BrowserHash::from),
    })
}
