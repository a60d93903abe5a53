//! `kaika audit verify`: whatever somebody with the database's file does to the log is found.

use crate::bench::kaika;
use crate::demo::{Data, Demo};
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

#[track_caller]
fn found(data: &Data, findings: Value) {
    let (exit, report) = verify(data);
    assert_eq!(report["findings"], findings, "{report}");
    assert_eq!(exit, Some(1));
    let output = kaika(&["audit", "verify", "--data", &data.argument()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr().lines().count(), findings.as_array().unwrap().len(), "{output}");
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
    let output = kaika(&["audit", "verify", "--data", &data.argument()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr().lines().count(), 1, "{output}");

    fs::write(&anchors, &genuine).unwrap();
    assert_eq!(verify(&data).0, Some(0));
}

#[test]
fn where_nothing_is_installed_nothing_is_whole() {
    let output = kaika(&["audit", "verify", "--data", &Data::new().argument()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((output.stdout().as_str(), output.stderr().lines().count()), ("", 1), "{output}");
}
