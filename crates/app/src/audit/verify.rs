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
    /// Findings beyond those.
    pub unlisted: u64,
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
    #[error("there is no anchor, although the log has events")]
    NoAnchors,
}

/// What was found. Of very many, as where a whole table was altered, the first are listed and the others counted.
pub(crate) struct Findings<T> {
    pub(crate) listed: Vec<T>,
    pub(crate) unlisted: u64,
}

impl<T> Default for Findings<T> {
    fn default() -> Self {
        Self { listed: Vec::new(), unlisted: 0 }
    }
}

impl<T> Findings<T> {
    const MOST: usize = 1000;

    pub(crate) fn add(&mut self, finding: T) {
        match self.listed.len() < Self::MOST {
            true => self.listed.push(finding),
            false => self.unlisted += 1,
        }
    }
}

/// `anchors` are those of the files outside the database, in any order, their signatures checked: servers that share a
/// database sign heads side by side.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn verify_audit(store: &dyn Store, anchors: &[Anchor]) -> Result<AuditReport, Failure> {
    const PAGE: u32 = 1000;
    let mut heads: Vec<Head> = anchors.iter().map(|anchor| anchor.head).collect();
    heads.sort_unstable_by_key(|head| (head.sequence, head.hash));
    heads.dedup();
    let mut reader = store.read().await?;
    let mut walk = Walk { head: Head::EMPTY, anchors: &heads, events: 0, findings: Findings::default() };
    // Also what was put before the first event.
    let mut after = i64::MIN;
    loop {
        let page = reader.audit_events(after, PAGE).await?;
        for event in &page {
            walk.step(event);
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = last.sequence,
            _ => break,
        }
    }
    let recorded = reader.audit_head().await?;
    let mut report = walk.finish(recorded, heads.last().map_or(0, |newest| newest.sequence));
    report.anchors = anchors.len() as u64;
    if anchors.is_empty() && report.events > 0 {
        report.findings.push(AuditFinding::NoAnchors);
    }
    Ok(report)
}

struct Walk<'a> {
    head: Head,
    /// Those not yet met, by their events' numbers.
    anchors: &'a [Head],
    events: u64,
    findings: Findings<AuditFinding>,
}

impl Walk<'_> {
    fn step(&mut self, event: &Chained) {
        self.events += 1;
        let expected = self.head.sequence + 1;
        if event.sequence < expected {
            // Before the first one there is none.
            self.findings.add(AuditFinding::Altered { sequence: event.sequence });
            return;
        }
        if event.sequence > expected {
            self.findings.add(AuditFinding::Missing { from: expected, to: event.sequence - 1 });
        } else if event.expected_hash(&self.head.hash) != event.hash {
            self.findings.add(AuditFinding::Altered { sequence: event.sequence });
        }
        let mut rewritten = false;
        while let Some((anchor, rest)) = self.anchors.split_first() {
            if anchor.sequence > event.sequence {
                break;
            }
            rewritten |= anchor.sequence == event.sequence && anchor.hash != event.hash;
            self.anchors = rest;
        }
        if rewritten {
            self.findings.add(AuditFinding::Rewritten { sequence: event.sequence });
        }
        self.head = event.head();
    }

    fn finish(mut self, recorded: Head, anchored: i64) -> AuditReport {
        let expected = recorded.sequence.max(anchored);
        let found = self.head.sequence;
        if expected > found {
            // All that is there is as it was written.
            let genuine = recorded == self.head && self.findings.listed.is_empty();
            self.findings.add(match genuine {
                true => AuditFinding::Older { found, anchored },
                false => AuditFinding::Cut { found, expected },
            });
        } else if recorded != self.head {
            self.findings.add(AuditFinding::Head);
        }
        let Findings { listed, unlisted } = self.findings;
        AuditReport { events: self.events, anchors: 0, findings: listed, unlisted }
    }
}
