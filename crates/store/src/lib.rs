//! The store port on SQLite and PostgreSQL.
//!
//! Queries have one text each, with `$n`, and stand in `queries/`; that folder is compiled once per driver, under
//! [`sqlite`] and under [`postgres`].
//!
//! **Invariant:** SQL stands here and nowhere else.

#![expect(clippy::duplicate_mod, reason = "one text per query, compiled once per driver")]

mod groups;
mod postgres;
mod sqlite;

use kaika_app::{Store, StoreError};
use std::{path::Path, sync::Arc};

/// Opens the database and brings its schema up to date: `sqlite:PATH` (made where it is missing) or `postgres://…`.
///
/// # Errors
/// [`StoreError::Newer`] for a database of a newer version; the database cannot be reached or written.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match url.strip_prefix("sqlite:") {
        Some(path) => Ok(Arc::new(sqlite::open(path.as_ref()).await?)),
        None => Ok(Arc::new(postgres::open(url).await?)),
    }
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
pub async fn plans_of_lists(url: &str) -> Result<Vec<String>, StoreError> {
    match url.strip_prefix("sqlite:") {
        Some(path) => sqlite::open(path.as_ref()).await?.plans_of_lists().await,
        None => postgres::open(url).await?.plans_of_lists().await,
    }
}

/// The modules of the contexts, and all statements of all of them.
macro_rules! contexts {
    ($($context:ident),*) => {
        $(mod $context;)*

        /// Every statement there is, of those about many things each of its texts.
        fn statements() -> Vec<&'static str> {
            [$($context::statements()),*].concat()
        }
    };
}
use contexts;

/// Names the statements of a file and lists them; those that take many things at once come last.
macro_rules! statements {
    ($($name:ident = $sql:expr;)* $([many] $many:ident = $text:expr;)*) => {
        $(pub(super) const $name: &str = $sql;)*
        $(static $many: $crate::groups::Many = $crate::groups::Many::new($text, super::PARAMETERS);)*

        pub(super) fn statements() -> Vec<&'static str> {
            let many: &[&$crate::groups::Many] = &[$(&$many),*];
            let many = many.iter().flat_map(|statement| *statement.texts());
            [$($name),*].into_iter().chain(many).collect()
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
        if database.is_unique_violation() {
            return StoreError::Stale;
        }
    }
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return StoreError::Database("it gave no connection in time: it does not run, or has too much to do".into());
    }
    StoreError::Database(Box::new(error))
}

/// The schema, from the scripts of one driver.
async fn migrate<'a, A>(scripts: &[(i64, &'static str, &'static str)], database: A) -> Result<(), StoreError>
where
    A: sqlx::Acquire<'a>,
    <A::Connection as std::ops::Deref>::Target: sqlx::migrate::Migrate,
{
    use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
    let migrations = scripts.iter().map(|(version, description, sql)| {
        let sql = sqlx::SqlSafeStr::into_sql_str(*sql);
        Migration::new(*version, (*description).into(), MigrationType::Simple, sql, false)
    });
    let known = scripts.last().map_or(0, |(version, ..)| *version);
    Migrator::with_migrations(migrations.collect()).run(database).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) => StoreError::Newer { found, known },
        other => StoreError::Database(Box::new(other)),
    })
}
