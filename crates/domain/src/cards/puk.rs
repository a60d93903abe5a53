//! Which PUK a card has. The card cannot be asked, so the ledger keeps what is known: at most two candidates, and for
//! each how often it was tried without an answer.
//!
//! **Invariant:** no PUK is replaced while two candidates are left, and none is forgotten before the card is terminated.

use serde::{Deserialize, Serialize};

/// 0 is the factory's, 1 the first of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PukVersion(pub u32);

impl PukVersion {
    pub const FACTORY: Self = Self(0);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PukRecord {
    pub version: PukVersion,
    pub state: PukState,
    /// Tries that were sent and whose answer has not come.
    pub unanswered: u32,
    /// A person has seen it: the next job that can puts another in its place.
    pub exposed: bool,
}

impl PukRecord {
    pub fn new(version: PukVersion, state: PukState) -> Self {
        Self { version, state, unanswered: 0, exposed: false }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PukState {
    /// The card may have it.
    Candidate,
    /// The card has shown that it has it.
    Current,
    /// The card had it once, or never took it.
    Superseded,
}

/// A card's PUKs, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PukLedger {
    records: Vec<PukRecord>,
}

/// Which PUK to send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It is the card's for certain.
    Certain(PukVersion),
    /// It may be; settle it before anything else.
    Try(PukVersion),
    /// A try could be the last one, or nothing is left to try.
    None,
}

impl PukLedger {
    /// Of a card as it left the factory.
    pub fn factory() -> Self {
        Self { records: vec![PukRecord::new(PukVersion::FACTORY, PukState::Current)] }
    }

    pub fn from_records(mut records: Vec<PukRecord>) -> Self {
        records.sort_by_key(|record| record.version);
        Self { records }
    }

    pub fn records(&self) -> &[PukRecord] {
        &self.records
    }

    /// The version after the newest.
    pub fn next_version(&self) -> PukVersion {
        PukVersion(self.records.last().map_or(0, |record| record.version.0) + 1)
    }

    pub fn has(&self, version: PukVersion) -> bool {
        self.records.iter().any(|record| record.version == version)
    }

    fn open(&self) -> impl Iterator<Item = &PukRecord> {
        self.records.iter().filter(|record| record.state != PukState::Superseded)
    }

    /// The one candidate, where only one is left.
    pub fn settled(&self) -> Option<PukVersion> {
        let mut open = self.open();
        let first = open.next()?;
        open.next().is_none().then_some(first.version)
    }

    /// The card's for certain, and a person has seen it.
    pub fn exposed(&self) -> Option<PukVersion> {
        let settled = self.settled()?;
        self.records.iter().any(|record| record.version == settled && record.exposed).then_some(settled)
    }

    /// `tries_left` as the card tells it, where it does.
    pub fn choose(&self, tries_left: Option<u8>) -> Choice {
        if tries_left == Some(0) {
            return Choice::None;
        }
        if let Some(version) = self.settled() {
            return Choice::Certain(version);
        }
        let spent: u32 = self.open().map(|record| record.unanswered).sum();
        // A card that keeps its count to itself has had three tries at most.
        let left = tries_left.map_or(3_u32.saturating_sub(spent), u32::from);
        if left <= 1 {
            return Choice::None;
        }
        match self.open().min_by_key(|record| (record.unanswered, record.version)) {
            Some(record) => Choice::Try(record.version),
            None => Choice::None,
        }
    }

    /// About to be sent.
    pub fn trying(&mut self, version: PukVersion) {
        if let Some(record) = self.find(version) {
            record.unanswered += 1;
        }
    }

    /// About to be shown to a person, who types it.
    pub fn showing(&mut self, version: PukVersion) {
        if let Some(record) = self.find(version) {
            record.exposed = true;
        }
    }

    /// The card has refused what a person typed for this one: that says nothing of it.
    pub fn mistyped(&mut self, version: PukVersion) {
        if let Some(record) = self.find(version) {
            record.unanswered = record.unanswered.saturating_sub(1);
        }
    }

    /// About to be set in place of the settled one.
    ///
    /// # Panics
    /// While two candidates are left.
    pub fn replacing(&mut self, from: PukVersion, to: PukVersion) {
        if from == to || self.has(to) {
            return;
        }
        assert_eq!(self.settled(), Some(from), "a PUK is replaced only when it is known which one the card has");
        self.records.push(PukRecord::new(to, PukState::Candidate));
    }

    /// The card has taken this one: it has it.
    pub fn confirmed(&mut self, version: PukVersion) {
        for record in &mut self.records {
            record.state = if record.version == version { PukState::Current } else { PukState::Superseded };
            record.unanswered = 0;
        }
    }

    /// The replacement was sent and its answer never came: the card has one of the two.
    pub fn unsettled(&mut self, from: PukVersion, to: PukVersion) {
        for version in [from, to] {
            if let Some(record) = self.find(version) {
                record.state = PukState::Candidate;
            }
        }
    }

    /// This replacement never reached the card.
    pub fn never_sent(&mut self, version: PukVersion) {
        if let Some(record) = self.find(version) {
            record.state = PukState::Superseded;
        }
    }

    /// Another device is put to the order, as it left the factory. What was drawn for the one before is not drawn again.
    pub fn another_device(&mut self) {
        self.confirmed(PukVersion::FACTORY);
    }

    /// The card has refused this one: it has the other, if there is one.
    pub fn refused(&mut self, version: PukVersion) {
        if let Some(record) = self.find(version) {
            record.state = PukState::Superseded;
            record.unanswered = 0;
        }
    }

    fn find(&mut self, version: PukVersion) -> Option<&mut PukRecord> {
        self.records.iter_mut().find(|record| record.version == version)
    }
}
