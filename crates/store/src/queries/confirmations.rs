//! What is confirmed by a link from a mail, and who is written to.

use super::{
    Connection, Db, Found, Work,
    rows::{Row, array, json, number, parsed, text_or_none, time, time_or_none, to_json, to_word, unreadable, word},
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{
    ConfirmationReader, ConfirmationWriter,
    confirmation::{ConfirmationRecord, Purpose},
};
use kaika_domain::Contact;
use kaika_wire::{CardId, HolderId};
use sqlx::Row as _;
use time::OffsetDateTime;

macro_rules! confirmations {
    ($which:literal) => {
        concat!(
            "SELECT token_sha256, purpose, card, payload, code_sha256, code_tries_left, asked_at, expires_at, \
            used_at FROM confirmation",
            $which
        )
    };
}

statements! {
    BY_TOKEN = confirmations!(" WHERE token_sha256 = $1");
    OPEN = confirmations!(" WHERE card = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 \
        ORDER BY asked_at DESC, token_sha256 LIMIT 1");
    COUNT = "SELECT COUNT(*) AS asked FROM confirmation WHERE card = $1 AND purpose = $2 AND asked_at > $3";
    INSERT = "INSERT INTO confirmation (token_sha256, purpose, card, payload, code_sha256, code_tries_left, asked_at, \
        expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    USE = "UPDATE confirmation SET used_at = $3 \
        WHERE token_sha256 = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";
    DEBIT = "UPDATE confirmation SET code_tries_left = code_tries_left - 1 \
        WHERE token_sha256 = $1 AND used_at IS NULL AND expires_at > $2 AND code_tries_left > 0";
    VOID = "UPDATE confirmation SET used_at = $2 WHERE card = $1 AND used_at IS NULL AND expires_at > $2";
    VOID_PURPOSE = "UPDATE confirmation SET used_at = $2 \
        WHERE card = $1 AND purpose = $3 AND used_at IS NULL AND expires_at > $2";
    DELETE = "DELETE FROM confirmation WHERE expires_at < $1";
    CONTACT = "SELECT email, name, telephone FROM contact WHERE holder = $1";
    PUT_CONTACT = "INSERT INTO contact (holder, email, name, telephone, set_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (holder) DO UPDATE SET email = excluded.email, name = excluded.name, \
        telephone = excluded.telephone, set_at = excluded.set_at";
}

#[async_trait]
impl ConfirmationReader for Work {
    async fn confirmation(&mut self, token_sha256: &[u8; 32]) -> Found<Option<ConfirmationRecord>> {
        let query = sqlx::query::<Db>(BY_TOKEN).bind(token_sha256.to_vec());
        let found = one(query.fetch_optional(self.on()).await);
        self.noted(found)
    }

    async fn open_confirmation(
        &mut self,
        purpose: Purpose,
        card: CardId,
        now: OffsetDateTime,
    ) -> Found<Option<ConfirmationRecord>> {
        let query = sqlx::query::<Db>(OPEN).bind(card.to_string()).bind(to_word(&purpose)?);
        let found = one(query.bind(now.unix_timestamp()).fetch_optional(self.on()).await);
        self.noted(found)
    }

    async fn count_confirmations(&mut self, purpose: Purpose, card: CardId, since: OffsetDateTime) -> Found<u64> {
        let query = sqlx::query::<Db>(COUNT).bind(card.to_string()).bind(to_word(&purpose)?);
        let row = query.bind(since.unix_timestamp()).fetch_one(self.on()).await.map_err(failure);
        let found = row.and_then(|row| number(&row, "asked"));
        self.noted(found)
    }

    async fn contact(&mut self, holder: HolderId) -> Found<Option<Contact>> {
        let found = contact(self.on(), holder).await;
        self.noted(found)
    }
}

#[async_trait]
impl ConfirmationWriter for Work {
    async fn insert_confirmation(&mut self, confirmation: &ConfirmationRecord) -> Found<()> {
        let done = insert(self.on(), confirmation).await;
        self.noted(done)
    }

    async fn use_confirmation(
        &mut self,
        token_sha256: &[u8; 32],
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Found<bool> {
        let query = sqlx::query::<Db>(USE).bind(token_sha256.to_vec()).bind(to_word(&purpose)?);
        let done = query.bind(now.unix_timestamp()).execute(self.on()).await.map_err(failure);
        Ok(self.noted(done)?.rows_affected() == 1)
    }

    async fn debit_confirmation(&mut self, token_sha256: &[u8; 32], now: OffsetDateTime) -> Found<bool> {
        let query = sqlx::query::<Db>(DEBIT).bind(token_sha256.to_vec()).bind(now.unix_timestamp());
        let done = query.execute(self.on()).await.map_err(failure);
        Ok(self.noted(done)?.rows_affected() == 1)
    }

    async fn void_confirmations(&mut self, card: CardId, purpose: Option<Purpose>, now: OffsetDateTime) -> Found<u64> {
        let query = sqlx::query::<Db>(if purpose.is_some() { VOID_PURPOSE } else { VOID });
        let query = query.bind(card.to_string()).bind(now.unix_timestamp());
        let query = match purpose {
            Some(purpose) => query.bind(to_word(&purpose)?),
            None => query,
        };
        let done = query.execute(self.on()).await.map_err(failure);
        Ok(self.noted(done)?.rows_affected())
    }

    async fn delete_confirmations(&mut self, before: OffsetDateTime) -> Found<u64> {
        let done = sqlx::query::<Db>(DELETE).bind(before.unix_timestamp()).execute(self.on()).await.map_err(failure);
        Ok(self.noted(done)?.rows_affected())
    }

    async fn put_contact(&mut self, holder: HolderId, contact: &Contact, now: OffsetDateTime) -> Found<()> {
        let query = sqlx::query::<Db>(PUT_CONTACT)
            .bind(holder.to_string())
            .bind(contact.email.as_str().to_owned())
            .bind(contact.name.clone())
            .bind(contact.telephone.clone())
            .bind(now.unix_timestamp());
        let done = query.execute(self.on()).await.map_err(failure);
        self.noted(done).map(drop)
    }
}

async fn contact(on: &mut Connection, holder: HolderId) -> Found<Option<Contact>> {
    let row = sqlx::query::<Db>(CONTACT).bind(holder.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| {
        Ok(Contact {
            email: parsed(&row, "email")?,
            name: text_or_none(&row, "name")?,
            telephone: text_or_none(&row, "telephone")?,
        })
    })
    .transpose()
}

async fn insert(on: &mut Connection, confirmation: &ConfirmationRecord) -> Found<()> {
    sqlx::query::<Db>(INSERT)
        .bind(confirmation.token_sha256.to_vec())
        .bind(to_word(&confirmation.purpose)?)
        .bind(confirmation.card.to_string())
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

fn one(row: Result<Option<Row>, sqlx::Error>) -> Found<Option<ConfirmationRecord>> {
    row.map_err(failure)?.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Found<ConfirmationRecord> {
    let code: Option<Vec<u8>> = row.try_get("code_sha256").map_err(failure)?;
    Ok(ConfirmationRecord {
        token_sha256: array(row, "token_sha256")?,
        purpose: word(row, "purpose")?,
        card: parsed(row, "card")?,
        payload: json(row, "payload")?,
        code_sha256: code.map(|code| code.try_into().map_err(|_| unreadable("code_sha256"))).transpose()?,
        code_tries_left: number(row, "code_tries_left")?,
        asked_at: time(row, "asked_at")?,
        expires_at: time(row, "expires_at")?,
        used_at: time_or_none(row, "used_at")?,
    })
}
