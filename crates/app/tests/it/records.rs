//! What somebody with the database in his hands alters beside the audit log: the log is whole, and the records are not what
//! it tells of.

use kaika_app::{
    audit::verify_audit,
    cards::{Record, RecordFinding, sweep, verify_records},
    certificates::{Which, change_status_by_authority},
};
use kaika_fixtures::{Running, Site, operator};
use kaika_testkit::{
    postgres::{fresh_database, psql},
    sqlite::sqlite,
};
use kaika_wire::{CertificateRole, ResumeReason, RevokeReason, SerialNumber, StatusChange, SuspendReason};
use std::collections::BTreeSet;
use time::Duration;

const TABLES: [&str; 7] =
    ["receipt", "unpublished", "organisation_certificate", "certificate", "card", "station", "generation"];

/// A card in use: its login certificate is revoked, its encryption certificate suspended.
struct Scene {
    running: Running,
    serials: Vec<(CertificateRole, SerialNumber)>,
}

impl Scene {
    fn of(site: Site) -> Self {
        let running = Running::of(site);
        let card = running.card();
        let certificates = running.wait(async {
            let mut reader = running.app.store.read().await.unwrap();
            reader.certificates_of_card(card.id).await.unwrap()
        });
        let serials: Vec<_> = certificates.iter().map(|one| (one.card_role().unwrap(), one.serial.clone())).collect();
        let scene = Self { running, serials };
        scene.change(CertificateRole::Login, StatusChange::Revoke(RevokeReason::Lost));
        scene.change(CertificateRole::Encryption, StatusChange::Suspend(SuspendReason::Lost));
        for table in TABLES {
            scene.sql(&format!("CREATE TABLE saved_{table} AS SELECT * FROM {table}"));
        }
        scene
    }

    fn change(&self, role: CertificateRole, change: StatusChange) {
        let which = Which::Serial(self.serial(role));
        self.running.wait(change_status_by_authority(&self.running.app, &which, change, &operator())).unwrap();
    }

    fn serial(&self, role: CertificateRole) -> SerialNumber {
        self.serials.iter().find(|(of, _)| *of == role).unwrap().1.clone()
    }

    fn sql(&self, sql: &str) {
        match &self.running.site.postgres {
            // Also what a reference would keep from being done.
            Some(url) => drop(psql(url, &format!("SET session_replication_role = replica; {sql}"))),
            None => drop(sqlite(&self.running.site.database_path(), sql)),
        }
    }

    fn findings(&self) -> Vec<RecordFinding> {
        let store = self.running.app.store.as_ref();
        let audit = self.running.wait(verify_audit(store, &[])).unwrap();
        assert_eq!(audit.findings.len(), 1, "the log is whole, though there are no anchors: {audit:?}");
        self.running.wait(verify_records(store, audit.events)).unwrap().findings
    }

    /// What is found after this was done, which is undone.
    fn after(&self, sql: &str) -> Vec<RecordFinding> {
        self.sql(sql);
        let findings = self.findings();
        for table in TABLES {
            self.sql(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM saved_{table}"));
        }
        assert_eq!(self.findings(), [], "as it was before {sql}");
        findings
    }
}

fn activated(postgres: Option<String>) -> Scene {
    Scene::of(Site::builder().database(postgres).activated())
}

fn scenes() -> [Scene; 2] {
    [activated(None), activated(Some(fresh_database()))]
}

/// Each thing that a finding says is other than the log has it.
fn what(findings: &[RecordFinding]) -> BTreeSet<&'static str> {
    let what = |finding: &RecordFinding| match finding {
        RecordFinding::Changed { what, .. } | RecordFinding::Altered { what, .. } => what,
        RecordFinding::Gone { .. } => "gone",
        RecordFinding::Unlogged { .. } => "unlogged",
    };
    findings.iter().map(what).collect()
}

const ISSUE: &str = "issue: contents, key, validity, card, role or authority";
const ENTRY: &str = "entry in the revocation list";

