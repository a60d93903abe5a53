//! Cards, their PUKs and what their holders have signed for.

use super::{
    Connection, Db, Found, WRITES_AT_ONCE, Work,
    rows::{
        Row, bytes, json_or_none, number, number_or_none, parsed, parsed_or_none, text, text_or_none, time,
        time_or_none, to_json, to_word, unreadable, word,
    },
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{
    StoreError,
    cards::{CardReader, CardWriter, Receipt, StoredPuk},
};
use kaika_domain::cards::{Card, CardState, PukRecord, PukVersion};
use kaika_wire::{AuthorityId, CardId, CardNumber, EmailAddress, HolderId};
use time::OffsetDateTime;

macro_rules! cards {
    ($which:literal) => {
        concat!(
            "SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, \
            termination_reason, proved_email, version FROM card",
            $which
        )
    };
}

statements! {
    CARD = cards!(" WHERE id = $1");
    BY_NUMBER = cards!(" WHERE number = $1");
    BY_DEVICE = cards!(" WHERE device = $1 AND state <> 'terminated'");
    OLDEST_ORDER = cards!(" WHERE state = 'ordered' AND device IS NULL ORDER BY ordered_at, id LIMIT 1");
    OLDEST_ORDER_OF = cards!(" WHERE state = 'ordered' AND device IS NULL AND authority = $1 \
        ORDER BY ordered_at, id LIMIT 1");
    OF_AUTHORITY = cards!(" WHERE authority = $1 ORDER BY ordered_at, id");
    OF_HOLDER = cards!(" WHERE holder = $1 ORDER BY ordered_at, id LIMIT 100");
    OVERDUE = cards!(" WHERE authority = $1 AND state = 'dispatched' AND dispatched_at < $2 \
        AND (dispatched_at, id) > ($3, $4) ORDER BY dispatched_at, id LIMIT $5");
    INSERT = "INSERT INTO card (id, number, authority, holder, rank, device, guid, ordered_at, state, dispatched_at, \
        state_at, termination_reason, version, proved_email, email) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    UPDATE = "UPDATE card SET rank = $3, device = $4, guid = $5, ordered_at = $6, state = $7, dispatched_at = $8, \
        state_at = $9, termination_reason = $10, proved_email = $11, email = $12, version = version + 1 \
        WHERE id = $1 AND version = $2";
    LOCK = "UPDATE card SET version = version WHERE id = $1";
    PUKS = "SELECT version, state, unanswered, exposed, ciphertext FROM puk WHERE card = $1 ORDER BY version";
    PUT_PUK = "INSERT INTO puk (card, version, state, unanswered, exposed, ciphertext) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (card, version) DO UPDATE SET state = excluded.state, unanswered = excluded.unanswered, \
        exposed = excluded.exposed WHERE puk.ciphertext = excluded.ciphertext";
    RECEIPTS = "SELECT job, card, cms, at FROM receipt WHERE card = $1 ORDER BY at, job";
    INSERT_RECEIPT = "INSERT INTO receipt (job, card, cms, at) VALUES ($1, $2, $3, $4)";
}

#[async_trait]
impl CardReader for Work {
    async fn card(&mut self, id: CardId) -> Found<Option<Card>> {
        self.on(async |on| card(on, id).await).await
    }

    async fn card_by_number(&mut self, number: &CardNumber) -> Found<Option<Card>> {
        self.on(async |on| card_by_number(on, number).await).await
    }

    async fn cards_by_device(&mut self, device: u32) -> Found<Vec<Card>> {
        self.on(async |on| cards_by_device(on, device).await).await
    }

    async fn oldest_order(&mut self, authority: Option<&AuthorityId>) -> Found<Option<Card>> {
        self.on(async |on| oldest_order(on, authority).await).await
    }

    async fn cards(&mut self, authority: &AuthorityId) -> Found<Vec<Card>> {
        self.on(async |on| cards(on, authority).await).await
    }

    async fn cards_of_holder(&mut self, holder: HolderId) -> Found<Vec<Card>> {
        self.on(async |on| cards_of_holder(on, holder).await).await
    }

    async fn overdue_cards(
        &mut self,
        authority: &AuthorityId,
        before: OffsetDateTime,
        after: Option<&Card>,
        limit: u32,
    ) -> Found<Vec<Card>> {
        self.on(async |on| overdue_cards(on, authority, before, after, limit).await).await
    }

    async fn puks(&mut self, card: CardId) -> Found<Vec<StoredPuk>> {
        self.on(async |on| puks(on, card).await).await
    }

    async fn receipts(&mut self, card: CardId) -> Found<Vec<Receipt>> {
        self.on(async |on| receipts(on, card).await).await
    }
}

#[async_trait]
impl CardWriter for Work {
    async fn insert_card(&mut self, card: &Card) -> Found<()> {
        self.on(async |on| insert_card(on, card).await).await
    }

    async fn update_card(&mut self, card: &mut Card) -> Found<()> {
        self.on(async |on| update_card(on, card).await).await
    }

    async fn lock_card(&mut self, card: CardId) -> Found<bool> {
        self.on(async |on| lock_card(on, card).await).await
    }

    async fn upsert_puk(&mut self, card: CardId, puk: &StoredPuk) -> Found<()> {
        self.on(async |on| upsert_puk(on, card, puk).await).await
    }

    async fn insert_receipt(&mut self, receipt: &Receipt) -> Found<()> {
        self.on(async |on| insert_receipt(on, receipt).await).await
    }
}

async fn card(on: &mut Connection, id: CardId) -> Found<Option<Card>> {
    one(sqlx::query::<Db>(CARD).bind(id.to_string()).fetch_optional(on).await)
}

async fn card_by_number(on: &mut Connection, number: &CardNumber) -> Found<Option<Card>> {
    one(sqlx::query::<Db>(BY_NUMBER).bind(number.as_str().to_owned()).fetch_optional(on).await)
}

async fn cards_by_device(on: &mut Connection, device: u32) -> Found<Vec<Card>> {
    many(sqlx::query::<Db>(BY_DEVICE).bind(i64::from(device)).fetch_all(on).await)
}

async fn oldest_order(on: &mut Connection, authority: Option<&AuthorityId>) -> Found<Option<Card>> {
    one(match authority {
        Some(authority) => {
            sqlx::query::<Db>(OLDEST_ORDER_OF).bind(authority.as_str().to_owned()).fetch_optional(on).await
        }
        None => sqlx::query::<Db>(OLDEST_ORDER).fetch_optional(on).await,
    })
}

async fn cards(on: &mut Connection, authority: &AuthorityId) -> Found<Vec<Card>> {
    many(sqlx::query::<Db>(OF_AUTHORITY).bind(authority.as_str().to_owned()).fetch_all(on).await)
}

async fn cards_of_holder(on: &mut Connection, holder: HolderId) -> Found<Vec<Card>> {
    many(sqlx::query::<Db>(OF_HOLDER).bind(holder.to_string()).fetch_all(on).await)
}

async fn overdue_cards(
    on: &mut Connection,
    authority: &AuthorityId,
    before: OffsetDateTime,
    after: Option<&Card>,
    limit: u32,
) -> Found<Vec<Card>> {
    let (at, id) = match after {
        Some(card) => (StateColumns::of(&card.state)?.dispatched_at, card.id.to_string()),
        None => (None, String::new()),
    };
    many(
        sqlx::query::<Db>(OVERDUE)
            .bind(authority.as_str().to_owned())
            .bind(before.unix_timestamp())
            .bind(at.unwrap_or(i64::MIN))
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(on)
            .await,
    )
}

async fn insert_card(on: &mut Connection, card: &Card) -> Found<()> {
    let state = StateColumns::of(&card.state)?;
    sqlx::query::<Db>(INSERT)
        .bind(card.id.to_string())
        .bind(card.number.as_str().to_owned())
        .bind(card.authority.as_str().to_owned())
        .bind(card.holder.to_string())
        .bind(to_word(&card.rank)?)
        .bind(card.device.map(i64::from))
        .bind(card.guid.map(|guid| guid.to_string()))
        .bind(card.ordered_at.unix_timestamp())
        .bind(state.name)
        .bind(state.dispatched_at)
        .bind(state.at)
        .bind(state.reason)
        .bind(card.version)
        .bind(card.proved_email.as_ref().map(to_json).transpose()?)
        .bind(card.email.as_ref().map(|email| email.as_str().to_owned()))
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

async fn update_card(on: &mut Connection, card: &mut Card) -> Found<()> {
    let state = StateColumns::of(&card.state)?;
    let done = sqlx::query::<Db>(UPDATE)
        .bind(card.id.to_string())
        .bind(card.version)
        .bind(to_word(&card.rank)?)
        .bind(card.device.map(i64::from))
        .bind(card.guid.map(|guid| guid.to_string()))
        .bind(card.ordered_at.unix_timestamp())
        .bind(state.name)
        .bind(state.dispatched_at)
        .bind(state.at)
        .bind(state.reason)
        .bind(card.proved_email.as_ref().map(to_json).transpose()?)
        .bind(card.email.as_ref().map(|email| email.as_str().to_owned()))
        .execute(on)
        .await
        .map_err(failure)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Stale);
    }
    card.version += 1;
    Ok(())
}

