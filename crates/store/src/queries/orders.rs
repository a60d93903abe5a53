//! Orders for cards, and the attempts at making them.

use super::{
    Connection, Db, Found, Work,
    rows::{
        Row, json_or_none, number, number_or_none, parsed, parsed_or_none, text, text_or_none, time, time_or_none,
        to_json, unreadable,
    },
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{
    StoreError,
    cards::{OrderReader, OrderWriter},
};
use kaika_domain::cards::{Making, MakingEnd, Order, OrderState};
use kaika_wire::CardId;
use time::OffsetDateTime;

macro_rules! makings {
    ($which:literal) => {
        concat!("SELECT id, card, device, guid, began_at, changed_by, found, ended, ended_at FROM making", $which)
    };
}

statements! {
    ORDER = "SELECT id, card, ordered_at, state, state_at, version FROM card_order WHERE card = $1";
    INSERT_ORDER = "INSERT INTO card_order (id, card, ordered_at, state, state_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    UPDATE_ORDER = "UPDATE card_order SET state = $3, state_at = $4, version = version + 1 WHERE id = $1 AND version = $2";
    UNDER_WAY = makings!(" WHERE card = $1 AND ended IS NULL");
    MAKINGS = makings!(" WHERE card = $1 ORDER BY began_at, id");
    INSERT_MAKING = "INSERT INTO making (id, card, device, guid, began_at, changed_by, found, ended, ended_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE_MAKING = "UPDATE making SET guid = $2, changed_by = $3, found = $4, ended = $5, ended_at = $6 \
        WHERE id = $1 AND ended IS NULL";
}

#[async_trait]
impl OrderReader for Work {
    async fn order_of_card(&mut self, card: CardId) -> Found<Option<Order>> {
        let query = sqlx::query::<Db>(ORDER).bind(card.to_string());
        self.on(async |on| query.fetch_optional(on).await.map_err(failure)?.as_ref().map(read_order).transpose()).await
    }

    async fn making_under_way(&mut self, card: CardId) -> Found<Option<Making>> {
        let query = sqlx::query::<Db>(UNDER_WAY).bind(card.to_string());
        self.on(async |on| query.fetch_optional(on).await.map_err(failure)?.as_ref().map(read_making).transpose()).await
    }

    async fn makings(&mut self, card: CardId) -> Found<Vec<Making>> {
        let query = sqlx::query::<Db>(MAKINGS).bind(card.to_string());
        self.on(async |on| query.fetch_all(on).await.map_err(failure)?.iter().map(read_making).collect()).await
    }
}

#[async_trait]
impl OrderWriter for Work {
    async fn insert_order(&mut self, order: &Order) -> Found<()> {
        let query = sqlx::query::<Db>(INSERT_ORDER)
            .bind(order.id.to_string())
            .bind(order.card.to_string())
            .bind(order.ordered_at.unix_timestamp())
            .bind(order.state.name())
            .bind(state_at(&order.state))
            .bind(order.version);
        self.execute(query).await.map(drop)
    }

    async fn update_order(&mut self, order: &mut Order) -> Found<()> {
        self.on(async |on| update_order(on, order).await).await
    }

    async fn insert_making(&mut self, making: &Making) -> Found<()> {
        let (ended, ended_at) = end(making);
        let query = sqlx::query::<Db>(INSERT_MAKING)
            .bind(making.id.to_string())
            .bind(making.card.to_string())
            .bind(making.device.map(i64::from))
            .bind(making.guid.map(|guid| guid.to_string()))
            .bind(making.began_at.unix_timestamp())
            .bind(making.changed_by.map(|job| job.to_string()))
            .bind(to_json(&making.found)?)
            .bind(ended)
            .bind(ended_at);
        self.execute(query).await.map(drop)
    }

    async fn update_making(&mut self, making: &Making) -> Found<()> {
        self.on(async |on| update_making(on, making).await).await
    }
}

async fn update_order(on: &mut Connection, order: &mut Order) -> Found<()> {
    let query = sqlx::query::<Db>(UPDATE_ORDER)
        .bind(order.id.to_string())
        .bind(order.version)
        .bind(order.state.name())
        .bind(state_at(&order.state));
    if query.execute(on).await.map_err(failure)?.rows_affected() == 0 {
        return Err(StoreError::Stale);
    }
    order.version += 1;
    Ok(())
}

async fn update_making(on: &mut Connection, making: &Making) -> Found<()> {
    let (ended, ended_at) = end(making);
    let query = sqlx::query::<Db>(UPDATE_MAKING)
        .bind(making.id.to_string())
        .bind(making.guid.map(|guid| guid.to_string()))
        .bind(making.changed_by.map(|job| job.to_string()))
        .bind(to_json(&making.found)?)
        .bind(ended)
        .bind(ended_at);
    if query.execute(on).await.map_err(failure)?.rows_affected() == 0 { Err(StoreError::Stale) } else { Ok(()) }
}

fn state_at(state: &OrderState) -> Option<i64> {
    match state {
        OrderState::Open => None,
        OrderState::Made { at } | OrderState::Withdrawn { at } => Some(at.unix_timestamp()),
    }
}

fn end(making: &Making) -> (Option<&'static str>, Option<i64>) {
    (making.ended.map(|(how, _)| how.name()), making.ended.map(|(_, at)| at.unix_timestamp()))
}

fn read_order(row: &Row) -> Found<Order> {
    let at = || {
        time_or_none(row, "state_at").and_then(|at: Option<OffsetDateTime>| at.ok_or_else(|| unreadable("state_at")))
    };
    Ok(Order {
        id: parsed(row, "id")?,
        card: parsed(row, "card")?,
        ordered_at: time(row, "ordered_at")?,
        state: match text(row, "state")?.as_str() {
            "open" => OrderState::Open,
            "made" => OrderState::Made { at: at()? },
            "withdrawn" => OrderState::Withdrawn { at: at()? },
            _ => return Err(unreadable("state")),
        },
        version: number(row, "version")?,
    })
}

fn read_making(row: &Row) -> Found<Making> {
    let how = match text_or_none(row, "ended")?.as_deref() {
        None => None,
        Some("made") => Some(MakingEnd::Made),
        Some("spoilt") => Some(MakingEnd::Spoilt),
        Some("released") => Some(MakingEnd::Released),
        Some(_) => return Err(unreadable("ended")),
    };
    let at = time_or_none(row, "ended_at")?;
    Ok(Making {
        id: parsed(row, "id")?,
        card: parsed(row, "card")?,
        device: number_or_none(row, "device")?,
        guid: parsed_or_none(row, "guid")?,
        began_at: time(row, "began_at")?,
        changed_by: parsed_or_none(row, "changed_by")?,
        found: json_or_none(row, "found")?.unwrap_or_default(),
        ended: how.map(|how| at.map(|at| (how, at)).ok_or_else(|| unreadable("ended_at"))).transpose()?,
    })
}
