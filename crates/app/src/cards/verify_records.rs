//! Holds what stands in the database against what the audit log says was done: a revocation that was undone by SQL leaves
//! the log whole, and shows here.
//!
//! The log has no person's data, so neither has what is compared.

mod logged;

use super::sweep::OVERDUE;
use crate::{Failure, Reader, Store, access::Station, audit::Findings, authorities::Generation, status::revoked_for};
use kaika_domain::{
    cards::{Card, CardState},
    certificates::{Certificate, CertificateState, Hold},
};
use kaika_pki::CertificateDigest;
use kaika_wire::{CardNumber, GenerationId, SerialNumber};
use logged::{Issue, Logged, LoggedCard, LoggedCertificate, Share};
use serde::Serialize;
use std::{collections::HashMap, fmt};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// So many events a share: cards and certificates are far fewer than their events, and those of a share take some
/// 30 MB. The log is walked once for each share, so one of any length takes no more.
const EVENTS_A_SHARE: u64 = 1 << 19;
const PAGE: u32 = 1000;
/// An event may be dated a little later than what it tells of.
const LATER: Duration = Duration::minutes(1);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordsReport {
    /// Rows compared.
    pub certificates: u64,
    pub cards: u64,
    pub findings: Vec<RecordFinding>,
    /// Findings beyond those.
    pub unlisted: u64,
}

/// Something on record, by a name that says nothing of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "record", content = "name", rename_all = "snake_case")]
pub enum Record {
    /// By its serial number.
    Certificate(String),
    Card(String),
    /// By its id.
    Station(String),
    /// By the name of its generation.
    Authority(String),
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(serial) => write!(f, "certificate {serial}"),
            Self::Card(number) => write!(f, "card {number}"),
            Self::Station(id) => write!(f, "station {id}"),
            Self::Authority(name) => write!(f, "authority {name}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum RecordFinding {
    #[error("{record} is gone from the database, though the log tells of it")]
    Gone {
        #[serde(flatten)]
        record: Record,
    },
    #[error("{record} is in the database, though the log does not tell of it")]
    Unlogged {
        #[serde(flatten)]
        record: Record,
    },
    #[error("{record}: after the log its {what} is {logged}, in the database it is {found}")]
    Changed {
        #[serde(flatten)]
        record: Record,
        what: &'static str,
        logged: String,
        found: String,
    },
    /// Its own parts do not fit each other.
    #[error("{record}: its {what} in the database was altered")]
    Altered {
        #[serde(flatten)]
        record: Record,
        what: &'static str,
    },
}

/// A certificate as its row has it.
#[derive(Clone, Debug)]
pub struct CertificateRow {
    pub id: String,
    pub serial: String,
    /// The number of its card.
    pub card: Option<String>,
    /// Its entry in the revocation list: since when, in seconds since 1970, and the CRLReason.
    pub listed: (Option<i64>, Option<i64>),
    /// None: the row holds what no program of ours has written.
    pub certificate: Option<Certificate>,
}

/// A card as its row and those beside it have it.
#[derive(Clone, Debug)]
pub struct CardRow {
    pub id: String,
    pub number: String,
    /// Strangers do not find its certificates.
    pub hidden: bool,
    pub receipts: u64,
    /// None: the row holds what no program of ours has written.
    pub card: Option<Card>,
}

/// `events` says how many the log has.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn verify_records(store: &dyn Store, events: u64) -> Result<RecordsReport, Failure> {
    let mut reader = store.read().await?;
    let generations = reader.generations().await?;
    let mut comparing = Comparing {
        generations: generations.iter().map(|generation| (generation.id, generation)).collect(),
        report: Findings::default(),
        certificates: 0,
        cards: 0,
    };
    let of = events / EVENTS_A_SHARE + 1;
    for index in 0..of {
        let share = Share { index, of };
        let mut logged = read_log(reader.as_mut(), share).await?;
        comparing.certificates(reader.as_mut(), share, &mut logged).await?;
        comparing.cards(reader.as_mut(), share, &mut logged).await?;
        if index == 0 {
            comparing.stations(reader.as_mut(), &mut logged).await?;
            comparing.authorities(&generations, &mut logged);
        }
    }
    let Findings { listed, unlisted } = comparing.report;
    let Comparing { certificates, cards, .. } = comparing;
    Ok(RecordsReport { certificates, cards, findings: listed, unlisted })
}

async fn read_log(reader: &mut dyn Reader, share: Share) -> Result<Logged, Failure> {
    let (mut logged, mut after) = (Logged::default(), 0);
    loop {
        let page = reader.audit_events(after, PAGE).await?;
        page.iter().for_each(|event| logged.take_in(event, share));
        match page.last() {
            Some(last) => after = last.sequence,
            None => return Ok(logged),
        }
    }
}

struct Comparing<'a> {
    generations: HashMap<GenerationId, &'a Generation>,
    report: Findings<RecordFinding>,
    certificates: u64,
    cards: u64,
}