async fn lock_card(on: &mut Connection, id: CardId) -> Found<bool> {
    if WRITES_AT_ONCE {
        sqlx::query::<Db>(LOCK).bind(id.to_string()).execute(on).await.map_err(failure)?;
    }
    Ok(WRITES_AT_ONCE)
}

struct StateColumns {
    name: &'static str,
    dispatched_at: Option<i64>,
    at: Option<i64>,
    reason: Option<String>,
}

impl StateColumns {
    fn of(state: &CardState) -> Found<Self> {
        let (dispatched_at, at, reason) = match state {
            CardState::Ordered => (None, None, None),
            CardState::Personalised { at } => (None, Some(at), None),
            CardState::Dispatched { at } => (Some(at), Some(at), None),
            CardState::Activated { dispatched_at, at } => (Some(dispatched_at), Some(at), None),
            CardState::Terminated { reason, at } => (None, Some(at), Some(to_word(reason)?)),
        };
        let seconds = |at: &OffsetDateTime| at.unix_timestamp();
        Ok(Self { name: state.name(), dispatched_at: dispatched_at.map(seconds), at: at.map(seconds), reason })
    }
}

fn one(row: Result<Option<Row>, sqlx::Error>) -> Found<Option<Card>> {
    row.map_err(failure)?.map(|row| read(&row)).transpose()
}

