//! Which command changes the schema of an older database, and what a server says when another has changed it.

use crate::bench::{Running, Said, eventually, folder, kaika};
use crate::serve::{Authority, failed};
use kaika_testkit::{
    postgres::{fresh_database, psql},
    tools::Tool,
};
use serde_json::json;
use std::{fs, path::Path};

/// The last schema of 0.1.
const EARLIER: i64 = 14;

/// All that open the database of an authority's server, but `migrate` itself.
const COMMANDS: [&[&str]; 15] = [
    &["init"],
    &["serve"],
    &["card", "order", "--authority", "gca", "--holder", "HOLDER"],
    &["card", "list", "--authority", "gca"],
    &["card", "set-aside", "--number", "GC00000000000017"],
    &["card", "show", "--number", "GC00000000000017"],
    &["card", "withdraw", "--number", "GC00000000000017"],
    &["certificate", "suspend", "--card", "GC00000000000017", "--reason", "lost"],
    &["certificate", "resume", "--card", "GC00000000000017", "--reason", "found"],
    &["certificate", "revoke", "--card", "GC00000000000017", "--reason", "lost"],
    &["station", "enrol", "--name", "Test", "--out", "STATION"],
    &["mail", "list"],
    &["mail", "retry"],
    &["sweep"],
    &["audit", "verify"],
];
/// The demo has a folder of its own, a backup copies what there is, `config` opens nothing.
const OTHERS: [&str; 5] = ["demo", "migrate", "backup", "config", "help"];

#[test]
fn no_command_is_forgotten() {
    let help = kaika(&["--help"]).expect_success().stdout();
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert!(names.contains(&"migrate"), "{help}");
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        assert!(OTHERS.contains(&name) || COMMANDS.iter().any(|command| command[0] == name), "{name}");
    }
}

/// `older` is empty; `is` says what is in it.
#[track_caller]
fn path(database: &str, older: &str, is: impl Fn(&Authority) -> Vec<u8>) {
    let authority = Authority::unconfigured();
    let origin = format!("http://localhost:{}", authority.port());
    authority.plain(&origin, database);
    authority.operator(&["init"]).expect_success();
    authority.plain(&origin, older);
    migrate_to(&authority.url(older), EARLIER);
    let config = authority.path("kaika.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("[keys]", "migrate = false\n[keys]")).unwrap();

    let (holder, station) = (authority.path("holder.toml"), authority.path("station.json"));
    fs::write(&holder, "subject = [[\"C\", \"TW\"], [\"O\", \"行政院\"]]\n").unwrap();
    let before = is(&authority);
    for command in COMMANDS {
        let words: Vec<&str> = command
            .iter()
            .map(|word| match *word {
                "HOLDER" => holder.as_str(),
                "STATION" => station.as_str(),
                other => other,
            })
            .collect();
        failed(&authority.operator(&words), &format!("`kaika migrate --config {config}`"));
        assert!(is(&authority) == before, "{words:?} changed the database");
    }
    let backup = authority.path("backup");
    authority.operator(&["backup", "--to", &backup]).expect_success();
    assert!(is(&authority) == before && !Path::new(&station).exists());

    let migrated = authority.operator(&["migrate"]).expect_success();
    assert_eq!(migrated["from"], EARLIER);
    assert_eq!(
        authority.operator(&["migrate"]).expect_success(),
        json!({ "from": migrated["to"], "to": migrated["to"] })
    );
    failed(&authority.operator(&["card", "list", "--authority", "gca"]), "was not founded yet");
    assert!(is(&authority) != before);
}

#[test]
fn sqlite() {
    path("sqlite:kaika.db", "sqlite:older.db", |authority| fs::read(authority.path("older.db")).unwrap());
}

#[test]
fn postgresql() {
    let older = fresh_database();
    path(&fresh_database(), &older.clone(), |_| {
        let tables = "SELECT table_name, column_name, data_type FROM information_schema.columns
            WHERE table_schema = 'public' ORDER BY 1, 2";
        let migrations = "SELECT version, installed_on, execution_time FROM _sqlx_migrations ORDER BY 1";
        [tables, migrations].map(|sql| psql(&older, sql)).concat().into_bytes()
    });
}

/// A server migrates at its start where it is configured to: on SQLite unless it says otherwise.
#[test]
fn a_server_migrates_where_it_may() {
    let postgres = fresh_database();
    for (database, said_so) in [("sqlite:older.db", ""), (&postgres, "migrate = true\n")] {
        let authority = Authority::unconfigured();
        let origin = format!("http://localhost:{}", authority.port());
        authority.plain(&origin, "sqlite:kaika.db");
        authority.operator(&["init"]).expect_success();
        authority.plain(&origin, database);
        let config = authority.path("kaika.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, text.replace("[keys]", &format!("{said_so}[keys]"))).unwrap();
        // An empty database may be the wrong one.
        for command in ["serve", "migrate"] {
            let said = authority.operator(&[command]);
            assert!(
                said.exit == Some(1) && said.stderr.contains(&format!("`kaika init --config {config}`")),
                "{}",
                said.stderr
            );
        }
        migrate_to(&authority.url(database), EARLIER);
        let said = authority.operator(&["serve"]);
        assert!(said.stderr.contains("was brought up to date"), "{}", said.stderr);
        assert!(said.stderr.contains("was not founded yet"), "{}", said.stderr);
        let now = authority.operator(&["migrate"]).expect_success();
        assert_eq!(now["from"], now["to"]);
    }
}

#[test]
fn a_demos_folder_is_migrated_by_its_name() {
    let folder = folder();
    let data = folder.path().to_str().unwrap();
    migrate_to(&format!("sqlite:{data}/kaika.db"), EARLIER);
    let operator = |command: &[&str]| Said::in_json(&kaika(&[command, &["--json", "--data", data]].concat()));
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/authorities");
    Tool::new("cp").args(["-r", policies, data]).run().expect_success();
    failed(&operator(&["mail", "list"]), &format!("`kaika migrate --data {data}`"));
    assert_eq!(operator(&["migrate"]).expect_success()["from"], EARLIER);
    let nowhere = folder.path().join("nowhere");
    let said = Said::in_json(&kaika(&["migrate", "--json", "--data", nowhere.to_str().unwrap()]));
    failed(&said, "there is no installation");
}

/// Another program has migrated the database beyond what this one knows.
#[test]
fn a_server_is_ready_as_long_as_the_schema_takes_it() {
    let database = fresh_database();
    let authority = Authority::unconfigured();
    authority.plain(&format!("http://localhost:{}", authority.port()), &database);
    authority.operator(&["init"]).expect_success();
    let _server = Running::start("kaika", &["serve", "--config", &authority.path("kaika.toml")], &[]);
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let ready = || agent.get(format!("http://127.0.0.1:{}/readyz", authority.port())).call().ok();
    let becomes = |status: u16| eventually("/readyz", || (ready()?.status().as_u16() == status).then_some(()));
    becomes(200);
    psql(
        &database,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (7777, 'later', TRUE, '\\x00', 0)",
    );
    becomes(200);
    authority.operator(&["card", "list", "--authority", "gca"]).expect_success();
    psql(&database, "UPDATE schema SET oldest_program = '99.0.0'");
    becomes(503);
    failed(&authority.operator(&["card", "list", "--authority", "gca"]), "needs Kaika 99.0.0");
    psql(&database, "UPDATE schema SET oldest_program = '0.2.0'");
    becomes(200);
}

fn migrate_to(url: &str, version: i64) {
    tokio::runtime::Runtime::new().unwrap().block_on(kaika_store::migrate_to(url, version)).unwrap();
}
