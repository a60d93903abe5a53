//! The store port on SQLite and PostgreSQL.
//!
//! Queries have one text each, with `$n`, and stand in `queries/`; that folder is compiled once per driver, under
//! [`sqlite`] and under [`postgres`].
//!
//! **Invariant:** SQL stands here and nowhere else.

#![expect(clippy::duplicate_mod, reason = "one text per query, compiled once per driver")]

mod groups;
mod noted;
mod postgres;
mod schema;
mod sqlite;

use kaika_app::{Store, StoreError};
pub use schema::{Migrated, may_run};
use std::{path::Path, sync::Arc};

/// Opens a database whose schema this program may run on: `sqlite:PATH` or `postgres://…`. It is not changed.
///
/// # Errors
/// [`StoreError::Empty`], [`StoreError::Older`] or [`StoreError::Newer`]; the database cannot be reached.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match url.strip_prefix("sqlite:") {
        Some(path) => Ok(Arc::new(sqlite::open(path.as_ref()).await?)),
        None => Ok(Arc::new(postgres::open(url).await?)),
    }
}

/// Brings the schema of an older database up to date, or makes that of an empty one; an SQLite file that is missing is
/// made. Of two programs that do so at the same time one waits, and finds nothing to do.
///
/// # Errors
/// [`StoreError::Newer`]; the database cannot be reached or written, or a migration fails, which leaves nothing of it.
pub async fn migrate(url: &str) -> Result<Migrated, StoreError> {
    migrate_up_to(url, None).await
}

/// As an earlier version would: for tests of what it left.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_to(url: &str, version: i64) -> Result<Migrated, StoreError> {
    migrate_up_to(url, Some(version)).await
}

async fn migrate_up_to(url: &str, version: Option<i64>) -> Result<Migrated, StoreError> {
    match url.strip_prefix("sqlite:") {
        Some(path) => sqlite::migrate(path.as_ref(), version).await,
        None => postgres::migrate(url, version).await,
    }
}

/// What is kept of a release, on SQLite and on PostgreSQL: its migrations, and every statement.
pub fn release() -> [(&'static str, String); 2] {
    [("sqlite", sqlite::release()), ("postgres", postgres::release())]
}

/// Copies the database into this file, as it is at one moment; others may read and write it meanwhile. False for
/// PostgreSQL, which has its own tools for that.
///
/// # Errors
/// There is no such database, or the file is there already or cannot be written.
pub async fn copy(url: &str, file: &Path) -> Result<bool, StoreError> {
    match url.strip_prefix("sqlite:") {
        Some(path) => sqlite::copy(path.as_ref(), file).await.map(|()| true),
        None => Ok(false),
    }
}

/// Has the database prepare every statement there is: a test of the texts against the schema.
///
/// # Errors
/// The first statement that the database does not take.
pub async fn prepare_every_statement(url: &str) -> Result<usize, StoreError> {
    match url.strip_prefix("sqlite:") {
        Some(path) => sqlite::open(path.as_ref()).await?.prepare_every_statement().await,
        None => postgres::open(url).await?.prepare_every_statement().await,
    }
}

/// How the database would read each order of an organisation's list: a test that an index gives it.
///
/// # Errors
/// The database does not say.
pub async fn plans(url: &str) -> Result<Vec<String>, StoreError> {
    match url.strip_prefix("sqlite:") {
        Some(path) => sqlite::open(path.as_ref()).await?.plans().await,
        None => postgres::open(url).await?.plans().await,
    }
}

/// Names the statements of a file and lists them; those that take many things at once come last.
macro_rules! statements {
    ($($name:ident = $sql:expr;)* $([many] $many:ident = $text:expr;)*) => {
        $(pub(super) const $name: &str = $sql;)*
        $(static $many: $crate::groups::Many = $crate::groups::Many::new($text, super::PARAMETERS);)*

        pub(super) fn statements(texts: fn(&'static $crate::groups::Many) -> &'static [&'static str]) -> Vec<&'static str> {
            let many: &[&'static $crate::groups::Many] = &[$(&$many),*];
            let many = many.iter().flat_map(|statement| texts(statement));
            [$($name),*].into_iter().chain(many.copied()).collect()
        }
    };
}
use statements;

/// What a database said, in the port's terms.
fn failure(error: sqlx::Error) -> StoreError {
    if let sqlx::Error::Database(database) = &error {
        // PostgreSQL: serialization failure and deadlock.
        if matches!(database.code().as_deref(), Some("40001" | "40P01")) {
            return StoreError::Conflict;
        }
        // SQLite: SQLITE_CORRUPT and SQLITE_NOTADB. PostgreSQL: data_corrupted and index_corrupted.
        if matches!(database.code().as_deref(), Some("11" | "26" | "XX001" | "XX002")) {
            return StoreError::Damaged(database.message().to_owned());
        }
        if database.is_unique_violation() {
            return StoreError::Stale;
        }
    }
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return StoreError::Database("it gave no connection in time: it does not run, or has too much to do".into());
    }
    StoreError::Database(Box::new(error))
}
