//! A transaction on one driver. Each context's file implements that context's ports on it.
//!
//! These files are compiled twice: under `sqlite` and under `postgres`, whose `Db`, `Connection` and constants stand in
//! `super` (`#[path]` in `sqlite.rs` and `postgres.rs`).

mod access;
mod audit;
mod authorities;
mod cards;
mod certificates;
mod holders;
mod jobs;
mod leases;
mod listing;
mod mail;
mod orders;
mod records;
mod rows;
mod schema;
mod status;

use super::{Connection, Db, EXPLAIN, PARAMETERS, TABLES, WRITES_AT_ONCE};
use crate::{failure, groups::Many, noted::Noted};
use async_trait::async_trait;
use kaika_app::{Reader, StoreError, UnitOfWork, audit::Event};
pub(super) use schema::{said, touch};
use std::sync::Arc;
use time::OffsetDateTime;

type Found<T> = Result<T, StoreError>;
type Query<'q> = sqlx::query::Query<'q, Db, <Db as sqlx::Database>::Arguments>;

/// How the database would go about what must not read a whole table.
pub(super) async fn plans(on: &mut Connection) -> Found<Vec<String>> {
    let mut plans = listing::plans(on).await?;
    plans.push(jobs::plan(on).await?);
    Ok(plans)
}

/// A transaction, for reading or for both.
pub(super) struct Work {
    transaction: sqlx::Transaction<'static, Db>,
    /// Events of this transaction, chained when it commits.
    events: Vec<Event>,
    /// Something has failed, be it a read. PostgreSQL would roll back at the commit and call it done, SQLite would
    /// keep the rest.
    spoiled: bool,
    revisions: certificates::Revisions,
    /// The status of a certificate that was there before.
    status_changed: bool,
    noted: Arc<Noted>,
}

impl Work {
    pub(super) fn new(transaction: sqlx::Transaction<'static, Db>, noted: &Arc<Noted>) -> Self {
        Self {
            transaction,
            events: Vec::new(),
            spoiled: false,
            revisions: certificates::Revisions::default(),
            status_changed: false,
            noted: Arc::clone(noted),
        }
    }

    /// Runs statements in the transaction: the one way to its connection, where a failure is noted.
    async fn on<T>(&mut self, statements: impl AsyncFnOnce(&mut Connection) -> Found<T>) -> Found<T> {
        let done = statements(&mut self.transaction).await;
        self.spoiled |= done.is_err();
        if matches!(done, Err(StoreError::Database(_) | StoreError::Damaged(_))) {
            self.noted.failed();
        }
        done
    }

    /// Runs one statement, and tells how many rows it has touched.
    async fn execute(&mut self, query: Query<'_>) -> Found<u64> {
        self.on(async |on| Ok(query.execute(on).await.map_err(failure)?.rows_affected())).await
    }
}

pub(super) async fn prepare(on: &mut Connection) -> Found<usize> {
    use sqlx::Executor;
    let statements = statements(Many::texts);
    for statement in &statements {
        (&mut *on).prepare(sqlx::SqlSafeStr::into_sql_str(*statement)).await.map_err(failure)?;
    }
    Ok(statements.len())
}

/// Every statement there is, those about many things in these texts. A file that is left out has a function that nobody
/// calls, and the compiler says so.
pub(super) fn statements(texts: fn(&'static Many) -> &'static [&'static str]) -> Vec<&'static str> {
    [
        access::statements(texts),
        audit::statements(texts),
        authorities::statements(texts),
        cards::statements(texts),
        certificates::statements(texts),
        holders::statements(texts),
        jobs::statements(texts),
        leases::statements(texts),
        listing::statements(texts),
        mail::statements(texts),
        orders::statements(texts),
        records::statements(texts),
        schema::statements(texts),
        status::statements(texts),
    ]
    .concat()
}

impl Reader for Work {}

#[async_trait]
impl UnitOfWork for Work {
    async fn take_lease(&mut self, name: &str, owner: &str, now: OffsetDateTime, until: OffsetDateTime) -> Found<bool> {
        self.on(async |on| leases::take_lease(on, name, owner, now, until).await).await
    }

    async fn release_lease(&mut self, name: &str, owner: &str) -> Found<()> {
        self.on(async |on| leases::release_lease(on, name, owner).await).await
    }

    async fn renew_leases(&mut self, owner: &str, until: OffsetDateTime) -> Found<u64> {
        self.on(async |on| leases::renew_leases(on, owner, until).await).await
    }

    async fn release_leases(&mut self) -> Found<()> {
        self.on(async |on| leases::release_leases(on).await).await
    }

    async fn commit(mut self: Box<Self>) -> Found<()> {
        if self.spoiled {
            return Err(StoreError::Database("a statement of this transaction failed".into()));
        }
        let events = std::mem::take(&mut self.events);
        self.on(async |on| audit::append(on, &events).await).await?;
        let done = self.transaction.commit().await.map_err(failure);
        match done {
            Ok(()) => self.noted.committed(),
            Err(_) => self.noted.failed(),
        }
        if self.status_changed {
            // Also where the commit failed: it may have reached the database all the same.
            self.noted.status_changed();
        }
        done
    }
}
