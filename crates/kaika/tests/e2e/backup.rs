//! A backup taken while cards are activated, and put back on a machine that has nothing else.

use crate::bench::{Running, Said, eventually, folder, kaika};
use crate::demo::END;
use crate::judges::{Question, RelyingParty, pem, statuses};
use crate::ordered::Ordered;
use crate::serve::Authority;
use kaika_testkit::{postgres, tools::Tool};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// The machine that will be lost.
struct Lost {
    authority: Authority,
    server: Running,
    backups: TempDir,
}

impl Lost {
    fn start(database: &str) -> Lost {
        let authority = Authority::unconfigured();
        authority.plain(&format!("http://localhost:{}", authority.port()), database);
        authority.operator(&["init"]).expect_success();
        authority.enrol_station();
        let server = serve(&authority.path("kaika.toml"), authority.port());
        let anchors = authority.path("audit.anchors");
        eventually("the first anchor", || fs::exists(&anchors).unwrap().then_some(()));
        Lost { authority, server, backups: folder() }
    }

    fn origin(&self) -> String {
        format!("http://localhost:{}", self.authority.port())
    }

    fn list_number(&self) -> u64 {
        RelyingParty::at(&self.origin(), "gca-1", "test-grca-1").list_number()
    }

    fn order(&self, serial: u32) -> Ordered {
        self.authority.order(&self.origin(), serial)
    }

    fn back_up(&self, name: &str, options: &[&str]) -> String {
        let to = self.backups.path().join(name).to_str().unwrap().to_owned();
        self.authority.operator(&[&["backup", "--to", &to], options].concat()).expect_success();
        to
    }

    /// Again and again while two cards are made and activated, so that some are taken in the middle of the work.
    fn back_up_at_work(&self, dump: impl Fn(&str)) -> Vec<String> {
        let cards = [5, 6].map(|number| self.order(45_000_000 + number));
        let backups = thread::scope(|scope| {
            let work = cards.each_ref().map(|card| {
                scope.spawn(|| {
                    card.personalise();
                    card.activate().expect_success();
                })
            });
            let mut backups = Vec::new();
            while backups.is_empty() || !work.iter().all(|work| work.is_finished()) {
                let backup = self.back_up(&backups.len().to_string(), &[]);
                dump(&backup);
                backups.push(backup);
            }
            backups
        });
        println!("{} backups while two cards were made and activated", backups.len());
        assert!(backups.len() > 1);
        backups
    }

    fn passphrase(&self) -> Vec<u8> {
        fs::read(self.authority.path("passphrase")).unwrap()
    }

    /// In order, so that its anchors are as new as can be.
    fn end(&mut self) {
        self.server.interrupt();
        assert!(self.server.wait_for_end(END).success(), "{}", self.server.stderr());
    }
}

fn serve(config: &str, port: u16) -> Running {
    let server = Running::start("kaika", &["serve", "--config", config], &[]);
    eventually("ready", || ureq::get(format!("http://127.0.0.1:{port}/readyz")).call().ok());
    server
}

fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn operator(config: &str, arguments: &[&str]) -> Said {
    Said::in_json(&kaika(&[arguments, &["--json", "--config", config]].concat()))
}

/// `dump` adds the database to a backup, `put_back` makes a database of it for the configuration beside it; both do
/// nothing where `kaika backup` has copied it.
#[track_caller]
fn path(database: &str, dump: impl Fn(&str), put_back: impl Fn(&str)) {
    let mut lost = Lost::start(database);
    let [before, waiting, after] = [1, 2, 3].map(|number| lost.order(45_000_000 + number));
    for card in [&before, &waiting, &after] {
        card.personalise();
    }
    before.activate().expect_success();
    let backups = lost.back_up_at_work(dump);
    after.activate().expect_success();
    let later = lost.order(45_000_004);
    later.personalise();
    let shown = later.show();
    let last_list = lost.list_number();
    lost.end();

    let new = folder();
    for backup in &backups[1..] {
        is_whole(backup, &new.path().join("looked-at"), &put_back);
    }
    let machine = new.path().join("machine");
    let config = is_whole(&backups[0], &machine, &put_back);
    newer_anchors_are_told(&lost, &machine, &config);
    let said = operator(&config, &["serve"]);
    assert!(said.stderr.contains("there is no passphrase"), "{}", said.stderr);
    fs::write(machine.join("passphrase"), lost.passphrase()).unwrap();
    // A list's number is the second in which it was signed: all of this may be done within one.
    eventually("the next second", || (unix_time() > last_list).then_some(()));
    let mut server = serve(&config, lost.authority.port());
    let party = RelyingParty::at(&lost.origin(), "gca-1", "test-grca-1");
    what_was_done_before_goes_on(&party, [&before, &waiting, &after]);
    // A list in the backup may be given out until ten seconds after it was signed. One that went on from its number would
    // not come near those that were signed after it.
    eventually("a list with a number that was not signed before", || (party.list_number() > last_list).then_some(()));
    what_was_done_after_is_lost(&party, &after, &later, pem(&shown["certificates"][0]));
    server.interrupt();
    assert!(server.wait_for_end(END).success(), "{}", server.stderr());
    let audit = operator(&config, &["audit", "verify"]).expect_success();
    assert_eq!(audit["findings"], json!([]));
}

