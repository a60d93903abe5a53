//! Who is logged in with a card, and which cards strangers do not find.

use super::{
    Connection, Db, Found, Work,
    rows::{Row, array, parsed, time, time_or_none},
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{SessionReader, SessionRecord, SessionWriter};
use kaika_wire::CardId;
use time::OffsetDateTime;

statements! {
    SESSION = "SELECT token_sha256, job, card, authority, begun_at, expires_at, ended_at FROM session WHERE \
        token_sha256 = $1";
    INSERT = "INSERT INTO session (token_sha256, job, card, authority, begun_at, expires_at, ended_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    END = "UPDATE session SET ended_at = $2 WHERE token_sha256 = $1 AND ended_at IS NULL";
    DELETE = "DELETE FROM session WHERE expires_at < $1";
    UNPUBLISHED = "SELECT at FROM unpublished WHERE card = $1";
    PUBLISH = "DELETE FROM unpublished WHERE card = $1";
    UNPUBLISH = "INSERT INTO unpublished (card, at) VALUES ($1, $2) ON CONFLICT (card) DO NOTHING";
}

#[async_trait]
impl SessionReader for Work {
    async fn session(&mut self, token_sha256: &[u8; 32]) -> Found<Option<SessionRecord>> {
        let found = session(self.on(), token_sha256).await;
        self.noted(found)
    }

    async fn is_published(&mut self, card: CardId) -> Found<bool> {
        let found = sqlx::query::<Db>(UNPUBLISHED).bind(card.to_string()).fetch_optional(self.on()).await;
        self.noted(found.map(|row| row.is_none()).map_err(failure))
    }
}

#[async_trait]
impl SessionWriter for Work {
    async fn insert_session(&mut self, session: &SessionRecord) -> Found<()> {
        let done = insert(self.on(), session).await;
        self.noted(done)
    }

    async fn end_session(&mut self, token_sha256: &[u8; 32], now: OffsetDateTime) -> Found<bool> {
        let end = sqlx::query::<Db>(END).bind(token_sha256.to_vec()).bind(now.unix_timestamp());
        let done = end.execute(self.on()).await.map_err(failure);
        Ok(self.noted(done)?.rows_affected() == 1)
    }

    async fn delete_sessions(&mut self, before: OffsetDateTime) -> Found<u64> {
        let done = sqlx::query::<Db>(DELETE).bind(before.unix_timestamp()).execute(self.on()).await.map_err(failure);
        Ok(self.noted(done)?.rows_affected())
    }

    async fn set_published(&mut self, card: CardId, published: bool, now: OffsetDateTime) -> Found<bool> {
        let set = match published {
            true => sqlx::query::<Db>(PUBLISH).bind(card.to_string()),
            false => sqlx::query::<Db>(UNPUBLISH).bind(card.to_string()).bind(now.unix_timestamp()),
        };
        let done = set.execute(self.on()).await.map_err(failure);
        Ok(self.noted(done)?.rows_affected() == 1)
    }
}

async fn session(on: &mut Connection, token_sha256: &[u8; 32]) -> Found<Option<SessionRecord>> {
    let row = sqlx::query::<Db>(SESSION).bind(token_sha256.to_vec()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read(&row)).transpose()
}

async fn insert(on: &mut Connection, session: &SessionRecord) -> Found<()> {
    sqlx::query::<Db>(INSERT)
        .bind(session.token_sha256.to_vec())
        .bind(session.job.to_string())
        .bind(session.card.to_string())
        .bind(session.authority.as_str().to_owned())
        .bind(session.begun_at.unix_timestamp())
        .bind(session.expires_at.unix_timestamp())
        .bind(session.ended_at.map(OffsetDateTime::unix_timestamp))
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

fn read(row: &Row) -> Found<SessionRecord> {
    Ok(SessionRecord {
        token_sha256: array(row, "token_sha256")?,
        job: parsed(row, "job")?,
        card: parsed(row, "card")?,
        authority: parsed(row, "authority")?,
        begun_at: time(row, "begun_at")?,
        expires_at: time(row, "expires_at")?,
        ended_at: time_or_none(row, "ended_at")?,
    })
}