impl Comparing<'_> {
    /// What is compared is taken out of `logged`; what is left there is gone.
    async fn certificates(
        &mut self,
        reader: &mut dyn Reader,
        share: Share,
        logged: &mut Logged,
    ) -> Result<(), Failure> {
        let mut after = String::new();
        loop {
            let page = reader.certificate_rows(&after, PAGE).await?;
            for row in &page {
                let card = row.card.as_ref().and_then(|number| number.parse::<CardNumber>().ok());
                let serial = row.serial.parse::<SerialNumber>().ok();
                if !share.has(card.as_ref(), serial.as_ref()) {
                    continue;
                }
                self.certificates += 1;
                let record = Record::Certificate(row.serial.clone());
                match (serial.and_then(|serial| logged.certificates.remove(&serial)), &row.certificate) {
                    (None, _) => self.report.add(RecordFinding::Unlogged { record }),
                    (Some(_), None) => self.report.add(RecordFinding::Altered { record, what: "row" }),
                    (Some(logged), Some(certificate)) => {
                        self.certificate(&record, row, card.as_ref(), certificate, &logged);
                    }
                }
            }
            match page.last() {
                Some(last) => after.clone_from(&last.id),
                None => break,
            }
        }
        for serial in logged.certificates.keys() {
            self.report.add(RecordFinding::Gone { record: Record::Certificate(serial.to_string()) });
        }
        Ok(())
    }

    fn certificate(
        &mut self,
        record: &Record,
        row: &CertificateRow,
        card: Option<&CardNumber>,
        certificate: &Certificate,
        logged: &LoggedCertificate,
    ) {
        let altered = |what| RecordFinding::Altered { record: record.clone(), what };
        let generation = self.generations.get(&certificate.generation);
        let issue = Issue {
            certificate: certificate.id,
            card,
            role: &certificate.role,
            authority: &certificate.authority,
            generation: &generation.map(|generation| generation.name()).unwrap_or_default(),
            sha256: &certificate.sha256,
            issued_at: certificate.issued_at.unix_timestamp(),
        };
        if issue.digest() != logged.issue || !says_what_it_is(certificate) {
            self.report.add(altered("issue: contents, key, validity, card, role or authority"));
        }
        if generation.is_none_or(|generation| generation.shard_of(&certificate.serial) != certificate.shard) {
            self.report.add(altered("shard of the revocation list"));
        }
        if !same_state(&certificate.state, &logged.state) {
            self.report.add(RecordFinding::Changed {
                record: record.clone(),
                what: "status",
                logged: told(&logged.state),
                found: told(&certificate.state),
            });
        }
        let listed = revoked_for(&certificate.state, certificate.issued_at);
        let listed = listed.map(|(at, reason)| (at.unix_timestamp(), i64::from(reason.code())));
        if listed.unzip() != row.listed {
            self.report.add(altered("entry in the revocation list"));
        }
    }

    async fn cards(&mut self, reader: &mut dyn Reader, share: Share, logged: &mut Logged) -> Result<(), Failure> {
        let mut after = String::new();
        loop {
            let page = reader.card_rows(&after, PAGE).await?;
            for row in &page {
                let number = row.number.parse::<CardNumber>().ok();
                if !share.has(number.as_ref(), None) {
                    continue;
                }
                self.cards += 1;
                let record = Record::Card(row.number.clone());
                match (number.and_then(|number| logged.cards.remove(&number)), &row.card) {
                    (None, _) => self.report.add(RecordFinding::Unlogged { record }),
                    (Some(_), None) => self.report.add(RecordFinding::Altered { record, what: "row" }),
                    (Some(logged), Some(card)) => self.card(reader, &record, row, card, &logged).await?,
                }
            }
            match page.last() {
                Some(last) => after.clone_from(&last.id),
                None => break,
            }
        }
        for number in logged.cards.keys() {
            self.report.add(RecordFinding::Gone { record: Record::Card(number.to_string()) });
        }
        Ok(())
    }

    async fn card(
        &mut self,
        reader: &mut dyn Reader,
        record: &Record,
        row: &CardRow,
        card: &Card,
        logged: &LoggedCard,
    ) -> Result<(), Failure> {
        let mut changed = |what, logged: String, found: String| {
            if logged != found {
                self.report.add(RecordFinding::Changed { record: record.clone(), what, logged, found });
            }
        };
        if !same_card_state(&card.state, &logged.state) {
            changed("state", told_of_card(&logged.state), told_of_card(&card.state));
        }
        changed("authority", logged.authority.to_string(), card.authority.to_string());
        let publication = |hidden| if hidden { "hidden" } else { "published" }.to_owned();
        changed("publication", publication(logged.hidden), publication(row.hidden));
        if row.receipts < logged.acceptances {
            let receipts = |count: u64| format!("{count} receipts");
            changed("acceptance", receipts(logged.acceptances), receipts(row.receipts));
        }
        // Holders of one name became one when a database of 0.1 was brought up to date; those of before are gone.
        if card.holder != logged.holder && reader.holder(logged.holder).await?.is_some() {
            changed("holder", logged.holder.to_string(), card.holder.to_string());
        }
        Ok(())
    }

    async fn stations(&mut self, reader: &mut dyn Reader, logged: &mut Logged) -> Result<(), Failure> {
        let mut after = String::new();
        loop {
            let page = reader.stations(&after, PAGE).await?;
            for Station { id, name, .. } in &page {
                let record = Record::Station(id.to_string());
                match logged.stations.remove(&id.to_string()) {
                    None => self.report.add(RecordFinding::Unlogged { record }),
                    Some(logged) if logged != *name => {
                        self.report.add(RecordFinding::Changed { record, what: "name", logged, found: name.clone() });
                    }
                    Some(_) => {}
                }
            }
            match page.last() {
                Some(last) => after = last.id.to_string(),
                None => break,
            }
        }
        for id in logged.stations.keys() {
            self.report.add(RecordFinding::Gone { record: Record::Station(id.clone()) });
        }
        Ok(())
    }

    fn authorities(&mut self, generations: &[Generation], logged: &mut Logged) {
        for generation in generations {
            let record = Record::Authority(generation.name());
            match logged.authorities.remove(&generation.name()) {
                None => self.report.add(RecordFinding::Unlogged { record }),
                Some(founded) if founded != CertificateDigest::of(&generation.certificate) => {
                    self.report.add(RecordFinding::Altered { record, what: "certificate" });
                }
                Some(_) => {}
            }
        }
        for name in logged.authorities.keys() {
            self.report.add(RecordFinding::Gone { record: Record::Authority(name.clone()) });
        }
    }
}

