//! What responders and revocation lists are made from, and the lists.

use super::{
    Connection, Db, Found, Work,
    certificates::state,
    rows::{number, parsed, text, text_or_none, time, unreadable},
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{
    StoreError,
    status::{Crl, CrlHead, StatusReader, StatusRecord, StatusWriter},
};
use kaika_pki::crl::{RevocationReason, Revoked};
use kaika_wire::{GenerationId, SerialNumber};
use sqlx::Row as _;
use time::OffsetDateTime;

statements! {
    // With the generation's revision, read in the same moment.
    STATUS = "SELECT state, holds, revocation_reason, revoked_at, issued_at, generation.revision AS read_at \
        FROM certificate JOIN generation ON generation.id = certificate.generation \
        WHERE certificate.generation = $1 AND serial = $2";
    REVISION = "SELECT revision FROM generation WHERE id = $1";
    SHARD_REVISION = "SELECT revision FROM certificate WHERE generation = $1 AND shard = $2 \
        ORDER BY revision DESC LIMIT 1";
    CHANGED = "SELECT serial FROM certificate WHERE generation = $1 AND shard = $2 AND revision > $3 LIMIT $4";
    SHARDS = "SELECT shards FROM generation WHERE id = $1";
    // A page of a list in one row, since a row of its own for each of a million entries takes most of the time.
    REVOCATIONS = "SELECT MAX(serial) AS last, STRING_AGG(serial || ' ' || CAST(listed_at AS TEXT) || ' ' || \
        CAST(listed_for AS TEXT), ' ') AS entries FROM (SELECT serial, listed_at, listed_for FROM certificate \
        WHERE generation = $1 AND shard = $2 AND serial > $3 AND not_after >= $4 AND listed_for IS NOT NULL \
        ORDER BY serial LIMIT $5) AS page";
    // The column `this_update` has when the list was signed, as all programs read it.
    LATEST_CRL = "SELECT number, revision, this_update, next_update FROM crl WHERE generation = $1 AND shard = $2 \
        ORDER BY number DESC LIMIT 1";
    CRL_PART = "SELECT der FROM crl_part WHERE generation = $1 AND shard = $2 AND number = $3 AND part = $4";
    // One list after the other, so that each sees those before it.
    HOLD = "UPDATE generation SET revision = revision WHERE id = $1";
    // Not behind a newer one either: the row of that number may be forgotten already. Nor before one of a newer state:
    // a server whose clock is ahead gives higher numbers.
    INSERT_CRL = "INSERT INTO crl (generation, shard, number, revision, this_update, next_update) \
        SELECT $1, $2, $3, $4, $5, $6 \
        WHERE NOT EXISTS (SELECT 1 FROM crl WHERE generation = $1 AND shard = $2 AND (number >= $3 OR revision > $4))";
    INSERT_CRL_PART = "INSERT INTO crl_part (generation, shard, number, part, der) VALUES ($1, $2, $3, $4, $5)";
    // The list is public once it is out: older ones are kept by whoever wants them.
    FORGET_CRLS = "DELETE FROM crl WHERE generation = $1 AND shard = $2 AND number < $3";
}

#[async_trait]
impl StatusReader for Work {
    async fn certificate_status(
        &mut self,
        generation: GenerationId,
        serial: &SerialNumber,
    ) -> Found<Option<StatusRecord>> {
        self.on(async |on| status(on, generation, serial).await).await
    }

    async fn shard_revision(&mut self, generation: GenerationId, shard: Option<u32>) -> Found<i64> {
        self.on(async |on| shard_revision(on, generation, shard).await).await
    }

    async fn changed_since(
        &mut self,
        generation: GenerationId,
        shard: u32,
        revision: i64,
        limit: u32,
    ) -> Found<Vec<SerialNumber>> {
        self.on(async |on| changed_since(on, generation, shard, revision, limit).await).await
    }

    async fn revocations(
        &mut self,
        generation: GenerationId,
        shard: Option<u32>,
        now: OffsetDateTime,
    ) -> Found<Vec<Revoked>> {
        self.on(async |on| revocations(on, generation, shard, now).await).await
    }

    async fn latest_crl_head(&mut self, generation: GenerationId, shard: Option<u32>) -> Found<Option<CrlHead>> {
        self.on(async |on| latest_crl_head(on, generation, shard).await).await
    }

    async fn latest_crl(&mut self, generation: GenerationId, shard: Option<u32>) -> Found<Option<Crl>> {
        self.on(async |on| latest_crl(on, generation, shard).await).await
    }
}

#[async_trait]
impl StatusWriter for Work {
    async fn insert_crl(&mut self, crl: &Crl) -> Found<()> {
        self.on(async |on| insert_crl(on, crl).await).await
    }
}

async fn status(on: &mut Connection, generation: GenerationId, serial: &SerialNumber) -> Found<Option<StatusRecord>> {
    let row = sqlx::query::<Db>(STATUS)
        .bind(generation.to_string())
        .bind(serial.to_string())
        .fetch_optional(on)
        .await
        .map_err(failure)?;
    row.map(|row| {
        Ok(StatusRecord { state: state(&row)?, issued_at: time(&row, "issued_at")?, read_at: number(&row, "read_at")? })
    })
    .transpose()
}

async fn shard_revision(on: &mut Connection, generation: GenerationId, shard: Option<u32>) -> Found<i64> {
    let generation = generation.to_string();
    let query = match shard {
        None => sqlx::query::<Db>(REVISION).bind(generation),
        Some(shard) => sqlx::query::<Db>(SHARD_REVISION).bind(generation).bind(i64::from(shard)),
    };
    let row = query.fetch_optional(on).await.map_err(failure)?;
    row.map_or(Ok(0), |row| number(&row, "revision"))
}

async fn changed_since(
    on: &mut Connection,
    generation: GenerationId,
    shard: u32,
    revision: i64,
    limit: u32,
) -> Found<Vec<SerialNumber>> {
    let rows = sqlx::query::<Db>(CHANGED)
        .bind(generation.to_string())
        .bind(i64::from(shard))
        .bind(revision)
        .bind(i64::from(limit))
        .fetch_all(on)
        .await
        .map_err(failure)?;
    rows.iter().map(|row| parsed(row, "serial")).collect()
}

async fn revocations(
    on: &mut Connection,
    generation: GenerationId,
    shard: Option<u32>,
    now: OffsetDateTime,
) -> Found<Vec<Revoked>> {
    let generation = generation.to_string();
    let shards = match shard {
        Some(shard) => shard..shard + 1,
        None => {
            let row = sqlx::query::<Db>(SHARDS).bind(generation.clone()).fetch_optional(&mut *on);
            0..row.await.map_err(failure)?.map_or(Ok(0), |row| number(&row, "shards"))?
        }
    };
    let mut entries = Vec::new();
    for shard in shards {
        let mut after = String::new();
        loop {
            let page = sqlx::query::<Db>(REVOCATIONS)
                .bind(generation.clone())
                .bind(i64::from(shard))
                .bind(after)
                .bind(now.unix_timestamp())
                .bind(PAGE)
                .fetch_one(&mut *on)
                .await
                .map_err(failure)?;
            let Some(last) = text_or_none(&page, "last")? else { break };
            read_entries(&text(&page, "entries")?, &mut entries)?;
            after = last;
        }
    }
    Ok(entries)
}

/// Entries of a list that are read at once.
const PAGE: i64 = 4096;

/// `serial listed_at listed_for`, again and again.
fn read_entries(page: &str, entries: &mut Vec<Revoked>) -> Found<()> {
    let mut words = page.split(' ');
    while let Some(serial) = words.next() {
        let entry = (|| {
            let at = OffsetDateTime::from_unix_timestamp(words.next()?.parse().ok()?).ok()?;
            let reason = RevocationReason::from_code(words.next()?.parse().ok()?)?;
            Some(Revoked { serial: serial.parse().ok()?, at, reason })
        })();
        entries.push(entry.ok_or_else(|| unreadable("listed_at, listed_for"))?);
    }
    Ok(())
}

/// Octets of a list in one row.
const PART: usize = 1 << 20;

async fn latest_crl_head(on: &mut Connection, generation: GenerationId, shard: Option<u32>) -> Found<Option<CrlHead>> {
    let query = sqlx::query::<Db>(LATEST_CRL).bind(generation.to_string()).bind(shard_column(shard));
    let row = query.fetch_optional(on).await.map_err(failure)?;
    row.map(|row| {
        Ok(CrlHead {
            number: number(&row, "number")?,
            revision: number(&row, "revision")?,
            signed_at: time(&row, "this_update")?,
            next_update: time(&row, "next_update")?,
        })
    })
    .transpose()
}

async fn latest_crl(on: &mut Connection, generation: GenerationId, shard: Option<u32>) -> Found<Option<Crl>> {
    let Some(head) = latest_crl_head(&mut *on, generation, shard).await? else { return Ok(None) };
    let CrlHead { number, revision, signed_at, next_update } = head;
    let mut der = Vec::new();
    for part in 0_i64.. {
        let query =
            sqlx::query::<Db>(CRL_PART).bind(generation.to_string()).bind(shard_column(shard)).bind(number).bind(part);
        let Some(row) = query.fetch_optional(&mut *on).await.map_err(failure)? else { break };
        let octets: &[u8] = row.try_get("der").map_err(failure)?;
        der.extend_from_slice(octets);
        if octets.len() < PART {
            break;
        }
    }
    Ok(Some(Crl { generation, shard, number, revision, signed_at, next_update, der }))
}

async fn insert_crl(on: &mut Connection, crl: &Crl) -> Found<()> {
    sqlx::query::<Db>(HOLD).bind(crl.generation.to_string()).execute(&mut *on).await.map_err(failure)?;
    let done = sqlx::query::<Db>(INSERT_CRL)
        .bind(crl.generation.to_string())
        .bind(shard_column(crl.shard))
        .bind(crl.number)
        .bind(crl.revision)
        .bind(crl.signed_at.unix_timestamp())
        .bind(crl.next_update.unix_timestamp())
        .execute(&mut *on)
        .await
        .map_err(failure)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Stale);
    }
    for (part, der) in (0_i64..).zip(crl.der.chunks(PART)) {
        let insert = sqlx::query::<Db>(INSERT_CRL_PART)
            .bind(crl.generation.to_string())
            .bind(shard_column(crl.shard))
            .bind(crl.number)
            .bind(part)
            .bind(der);
        insert.execute(&mut *on).await.map_err(failure)?;
    }
    let forget =
        sqlx::query::<Db>(FORGET_CRLS).bind(crl.generation.to_string()).bind(shard_column(crl.shard)).bind(crl.number);
    forget.execute(on).await.map_err(failure)?;
    Ok(())
}

/// -1 for the list of all certificates.
fn shard_column(shard: Option<u32>) -> i64 {
    shard.map_or(-1, i64::from)
}
