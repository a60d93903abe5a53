//! A program of an earlier release runs on the schema of this one: nothing that it needs is gone, nothing new stands in
//! its way. `crates/store/releases` has what is known of each release; `examples/release.rs` wrote it.

use crate::sample::sqlite_url;
use kaika_store::{may_run, migrate, migrate_to, release};
use kaika_testkit::postgres::fresh_database;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr, SqliteConnection};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use tempfile::tempdir;

/// What is against the rule all the same: of which release, what, and why nobody is harmed. A statement that is not taken
/// any more is none of it, while the release's programs may run.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// Of each table its columns, keys and conditions, with what is said of each.
type Schema = BTreeMap<String, BTreeMap<String, String>>;

macro_rules! connected {
    ($url:expr, $connection:ident => $work:expr) => {
        match $url.strip_prefix("sqlite:") {
            Some(path) => {
                let mut $connection = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
                $work
            }
            None => {
                let mut $connection = PgConnection::connect($url).await.unwrap();
                $work
            }
        }
    };
}

/// `FOREIGN KEY` and the other words are written as PostgreSQL does.
const OF_SQLITE: &str = "
    SELECT name, 'CREATE', sql FROM sqlite_schema WHERE type = 'table'
    UNION ALL SELECT t.name, 'column ' || c.name, c.type || CASE WHEN c.\"notnull\" THEN ' NOT NULL' ELSE '' END
        || COALESCE(' DEFAULT ' || c.dflt_value, '')
    FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table'
    UNION ALL SELECT t.name, 'UNIQUE (' || (SELECT group_concat(name, ', ') FROM pragma_index_info(i.name)) || ')'
        || CASE WHEN i.partial THEN substr(made.sql, instr(made.sql, ' WHERE ')) ELSE '' END, ''
    FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i JOIN sqlite_schema AS made ON made.name = i.name
    WHERE t.type = 'table' AND i.\"unique\"
    UNION ALL SELECT t.name, 'FOREIGN KEY (' || group_concat(k.\"from\", ', ') || ')',
        'REFERENCES ' || k.\"table\" || '() ON DELETE ' || k.on_delete
    FROM sqlite_schema AS t JOIN pragma_foreign_key_list(t.name) AS k WHERE t.type = 'table' GROUP BY t.name, k.id";

const OF_POSTGRESQL: &str = "
    SELECT table_name::TEXT, 'column ' || column_name, data_type || COALESCE(' COLLATE ' || collation_name, '')
        || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END || COALESCE(' DEFAULT ' || column_default, '')
    FROM information_schema.columns WHERE table_schema = current_schema()
    UNION ALL SELECT t.relname::TEXT, 'UNIQUE ' || substring(pg_get_indexdef(i.indexrelid) FROM 'USING btree (.*)'), ''
    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
    WHERE i.indisunique AND t.relnamespace = current_schema()::regnamespace
    UNION ALL SELECT t.relname::TEXT, split_part(pg_get_constraintdef(c.oid), ' REFERENCES', 1),
        substring(pg_get_constraintdef(c.oid) FROM 'REFERENCES.*')
    FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid
    WHERE c.contype IN ('c', 'f') AND t.relnamespace = current_schema()::regnamespace";

type Row = (String, String, Option<String>);

pub(crate) async fn schema(url: &str) -> impl std::fmt::Debug + PartialEq + use<> {
    read(url).await
}

async fn read(url: &str) -> Schema {
    let rows: Vec<Row> = match url.starts_with("sqlite:") {
        true => connected!(url, it => sqlx::query_as(OF_SQLITE).fetch_all(&mut it).await.unwrap()),
        false => connected!(url, it => sqlx::query_as(OF_POSTGRESQL).fetch_all(&mut it).await.unwrap()),
    };
    as_schema(rows)
}

/// SQLite tells conditions only with the table's own text.
fn as_schema(rows: Vec<Row>) -> Schema {
    let mut schema = Schema::new();
    for (table, item, said) in rows {
        let items = schema.entry(table).or_default();
        let said = said.unwrap_or_default();
        if item == "CREATE" {
            items.extend(checks(&said).map(|check| (check, String::new())));
        } else {
            items.insert(item, said);
        }
    }
    schema
}

/// Each `CHECK (…)` in it.
fn checks(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("CHECK (").map(|(at, _)| {
        let mut depth = 0;
        let end = text[at..].find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ')' && depth == 0
        });
        text[at..=at + end.unwrap()].to_owned()
    })
}

