//! What the database says of its schema.

use super::{Connection, Db, Found, TABLES};
use crate::{
    failure,
    schema::{MIGRATIONS, SCHEMA, SchemaState, database},
    statements,
};
use sqlx::migrate::Migrate;

statements! {
    // What changes nothing SQLite does not write. What is changed and changed back it does.
    TOUCH = "UPDATE schema SET oldest_program = oldest_program || ' ' WHERE one = 1";
    RESTORE = "UPDATE schema SET oldest_program = TRIM(oldest_program) WHERE one = 1";
    OLDEST_PROGRAM = "SELECT oldest_program FROM schema WHERE one = 1";
}

/// An empty database and one of 0.1 say less.
pub(in super::super) async fn said(on: &mut Connection) -> Found<SchemaState> {
    let applied = match has(on, MIGRATIONS).await? {
        true => on.list_applied_migrations(MIGRATIONS).await.map_err(database)?,
        false => Vec::new(),
    };
    let oldest_program = match has(on, SCHEMA).await? {
        true => sqlx::query_scalar::<Db, String>(OLDEST_PROGRAM).fetch_optional(on).await.map_err(failure)?,
        false => None,
    };
    Ok(SchemaState { applied, oldest_program })
}

/// The smallest thing that can be written; nobody sees it.
pub(in super::super) async fn touch(on: &mut Connection) -> Found<()> {
    for statement in [TOUCH, RESTORE] {
        sqlx::query::<Db>(statement).execute(&mut *on).await.map_err(failure)?;
    }
    Ok(())
}

async fn has(on: &mut Connection, table: &str) -> Found<bool> {
    let tables = sqlx::query_scalar::<Db, i64>(TABLES).bind(table.to_owned());
    Ok(tables.fetch_one(on).await.map_err(failure)? > 0)
}
