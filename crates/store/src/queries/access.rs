//! User codes, confirmations, captchas, sessions and stations.

use super::{
    Connection, Db, Found, Work,
    rows::{
        Row, array, json, number, parsed, parsed_or_none, text, time, time_or_none, to_json, to_word, unreadable, word,
    },
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{
    access::{AccessReader, AccessWriter, ConfirmationRecord, Purpose, SessionRecord, Station, UserCodeRecord},
    kernel::{LinkHash, SessionHash},
};
use kaika_domain::access::Subject;
use kaika_wire::{CardId, StationId};
use sqlx::Row as _;
use time::OffsetDateTime;

macro_rules! confirmations {
    ($which:literal) => {
        concat!(
            "SELECT token_sha256, purpose, subject, payload, code_sha256, code_tries_left, asked_at, expires_at, \
            used_at FROM confirmation",
            $which
        )
    };
}

statements! {
    USER_CODE = "SELECT hash, fails, fails_without_card, set_at FROM user_code WHERE card = $1";
    PUT_USER_CODE = "INSERT INTO user_code (card, hash, fails, set_at) VALUES ($1, $2, 0, $3) \
        ON CONFLICT (card) DO UPDATE SET hash = excluded.hash, fails = 0, fails_without_card = 0, \
        set_at = excluded.set_at";
    DEBIT_USER_CODE = "UPDATE user_code SET fails = fails + 1 WHERE card = $1 AND fails < $2 \
        RETURNING hash, fails, fails_without_card, set_at";
    CREDIT_USER_CODE = "UPDATE user_code SET fails = 0 WHERE card = $1 AND hash = $2";
    DEBIT_WITHOUT_CARD = "UPDATE user_code SET fails_without_card = fails_without_card + 1 \
        WHERE card = $1 AND fails_without_card < $2 RETURNING hash, fails, fails_without_card, set_at";
    CREDIT_WITHOUT_CARD = "UPDATE user_code SET fails_without_card = 0 WHERE card = $1 AND hash = $2";
    CONFIRMATION = confirmations!(" WHERE token_sha256 = $1");
    OPEN_CONFIRMATION = confirmations!(" WHERE subject = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 \
        ORDER BY asked_at DESC, token_sha256 LIMIT 1");
    COUNT_CONFIRMATIONS = "SELECT COUNT(*) AS asked FROM confirmation WHERE subject = $1 AND purpose = $2 AND asked_at > $3";
    INSERT_CONFIRMATION = "INSERT INTO confirmation (token_sha256, purpose, subject, payload, code_sha256, \
        code_tries_left, asked_at, expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    USE_CONFIRMATION = "UPDATE confirmation SET used_at = $3 \
        WHERE token_sha256 = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";
    DEBIT_CONFIRMATION = "UPDATE confirmation SET code_tries_left = code_tries_left - 1 \
        WHERE token_sha256 = $1 AND used_at IS NULL AND expires_at > $2 AND code_tries_left > 0";
    VOID_CONFIRMATIONS = "UPDATE confirmation SET used_at = $2 WHERE subject = $1 AND used_at IS NULL AND expires_at > $2";
    VOID_CONFIRMATIONS_FOR = "UPDATE confirmation SET used_at = $2 \
        WHERE subject = $1 AND purpose = $3 AND used_at IS NULL AND expires_at > $2";
    DELETE_CONFIRMATIONS = "DELETE FROM confirmation WHERE expires_at < $1";
    USE_CAPTCHA = "INSERT INTO captcha (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    DELETE_CAPTCHAS = "DELETE FROM captcha WHERE expires_at < $1";
    SESSION = "SELECT token_sha256, subject, authority, job, begun_at, expires_at, ended_at FROM session WHERE \
        token_sha256 = $1";
    INSERT_SESSION = "INSERT INTO session (token_sha256, subject, authority, job, begun_at, expires_at, ended_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    END_SESSION = "UPDATE session SET ended_at = $2 WHERE token_sha256 = $1 AND ended_at IS NULL";
    DELETE_SESSIONS = "DELETE FROM session WHERE expires_at < $1";
    STATION = "SELECT id, name, token_sha256, enrolled_at, withdrawn_at FROM station WHERE id = $1";
    INSERT_STATION = "INSERT INTO station (id, name, token_sha256, enrolled_at, withdrawn_at) \
        VALUES ($1, $2, $3, $4, $5)";
}

#[async_trait]
impl AccessReader for Work {
    async fn user_code(&mut self, card: CardId) -> Found<Option<UserCodeRecord>> {
        self.on(async |on| user_code(on, card).await).await
    }

    async fn confirmation(&mut self, token_sha256: &LinkHash) -> Found<Option<ConfirmationRecord>> {
        let query = sqlx::query::<Db>(CONFIRMATION).bind(token_sha256.to_vec());
        self.on(async |on| one_confirmation(query.fetch_optional(on).await)).await
    }

    async fn open_confirmation(
        &mut self,
        purpose: Purpose,
        subject: Subject,
        now: OffsetDateTime,
    ) -> Found<Option<ConfirmationRecord>> {
        let query = sqlx::query::<Db>(OPEN_CONFIRMATION).bind(subject.to_string()).bind(to_word(&purpose)?);
        self.on(async |on| one_confirmation(query.bind(now.unix_timestamp()).fetch_optional(on).await)).await
    }

    async fn count_confirmations(&mut self, purpose: Purpose, subject: Subject, since: OffsetDateTime) -> Found<u64> {
        let query = sqlx::query::<Db>(COUNT_CONFIRMATIONS).bind(subject.to_string()).bind(to_word(&purpose)?);
        let query = query.bind(since.unix_timestamp());
        self.on(async |on| number(&query.fetch_one(on).await.map_err(failure)?, "asked")).await
    }

    async fn session(&mut self, token_sha256: &SessionHash) -> Found<Option<SessionRecord>> {
        self.on(async |on| session(on, token_sha256).await).await
    }

    async fn station(&mut self, id: StationId) -> Found<Option<Station>> {
        self.on(async |on| station(on, id).await).await
    }
}

#[async_trait]
impl AccessWriter for Work {
    async fn upsert_user_code(&mut self, card: CardId, hash: &str, now: OffsetDateTime) -> Found<()> {
        self.on(async |on| upsert_user_code(on, card, hash, now).await).await
    }

    async fn debit_user_code(&mut self, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
        self.on(async |on| debit_user_code(on, card, limit).await).await
    }

    async fn credit_user_code(&mut self, card: CardId, hash: &str) -> Found<()> {
        self.on(async |on| credit_user_code(on, card, hash).await).await
    }

    async fn debit_user_code_without_card(&mut self, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
        self.on(async |on| debit_without_card(on, card, limit).await).await
    }

    async fn credit_user_code_without_card(&mut self, card: CardId, hash: &str) -> Found<()> {
        self.on(async |on| credit_without_card(on, card, hash).await).await
    }

    async fn insert_confirmation(&mut self, confirmation: &ConfirmationRecord) -> Found<()> {
        self.on(async |on| insert_confirmation(on, confirmation).await).await
    }

    async fn use_confirmation(
        &mut self,
        token_sha256: &LinkHash,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Found<bool> {
        let query = sqlx::query::<Db>(USE_CONFIRMATION).bind(token_sha256.to_vec()).bind(to_word(&purpose)?);
        Ok(self.execute(query.bind(now.unix_timestamp())).await? == 1)
    }

    async fn debit_confirmation(&mut self, token_sha256: &LinkHash, now: OffsetDateTime) -> Found<bool> {
        let query = sqlx::query::<Db>(DEBIT_CONFIRMATION).bind(token_sha256.to_vec()).bind(now.unix_timestamp());
        Ok(self.execute(query).await? == 1)
    }

    async fn void_confirmations(
        &mut self,
        subject: Subject,
        purpose: Option<Purpose>,
        now: OffsetDateTime,
    ) -> Found<u64> {
        let query = sqlx::query::<Db>(if purpose.is_some() { VOID_CONFIRMATIONS_FOR } else { VOID_CONFIRMATIONS });
        let query = query.bind(subject.to_string()).bind(now.unix_timestamp());
        let query = match purpose {
            Some(purpose) => query.bind(to_word(&purpose)?),
            None => query,
        };
        self.execute(query).await
    }

    async fn delete_confirmations(&mut self, before: OffsetDateTime) -> Found<u64> {
        self.execute(sqlx::query::<Db>(DELETE_CONFIRMATIONS).bind(before.unix_timestamp())).await
    }

    async fn use_captcha(&mut self, id: &[u8; 16], expires_at: OffsetDateTime) -> Found<bool> {
        self.on(async |on| use_captcha(on, id, expires_at).await).await
    }

    async fn delete_captchas(&mut self, before: OffsetDateTime) -> Found<u64> {
        self.on(async |on| delete_captchas(on, before).await).await
    }

    async fn insert_session(&mut self, session: &SessionRecord) -> Found<()> {
        self.on(async |on| insert_session(on, session).await).await
    }

    async fn end_session(&mut self, token_sha256: &SessionHash, now: OffsetDateTime) -> Found<bool> {
        let end = sqlx::query::<Db>(END_SESSION).bind(token_sha256.to_vec()).bind(now.unix_timestamp());
        Ok(self.execute(end).await? == 1)
    }

    async fn delete_sessions(&mut self, before: OffsetDateTime) -> Found<u64> {
        self.execute(sqlx::query::<Db>(DELETE_SESSIONS).bind(before.unix_timestamp())).await
    }

    async fn insert_station(&mut self, station: &Station) -> Found<()> {
        self.on(async |on| insert_station(on, station).await).await
    }
}

async fn user_code(on: &mut Connection, card: CardId) -> Found<Option<UserCodeRecord>> {
    let row = sqlx::query::<Db>(USER_CODE).bind(card.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read_user_code(&row)).transpose()
}

async fn upsert_user_code(on: &mut Connection, card: CardId, hash: &str, now: OffsetDateTime) -> Found<()> {
    sqlx::query::<Db>(PUT_USER_CODE)
        .bind(card.to_string())
        .bind(hash.to_owned())
        .bind(now.unix_timestamp())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

async fn debit_user_code(on: &mut Connection, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
    debit(on, DEBIT_USER_CODE, card, limit).await
}

async fn debit_without_card(on: &mut Connection, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
    debit(on, DEBIT_WITHOUT_CARD, card, limit).await
}

async fn debit(on: &mut Connection, sql: &'static str, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
    let debit = sqlx::query::<Db>(sql).bind(card.to_string()).bind(i64::from(limit));
    let row = debit.fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read_user_code(&row)).transpose()
}

async fn credit_user_code(on: &mut Connection, card: CardId, hash: &str) -> Found<()> {
    credit(on, CREDIT_USER_CODE, card, hash).await
}

async fn credit_without_card(on: &mut Connection, card: CardId, hash: &str) -> Found<()> {
    credit(on, CREDIT_WITHOUT_CARD, card, hash).await
}

async fn credit(on: &mut Connection, sql: &'static str, card: CardId, hash: &str) -> Found<()> {
    let credit = sqlx::query::<Db>(sql).bind(card.to_string()).bind(hash.to_owned());
    credit.execute(on).await.map_err(failure)?;
    Ok(())
}

fn read_user_code(row: &Row) -> Found<UserCodeRecord> {
    Ok(UserCodeRecord {
        hash: text(row, "hash")?,
        fails: number(row, "fails")?,
        fails_without_card: number(row, "fails_without_card")?,
        set_at: time(row, "set_at")?,
    })
}

async fn insert_confirmation(on: &mut Connection, confirmation: &ConfirmationRecord) -> Found<()> {
    sqlx::query::<Db>(INSERT_CONFIRMATION)
        .bind(confirmation.token_sha256.to_vec())
        .bind(to_word(&confirmation.purpose)?)
        .bind(confirmation.subject.to_string())
        .bind(to_json(&confirmation.payload)?)
        .bind(confirmation.code_sha256.map(|hash| hash.to_vec()))
        .bind(i64::from(confirmation.code_tries_left))
        .bind(confirmation.asked_at.unix_timestamp())
        .bind(confirmation.expires_at.unix_timestamp())
        .bind(confirmation.used_at.map(OffsetDateTime::unix_timestamp))
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

fn one_confirmation(row: Result<Option<Row>, sqlx::Error>) -> Found<Option<ConfirmationRecord>> {
    row.map_err(failure)?.map(|row| read_confirmation(&row)).transpose()
}

fn read_confirmation(row: &Row) -> Found<ConfirmationRecord> {
    let code: Option<Vec<u8>> = row.try_get("code_sha256").map_err(failure)?;
    Ok(ConfirmationRecord {
        token_sha256: array(row, "token_sha256")?.into(),
        purpose: word(row, "purpose")?,
        subject: parsed(row, "subject")?,
        payload: json(row, "payload")?,
        code_sha256: code.map(|code| code.try_into().map_err(|_| unreadable("code_sha256"))).transpose()?,
        code_tries_left: number(row, "code_tries_left")?,
        asked_at: time(row, "asked_at")?,
        expires_at: time(row, "expires_at")?,
        used_at: time_or_none(row, "used_at")?,
    })
}

async fn use_captcha(on: &mut Connection, id: &[u8; 16], expires_at: OffsetDateTime) -> Found<bool> {
    let used = sqlx::query::<Db>(USE_CAPTCHA).bind(id.to_vec()).bind(expires_at.unix_timestamp());
    Ok(used.execute(on).await.map_err(failure)?.rows_affected() == 1)
}

async fn delete_captchas(on: &mut Connection, before: OffsetDateTime) -> Found<u64> {
    let done = sqlx::query::<Db>(DELETE_CAPTCHAS).bind(before.unix_timestamp()).execute(on).await.map_err(failure)?;
    Ok(done.rows_affected())
}

async fn session(on: &mut Connection, token_sha256: &SessionHash) -> Found<Option<SessionRecord>> {
    let row = sqlx::query::<Db>(SESSION).bind(token_sha256.to_vec()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read_session(&row)).transpose()
}

async fn insert_session(on: &mut Connection, session: &SessionRecord) -> Found<()> {
    sqlx::query::<Db>(INSERT_SESSION)
        .bind(session.token_sha256.to_vec())
        .bind(session.subject.to_string())
        .bind(session.authority.as_str().to_owned())
        .bind(session.job.map(|job| job.to_string()))
        .bind(session.begun_at.unix_timestamp())
        .bind(session.expires_at.unix_timestamp())
        .bind(session.ended_at.map(OffsetDateTime::unix_timestamp))
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

fn read_session(row: &Row) -> Found<SessionRecord> {
    Ok(SessionRecord {
        token_sha256: array(row, "token_sha256")?.into(),
        subject: parsed(row, "subject")?,
        authority: parsed(row, "authority")?,
        job: parsed_or_none(row, "job")?,
        begun_at: time(row, "begun_at")?,
        expires_at: time(row, "expires_at")?,
        ended_at: time_or_none(row, "ended_at")?,
    })
}

async fn station(on: &mut Connection, id: StationId) -> Found<Option<Station>> {
    let row = sqlx::query::<Db>(STATION).bind(id.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.as_ref().map(read_station).transpose()
}

pub(super) fn read_station(row: &Row) -> Found<Station> {
    Ok(Station {
        id: parsed(row, "id")?,
        name: text(row, "name")?,
        token_sha256: array(row, "token_sha256")?.into(),
        enrolled_at: time(row, "enrolled_at")?,
        withdrawn_at: time_or_none(row, "withdrawn_at")?,
    })
}

async fn insert_station(on: &mut Connection, station: &Station) -> Found<()> {
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
