//! Who may change a schema, and who may run on it.

use crate::releases::schema;
use crate::sample::{made, read, run, with_card};
use kaika_app::StoreError;
use kaika_store::{Migrated, migrate, migrate_to, open, prepare_every_statement, release};
use kaika_testkit::postgres::fresh_database;
use sqlx::{Connection, PgConnection};

/// The last migration of 0.1.
const EARLIER: i64 = 14;

on_both! { url:
    an_empty_database_is_made_when_it_is_asked_for,
    an_older_schema_is_left_alone_until_it_is_migrated,
    of_two_that_migrate_one_does,
    a_newer_schema_takes_the_programs_that_it_names,
    a_migration_that_fails_leaves_nothing,
    columns_are_added_under_a_program_at_work,
}

fn latest() -> i64 {
    let [(_, text), _] = release();
    let numbers = text.lines().filter_map(|line| line.strip_prefix("-- ")?.split(' ').next());
    numbers.map(|number| number.parse().unwrap()).max().unwrap()
}

async fn an_empty_database_is_made_when_it_is_asked_for(url: String) {
    for _ in 0..2 {
        assert!(matches!(open(&url).await, Err(StoreError::Empty)));
    }
    if let Some(path) = url.strip_prefix("sqlite:") {
        assert!(!std::fs::exists(path).unwrap(), "to look is not to make");
    }
    assert_eq!(migrate(&url).await.unwrap(), Migrated { from: 0, to: latest() });
    let whole = schema(&url).await;
    for _ in 0..2 {
        assert_eq!(migrate(&url).await.unwrap(), Migrated { from: latest(), to: latest() });
    }
    open(&url).await.unwrap().check_schema().await.unwrap();
    assert_eq!(schema(&url).await, whole);
}

async fn an_older_schema_is_left_alone_until_it_is_migrated(url: String) {
    assert_eq!(migrate_to(&url, EARLIER).await.unwrap(), Migrated { from: 0, to: EARLIER });
    let before = schema(&url).await;
    match open(&url).await {
        Err(StoreError::Older { found: EARLIER, known }) => assert_eq!(known, latest()),
        Err(other) => panic!("not Older but: {other}"),
        Ok(_) => panic!("not Older but opened"),
    }
    assert!(matches!(prepare_every_statement(&url).await, Err(StoreError::Older { .. })));
    assert_eq!(schema(&url).await, before);
    assert_eq!(migrate(&url).await.unwrap(), Migrated { from: EARLIER, to: latest() });
    assert_ne!(schema(&url).await, before);
    with_card(&*open(&url).await.unwrap()).await;
}

async fn of_two_that_migrate_one_does(url: String) {
    for (from, to) in [(0, EARLIER), (EARLIER, latest())] {
        let (one, two, three) =
            tokio::join!(migrate_to(&url, to), migrate_to(&url, to), async { open(&url).await.map(drop) });
        let mut done = [one.unwrap(), two.unwrap()];
        done.sort_by_key(|migrated| migrated.from);
        assert_eq!(done, [Migrated { from, to }, Migrated { from: to, to }]);
        assert!(matches!(three, Ok(()) | Err(StoreError::Empty | StoreError::Older { .. })));
    }
    open(&url).await.unwrap();
}

/// Migration 77 is of a later version, which this program does not know.
async fn a_newer_schema_takes_the_programs_that_it_names(url: String) {
    let store = made(&url).await;
    let no_bytes = if url.starts_with("sqlite:") { "x'00'" } else { "'\\x00'" };
    let later = format!(
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
         VALUES (77, 'later', CURRENT_TIMESTAMP, TRUE, {no_bytes}, 0)"
    );
    run(&url, &later).await;
    let newer = open(&url).await.unwrap();
    let card = with_card(&*newer).await;
    assert_eq!(read(&*newer).await.card(card.id).await.unwrap(), Some(card));
    store.check_schema().await.unwrap();
    assert_eq!(migrate(&url).await.unwrap(), Migrated { from: 77, to: 77 });

    for oldest in ["'99.0.0'", "'later'"] {
        run(&url, &format!("UPDATE schema SET oldest_program = {oldest}")).await;
        for refused in [
            open(&url).await.map(drop),
            store.check_schema().await,
            migrate(&url).await.map(drop),
            prepare_every_statement(&url).await.map(drop),
        ] {
            let error = refused.unwrap_err();
            assert!(error.to_string().contains(&format!("Kaika {}", oldest.trim_matches('\''))), "{error}");
            assert!(matches!(error, StoreError::Newer { found: 77, known, .. } if known == latest()));
        }
    }
    run(&url, "DROP TABLE schema").await;
    assert!(matches!(open(&url).await, Err(StoreError::Newer { .. })));
}

async fn a_migration_that_fails_leaves_nothing(url: String) {
    migrate_to(&url, EARLIER).await.unwrap();
    // What the next migration would make is there already.
    run(&url, "CREATE TABLE schema (word TEXT)").await;
    let before = schema(&url).await;
    assert!(matches!(migrate(&url).await, Err(StoreError::Database(_))));
    assert_eq!(schema(&url).await, before);
    run(&url, "DROP TABLE schema").await;
    assert_eq!(migrate(&url).await.unwrap(), Migrated { from: EARLIER, to: latest() });
}

/// It has prepared its statements before, and PostgreSQL lets none of them have other columns.
async fn columns_are_added_under_a_program_at_work(url: String) {
    let store = made(&url).await;
    let card = with_card(&*store).await;
    let look = async || {
        let mut reader = read(&*store).await;
        assert_eq!(reader.card(card.id).await.unwrap().as_ref(), Some(&card));
        assert!(reader.holder(card.holder).await.unwrap().is_some());
    };
    // As often as it takes until a statement has a plan that is kept.
    for _ in 0..20 {
        look().await;
    }
    run(&url, "ALTER TABLE card ADD COLUMN later TEXT; ALTER TABLE holder ADD COLUMN later TEXT").await;
    look().await;
    for (_, statements) in release() {
        let all_columns = statements.lines().find(|line| line.replace("COUNT(*)", "").contains('*'));
        assert_eq!(all_columns, None, "whoever names no columns gets another's, too");
    }
}

/// Whoever waits for a table keeps all others from it: a migration gives up soon, and nothing of it stays.
#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_not_kept_waiting() {
    let url = fresh_database();
    migrate_to(&url, 3).await.unwrap();
    let before = schema(&url).await;
    let mut backup = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE generation IN ACCESS SHARE MODE").execute(&mut backup).await.unwrap();
    let error = migrate(&url).await.unwrap_err();
    assert!(error.to_string().contains("lock timeout"), "{error}");
    assert_eq!(schema(&url).await, before);
    sqlx::raw_sql("COMMIT").execute(&mut backup).await.unwrap();
    assert_eq!(migrate(&url).await.unwrap(), Migrated { from: 3, to: latest() });
}
