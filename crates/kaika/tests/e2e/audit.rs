//! `kaika audit verify`: whatever somebody with the database's file does to the log is found.

use crate::bench::kaika;
use crate::demo::{Data, Demo};
use kaika_app::audit::{Anchor, Anchors, Head};
use kaika_vault::{AnchorFile, Passphrase, Vault};
use serde_json::{Value, json};
use std::fs;

/// With an activation in it, and stopped.
fn written() -> Data {
    let demo = Demo::new();
    demo.activate(demo.portal("gca"), &demo.card("gca"), "135790").expect_success();
    demo.stop().0
}

fn verify(data: &Data) -> (Option<i32>, Value) {
    let said = data.operator(&["audit", "verify"]);
    (said.exit, said.document)
}

/// What was found of the log and its anchors. Where events are gone, what they told of is on record all the same, which is
/// found as well.
fn of_the_log(report: &Value) -> Value {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["record"].is_null()).cloned().collect()
}

#[track_caller]
fn found(data: &Data, findings: Value) {
    let (exit, report) = verify(data);
    assert_eq!(of_the_log(&report), findings, "{report}");
    assert_eq!(exit, Some(1));
    let output = kaika(&["audit", "verify", "--data", &data.argument()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr().lines().count(), report["findings"].as_array().unwrap().len(), "{output}");
    assert!(!output.stdout().contains("whole"), "{output}");
}

#[test]
fn an_untouched_log_is_whole() {
    let demo = Demo::new();
    let activations = || -> i64 {
        let count = demo.data().sql("SELECT count(*) FROM audit_event WHERE action = 'card.activate'");
        count.trim().parse().unwrap()
    };
    let before = activations();
    demo.activate(demo.portal("gca"), &demo.card("gca"), "135790").expect_success();
    assert_eq!(activations(), before + 1);
    // While the demo runs, too.
    assert_eq!(verify(demo.data()).0, Some(0));
    let (data, _) = demo.stop();
    let (exit, report) = verify(&data);
    assert_eq!((exit, &report["findings"]), (Some(0), &json!([])), "{report}");
    assert!(report["events"].as_u64().unwrap() > 20 && report["anchors"].as_u64().unwrap() > 0, "{report}");
    let output = kaika(&["audit", "verify", "--data", &data.argument()]).expect_success();
    assert!(output.stdout().contains("whole"), "{output}");

    let columns = data.sql("SELECT name, type FROM pragma_table_info('audit_event')");
    for column in ["actor|TEXT", "action|TEXT", "payload|TEXT"] {
        assert!(columns.lines().any(|line| line == column), "{columns}");
    }
    // A rowid table.
    data.sql("SELECT max(rowid) FROM audit_event");
}

#[test]
fn tampering_is_found() {
    let data = written();
    let copy = data.copy();
    copy.sql("UPDATE audit_event SET payload = replace(payload, 'card', 'Card') WHERE sequence = 12");
    found(&copy, json!([{"finding": "altered", "sequence": 12}]));

    for column in ["actor", "action", "at"] {
        let copy = data.copy();
        copy.sql(&format!("UPDATE audit_event SET {column} = {column} || '1' WHERE sequence = 3"));
        found(&copy, json!([{"finding": "altered", "sequence": 3}]));
    }

    let copy = data.copy();
    copy.sql("DELETE FROM audit_event WHERE sequence = 7");
    found(&copy, json!([{"finding": "missing", "from": 7, "to": 7}]));

    let copy = data.copy();
    copy.sql(
        "UPDATE audit_event SET sequence = -1 WHERE sequence = 5;\
         UPDATE audit_event SET sequence = 5 WHERE sequence = 6;\
         UPDATE audit_event SET sequence = 6 WHERE sequence = -1",
    );
    found(&copy, json!([5, 6, 7].map(|sequence| json!({"finding": "altered", "sequence": sequence}))));
}

#[test]
fn a_cut_tail_is_found() {
    let data = written();
    let last: i64 = data.sql("SELECT max(sequence) FROM audit_event").trim().parse().unwrap();
    let copy = data.copy();
    copy.sql(&format!("DELETE FROM audit_event WHERE sequence > {}", last - 3));
    found(&copy, json!([{"finding": "cut", "found": last - 3, "expected": last}]));

    // With the head put right: the anchors outside the database tell, as of a backup that was put back.
    copy.sql(&format!(
        "UPDATE audit_head SET sequence = {0}, hash = (SELECT hash FROM audit_event WHERE sequence = {0})",
        last - 3
    ));
    found(&copy, json!([{"finding": "older", "found": last - 3, "anchored": last}]));

    let copy = data.copy();
    copy.sql("DELETE FROM audit_event; UPDATE audit_head SET sequence = 0, hash = zeroblob(32)");
    found(&copy, json!([{"finding": "older", "found": 0, "anchored": last}]));
}

#[test]
fn anchors_are_missed_and_cannot_be_forged() {
    let data = written();
    let anchors = data.path().join("audit.anchors");
    let genuine = fs::read_to_string(&anchors).unwrap();
    fs::remove_file(&anchors).unwrap();
    found(&data, json!([{"finding": "no_anchors"}]));

    // An anchor for a log that was cut, made of a genuine one.
    let line = genuine.lines().last().unwrap();
    let mut forged: Value = serde_json::from_str(line).unwrap();
    forged["sequence"] = json!(forged["sequence"].as_i64().unwrap() - 3);
    fs::write(&anchors, format!("{forged}\n")).unwrap();
    found(&data, json!([{"finding": "anchor", "file": anchors, "line": 1}, {"finding": "no_anchors"}]));

    fs::write(&anchors, &genuine).unwrap();
    assert_eq!(verify(&data).0, Some(0));
}

/// Leaves out the last three events, and puts the head right; gives the new head.
fn cut(data: &Data) -> Head {
    let last: i64 = data.sql("SELECT max(sequence) FROM audit_event").trim().parse().unwrap();
    let sequence = last - 3;
    data.sql(&format!(
        "DELETE FROM audit_event WHERE sequence > {sequence};
         UPDATE audit_head SET sequence = {sequence},
            hash = (SELECT hash FROM audit_event WHERE sequence = {sequence})"
    ));
    on_one(async { data.store().await.read().await.unwrap().audit_head().await.unwrap() })
}

fn on_one<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn an_older_anchor_that_was_put_last_hides_nothing() {
    let data = written();
    let anchors = data.path().join("audit.anchors");
    let lines = fs::read_to_string(&anchors).unwrap();
    let turned: String = lines.lines().rev().flat_map(|line| [line, "\n"]).collect();
    fs::write(&anchors, &turned).unwrap();
    assert_eq!(verify(&data).0, Some(0));
    let (newest, cut) = (newest(&turned), cut(&data).sequence);
    found(&data, json!([{"finding": "older", "found": cut, "anchored": newest}]));

    // What one server has not anchored, or has lost, another has.
    let (first, elsewhere) = (lines.lines().next().unwrap(), data.path().join("audit.anchors.of-another-server"));
    fs::write(&anchors, format!("{first}\n")).unwrap();
    fs::write(&elsewhere, &turned).unwrap();
    assert_eq!(of_the_log(&verify(&data).1), json!([]), "nobody can know");
    let said = data.operator(&["audit", "verify", "--anchors", elsewhere.to_str().unwrap()]);
    let expected = json!([{"finding": "older", "found": cut, "anchored": newest}]);
    assert_eq!((said.exit, of_the_log(&said.document)), (Some(1), expected), "{}", said.document);
    // A file that is named has to be there.
    assert_eq!(data.operator(&["audit", "verify", "--anchors", "nowhere"]).exit, Some(1));
}

fn newest(anchors: &str) -> i64 {
    let sequence = |line| serde_json::from_str::<Value>(line).unwrap()["sequence"].as_i64().unwrap();
    anchors.lines().map(sequence).max().unwrap()
}

#[test]
fn a_replaced_public_key_hides_nothing() {
    let data = written();
    let (public, copy) = (data.path().join("secrets/audit.pub"), data.path().join("copy.pub"));
    fs::copy(&public, &copy).unwrap();
    let copy = copy.to_str().unwrap();
    // The log is cut, and the cut signed with a key of one's own, whose public one takes the place of the other.
    let head = cut(&data);
    let forger = tempfile::tempdir().unwrap();
    let vault = Vault::create_or_open(forger.path(), &Passphrase::new("of the forger")).unwrap();
    let anchors = data.path().join("audit.anchors");
    fs::remove_file(&anchors).unwrap();
    let forged = AnchorFile::new(&anchors, vault.audit_key());
    on_one(forged.append(&Anchor { head, at: time::OffsetDateTime::now_utc() })).unwrap();
    fs::copy(forger.path().join("audit.pub"), &public).unwrap();

    let replaced = json!({"finding": "public_key", "file": public});
    let expected = json!([replaced, {"finding": "anchor", "file": anchors, "line": 1}, {"finding": "no_anchors"}]);
    found(&data, expected.clone());
    // Where the passphrase is not at hand, the copy tells; without either nobody can know, which is told.
    let passphrase = data.path().join("secrets/passphrase");
    fs::rename(&passphrase, data.path().join("elsewhere")).unwrap();
    let said = data.operator(&["audit", "verify", "--public-key", copy]);
    assert_eq!((said.exit, of_the_log(&said.document)), (Some(1), expected), "{}", said.document);
    let (_, report) = verify(&data);
    assert_eq!((of_the_log(&report), &report["public_key"]), (json!([]), &json!("unchecked")), "{report}");
}

#[test]
fn a_revocation_that_was_undone_is_found() {
    let demo = Demo::new();
    let number = demo.card("gca").number().to_owned();
    demo.data().operator(&["certificate", "revoke", "--card", &number, "--reason", "lost"]).expect_success();
    let (data, _) = demo.stop();
    let (exit, report) = verify(&data);
    assert_eq!((exit, &report["public_key"]), (Some(0), &json!("sealed")), "{report}");
    assert!(report["certificates"].as_u64().unwrap() > 40 && report["cards"].as_u64().unwrap() > 10, "{report}");
    let serial = data.sql("SELECT serial FROM certificate WHERE revocation_reason = 'key_compromise' LIMIT 1");
    data.sql(&format!(
        "UPDATE certificate SET state = 'valid', revocation_reason = NULL, revoked_at = NULL, listed_at = NULL, \
         listed_for = NULL WHERE serial = '{}'",
        serial.trim()
    ));
    let (exit, report) = verify(&data);
    let [finding] = report["findings"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!((exit, &finding["name"]), (Some(1), &json!(serial.trim())));
    assert_eq!(
        (&finding["record"], &finding["what"], &finding["found"]),
        (&json!("certificate"), &json!("status"), &json!("valid"))
    );
}

#[test]
fn where_nothing_is_installed_nothing_is_whole() {
    let output = kaika(&["audit", "verify", "--data", &Data::new().argument()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((output.stdout().as_str(), output.stderr().lines().count()), ("", 1), "{output}");
}
