//! Somebody with the database file in his hands alters the audit log: `verify_audit` finds it.

use crate::sample::{NOW, event, made, read, sqlite_url, write};
use kaika_app::{
    Store,
    audit::{Anchor, AuditFinding, Chained, Head, verify_audit},
};
use sqlx::{Connection, SqliteConnection};
use std::sync::Arc;
use tempfile::{TempDir, tempdir};

/// A log of 12 events, with its head anchored after the 4th, the 8th and the 12th.
struct Log {
    folder: TempDir,
    store: Arc<dyn Store>,
    anchors: Vec<Anchor>,
}

impl Log {
    async fn new() -> Self {
        let folder = tempdir().unwrap();
        let store = made(&sqlite_url(&folder)).await;
        let mut log = Self { folder, store, anchors: Vec::new() };
        for n in 0..3 {
            log.append(n * 4, 4).await;
            log.anchor().await;
        }
        log
    }

    async fn append(&self, first: i64, count: i64) {
        write(&*self.store, async |work| {
            (first..first + count).for_each(|n| work.audit(event(n)));
            Ok(())
        })
        .await
        .unwrap();
    }

    async fn anchor(&mut self) {
        let head = read(&*self.store).await.audit_head().await.unwrap();
        self.anchors.push(Anchor { head, at: NOW });
    }

    async fn file(&self) -> SqliteConnection {
        let path = self.folder.path().join("kaika.db");
        SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap()
    }

    async fn tamper(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.file().await).await.unwrap();
    }

    /// Writes the whole log anew, with right hashes throughout.
    async fn rewrite(&self, change: impl FnOnce(&mut Vec<Chained>)) {
        let mut events = read(&*self.store).await.audit_events(0, u32::MAX).await.unwrap();
        change(&mut events);
        let mut head = Head::EMPTY;
        let mut file = self.file().await;
        sqlx::raw_sql("DELETE FROM audit_event").execute(&mut file).await.unwrap();
        for mut event in events {
            event.sequence = head.sequence + 1;
            event.hash = event.expected_hash(&head.hash);
            head = event.head();
            sqlx::query(
                "INSERT INTO audit_event (sequence, at, actor, action, payload, hash) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(event.sequence)
            .bind(event.at)
            .bind(event.actor)
            .bind(event.action)
            .bind(event.payload)
            .bind(event.hash.to_vec())
            .execute(&mut file)
            .await
            .unwrap();
        }
        sqlx::query("UPDATE audit_head SET sequence = ?, hash = ?")
            .bind(head.sequence)
            .bind(head.hash.to_vec())
            .execute(&mut file)
            .await
            .unwrap();
    }

    async fn findings(&self) -> Vec<AuditFinding> {
        self.findings_with(&self.anchors).await
    }

    async fn findings_with(&self, anchors: &[Anchor]) -> Vec<AuditFinding> {
        verify_audit(&*self.store, anchors).await.unwrap().findings
    }
}