/// What of the new schema is in the way of a program with these statements that was made for the old one.
fn offences(old: &Schema, new: &Schema, statements: &[String]) -> BTreeSet<String> {
    let mut offences = BTreeSet::new();
    for (table, items) in old {
        let Some(now) = new.get(table) else {
            offences.insert(format!("table {table} is gone"));
            continue;
        };
        for (item, said) in items.iter().filter(|(item, _)| item.starts_with("column ") || item.starts_with("UNIQUE "))
        {
            match now.get(item) {
                None => drop(offences.insert(format!("{table}: {item} is gone"))),
                Some(now) if now != said => drop(offences.insert(format!("{table}: {item} was {said} and is {now}"))),
                Some(_) => {}
            }
        }
    }
    for (table, items) in new {
        let before = old.get(table);
        let is_new = |item: &str| before.is_none_or(|before| !before.contains_key(item));
        for (item, said) in items.iter().filter(|(item, _)| is_new(item)) {
            let in_the_way = match item.split_once(' ') {
                _ if before.is_none() => false,
                Some(("column", _)) => said.contains(" NOT NULL") && !said.contains(" DEFAULT "),
                // Of a new column the old program knows nothing.
                Some(("FOREIGN", columns)) => {
                    let columns = columns.trim_start_matches("KEY (").trim_end_matches(')');
                    columns.split(", ").all(|column| !is_new(&format!("column {column}")))
                }
                _ => true,
            };
            if in_the_way {
                offences.insert(format!("{table}: {item} {said} is new").replace("  ", " "));
            }
            let target = said.strip_prefix("REFERENCES ").and_then(|said| said.split_once('('));
            let follows = ["ON DELETE CASCADE", "ON DELETE SET NULL"].iter().any(|word| said.contains(word));
            if let Some((target, _)) = target
                && !follows
                && old.contains_key(target)
                && statements.iter().any(|statement| statement.starts_with(&format!("DELETE FROM {target} ")))
            {
                offences.insert(format!("{table}: {item} keeps rows of {target} from being deleted"));
            }
        }
    }
    offences
}

/// The statements that the database does not take.
async fn not_taken(url: &str, statements: &[String]) -> BTreeSet<String> {
    let mut not_taken = BTreeSet::new();
    for statement in statements {
        let sql = AssertSqlSafe(statement.clone()).into_sql_str();
        if let Err(error) = connected!(url, it => (&mut it).prepare(sql).await.map(drop)) {
            not_taken.insert(format!("not taken: {statement}: {error}"));
        }
    }
    not_taken
}

/// What is kept of one release on one database.
struct Kept {
    version: String,
    text: String,
    /// A line each.
    migrations: Vec<String>,
    statements: Vec<String>,
}

fn kept(driver: &str) -> Vec<Kept> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("releases");
    let releases = fs::read_dir(folder).unwrap().map(|entry| {
        let folder: PathBuf = entry.unwrap().path();
        let text = fs::read_to_string(folder.join(driver).with_extension("sql")).unwrap();
        let (migrations, statements) = text.lines().partition::<Vec<_>, _>(|line| line.starts_with("-- "));
        Kept {
            version: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            migrations: migrations.into_iter().map(str::to_owned).collect(),
            statements: statements.into_iter().map(|line| line.trim_end_matches(';').to_owned()).collect(),
            text,
        }
    });
    releases.collect()
}

