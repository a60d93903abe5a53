//! User codes (hashed) and PUKs (encrypted).

use super::{
    Connection, Db, Found,
    rows::{Row, bytes, number, text, time, to_word, word},
};
use crate::{failure, statements};
use kaika_app::{StoreError, StoredPuk, UserCodeRecord};
use kaika_domain::{PukRecord, PukVersion};
use kaika_wire::CardId;
use time::OffsetDateTime;

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
    PUKS = "SELECT version, state, unanswered, exposed, ciphertext FROM puk WHERE card = $1 ORDER BY version";
    PUT_PUK = "INSERT INTO puk (card, version, state, unanswered, exposed, ciphertext) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (card, version) DO UPDATE SET state = excluded.state, unanswered = excluded.unanswered, \
        exposed = excluded.exposed WHERE puk.ciphertext = excluded.ciphertext";
}

pub(super) async fn user_code(on: &mut Connection, card: CardId) -> Found<Option<UserCodeRecord>> {
    let row = sqlx::query::<Db>(USER_CODE).bind(card.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read_user_code(&row)).transpose()
}

pub(super) async fn put_user_code(on: &mut Connection, card: CardId, hash: &str, now: OffsetDateTime) -> Found<()> {
    sqlx::query::<Db>(PUT_USER_CODE)
        .bind(card.to_string())
        .bind(hash.to_owned())
        .bind(now.unix_timestamp())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

pub(super) async fn debit_user_code(on: &mut Connection, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
    debit(on, DEBIT_USER_CODE, card, limit).await
}

pub(super) async fn debit_without_card(on: &mut Connection, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
    debit(on, DEBIT_WITHOUT_CARD, card, limit).await
}

async fn debit(on: &mut Connection, sql: &'static str, card: CardId, limit: u8) -> Found<Option<UserCodeRecord>> {
    let debit = sqlx::query::<Db>(sql).bind(card.to_string()).bind(i64::from(limit));
    let row = debit.fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read_user_code(&row)).transpose()
}

pub(super) async fn credit_user_code(on: &mut Connection, card: CardId, hash: &str) -> Found<()> {
    credit(on, CREDIT_USER_CODE, card, hash).await
}

pub(super) async fn credit_without_card(on: &mut Connection, card: CardId, hash: &str) -> Found<()> {
    credit(on, CREDIT_WITHOUT_CARD, card, hash).await
}

async fn credit(on: &mut Connection, sql: &'static str, card: CardId, hash: &str) -> Found<()> {
    let credit = sqlx::query::<Db>(sql).bind(card.to_string()).bind(hash.to_owned());
    credit.execute(on).await.map_err(failure)?;
    Ok(())
}

pub(super) async fn puks(on: &mut Connection, card: CardId) -> Found<Vec<StoredPuk>> {
    let rows = sqlx::query::<Db>(PUKS).bind(card.to_string()).fetch_all(on).await.map_err(failure)?;
    rows.iter()
        .map(|row| {
            Ok(StoredPuk {
                record: PukRecord {
                    version: PukVersion(number(row, "version")?),
                    state: word(row, "state")?,
                    unanswered: number(row, "unanswered")?,
                    exposed: number::<i64>(row, "exposed")? != 0,
                },
                ciphertext: bytes(row, "ciphertext")?,
            })
        })
        .collect()
}

pub(super) async fn put_puk(on: &mut Connection, card: CardId, puk: &StoredPuk) -> Found<()> {
    let done = sqlx::query::<Db>(PUT_PUK)
        .bind(card.to_string())
        .bind(i64::from(puk.record.version.0))
        .bind(to_word(&puk.record.state)?)
        .bind(i64::from(puk.record.unanswered))
        .bind(i64::from(puk.record.exposed))
        .bind(puk.ciphertext.clone())
        .execute(on)
        .await
        .map_err(failure)?;
    // Another PUK of this version is on record, and perhaps on the card: whoever drew this one must not send it.
    if done.rows_affected() == 0 { Err(StoreError::Stale) } else { Ok(()) }
}

fn read_user_code(row: &Row) -> Found<UserCodeRecord> {
    Ok(UserCodeRecord {
        hash: text(row, "hash")?,
        fails: number(row, "fails")?,
        fails_without_card: number(row, "fails_without_card")?,
        set_at: time(row, "set_at")?,
    })
}