fn altered(sequences: impl IntoIterator<Item = i64>) -> Vec<AuditFinding> {
    sequences.into_iter().map(|sequence| AuditFinding::Altered { sequence }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_log_has_no_finding() {
    let log = Log::new().await;
    let report = verify_audit(&*log.store, &log.anchors).await.unwrap();
    assert_eq!((report.events, report.anchors), (12, 3));
    assert_eq!(report.findings, []);

    // Nor has one that has grown since the last anchor, over more than one page, or that was never written to.
    log.append(12, 2000).await;
    let report = verify_audit(&*log.store, &log.anchors).await.unwrap();
    assert_eq!((report.events, report.findings), (2012, vec![]));
    let folder = tempdir().unwrap();
    let empty = made(&sqlite_url(&folder)).await;
    let report = verify_audit(&*empty, &[]).await.unwrap();
    assert_eq!((report.events, report.anchors, report.findings), (0, 0, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_event_is_found_whichever_field_it_is() {
    for sql in [
        "UPDATE audit_event SET payload = replace(payload, '\"name\"', '\"game\"') WHERE sequence = 5",
        "UPDATE audit_event SET at = at + 1 WHERE sequence = 5",
        "UPDATE audit_event SET actor = 'scheduler' WHERE sequence = 5",
        "UPDATE audit_event SET action = 'card.revoke' WHERE sequence = 5",
        // A border between two fields that was moved.
        "UPDATE audit_event SET actor = actor || 'c', action = substr(action, 2) WHERE sequence = 5",
    ] {
        let log = Log::new().await;
        log.tamper(sql).await;
        assert_eq!(log.findings().await, altered([5]), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_hash_is_found() {
    let log = Log::new().await;
    log.tamper("UPDATE audit_event SET hash = zeroblob(32) WHERE sequence = 6").await;
    assert_eq!(log.findings().await, altered([6, 7]));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_events_are_found() {
    let log = Log::new().await;
    log.tamper("DELETE FROM audit_event WHERE sequence = 5").await;
    assert_eq!(log.findings().await, [AuditFinding::Missing { from: 5, to: 5 }]);
    log.tamper("DELETE FROM audit_event WHERE sequence IN (1, 2, 6)").await;
    let expected = [AuditFinding::Missing { from: 1, to: 2 }, AuditFinding::Missing { from: 5, to: 6 }];
    assert_eq!(log.findings().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_that_was_closed_is_found() {
    let log = Log::new().await;
    log.tamper(
        "DELETE FROM audit_event WHERE sequence = 5;
         UPDATE audit_event SET sequence = sequence - 1 WHERE sequence > 5;
         UPDATE audit_head SET sequence = 11;",
    )
    .await;
    assert_eq!(log.findings_with(&log.anchors[..1]).await, altered(5..=11));
    assert!(log.findings().await.contains(&AuditFinding::Cut { found: 11, expected: 12 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_events_that_changed_places_are_found() {
    let log = Log::new().await;
    log.tamper(
        "UPDATE audit_event SET sequence = -1 WHERE sequence = 6;
         UPDATE audit_event SET sequence = 6 WHERE sequence = 7;
         UPDATE audit_event SET sequence = 7 WHERE sequence = -1;",
    )
    .await;
    assert_eq!(log.findings().await, altered([6, 7, 8]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_tail_is_found() {
    let log = Log::new().await;
    log.tamper("DELETE FROM audit_event WHERE sequence > 9").await;
    assert_eq!(log.findings().await, [AuditFinding::Cut { found: 9, expected: 12 }]);

    // With the head put back as well, the anchors alone know; a backup that was put back is like it.
    log.tamper("UPDATE audit_head SET sequence = 9, hash = (SELECT hash FROM audit_event WHERE sequence = 9)").await;
    assert_eq!(log.findings().await, [AuditFinding::Older { found: 9, anchored: 12 }]);
    assert_eq!(log.findings_with(&log.anchors[..2]).await, []);

    log.tamper("DELETE FROM audit_event; UPDATE audit_head SET sequence = 0, hash = zeroblob(32)").await;
    assert_eq!(log.findings().await, [AuditFinding::Older { found: 0, anchored: 12 }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_was_cut_and_grew_again_is_found() {
    let log = Log::new().await;
    log.rewrite(|events| events.truncate(6)).await;
    log.append(100, 20).await;
    let rewritten = [8, 12].map(|sequence| AuditFinding::Rewritten { sequence });
    assert_eq!(log.findings().await, rewritten);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_written_anew_is_found() {
    let log = Log::new().await;
    log.rewrite(|_| {}).await;
    assert_eq!(log.findings().await, [], "written as it was");

    log.rewrite(|events| events[4].payload = "{}".into()).await;
    let rewritten = [8, 12].map(|sequence| AuditFinding::Rewritten { sequence });
    assert_eq!(log.findings().await, rewritten);
    assert_eq!(log.findings_with(&log.anchors[..1]).await, [], "the chain itself is right");

    log.rewrite(|events| drop(events.remove(0))).await;
    let mut expected = [4, 8].map(|sequence| AuditFinding::Rewritten { sequence }).to_vec();
    expected.push(AuditFinding::Cut { found: 11, expected: 12 });
    assert_eq!(log.findings().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_fit_is_found() {
    let log = Log::new().await;
    log.tamper("UPDATE audit_head SET hash = zeroblob(32)").await;
    assert_eq!(log.findings().await, [AuditFinding::Head]);

    // An event put at the end, past the head.
    let log = Log::new().await;
    log.tamper(
        "INSERT INTO audit_event SELECT 13, at, actor, action, payload, hash FROM audit_event WHERE sequence = 12",
    )
    .await;
    let mut expected = altered([13]);
    expected.push(AuditFinding::Head);
    assert_eq!(log.findings().await, expected);
}

/// Servers that share a database sign heads side by side, and somebody may put lines in another order.
#[tokio::test(flavor = "multi_thread")]
async fn every_anchor_counts_whatever_their_order() {
    let log = Log::new().await;
    let of = |order: [usize; 3]| order.map(|index| log.anchors[index].clone());
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in orders {
        assert_eq!(log.findings_with(&of(order)).await, []);
    }
    log.tamper(
        "DELETE FROM audit_event WHERE sequence > 4;
         UPDATE audit_head SET sequence = 4, hash = (SELECT hash FROM audit_event WHERE sequence = 4);",
    )
    .await;
    for order in orders {
        assert_eq!(log.findings_with(&of(order)).await, [AuditFinding::Older { found: 4, anchored: 12 }], "{order:?}");
    }
    log.append(100, 8).await;
    for order in orders {
        let rewritten = [8, 12].map(|sequence| AuditFinding::Rewritten { sequence });
        assert_eq!(log.findings_with(&of(order)).await, rewritten, "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_before_the_first_is_found() {
    let log = Log::new().await;
    log.tamper(
        "INSERT INTO audit_event SELECT 0, at, actor, action, payload, hash FROM audit_event WHERE sequence = 1;
         INSERT INTO audit_event SELECT -7, at, actor, action, payload, hash FROM audit_event WHERE sequence = 1;",
    )
    .await;
    assert_eq!(log.findings().await, altered([-7, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_very_many_findings_the_first_are_listed() {
    let log = Log::new().await;
    log.append(12, 2000).await;
    log.tamper("UPDATE audit_event SET actor = 'scheduler'").await;
    let report = verify_audit(&*log.store, &log.anchors).await.unwrap();
    assert_eq!((report.events, report.findings.len(), report.unlisted), (2012, 1000, 1012));
}

#[tokio::test(flavor = "multi_thread")]
async fn anchors_that_are_gone_are_found() {
    let log = Log::new().await;
    assert_eq!(log.findings_with(&[]).await, [AuditFinding::NoAnchors]);
}
