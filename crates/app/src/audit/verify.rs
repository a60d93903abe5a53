//! Goes through the whole audit log: is it what was once written, all of it, in this order?

use crate::{
    Failure, Store,
    audit::{Anchor, Chained, Head},
};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Events looked at.
    pub events: u64,
    /// Anchors compared.
    pub anchors: u64,
    pub findings: Vec<AuditFinding>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum AuditFinding {
    #[error("event {sequence} was altered, put in another place, or follows an altered one")]
    Altered { sequence: i64 },
    #[error("events {from} to {to} are missing")]
    Missing { from: i64, to: i64 },
    #[error("the log ends at event {found}, but {expected} were written: its tail was cut off")]
    Cut { found: i64, expected: i64 },
    /// A tail that was cut off with the head put right looks the same.
    #[error(
        "the log ends at event {found}, but event {anchored} was anchored: the database is older than its anchors, \
         as one from a backup is, or its tail was cut off"
    )]
    Older { found: i64, anchored: i64 },
    #[error("the log's head in the database does not fit its last event")]
    Head,
    #[error("the chain at event {sequence} is not the one that was signed: it was written anew")]
    Rewritten { sequence: i64 },
    #[error("the file of anchors is missing, although the log has events")]
    NoAnchors,
}

/// `anchors` are those of the file outside the database, their signatures checked.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn verify_audit(store: &dyn Store, anchors: &[Anchor]) -> Result<AuditReport, Failure> {
    const PAGE: u32 = 1000;
    let mut reader = store.read().await?;
    let mut walk = Walk { head: Head::EMPTY, anchors, events: 0, findings: Vec::new() };
    loop {
        let page = reader.audit_events(walk.head.sequence, PAGE).await?;
        for event in &page {
            walk.step(event);
        }
        if page.len() < PAGE as usize {
            break;
        }
    }
    let recorded = reader.audit_head().await?;
    let mut report = walk.finish(recorded);
    report.anchors = anchors.len() as u64;
    if anchors.is_empty() && report.events > 0 {
        report.findings.push(AuditFinding::NoAnchors);
    }
    Ok(report)
}

struct Walk<'a> {
    head: Head,
    /// Those not yet met, oldest first.
    anchors: &'a [Anchor],
    events: u64,
    findings: Vec<AuditFinding>,
}

impl Walk<'_> {
    fn step(&mut self, event: &Chained) {
        self.events += 1;
        let expected = self.head.sequence + 1;
        if event.sequence > expected {
            self.findings.push(AuditFinding::Missing { from: expected, to: event.sequence - 1 });
        } else if event.expected_hash(&self.head.hash) != event.hash {
            self.findings.push(AuditFinding::Altered { sequence: event.sequence });
        }
        while let Some((anchor, rest)) = self.anchors.split_first() {
            if anchor.head.sequence > event.sequence {
                break;
            }
            if anchor.head.sequence == event.sequence && anchor.head.hash != event.hash {
                self.findings.push(AuditFinding::Rewritten { sequence: event.sequence });
            }
            self.anchors = rest;
        }
        self.head = event.head();
    }

    fn finish(mut self, recorded: Head) -> AuditReport {
        let anchored = self.anchors.last().map_or(0, |anchor| anchor.head.sequence);
        let expected = recorded.sequence.max(anchored);
        let found = self.head.sequence;
        if expected > found {
            // All that is there is as it was written.
            let genuine = recorded == self.head && self.findings.is_empty();
            self.findings.push(match genuine {
                true => AuditFinding::Older { found, anchored },
                false => AuditFinding::Cut { found, expected },
            });
        } else if recorded != self.head {
            self.findings.push(AuditFinding::Head);
        }
        AuditReport { events: self.events, anchors: 0, findings: self.findings }
    }
}
