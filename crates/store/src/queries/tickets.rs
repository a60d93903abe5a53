//! Tickets of portal pages.

use super::{
    Connection, Db, Found,
    rows::{Row, array, array_or_none, json, parsed, parsed_or_none, time, to_json, to_word, word},
};
use crate::{failure, statements};
use kaika_app::TicketRecord;
use kaika_wire::{AuthorityId, JobDetails, JobId, JobKind};
use time::OffsetDateTime;

statements! {
    BY_OUTCOME = "SELECT ticket_sha256, outcome_sha256, kind, details, authority, expires_at, job, browser_sha256 \
        FROM ticket WHERE outcome_sha256 = $1";
    INSERT = "INSERT INTO ticket (ticket_sha256, outcome_sha256, kind, authority, expires_at, job, details, \
        browser_sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    REDEEM = "UPDATE ticket SET job = $5 \
        WHERE ticket_sha256 = $1 AND kind = $2 AND authority = $3 AND expires_at > $4 AND job IS NULL \
        RETURNING details";
    DELETE = "DELETE FROM ticket WHERE expires_at < $1";
}

pub(super) async fn by_outcome(on: &mut Connection, outcome_sha256: &[u8; 32]) -> Found<Option<TicketRecord>> {
    let row = sqlx::query::<Db>(BY_OUTCOME).bind(outcome_sha256.to_vec()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read(&row)).transpose()
}

pub(super) async fn insert(on: &mut Connection, ticket: &TicketRecord) -> Found<()> {
    sqlx::query::<Db>(INSERT)
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

pub(super) async fn redeem(
    on: &mut Connection,
    ticket_sha256: &[u8; 32],
    kind: JobKind,
    authority: &AuthorityId,
    job: JobId,
    now: OffsetDateTime,
) -> Found<Option<JobDetails>> {
    let row = sqlx::query::<Db>(REDEEM)
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

pub(super) async fn delete(on: &mut Connection, before: OffsetDateTime) -> Found<u64> {
    let done = sqlx::query::<Db>(DELETE).bind(before.unix_timestamp()).execute(on).await.map_err(failure)?;
    Ok(done.rows_affected())
}

fn read(row: &Row) -> Found<TicketRecord> {
    Ok(TicketRecord {
        ticket_sha256: array(row, "ticket_sha256")?,
        outcome_sha256: array(row, "outcome_sha256")?,
        kind: word(row, "kind")?,
        details: json(row, "details")?,
        authority: parsed(row, "authority")?,
        expires_at: time(row, "expires_at")?,
        job: parsed_or_none(row, "job")?,
        browser_sha256: array_or_none(row, "browser_sha256")?,
    })
}
