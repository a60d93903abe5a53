//! Which schema a database has, which programs may run on it, and how it is brought up to date.

use kaika_app::StoreError;
use semver::Version;
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, MigrationType, Migrator};

/// A migration: its number, its name and what it does.
pub(crate) type Script = (i64, &'static str, &'static str);

/// The migrations of each driver, as their files are named (`build.rs`).
pub(crate) mod scripts {
    use super::Script;

    include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
}

/// Where sqlx writes down which migrations were applied.
pub(crate) const MIGRATIONS: &str = "_sqlx_migrations";
/// Where a database says which programs may run on it, from migration 15 on.
pub(crate) const SCHEMA: &str = "schema";

const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// From which schema to which a database was brought; 0 is an empty one, and both are equal where nothing was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    pub from: i64,
    pub to: i64,
}

/// What a database says of itself.
pub(crate) struct SchemaState {
    /// By their numbers.
    pub(crate) applied: Vec<AppliedMigration>,
    pub(crate) oldest_program: Option<String>,
}

impl SchemaState {
    /// The schema's number, where this program may run on it as it is.
    ///
    /// # Errors
    /// [`StoreError::Empty`], [`StoreError::Older`] or [`StoreError::Newer`]; a migration is not the one that was applied.
    pub(crate) fn fits(&self, scripts: &[Script]) -> Result<i64, StoreError> {
        let Some(found) = self.applied.last().map(|last| last.version) else { return Err(StoreError::Empty) };
        let known = last(scripts);
        let mut lacking = false;
        for migration in migrator(scripts, known).iter() {
            match self.applied.iter().find(|applied| applied.version == migration.version) {
                Some(applied) if applied.checksum == migration.checksum => {}
                Some(_) => return Err(database(MigrateError::VersionMismatch(migration.version))),
                None => lacking = true,
            }
        }
        let has_unknown = self.applied.iter().any(|applied| scripts.iter().all(|script| script.0 != applied.version));
        let oldest = self.oldest_program.as_deref();
        if has_unknown && (lacking || !oldest.is_some_and(|oldest| may_run(PROGRAM, oldest))) {
            let oldest_program = oldest.unwrap_or("of a later version").to_owned();
            return Err(StoreError::Newer { found, known, oldest_program });
        }
        if lacking {
            return Err(StoreError::Older { found, known });
        }
        Ok(found)
    }
}

/// Does what a database lacks, up to this migration. Nobody else may migrate it meanwhile.
pub(crate) async fn bring_up<C: Migrate>(
    said: SchemaState,
    scripts: &[Script],
    up_to: i64,
    on: &mut C,
) -> Result<Migrated, StoreError> {
    let from = match said.fits(scripts) {
        Ok(found) => return Ok(Migrated { from: found, to: found }),
        Err(StoreError::Empty) => 0,
        Err(StoreError::Older { found, .. }) => found,
        Err(error) => return Err(error),
    };
    migrator(scripts, up_to).run_direct(None, on, false).await.map_err(database)?;
    Ok(Migrated { from, to: up_to })
}

pub(crate) fn last(scripts: &[Script]) -> i64 {
    scripts.last().map_or(0, |(version, ..)| *version)
}

pub(crate) fn database(error: MigrateError) -> StoreError {
    StoreError::Database(Box::new(error))
}