#[test]
fn a_revocation_that_was_undone_by_sql_is_found() {
    for scene in scenes() {
        assert_eq!(scene.findings(), []);
        let (login, encryption) = (scene.serial(CertificateRole::Login), scene.serial(CertificateRole::Encryption));
        let of = |serial: &SerialNumber, set: &str| format!("UPDATE certificate SET {set} WHERE serial = '{serial}'");
        // As thoroughly as somebody does it who knows the table.
        let undone =
            "state = 'valid', revocation_reason = NULL, revoked_at = NULL, listed_at = NULL, listed_for = NULL";
        let findings = scene.after(&of(&login, undone));
        let [RecordFinding::Changed { record, what: "status", logged, found }] = findings.as_slice() else {
            panic!("{findings:?}")
        };
        assert_eq!(*record, Record::Certificate(login.to_string()));
        assert!(logged.starts_with("revoked (key_compromise) at 2026-11-20T") && found == "valid", "{findings:?}");
        for (set, expected) in [
            ("revoked_at = revoked_at + 3600, listed_at = listed_at + 3600", "status"),
            ("revocation_reason = 'superseded', listed_for = 4", "status"),
            // Revoked still, but no list tells of it.
            ("listed_for = NULL, listed_at = NULL", ENTRY),
            ("listed_at = listed_at + 3600", ENTRY),
            ("listed_for = 6", ENTRY),
            // Lists leave out what has ended.
            ("not_after = 1", ISSUE),
            ("shard = shard + 1", "shard of the revocation list"),
            ("state = 'revoked!'", "row"),
            ("card = NULL", ISSUE),
            ("role = 'signature'", ISSUE),
            ("issued_at = issued_at - 1", ISSUE),
        ] {
            assert_eq!(what(&scene.after(&of(&login, set))), [expected].into(), "{set}");
        }
        let lifted = "state = 'valid', holds = '[]', listed_at = NULL, listed_for = NULL";
        assert_eq!(what(&scene.after(&of(&encryption, lifted))), ["status"].into());
        let by_holder = "holds = replace(holds, 'authority', 'holder')";
        assert_eq!(what(&scene.after(&of(&encryption, by_holder))), ["status"].into(), "who may lift it");
        // The bytes of another certificate, with their digest.
        let other = format!("(SELECT certificate FROM saved_certificate WHERE serial = '{encryption}')");
        let digest = format!("(SELECT sha256 FROM saved_certificate WHERE serial = '{encryption}')");
        let findings = scene.after(&of(&login, &format!("certificate = {other}")));
        assert_eq!(what(&findings), [ISSUE].into());
        let findings = scene.after(&of(&login, &format!("certificate = {other}, sha256 = {digest}")));
        assert_eq!(what(&findings), [ISSUE].into());
        let of_login = format!("WHERE serial = '{login}'");
        let findings = scene.after(&format!("DELETE FROM certificate {of_login}"));
        assert_eq!(findings, [RecordFinding::Gone { record: Record::Certificate(login.to_string()) }]);
        let serial = "40000000000000000000000000000001";
        let findings = scene.after(&format!(
            "CREATE TABLE one AS SELECT * FROM certificate {of_login}; \
             UPDATE one SET id = '00000000-0000-7000-8000-000000000001', serial = '{serial}'; \
             INSERT INTO certificate SELECT * FROM one; DROP TABLE one"
        ));
        assert_eq!(findings, [RecordFinding::Unlogged { record: Record::Certificate(serial.into()) }]);
    }
}

#[test]
fn what_cards_stations_and_authorities_are_is_held_against_the_log() {
    for scene in scenes() {
        let number = scene.running.site.number.clone();
        for (sql, expected) in [
            ("UPDATE card SET state = 'dispatched', state_at = dispatched_at", "state"),
            ("UPDATE card SET dispatched_at = dispatched_at + 86400", "state"),
            ("UPDATE card SET state = 'terminated', termination_reason = 'lost'", "state"),
            ("UPDATE card SET state = 'lost'", "row"),
            ("UPDATE card SET authority = 'xca'", "authority"),
            ("INSERT INTO unpublished SELECT id, 1 FROM card", "publication"),
            ("DELETE FROM receipt", "acceptance"),
            ("UPDATE station SET name = 'another'", "name"),
            ("UPDATE generation SET certificate = (SELECT certificate FROM saved_certificate LIMIT 1)", "certificate"),
            ("UPDATE generation SET ordinal = ordinal + 1", "unlogged"),
        ] {
            assert!(what(&scene.after(sql)).contains(expected), "{sql}: {:?}", scene.after(sql));
        }
        let findings = scene.after(
            "CREATE TABLE one AS SELECT * FROM station; UPDATE one SET id = '00000000-0000-7000-8000-000000000001'; \
             INSERT INTO station SELECT * FROM one; DROP TABLE one",
        );
        let record = Record::Station("00000000-0000-7000-8000-000000000001".into());
        assert_eq!(findings, [RecordFinding::Unlogged { record }], "whoever has its token gets PUKs");
        let findings = scene.after("DELETE FROM card");
        assert!(findings.contains(&RecordFinding::Gone { record: Record::Card(number.to_string()) }), "{findings:?}");
    }
}

/// Whatever use cases do is what they log.
#[test]
fn what_was_done_in_order_is_no_finding() {
    let personalised = Site::builder().personalised();
    for outcome in ["suspend", "revoke"] {
        let afterwards = format!("afterwards = \"{outcome}\"");
        let site = personalised.with_policy(|policy| policy.replace("afterwards = \"revoke\"", &afterwards));
        let mut running = Running::of(site);
        running.later(Duration::days(91));
        assert_eq!(running.wait(sweep(&running.app, false, &operator())).unwrap().len(), 1);
        let report = running.wait(verify_records(running.app.store.as_ref(), 1)).unwrap();
        assert_eq!((report.findings, report.certificates, report.cards), (vec![], 4, 1), "{outcome}");
    }
    for scene in scenes() {
        scene.change(CertificateRole::Encryption, StatusChange::Resume(ResumeReason::Found));
        scene.change(CertificateRole::Encryption, StatusChange::Suspend(SuspendReason::NotInUse));
        scene.change(CertificateRole::Encryption, StatusChange::Revoke(RevokeReason::Ceased));
        assert_eq!(scene.findings(), []);
        // As if the log were a million events longer: it is compared part by part.
        let store = scene.running.app.store.as_ref();
        for events in [1 << 20, 1 << 24] {
            let report = scene.running.wait(verify_records(store, events)).unwrap();
            assert_eq!((report.findings, report.certificates, report.cards), (vec![], 4, 1));
        }
        scene.sql("UPDATE certificate SET state = 'valid' WHERE state = 'revoked'");
        let report = scene.running.wait(verify_records(store, 1 << 24)).unwrap();
        assert_eq!(what(&report.findings), ["status", ENTRY].into());
    }
}
