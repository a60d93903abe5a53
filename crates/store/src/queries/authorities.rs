//! Generations of the authorities.

use super::{
    Connection, Db, Found, Work,
    rows::{Row, array, bytes, number, parsed, text, time},
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::authorities::{Generation, GenerationReader, GenerationWriter};
use kaika_wire::AuthorityId;

statements! {
    GENERATIONS = "SELECT id, owner, ordinal, is_root, issuer, certificate, key_identifier, responder_certificate, \
        base_url, founded_at, shards, revision FROM generation ORDER BY founded_at, id";
    INSERT = "INSERT INTO generation (id, owner, ordinal, is_root, issuer, certificate, key_identifier, \
        responder_certificate, base_url, founded_at, shards, revision) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    A_CARD = "SELECT 1 FROM card WHERE authority = $1 LIMIT 1";
}

#[async_trait]
impl GenerationReader for Work {
    async fn generations(&mut self) -> Found<Vec<Generation>> {
        self.on(async |on| generations(on).await).await
    }

    async fn has_cards(&mut self, authority: &AuthorityId) -> Found<bool> {
        self.on(async |on| has_cards(on, authority).await).await
    }
}

#[async_trait]
impl GenerationWriter for Work {
    async fn insert_generation(&mut self, generation: &Generation) -> Found<()> {
        self.on(async |on| insert(on, generation).await).await
    }
}

async fn generations(on: &mut Connection) -> Found<Vec<Generation>> {
    let rows = sqlx::query::<Db>(GENERATIONS).fetch_all(on).await.map_err(failure)?;
    rows.iter().map(read).collect()
}

async fn has_cards(on: &mut Connection, authority: &AuthorityId) -> Found<bool> {
    let query = sqlx::query::<Db>(A_CARD).bind(authority.as_str().to_owned());
    Ok(query.fetch_optional(on).await.map_err(failure)?.is_some())
}

async fn insert(on: &mut Connection, generation: &Generation) -> Found<()> {
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