fn migrator(scripts: &[Script], up_to: i64) -> Migrator {
    let scripts = scripts.iter().filter(|(version, ..)| *version <= up_to);
    let migrations = scripts.map(|(version, name, sql)| {
        let sql = sqlx::SqlSafeStr::into_sql_str(*sql);
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// What later versions have to know of this one: its migrations, each with its checksum, and its statements, a line each.
pub(crate) fn release(scripts: &[Script], statements: Vec<&str>) -> String {
    let mut text = String::new();
    for migration in migrator(scripts, last(scripts)).iter() {
        let checksum: String = migration.checksum.iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("-- {} {checksum}\n", migration.version);
    }
    for statement in statements {
        text.extend(statement.split_whitespace().flat_map(|word| [word, " "]));
        text.truncate(text.trim_end().len());
        text.push_str(";\n");
    }
    text
}

/// Whether a program of this version may run where this one is the oldest that may. What is no version (Semantic Versioning
/// 2.0.0) runs nowhere.
pub fn may_run(program: &str, oldest: &str) -> bool {
    let versions = (Version::parse(program), Version::parse(oldest));
    matches!(versions, (Ok(program), Ok(oldest)) if program.cmp_precedence(&oldest).is_ge())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_their_order() {
        for (program, oldest) in [
            ("0.2.0", "0.2.0"),
            ("0.2.1", "0.2.0"),
            ("0.10.0", "0.9.3"),
            ("1.0.0", "0.99.99"),
            ("0.2.0", "0.2.0-rc.1"),
            ("0.2.0-rc.2", "0.2.0-rc.1"),
            ("0.2.1-rc.1", "0.2.0"),
            ("0.2.0+build.5", "0.2.0"),
            ("0.2.0", "0.2.0+build.5"),
        ] {
            assert!(may_run(program, oldest), "{program} on {oldest}");
        }
        for (program, oldest) in [
            ("0.1.9", "0.2.0"),
            ("0.9.3", "0.10.0"),
            ("0.2.0-rc.1", "0.2.0"),
            ("0.2.0-rc.1", "0.2.0-rc.2"),
            ("0.2", "0.2.0"),
            ("0.2.0", "later"),
            ("0.2.0", ""),
            ("0.2.0", "0.2.0.0"),
        ] {
            assert!(!may_run(program, oldest), "{program} on {oldest}");
        }
    }

    const SCRIPTS: &[Script] = &[(1, "one", "SELECT 1"), (2, "two", "SELECT 2")];

    /// As a database that has these migrations says.
    fn said(scripts: &[Script], oldest_program: Option<&str>) -> SchemaState {
        let applied = migrator(scripts, last(scripts));
        let applied = applied
            .iter()
            .map(|migration| AppliedMigration { version: migration.version, checksum: migration.checksum.clone() });
        SchemaState { applied: applied.collect(), oldest_program: oldest_program.map(str::to_owned) }
    }

    #[test]
    fn a_program_runs_on_its_own_schema_and_on_those_that_take_it() {
        let later = [SCRIPTS, &[(3, "three", "SELECT 3")]].concat();
        assert_eq!(said(SCRIPTS, None).fits(SCRIPTS).unwrap(), 2);
        assert_eq!(said(SCRIPTS, Some("99.0.0")).fits(SCRIPTS).unwrap(), 2, "it has what this one knows");
        for takes in ["0.0.1", PROGRAM] {
            assert_eq!(said(&later, Some(takes)).fits(SCRIPTS).unwrap(), 3);
        }
        for oldest in [Some("99.0.0"), Some("?"), None] {
            let refused = said(&later, oldest).fits(SCRIPTS);
            assert!(matches!(refused, Err(StoreError::Newer { found: 3, known: 2, .. })), "{oldest:?}");
        }
    }

    #[test]
    fn what_is_lacking_or_was_changed_is_told() {
        assert!(matches!(said(&[], None).fits(SCRIPTS), Err(StoreError::Empty)));
        let older = said(&SCRIPTS[..1], None).fits(SCRIPTS);
        assert!(matches!(older, Err(StoreError::Older { found: 1, known: 2 })));
        let another_way = said(&[SCRIPTS[0], (3, "three", "SELECT 3")], Some("0.0.1")).fits(SCRIPTS);
        assert!(matches!(another_way, Err(StoreError::Newer { found: 3, known: 2, .. })));
        let changed = said(&[(1, "one", "SELECT 0"), SCRIPTS[1]], None).fits(SCRIPTS);
        assert!(matches!(changed, Err(StoreError::Database(_))));
    }

    #[test]
    fn a_release_has_a_line_for_each_migration_and_each_statement() {
        let text = release(SCRIPTS, vec!["SELECT a\n    FROM b", "DELETE FROM b"]);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("-- 1 ") && lines[0].len() == 5 + 96, "{text}");
        assert_eq!(lines[2..], ["SELECT a FROM b;", "DELETE FROM b;"]);
    }
}
