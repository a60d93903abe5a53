//! The audit log: the head is taken and advanced as the last thing before the commit, so that transactions queue for
//! it as briefly as can be.

use super::{
    Connection, Db, Found, Work,
    rows::{array, number, text},
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{
    StoreError,
    audit::{AuditReader, AuditWriter, Chained, Event, Head},
};

statements! {
    EVENTS = "SELECT sequence, at, actor, action, payload, hash FROM audit_event WHERE sequence > $1 ORDER BY \
        sequence LIMIT $2";
    HEAD = "SELECT sequence, hash FROM audit_head WHERE one = 1";
    // Takes the row's lock and gives the hash to chain on.
    ADVANCE = "UPDATE audit_head SET sequence = sequence + $1 WHERE one = 1 RETURNING sequence, hash";
    SEAL = "UPDATE audit_head SET hash = $1 WHERE one = 1";

    [many] INSERT = "INSERT INTO audit_event (sequence, at, actor, action, payload, hash) VALUES {(6)}";
}

#[async_trait]
impl AuditReader for Work {
    async fn audit_events(&mut self, after: i64, limit: u32) -> Found<Vec<Chained>> {
        self.on(async |on| events(on, after, limit).await).await
    }

    async fn audit_head(&mut self) -> Found<Head> {
        self.on(async |on| head(on).await).await
    }
}

impl AuditWriter for Work {
    fn audit(&mut self, event: Event) {
        self.events.push(event);
    }
}

async fn events(on: &mut Connection, after: i64, limit: u32) -> Found<Vec<Chained>> {
    let rows = sqlx::query::<Db>(EVENTS).bind(after).bind(i64::from(limit)).fetch_all(on).await.map_err(failure)?;
    rows.iter()
        .map(|row| {
            Ok(Chained {
                sequence: number(row, "sequence")?,
                at: number(row, "at")?,
                actor: text(row, "actor")?,
                action: text(row, "action")?,
                payload: text(row, "payload")?,
                hash: array(row, "hash")?,
            })
        })
        .collect()
}

async fn head(on: &mut Connection) -> Found<Head> {
    let row = sqlx::query::<Db>(HEAD).fetch_optional(on).await.map_err(failure)?;
    let row = row.ok_or_else(|| StoreError::Row("the audit log has no head".into()))?;
    Ok(Head { sequence: number(&row, "sequence")?, hash: array(&row, "hash")? })
}

pub(super) async fn append(on: &mut Connection, events: &[Event]) -> Found<()> {
    let Ok(count) = i64::try_from(events.len()) else { return Err(StoreError::Row("too many events".into())) };
    if count == 0 {
        return Ok(());
    }
    let row = sqlx::query::<Db>(ADVANCE).bind(count).fetch_optional(&mut *on).await.map_err(failure)?;
    let row = row.ok_or_else(|| StoreError::Row("the audit log has no head".into()))?;
    let mut head = Head { sequence: number::<i64>(&row, "sequence")? - count, hash: array(&row, "hash")? };
    let mut chained = Vec::with_capacity(events.len());
    for event in events {
        let next = head.chain(event);
        head = next.head();
        chained.push(next);
    }
    for (sql, group) in INSERT.each(&chained) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, event| {
            query
                .bind(event.sequence)
                .bind(event.at)
                .bind(event.actor.clone())
                .bind(event.action.clone())
                .bind(event.payload.clone())
                .bind(event.hash.to_vec())
        });
        query.execute(&mut *on).await.map_err(failure)?;
    }
    sqlx::query::<Db>(SEAL).bind(head.hash.to_vec()).execute(on).await.map_err(failure)?;
    Ok(())
}