#[track_caller]
fn what_was_done_before_goes_on(party: &RelyingParty, [before, waiting, after]: [&Ordered; 3]) {
    for (card, is) in [(before, "valid"), (waiting, "held"), (after, "held")] {
        let shown = card.show();
        assert!(statuses(&shown).iter().all(|(_, status)| *status == is), "{is}: {shown}");
    }
    waiting.activate().expect_success();
    for card in [before, waiting] {
        let shown = card.show();
        let certificate = pem(&shown["certificates"][0]);
        assert_eq!(party.ask(Question::Certificate(certificate)).status, "good");
        party.verify(certificate).expect_success();
    }
}

/// `after` was activated and has a PUK that nobody has: one try is spent to see it. `later` was made after the backup,
/// and has this certificate.
#[track_caller]
fn what_was_done_after_is_lost(party: &RelyingParty, after: &Ordered, later: &Ordered, certificate: &str) {
    for _ in 0..2 {
        after.activate().refused("puk_blocked");
        assert_eq!(after.show()["puk_tries_left"], 2);
    }
    later.activate().refused("not_kaika_card");
    assert_eq!(party.ask(Question::Certificate(certificate)).status, "unknown");
}

/// The backup on a machine of its own, as far as it goes without the passphrase; gives the configuration.
#[track_caller]
fn is_whole(backup: &str, machine: &Path, put_back: &impl Fn(&str)) -> String {
    if machine.exists() {
        fs::remove_dir_all(machine).unwrap();
    }
    Tool::new("cp").args(["--archive", backup]).arg(machine).run().expect_success();
    put_back(machine.to_str().unwrap());
    let config = machine.join("kaika.toml").to_str().unwrap().to_owned();
    operator(&config, &["config", "check"]).expect_success();
    let audit = operator(&config, &["audit", "verify"]).expect_success();
    assert_eq!(audit["findings"], json!([]));
    config
}

/// Anchors that were copied elsewhere know of more than the backup has.
#[track_caller]
fn newer_anchors_are_told(lost: &Lost, machine: &Path, config: &str) {
    let anchors = machine.join("audit.anchors");
    let own = fs::read(&anchors).unwrap();
    fs::copy(lost.authority.path("audit.anchors"), &anchors).unwrap();
    let said = operator(config, &["audit", "verify"]);
    assert_eq!(said.exit, Some(1));
    let findings = said.document["findings"].as_array().unwrap();
    assert_eq!((findings.len(), &findings[0]["finding"]), (1, &json!("older")), "{}", said.document);
    assert!(said.stderr.contains("the database is older than its anchors"), "{}", said.stderr);
    fs::write(&anchors, own).unwrap();
}

#[test]
fn sqlite() {
    path("sqlite:kaika.db", |_| {}, |_| {});
}

#[test]
fn postgresql() {
    let lost = postgres::fresh_database();
    let dump = |backup: &str| {
        let to = format!("{backup}/kaika.dump");
        Tool::new("pg_dump").args(["--format=custom", "--file", &to, &lost]).run().expect_success();
    };
    path(&lost, dump, |machine| {
        let (new, config) = (postgres::fresh_database(), format!("{machine}/kaika.toml"));
        let from = format!("{machine}/kaika.dump");
        Tool::new("pg_restore").args(["--exit-on-error", "--no-owner", "--dbname", &new, &from]).run().expect_success();
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, text.replace(&lost, &new)).unwrap();
    });
}

#[test]
fn a_backup_has_the_passphrase_only_where_it_is_asked_for() {
    let lost = Lost::start("sqlite:kaika.db");
    let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let without = lost.back_up("without", &[]);
    let names = |folder: &str| {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let parts = ["audit.anchors", "authorities", "kaika.db", "kaika.toml", "keys", "secrets"];
    assert_eq!(names(&without), parts);
    assert_eq!((mode(&without), mode(&format!("{without}/kaika.db"))), (0o700, 0o600));
    assert_eq!(names(&format!("{without}/keys")), names(&lost.authority.path("keys")));
    assert_eq!(mode(&format!("{without}/secrets/card-secrets.key")), 0o600);
    let with = lost.back_up("with", &["--with-passphrase"]);
    assert_eq!(fs::read(format!("{with}/passphrase")).unwrap(), lost.passphrase());

    // As the example has it, it lies among what is copied.
    let (config, secret) = (lost.authority.path("kaika.toml"), lost.authority.path("secrets/passphrase"));
    fs::copy(lost.authority.path("passphrase"), &secret).unwrap();
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("\"passphrase\"", "\"secrets/passphrase\"")).unwrap();
    assert_eq!(
        names(&format!("{}/secrets", lost.back_up("beside", &[]))),
        ["audit.key", "audit.pub", "card-secrets.key"]
    );

    // What is there already is left alone, and what fails leaves nothing.
    let said = lost.authority.operator(&["backup", "--to", &without]);
    assert!(said.exit == Some(1) && said.stderr.contains("exists already"), "{}", said.stderr);
    fs::remove_dir_all(lost.authority.path("keys")).unwrap();
    let to = lost.backups.path().join("broken");
    let said = lost.authority.operator(&["backup", "--to", to.to_str().unwrap()]);
    assert!(said.exit == Some(1) && said.stderr.contains("keys cannot be copied"), "{}", said.stderr);
    assert_eq!(names(lost.backups.path().to_str().unwrap()), ["beside", "with", "without"]);
}