/// `old` and `new` are empty databases.
async fn runs_here(release: &Kept, today: &str, old: &str, new: &str) {
    let Kept { version, statements, .. } = release;
    if version == env!("CARGO_PKG_VERSION") {
        assert_eq!(
            release.text, today,
            "{version} is kept: raise the version before its statements or migrations change"
        );
    }
    // A migration that was released is never changed.
    let (known, number) = (release.migrations.join("\n"), release.migrations.len());
    assert!(number > 10 && today.starts_with(&known), "{version}");
    migrate_to(old, number.try_into().unwrap()).await.unwrap();
    assert!(statements.len() > 100);
    assert_eq!(not_taken(old, statements).await, BTreeSet::new(), "{version}, on its own schema");

    migrate(new).await.unwrap();
    let oldest: String = connected!(new, it => sqlx::query_scalar("SELECT oldest_program FROM schema").fetch_one(&mut it).await.unwrap());
    assert!(may_run(version, &oldest), "servers of {version} cannot run beside those of this version: {oldest}");
    assert_eq!(not_taken(new, statements).await, BTreeSet::new(), "{version}");
    // One of the databases writes the names of types in small letters.
    let found = offences(&read(old).await, &read(new).await, statements).iter().map(|it| it.to_lowercase()).collect();
    let excepted = EXCEPTIONS.iter().filter(|(of, ..)| of == version).map(|(_, offence, _)| offence.to_lowercase());
    assert_eq!(excepted.collect::<BTreeSet<_>>(), found, "{version}: expand first, contract one release later");
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_releases_run_on_this_schema() {
    for (driver, text) in release() {
        let releases = kept(driver);
        assert!(!releases.is_empty());
        for release in releases {
            let (old, new) = (tempdir().unwrap(), tempdir().unwrap());
            let [old, new] = match driver {
                "sqlite" => [sqlite_url(&old), sqlite_url(&new)],
                _ => [fresh_database(), fresh_database()],
            };
            runs_here(&release, &text, &old, &new).await;
        }
    }
}

const B: &str = "CREATE TABLE b (id TEXT PRIMARY KEY NOT NULL);";
const BEFORE: &str = "
    CREATE TABLE a (id TEXT PRIMARY KEY NOT NULL, n INTEGER NOT NULL DEFAULT 0, t TEXT, u TEXT);
    CREATE UNIQUE INDEX a_t ON a (t) WHERE n = 1;
    CREATE INDEX a_n ON a (n);
    CREATE TABLE b (id TEXT PRIMARY KEY NOT NULL);";

on_both! { url:
    what_is_in_the_way_is_told,
    what_is_in_nobodys_way_may_be_done,
    a_statement_that_is_not_taken_is_told,
}

/// The schema after this change of the text.
async fn changed(url: &str, from: &str, to: &str) -> Schema {
    assert!(BEFORE.contains(from), "{from}");
    crate::sample::run(url, &BEFORE.replacen(from, to, 1)).await;
    let schema = read(url).await;
    crate::sample::run(url, "DROP TABLE IF EXISTS c; DROP TABLE IF EXISTS b; DROP TABLE IF EXISTS a").await;
    schema
}

fn made_empty(url: &str) {
    if let Some(path) = url.strip_prefix("sqlite:") {
        drop(fs::File::create_new(path).unwrap());
    }
}

async fn what_is_in_the_way_is_told(url: String) {
    made_empty(&url);
    let deletes = ["DELETE FROM b WHERE id = $1".to_owned()];
    let before = changed(&url, "", "").await;
    for (from, to, told) in [
        (B, "", "table b is gone"),
        (", u TEXT", "", "a: column u is gone"),
        ("u TEXT", "u BYTEA", "a: column u was "),
        ("u TEXT", "u TEXT NOT NULL", "a: column u was "),
        (
            "id TEXT PRIMARY KEY NOT NULL, n INTEGER NOT NULL",
            "id TEXT PRIMARY KEY NOT NULL, n INTEGER",
            "a: column n was ",
        ),
        ("NOT NULL DEFAULT 0", "NOT NULL DEFAULT 1", "a: column n was "),
        ("NOT NULL DEFAULT 0", "NOT NULL", "a: column n was "),
        ("CREATE UNIQUE INDEX a_t ON a (t) WHERE n = 1;", "", "a: UNIQUE (t) WHERE "),
        ("UNIQUE INDEX a_t ON a (t)", "UNIQUE INDEX a_t ON a (t, u)", "a: UNIQUE (t) WHERE "),
        ("UNIQUE INDEX a_t ON a (t) WHERE n = 1", "UNIQUE INDEX a_t ON a (t) WHERE n = 2", "a: UNIQUE (t) WHERE "),
        ("u TEXT", "u TEXT, v TEXT NOT NULL", "a: column v TEXT"),
        ("u TEXT", "u TEXT UNIQUE", "a: UNIQUE (u)"),
        ("CREATE INDEX", "CREATE UNIQUE INDEX", "a: UNIQUE (n)"),
        ("u TEXT", "u TEXT CHECK (length(u) < 9)", "a: CHECK ("),
        (B, "CREATE TABLE b (id TEXT PRIMARY KEY NOT NULL REFERENCES a (id));", "b: FOREIGN KEY (id) REFERENCES a("),
        (
            B,
            "CREATE TABLE b (id TEXT PRIMARY KEY NOT NULL); CREATE TABLE c (b TEXT REFERENCES b (id))",
            "c: FOREIGN KEY (b) keeps rows of b from being deleted",
        ),
    ] {
        let offences = offences(&before, &changed(&url, from, to).await, &deletes);
        assert!(
            offences.iter().any(|offence| offence.to_lowercase().starts_with(&told.to_lowercase())),
            "{told}: {offences:?}"
        );
    }
}

async fn what_is_in_nobodys_way_may_be_done(url: String) {
    made_empty(&url);
    let before = changed(&url, "", "").await;
    assert!(before["a"].len() >= 6, "{before:?}");
    let deletes = ["DELETE FROM b WHERE id = $1".to_owned()];
    for (from, to) in [
        ("", ""),
        ("", "CREATE TABLE c (id TEXT NOT NULL UNIQUE CHECK (id <> ''));"),
        ("u TEXT)", "u TEXT, v TEXT)"),
        ("u TEXT)", "u TEXT, v TEXT NOT NULL DEFAULT '')"),
        ("CREATE INDEX a_n ON a (n);", ""),
        ("CREATE INDEX a_n ON a (n);", "CREATE INDEX a_n ON a (n, u);"),
        (B, "CREATE TABLE b (id TEXT PRIMARY KEY NOT NULL, a TEXT REFERENCES a (id));"),
        (
            B,
            "CREATE TABLE b (id TEXT PRIMARY KEY NOT NULL); CREATE TABLE c (b TEXT REFERENCES b (id) ON DELETE CASCADE)",
        ),
    ] {
        assert_eq!(offences(&before, &changed(&url, from, to).await, &deletes), BTreeSet::new(), "{to}");
    }
    let without_check = changed(&url, "", "CREATE TABLE c (id TEXT);").await;
    let with_check = changed(&url, "", "CREATE TABLE c (id TEXT CHECK (id <> ''));").await;
    assert_eq!(offences(&with_check, &without_check, &[]), BTreeSet::new());
    assert_eq!(offences(&without_check, &with_check, &[]).len(), 1);
}

async fn a_statement_that_is_not_taken_is_told(url: String) {
    made_empty(&url);
    crate::sample::run(&url, BEFORE).await;
    let statements = ["SELECT t FROM a WHERE id = $1", "SELECT gone FROM a", "DELETE FROM gone"].map(str::to_owned);
    let told = not_taken(&url, &statements).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|told| told.contains("gone")));
}