/// Columns that repeat what the certificate says are what it says.
fn says_what_it_is(row: &Certificate) -> bool {
    let Ok(certificate) = kaika_pki::Certificate::from_der(&row.certificate) else { return false };
    certificate.digest() == row.sha256
        && certificate.serial().to_string() == row.serial.to_string()
        && certificate.not_before() == row.not_before
        && certificate.not_after() == row.not_after
        && certificate.public_key().fingerprint() == row.key_fingerprint
}

fn same_time(found: OffsetDateTime, logged: OffsetDateTime) -> bool {
    (logged - found).abs() <= LATER
}

fn same_state(found: &CertificateState, logged: &CertificateState) -> bool {
    let same_holds = |found: &[Hold], logged: &[Hold]| {
        let same = |(a, b): (&Hold, &Hold)| a.by == b.by && a.reason == b.reason && same_time(a.at, b.at);
        found.len() == logged.len() && found.iter().zip(logged).all(same)
    };
    match (found, logged) {
        (CertificateState::Valid, CertificateState::Valid) => true,
        (CertificateState::Held { holds: found }, CertificateState::Held { holds: logged })
        | (CertificateState::Suspended { holds: found }, CertificateState::Suspended { holds: logged }) => {
            same_holds(found, logged)
        }
        (
            CertificateState::Revoked { reason, at },
            CertificateState::Revoked { reason: logged_reason, at: logged_at },
        ) => reason == logged_reason && same_time(*at, *logged_at),
        _ => false,
    }
}

fn same_card_state(found: &CardState, logged: &CardState) -> bool {
    match (found, logged) {
        (CardState::Ordered, CardState::Ordered) => true,
        (CardState::Personalised { at }, CardState::Personalised { at: logged })
        | (CardState::Dispatched { at }, CardState::Dispatched { at: logged }) => same_time(*at, *logged),
        (
            CardState::Activated { dispatched_at, at },
            CardState::Activated { dispatched_at: logged_dispatched, at: logged_at },
        ) => same_time(*dispatched_at, *logged_dispatched) && same_time(*at, *logged_at),
        (CardState::Terminated { reason, at }, CardState::Terminated { reason: logged_reason, at: logged_at }) => {
            reason == logged_reason && same_time(*at, *logged_at)
        }
        _ => false,
    }
}

/// `revoked (key_compromise) at 2026-11-20T08:00:00Z`; holds with their sides, reasons and times.
fn told(state: &CertificateState) -> String {
    let mut text = state.name().to_owned();
    if let CertificateState::Revoked { reason, at } = state {
        text += &format!(" ({}) at {}", reason.as_str(), moment(*at));
    }
    for Hold { by, reason, at } in state.holds() {
        text += &format!(" ({}: {reason}) at {}", word(by), moment(*at));
    }
    text
}

fn told_of_card(state: &CardState) -> String {
    let name = state.name();
    match state {
        CardState::Ordered => name.to_owned(),
        CardState::Personalised { at } | CardState::Dispatched { at } => format!("{name} at {}", moment(*at)),
        CardState::Activated { dispatched_at, at } => {
            format!("{name} at {}, dispatched at {}", moment(*at), moment(*dispatched_at))
        }
        CardState::Terminated { reason, at } => format!("{name} ({}) at {}", word(reason), moment(*at)),
    }
}

/// As in the database.
fn word(word: &impl Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|word| Some(word.as_str()?.to_owned())).unwrap_or_default()
}

fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
