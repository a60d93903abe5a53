//! The outbox.

use super::{
    Connection, Db, Found, Work,
    rows::{Row, number, parsed, text, text_or_none, time, time_or_none, to_word, word},
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::mail::{MailCounts, MailReader, MailRecord, MailState, Outbox};
use kaika_wire::MailId;
use sqlx::Row as _;
use time::OffsetDateTime;

macro_rules! mails {
    ($which:literal) => {
        concat!(
            "SELECT id, authority, recipient, letter, sealed, state, attempts, queued_at, due_at, useless_at, \
            failure FROM mail",
            $which
        )
    };
}

statements! {
    DUE = mails!(" WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at, id LIMIT $2");
    UNSENT = mails!(" WHERE state <> 'sent' ORDER BY queued_at, id LIMIT $1");
    ALL = mails!(" ORDER BY queued_at, id LIMIT $1");
    COUNT = "SELECT state, COUNT(*) AS mails FROM mail WHERE state <> 'sent' GROUP BY state";
    INSERT = "INSERT INTO mail (id, authority, recipient, letter, sealed, state, attempts, queued_at, due_at, \
        useless_at, failure) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    CLAIM = "UPDATE mail SET due_at = $4, trying_until = $4, attempts = attempts + 1 \
        WHERE id = $1 AND due_at = $2 AND attempts = $3 AND state = 'waiting'";
    KEEP = "UPDATE mail SET due_at = $3, trying_until = $3 WHERE id = $1 AND attempts = $2 AND state = 'waiting'";
    // An attempt that lasts is due when it is over.
    RELEASE = "UPDATE mail SET due_at = $1, trying_until = NULL \
        WHERE state = 'waiting' AND due_at > $1 AND trying_until = due_at";
    SETTLE = "UPDATE mail SET state = $3, due_at = $4, failure = $5, sealed = $6, trying_until = NULL \
        WHERE id = $1 AND attempts = $2 AND state = 'waiting'";
    // Not while it is being sent.
    RETRY = "UPDATE mail SET state = 'waiting', due_at = $1 WHERE state <> 'sent' \
        AND (useless_at IS NULL OR useless_at > $1) AND (trying_until IS NULL OR trying_until <= $1)";
    RETRY_ONE = "UPDATE mail SET state = 'waiting', due_at = $1 WHERE id = $2 AND state <> 'sent' \
        AND (useless_at IS NULL OR useless_at > $1) AND (trying_until IS NULL OR trying_until <= $1)";
    DELETE_SENT = "DELETE FROM mail WHERE state = 'sent' AND due_at < $1";
    // Said twice, for the index of what is not sent.
    DELETE_GIVEN_UP = "DELETE FROM mail WHERE state <> 'sent' AND state = 'given_up' AND due_at < $1";
}

#[async_trait]
impl MailReader for Work {
    async fn due_mails(&mut self, now: OffsetDateTime, limit: u32) -> Found<Vec<MailRecord>> {
        self.on(async |on| due(on, now, limit).await).await
    }

    async fn mails(&mut self, sent: bool, limit: u32) -> Found<Vec<MailRecord>> {
        self.on(async |on| {
            many(sqlx::query::<Db>(if sent { ALL } else { UNSENT }).bind(i64::from(limit)).fetch_all(on).await)
        })
        .await
    }

    async fn count_mails(&mut self) -> Found<MailCounts> {
        self.on(async |on| count(on).await).await
    }
}

#[async_trait]
impl Outbox for Work {
    async fn insert_mail(&mut self, mail: &MailRecord) -> Found<()> {
        self.on(async |on| insert(on, mail).await).await
    }

    async fn claim_mail(&mut self, mail: &mut MailRecord, until: OffsetDateTime) -> Found<bool> {
        let claimed = self.on(async |on| claim(on, mail, until).await).await?;
        if claimed {
            mail.due_at = until;
            mail.attempts += 1;
        }
        Ok(claimed)
    }

    async fn keep_claim(&mut self, mail: &MailRecord, until: OffsetDateTime) -> Found<bool> {
        let keep = sqlx::query::<Db>(KEEP).bind(mail.id.to_string()).bind(i64::from(mail.attempts));
        Ok(self.execute(keep.bind(until.unix_timestamp())).await? == 1)
    }

    async fn release_claims(&mut self, now: OffsetDateTime) -> Found<u64> {
        self.execute(sqlx::query::<Db>(RELEASE).bind(now.unix_timestamp())).await
    }

    async fn settle_mail(&mut self, mail: &MailRecord, to: &MailRecord) -> Found<bool> {
        self.on(async |on| settle(on, mail, to).await).await
    }

    async fn retry_mails(&mut self, only: Option<MailId>, now: OffsetDateTime) -> Found<u64> {
        self.on(async |on| retry(on, only, now).await).await
    }

    async fn delete_mails(&mut self, sent: OffsetDateTime, given_up: OffsetDateTime) -> Found<u64> {
        self.on(async |on| delete(on, sent, given_up).await).await
    }
}

async fn due(on: &mut Connection, now: OffsetDateTime, limit: u32) -> Found<Vec<MailRecord>> {
    many(sqlx::query::<Db>(DUE).bind(now.unix_timestamp()).bind(i64::from(limit)).fetch_all(on).await)
}

async fn count(on: &mut Connection) -> Found<MailCounts> {
    let mut counts = MailCounts::default();
    for row in sqlx::query::<Db>(COUNT).fetch_all(on).await.map_err(failure)? {
        match word(&row, "state")? {
            MailState::Waiting => counts.waiting = number(&row, "mails")?,
            MailState::GivenUp => counts.given_up = number(&row, "mails")?,
            MailState::Sent => {}
        }
    }
    Ok(counts)
}

async fn insert(on: &mut Connection, mail: &MailRecord) -> Found<()> {
    sqlx::query::<Db>(INSERT)
        .bind(mail.id.to_string())
        .bind(mail.authority.as_str().to_owned())
        .bind(mail.to.as_str().to_owned())
        .bind(mail.letter.clone())
        .bind(mail.sealed.clone())
        .bind(to_word(&mail.state)?)
        .bind(i64::from(mail.attempts))
        .bind(mail.queued_at.unix_timestamp())
        .bind(mail.due_at.unix_timestamp())
        .bind(mail.useless_at.map(OffsetDateTime::unix_timestamp))
        .bind(mail.failure.clone())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

async fn claim(on: &mut Connection, mail: &MailRecord, until: OffsetDateTime) -> Found<bool> {
    let done = sqlx::query::<Db>(CLAIM)
        .bind(mail.id.to_string())
        .bind(mail.due_at.unix_timestamp())
        .bind(i64::from(mail.attempts))
        .bind(until.unix_timestamp())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(done.rows_affected() == 1)
}

async fn settle(on: &mut Connection, mail: &MailRecord, to: &MailRecord) -> Found<bool> {
    let done = sqlx::query::<Db>(SETTLE)
        .bind(mail.id.to_string())
        .bind(i64::from(mail.attempts))
        .bind(to_word(&to.state)?)
        .bind(to.due_at.unix_timestamp())
        .bind(to.failure.clone())
        .bind(to.sealed.clone())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(done.rows_affected() == 1)
}

async fn retry(on: &mut Connection, only: Option<MailId>, now: OffsetDateTime) -> Found<u64> {
    let query = sqlx::query::<Db>(if only.is_some() { RETRY_ONE } else { RETRY }).bind(now.unix_timestamp());
    let query = match only {
        Some(id) => query.bind(id.to_string()),
        None => query,
    };
    Ok(query.execute(on).await.map_err(failure)?.rows_affected())
}

async fn delete(on: &mut Connection, sent: OffsetDateTime, given_up: OffsetDateTime) -> Found<u64> {
    let mut deleted = 0;
    for (sql, before) in [(DELETE_SENT, sent), (DELETE_GIVEN_UP, given_up)] {
        let done = sqlx::query::<Db>(sql).bind(before.unix_timestamp()).execute(&mut *on).await.map_err(failure)?;
        deleted += done.rows_affected();
    }
    Ok(deleted)
}

fn many(rows: Result<Vec<Row>, sqlx::Error>) -> Found<Vec<MailRecord>> {
    rows.map_err(failure)?.iter().map(read).collect()
}

fn read(row: &Row) -> Found<MailRecord> {
    Ok(MailRecord {
        id: parsed(row, "id")?,
        authority: parsed(row, "authority")?,
        to: parsed(row, "recipient")?,
        letter: text(row, "letter")?,
        sealed: row.try_get("sealed").map_err(failure)?,
        state: word(row, "state")?,
        attempts: number(row, "attempts")?,
        queued_at: time(row, "queued_at")?,
        due_at: time(row, "due_at")?,
        useless_at: time_or_none(row, "useless_at")?,
        failure: text_or_none(row, "failure")?,
    })
}
