//! Holders, who is written to about their cards, and which organisations they are of.

use super::{
    Connection, Db, Found, Work,
    listing::LIST_OF_HOLDER,
    rows::{Row, json, parsed, text, text_or_none, time, to_json},
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::holders::{HolderReader, HolderWriter};
use kaika_domain::holders::{Contact, Holder, Membership};
use kaika_pki::DistinguishedName;
use kaika_wire::{AuthorityId, CardId, HolderId};
use time::OffsetDateTime;

macro_rules! holders {
    ($which:literal) => {
        concat!("SELECT id, authority, subject, organisation, registered_at FROM holder", $which)
    };
}

statements! {
    HOLDER = holders!(" WHERE id = $1");
    BY_SUBJECT = holders!(" WHERE authority = $1 AND subject = $2");
    INSERT_HOLDER = "INSERT INTO holder (id, authority, subject, organisation, registered_at) \
        VALUES ($1, $2, $3, $4, $5)";
    UPDATE_HOLDER = "UPDATE holder SET organisation = $2 WHERE id = $1";
    CONTACT = "SELECT email, name, telephone FROM contact WHERE card = $1";
    PUT_CONTACT = "INSERT INTO contact (card, email, name, telephone, set_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (card) DO UPDATE SET email = excluded.email, name = excluded.name, \
        telephone = excluded.telephone, set_at = excluded.set_at";
    HOLDERS = holders!(" WHERE authority = $1 AND id > $2 ORDER BY id LIMIT $3");
    RULE = "SELECT named_by FROM organisation_rule WHERE authority = $1";
    PUT_RULE = "INSERT INTO organisation_rule (authority, named_by) VALUES ($1, $2) \
        ON CONFLICT (authority) DO UPDATE SET named_by = excluded.named_by";
    PUT_MEMBER = "INSERT INTO organisation_member (holder, organisation, name, sorted_by) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (holder) DO UPDATE SET organisation = excluded.organisation, name = excluded.name, \
        sorted_by = excluded.sorted_by";
    DELETE_MEMBER = "DELETE FROM organisation_member WHERE holder = $1";
    UNLIST = "DELETE FROM organisation_certificate WHERE certificate IN (SELECT certificate.id FROM card \
        JOIN certificate ON certificate.card = card.id WHERE card.holder = $1)";
}

#[async_trait]
impl HolderReader for Work {
    async fn holder(&mut self, id: HolderId) -> Found<Option<Holder>> {
        self.on(async |on| holder(on, id).await).await
    }

    async fn holder_by_subject(
        &mut self,
        authority: &AuthorityId,
        subject: &DistinguishedName,
    ) -> Found<Option<Holder>> {
        let query = sqlx::query::<Db>(BY_SUBJECT).bind(authority.as_str().to_owned()).bind(to_json(&subject)?);
        self.on(async |on| query.fetch_optional(on).await.map_err(failure)?.as_ref().map(read_holder).transpose()).await
    }

    async fn contact(&mut self, card: CardId) -> Found<Option<Contact>> {
        self.on(async |on| contact(on, card).await).await
    }

    async fn holders(&mut self, authority: &AuthorityId, after: Option<HolderId>, limit: u32) -> Found<Vec<Holder>> {
        let query = sqlx::query::<Db>(HOLDERS)
            .bind(authority.as_str().to_owned())
            .bind(after.map(|id| id.to_string()).unwrap_or_default())
            .bind(i64::from(limit));
        self.on(async |on| query.fetch_all(on).await.map_err(failure)?.iter().map(read_holder).collect()).await
    }

    async fn organisation_rule(&mut self, authority: &AuthorityId) -> Found<Option<String>> {
        let query = sqlx::query::<Db>(RULE).bind(authority.as_str().to_owned());
        self.on(async |on| {
            let row = query.fetch_optional(on).await.map_err(failure)?;
            row.map(|row| text(&row, "named_by")).transpose()
        })
        .await
    }
}

#[async_trait]
impl HolderWriter for Work {
    async fn insert_holder(&mut self, holder: &Holder) -> Found<()> {
        self.on(async |on| insert_holder(on, holder).await).await
    }

    async fn update_holder(&mut self, holder: &Holder) -> Found<()> {
        let query = sqlx::query::<Db>(UPDATE_HOLDER).bind(holder.id.to_string()).bind(to_json(&holder.organisation)?);
        self.execute(query).await.map(drop)
    }

    async fn upsert_contact(&mut self, card: CardId, contact: &Contact, now: OffsetDateTime) -> Found<()> {
        let query = sqlx::query::<Db>(PUT_CONTACT)
            .bind(card.to_string())
            .bind(contact.email.as_str().to_owned())
            .bind(contact.name.clone())
            .bind(contact.telephone.clone())
            .bind(now.unix_timestamp());
        self.execute(query).await.map(drop)
    }

    async fn upsert_member(&mut self, holder: HolderId, membership: Option<&Membership>) -> Found<()> {
        self.on(async |on| upsert_member(on, holder, membership).await).await
    }

    async fn upsert_organisation_rule(&mut self, authority: &AuthorityId, rule: &str) -> Found<()> {
        let put = sqlx::query::<Db>(PUT_RULE).bind(authority.as_str().to_owned()).bind(rule.to_owned());
        self.execute(put).await.map(drop)
    }
}

async fn holder(on: &mut Connection, id: HolderId) -> Found<Option<Holder>> {
    let row = sqlx::query::<Db>(HOLDER).bind(id.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| read_holder(&row)).transpose()
}

async fn insert_holder(on: &mut Connection, holder: &Holder) -> Found<()> {
    sqlx::query::<Db>(INSERT_HOLDER)
        .bind(holder.id.to_string())
        .bind(holder.authority.as_str().to_owned())
        .bind(to_json(&holder.subject)?)
        .bind(to_json(&holder.organisation)?)
        .bind(holder.registered_at.unix_timestamp())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

fn read_holder(row: &Row) -> Found<Holder> {
    Ok(Holder {
        id: parsed(row, "id")?,
        authority: parsed(row, "authority")?,
        subject: json(row, "subject")?,
        organisation: json(row, "organisation")?,
        registered_at: time(row, "registered_at")?,
    })
}

async fn contact(on: &mut Connection, card: CardId) -> Found<Option<Contact>> {
    let row = sqlx::query::<Db>(CONTACT).bind(card.to_string()).fetch_optional(on).await.map_err(failure)?;
    row.map(|row| {
        Ok(Contact {
            email: parsed(&row, "email")?,
            name: text_or_none(&row, "name")?,
            telephone: text_or_none(&row, "telephone")?,
        })
    })
    .transpose()
}

/// The member's row comes first: who has it has the holder's list, and everybody else waits there and nowhere else.
async fn upsert_member(on: &mut Connection, holder: HolderId, membership: Option<&Membership>) -> Found<()> {
    let holder = holder.to_string();
    let member = match membership {
        Some(Membership { key, holder: name, sorted_by }) => sqlx::query::<Db>(PUT_MEMBER)
            .bind(holder.clone())
            .bind(key.clone())
            .bind(name.clone())
            .bind(sorted_by.clone()),
        None => sqlx::query::<Db>(DELETE_MEMBER).bind(holder.clone()),
    };
    member.execute(&mut *on).await.map_err(failure)?;
    for sql in [UNLIST, LIST_OF_HOLDER] {
        sqlx::query::<Db>(sql).bind(holder.clone()).execute(&mut *on).await.map_err(failure)?;
    }
    Ok(())
}