fn many(rows: Result<Vec<Row>, sqlx::Error>) -> Found<Vec<Card>> {
    rows.map_err(failure)?.iter().map(read).collect()
}

fn email(row: &Row) -> Found<Option<EmailAddress>> {
    let text = text_or_none(row, "email")?;
    text.map(|text| EmailAddress::in_certificate(&text)).transpose().map_err(|_| unreadable("email"))
}

pub(super) fn read(row: &Row) -> Found<Card> {
    let at = |column| time_or_none(row, column).and_then(|at| at.ok_or_else(|| unreadable(column)));
    let state = match text(row, "state")?.as_str() {
        "ordered" => CardState::Ordered,
        "personalised" => CardState::Personalised { at: at("state_at")? },
        "dispatched" => CardState::Dispatched { at: at("dispatched_at")? },
        "activated" => CardState::Activated { dispatched_at: at("dispatched_at")?, at: at("state_at")? },
        "terminated" => CardState::Terminated { reason: word(row, "termination_reason")?, at: at("state_at")? },
        _ => return Err(unreadable("state")),
    };
    Ok(Card {
        id: parsed(row, "id")?,
        number: parsed(row, "number")?,
        authority: parsed(row, "authority")?,
        holder: parsed(row, "holder")?,
        rank: word(row, "rank")?,
        email: email(row)?,
        device: number_or_none(row, "device")?,
        guid: parsed_or_none(row, "guid")?,
        ordered_at: time(row, "ordered_at")?,
        state,
        proved_email: json_or_none(row, "proved_email")?,
        version: number(row, "version")?,
    })
}

async fn puks(on: &mut Connection, card: CardId) -> Found<Vec<StoredPuk>> {
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

async fn upsert_puk(on: &mut Connection, card: CardId, puk: &StoredPuk) -> Found<()> {
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

async fn receipts(on: &mut Connection, card: CardId) -> Found<Vec<Receipt>> {
    let rows = sqlx::query::<Db>(RECEIPTS).bind(card.to_string()).fetch_all(on).await.map_err(failure)?;
    rows.iter()
        .map(|row| {
            Ok(Receipt {
                job: parsed(row, "job")?,
                card: parsed(row, "card")?,
                cms: bytes(row, "cms")?,
                at: time(row, "at")?,
            })
        })
        .collect()
}

async fn insert_receipt(on: &mut Connection, receipt: &Receipt) -> Found<()> {
    sqlx::query::<Db>(INSERT_RECEIPT)
        .bind(receipt.job.to_string())
        .bind(receipt.card.to_string())
        .bind(receipt.cms.clone())
        .bind(receipt.at.unix_timestamp())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}
