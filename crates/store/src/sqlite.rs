//! SQLite: one writer, some readers, write-ahead log.

use crate::{failure, migrate};
use async_trait::async_trait;
use kaika_app::{Reader, Store, StoreError, UnitOfWork};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

type Db = sqlx::Sqlite;
type Connection = sqlx::SqliteConnection;

#[path = "queries/all.rs"]
mod queries;

const READERS: u32 = 4;
const SCRIPTS: &[(i64, &str, &str)] = &[(1, "initial", include_str!("../migrations/sqlite/0001_initial.sql"))];

pub(crate) struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

pub(crate) async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    // Only its owner reads the file; SQLite gives its log the same mode.
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| StoreError::Database(Box::new(error)))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        // KiB; the readers' hot pages are few.
        .pragma("cache_size", "-1024");
    let pool = |most| SqlitePoolOptions::new().max_connections(most).idle_timeout(None).max_lifetime(None);
    let writer = pool(1).connect_with(options.clone()).await.map_err(failure)?;
    migrate(SCRIPTS, &writer).await?;
    let readers = pool(READERS).connect_with(options.read_only(true)).await.map_err(failure)?;
    Ok(SqliteStore { writer, readers })
}

impl SqliteStore {
    pub(crate) async fn prepare_every_statement(&self) -> Result<usize, StoreError> {
        let mut connection = self.writer.acquire().await.map_err(failure)?;
        queries::prepare(&mut connection).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self) -> Result<Box<dyn Reader>, StoreError> {
        let transaction = self.readers.begin().await.map_err(failure)?;
        Ok(Box::new(queries::Work::new(transaction)))
    }

    /// `IMMEDIATE`: a transaction that reads first and writes later would lose against another that wrote between.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failure)?;
        Ok(Box::new(queries::Work::new(transaction)))
    }
}
