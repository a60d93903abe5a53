//! PostgreSQL: many servers may share one database.

use crate::{
    failure,
    groups::{Many, Parameters},
    noted::Noted,
    schema::{self, Migrated, Script, scripts},
};
use async_trait::async_trait;
use kaika_app::{Reader, Store, StoreError, UnitOfWork};
use sqlx::{Connection as _, PgPool, migrate::Migrate as _, postgres::PgPoolOptions};
use std::{sync::Arc, time::Duration};

type Db = sqlx::Postgres;
type Connection = sqlx::PgConnection;

const PARAMETERS: Parameters = Parameters::Numbered;

/// Whether several transactions write at the same time, so that rows have to be locked.
const WRITES_AT_ONCE: bool = true;

/// How to ask for a statement's plan, and the column that tells it.
const EXPLAIN: (&str, &str) = ("EXPLAIN", "QUERY PLAN");

/// How many tables have this name, among those that statements find by it.
const TABLES: &str = "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass($1)";

#[path = "queries/all.rs"]
mod queries;

const CONNECTIONS: u32 = 16;
/// How long a request waits for a connection, be all of them taken or PostgreSQL not there: sqlx tries again where it is
/// refused. A restart of PostgreSQL takes less; whoever asked would rather be told than wait for longer.
const PATIENCE: Duration = Duration::from_secs(5);
const SCRIPTS: &[Script] = scripts::POSTGRES;

pub(crate) struct PostgresStore {
    pool: PgPool,
    noted: Arc<Noted>,
}

pub(crate) async fn open(url: &str) -> Result<PostgresStore, StoreError> {
    let options = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    let pool = options.connect(url).await.map_err(failure)?;
    let store = PostgresStore { pool, noted: Arc::default() };
    store.check_schema().await?;
    Ok(store)
}

/// One program at a time, while others may be at work: each migration is a transaction of its own, so that none keeps its
/// locks for longer than it needs them. Those before one that failed stay.
pub(crate) async fn migrate(url: &str, up_to: Option<i64>) -> Result<Migrated, StoreError> {
    let mut migrating = Connection::connect(url).await.map_err(failure)?;
    // The one that sqlx takes, and with it programs of 0.1. It ends with the connection.
    migrating.lock().await.map_err(schema::database)?;
    // Whoever waits for a table has everybody behind it wait, too: be it for a backup.
    sqlx::raw_sql("SET lock_timeout = '3s'").execute(&mut migrating).await.map_err(failure)?;
    let said = queries::said(&mut migrating).await?;
    let up_to = up_to.unwrap_or(schema::last(SCRIPTS));
    let migrated = schema::bring_up(said, SCRIPTS, up_to, &mut migrating).await?;
    migrating.close().await.map_err(failure)?;
    Ok(migrated)
}

pub(crate) fn release() -> String {
    schema::release(SCRIPTS, queries::statements(Many::smallest))
}

impl PostgresStore {
    pub(crate) async fn prepare_every_statement(&self) -> Result<usize, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failure)?;
        queries::prepare(&mut connection).await
    }

    /// In tables of some rows it would read all of them and sort; here only where no index does it.
    pub(crate) async fn plans(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.pool.begin().await.map_err(failure)?;
        let no_other_way =
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";
        sqlx::raw_sql(no_other_way).execute(&mut *connection).await.map_err(failure)?;
        queries::plans(&mut connection).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn read(&self) -> Result<Box<dyn Reader>, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let transaction = self.pool.begin_with(begin).await.map_err(failure)?;
        Ok(Box::new(queries::Work::new(transaction, &self.noted)))
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let transaction = self.pool.begin().await.map_err(failure)?;
        Ok(Box::new(queries::Work::new(transaction, &self.noted)))
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failure)?;
        queries::said(&mut connection).await?.fits(SCRIPTS).map(drop)
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        let write = async {
            let mut transaction = self.pool.begin().await.map_err(failure)?;
            queries::touch(&mut transaction).await?;
            transaction.commit().await.map_err(failure)
        };
        self.noted.check_writable(write).await
    }

    async fn take_alone(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn status_changes(&self) -> u64 {
        self.noted.status_changes()
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
