//! Generations of the authorities and their revocation lists.

use super::{
    Connection, Db, Found,
    rows::{Row, array, bytes, number, parsed, text, time},
};
use crate::{failure, statements};
use kaika_app::{Crl, CrlHead, Generation, StoreError};
use kaika_wire::GenerationId;
use sqlx::Row as _;

statements! {
    GENERATIONS = "SELECT id, owner, ordinal, is_root, issuer, certificate, key_identifier, responder_certificate, \
        base_url, founded_at, shards, revision FROM generation ORDER BY founded_at, id";
    INSERT = "INSERT INTO generation (id, owner, ordinal, is_root, issuer, certificate, key_identifier, \
        responder_certificate, base_url, founded_at, shards, revision) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
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

pub(super) async fn generations(on: &mut Connection) -> Found<Vec<Generation>> {
    let rows = sqlx::query::<Db>(GENERATIONS).fetch_all(on).await.map_err(failure)?;
    rows.iter().map(read).collect()
}

pub(super) async fn insert(on: &mut Connection, generation: &Generation) -> Found<()> {
    sqlx::query::<Db>(INSERT)
        .bind(generation.id.to_string())
        .bind(generation.owner.as_str().to_owned())
        .bind(i64::from(generation.ordinal))
        .bind(i64::from(generation.is_root))
        .bind(generation.issuer.to_string())
        .bind(generation.certificate.clone())
        .bind(generation.key_identifier.to_vec())
        .bind(generation.responder_certificate.clone())
        .bind(generation.base_url.clone())
        .bind(generation.founded_at.unix_timestamp())
        .bind(i64::from(generation.shards))
        .bind(generation.revision)
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

/// Octets of a list in one row.
const PART: usize = 1 << 20;

pub(super) async fn latest_crl_head(
    on: &mut Connection,
    generation: GenerationId,
    shard: Option<u32>,
) -> Found<Option<CrlHead>> {
    let query = sqlx::query::<Db>(LATEST_CRL).bind(generation.to_string()).bind(shard_column(shard));
    let row = query.fetch_optional(on).await.map_err(failure)?;
    row.map(|row| {
        Ok(CrlHead {
            number: number(&row, "number")?,
            revision: number(&row, "revision")?,
            this_update: time(&row, "this_update")?,
            next_update: time(&row, "next_update")?,
        })
    })
    .transpose()
}

pub(super) async fn latest_crl(
    on: &mut Connection,
    generation: GenerationId,
    shard: Option<u32>,
) -> Found<Option<Crl>> {
    let Some(head) = latest_crl_head(&mut *on, generation, shard).await? else { return Ok(None) };
    let CrlHead { number, revision, this_update, next_update } = head;
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
    Ok(Some(Crl { generation, shard, number, revision, this_update, next_update, der }))
}

pub(super) async fn insert_crl(on: &mut Connection, crl: &Crl) -> Found<()> {
    sqlx::query::<Db>(HOLD).bind(crl.generation.to_string()).execute(&mut *on).await.map_err(failure)?;
    let done = sqlx::query::<Db>(INSERT_CRL)
        .bind(crl.generation.to_string())
        .bind(shard_column(crl.shard))
        .bind(crl.number)
        .bind(crl.revision)
        .bind(crl.this_update.unix_timestamp())
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

fn read(row: &Row) -> Found<Generation> {
    Ok(Generation {
        id: parsed(row, "id")?,
        owner: parsed(row, "owner")?,
        ordinal: number(row, "ordinal")?,
        is_root: number::<i64>(row, "is_root")? != 0,
        issuer: parsed(row, "issuer")?,
        certificate: bytes(row, "certificate")?,
        key_identifier: array(row, "key_identifier")?,
        responder_certificate: bytes(row, "responder_certificate")?,
        base_url: text(row, "base_url")?,
        founded_at: time(row, "founded_at")?,
        shards: number(row, "shards")?,
        revision: number(row, "revision")?,
    })
}
