//! SQLite: one writer, some readers, write-ahead log.

use crate::{
    failure,
    groups::{Many, Parameters},
    noted::Noted,
    schema::{self, Migrated, Script, scripts},
};
use async_trait::async_trait;
use kaika_app::{Reader, Store, StoreError, UnitOfWork};
use sqlx::{
    ConnectOptions as _, Connection as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

type Db = sqlx::Sqlite;
type Connection = sqlx::SqliteConnection;

/// `$1` would be a name, which sqlx asks SQLite for at each, and SQLite goes through all names to find one.
const PARAMETERS: Parameters = Parameters::Nameless;

/// A transaction that writes has the database to itself from its beginning.
const WRITES_AT_ONCE: bool = false;

/// How to ask for a statement's plan, and the column that tells it.
const EXPLAIN: (&str, &str) = ("EXPLAIN QUERY PLAN", "detail");

/// How many tables have this name.
const TABLES: &str = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1";

#[path = "queries/all.rs"]
mod queries;

const READERS: u32 = 4;
/// How long one process waits for another that writes.
const BUSY_FOR: Duration = Duration::from_secs(10);
/// SQLITE_BUSY.
const BUSY: &str = "5";
const SCRIPTS: &[Script] = scripts::SQLITE;

pub(crate) struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    noted: Arc<Noted>,
    path: PathBuf,
    /// The lock beside it, once this handle has it.
    alone: Mutex<Option<File>>,
}

pub(crate) async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    // To look at it is not to make it.
    if !path.try_exists().map_err(|error| StoreError::Database(Box::new(error)))? {
        return Err(StoreError::Empty);
    }
    let pool = |most| {
        let options = SqlitePoolOptions::new().max_connections(most).idle_timeout(None).max_lifetime(None);
        options.after_release(|connection, _| Box::pin(is_as_new(connection)))
    };
    let mut checking = writing(path).connect().await.map_err(failure)?;
    let fits = queries::said(&mut checking).await.and_then(|said| said.fits(SCRIPTS));
    if let Err(error) = fits {
        checking.close().await.map_err(failure)?;
        return Err(error);
    }
    write_ahead(&mut checking).await.map_err(failure)?;
    // What a statement would undo where it fails is kept in memory, not in a file of its own for each statement; a
    // migration may change whole tables.
    let writer = pool(1).connect_with(writing(path).pragma("temp_store", "memory")).await.map_err(failure)?;
    checking.close().await.map_err(failure)?;
    let readers = pool(READERS).connect_with(options(path).read_only(true)).await.map_err(failure)?;
    Ok(SqliteStore { writer, readers, noted: Arc::default(), path: path.to_owned(), alone: Mutex::default() })
}

/// All or nothing, and one program at a time: two that find a new file at the same moment would both make its tables.
pub(crate) async fn migrate(path: &Path, up_to: Option<i64>) -> Result<Migrated, StoreError> {
    make_file(path).map_err(|error| StoreError::Database(Box::new(error)))?;
    let mut migrating = writing(path).connect().await.map_err(failure)?;
    write_ahead(&mut migrating).await.map_err(failure)?;
    let mut transaction = migrating.begin_with("BEGIN IMMEDIATE").await.map_err(failure)?;
    let said = queries::said(&mut transaction).await?;
    let up_to = up_to.unwrap_or(schema::last(SCRIPTS));
    let migrated = schema::bring_up(said, SCRIPTS, up_to, &mut *transaction).await?;
    transaction.commit().await.map_err(failure)?;
    migrating.close().await.map_err(failure)?;
    Ok(migrated)
}

pub(crate) fn release() -> String {
    schema::release(SCRIPTS, queries::statements(Many::smallest))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_FOR)
        // KiB; the readers' hot pages are few.
        .pragma("cache_size", "-1024")
}

/// A group of certificates touches some hundred pages of indexes: they stay in memory until the commit, and are folded
/// into the file once in a while, not after every group.
fn writing(path: &Path) -> SqliteConnectOptions {
    options(path).pragma("cache_size", "-8192").pragma("wal_autocheckpoint", "8000")
}

/// The schema stays as it is, be it an older one.
pub(crate) async fn copy(path: &Path, to: &Path) -> Result<(), StoreError> {
    let io = |error| StoreError::Database(Box::new(error));
    let name = to.to_str().ok_or_else(|| io(io::ErrorKind::InvalidFilename.into()))?;
    let options = SqliteConnectOptions::new().filename(path).synchronous(SqliteSynchronous::Full);
    let mut from = options.busy_timeout(BUSY_FOR).connect().await.map_err(failure)?;
    // SQLite fills an empty file as it makes a new one, but a new one everybody could read.
    OpenOptions::new().create_new(true).append(true).mode(0o600).open(to).map_err(io)?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(&mut from).await.map_err(failure)?;
    from.close().await.map_err(failure)?;
    File::open(to).and_then(|copy| copy.sync_all()).map_err(io)
}

/// Where the disk is full, SQLite rolls back by itself ("Result Codes", SQLITE_FULL), and sqlx, whose own ROLLBACK then
/// fails, takes the transaction for open ever after: such a connection is closed.
async fn is_as_new(connection: &mut Connection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may still be on its way.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// Only its owner reads the file; SQLite gives its log the same mode. One that is there is left alone: to close it
/// would undo the locks that this process holds on it (SQLite, "How To Corrupt", §2.2).
fn make_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().create_new(true).append(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// None: another has it. The system gives it back when its process ends, however that was.
fn lock_beside(path: &Path) -> io::Result<Option<File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(Path::new(&name))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The file keeps this mode. SQLite does not wait where another process switches it at this moment, so we do.
async fn write_ahead(writer: &mut Connection) -> Result<(), sqlx::Error> {
    const ATTEMPTS: u32 = 100;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut *writer).await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(BUSY) && attempt < ATTEMPTS => {
                sqlx::raw_sql("BEGIN IMMEDIATE; COMMIT").execute(&mut *writer).await?;
            }
            done => return done.map(drop),
        }
    }
}

impl SqliteStore {
    pub(crate) async fn prepare_every_statement(&self) -> Result<usize, StoreError> {
        let mut connection = self.writer.acquire().await.map_err(failure)?;
        queries::prepare(&mut connection).await
    }

    pub(crate) async fn plans(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.writer.acquire().await.map_err(failure)?;
        queries::plans(&mut connection).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self) -> Result<Box<dyn Reader>, StoreError> {
        let transaction = self.readers.begin().await.map_err(failure)?;
        Ok(Box::new(queries::Work::new(transaction, &self.noted)))
    }

    /// `IMMEDIATE`: a transaction that reads first and writes later would lose against another that wrote between.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failure)?;
        Ok(Box::new(queries::Work::new(transaction, &self.noted)))
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        let mut connection = self.readers.acquire().await.map_err(failure)?;
        queries::said(&mut connection).await?.fits(SCRIPTS).map(drop)
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        let write = async {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failure)?;
            queries::touch(&mut transaction).await?;
            transaction.commit().await.map_err(failure)
        };
        self.noted.check_writable(write).await
    }

    /// By a file beside the database, since to open and close the database's own would undo SQLite's locks on it.
    async fn take_alone(&self) -> Result<bool, StoreError> {
        let mut alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        if alone.is_none() {
            *alone = lock_beside(&self.path).map_err(|error| StoreError::Database(Box::new(error)))?;
        }
        Ok(alone.is_some())
    }

    fn status_changes(&self) -> u64 {
        self.noted.status_changes()
    }

    /// The writer last: it folds the log into the file.
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
