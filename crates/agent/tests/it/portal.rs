//! A portal that plays a script and remembers what it was told.

use crate::cards::{Authority, GCA, GUID, XCA, ca_certificate, context};
use kaika_agent::certificate::CardCertificate;
use kaika_agent::portal::{Portal, Portals, Station};
use kaika_wire::{
    Batch, BatchReport, CardInformation, CardNumber, CertificateStatus, Code, Command, Expectation, Guid, Hold,
    IssuedCertificate, JobId, JobResult, JobStarted, JobState, PortalAuthority, Protocol, Refusal, StartJob, Succeeded,
    WellKnown,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use time::OffsetDateTime;

pub(crate) const ORIGIN: &str = "http://localhost:8080";
pub(crate) const NUMBER: &str = "GC00000000000001";
pub(crate) const TOKEN: &str = "the-job's-token";

/// What to answer to one message.
pub(crate) type Answer = Result<JobState, Refusal>;

/// Clones share script and memory.
#[derive(Clone, Default)]
pub(crate) struct Script {
    shared: Arc<Mutex<Played>>,
    origin: Option<String>,
}

#[derive(Default)]
pub(crate) struct Played {
    /// The first for the start, the others for the reports.
    answers: VecDeque<Answer>,
    /// Whether each card is known as what it says it is; else every one is [`NUMBER`].
    pub(crate) any_card: bool,
    /// The card of the job that was started last.
    card: Option<CardNumber>,
    pub(crate) delivers_pin: bool,
    /// As JSON.
    pub(crate) started: Vec<serde_json::Value>,
    pub(crate) reports: Vec<serde_json::Value>,
    pub(crate) stations: Vec<String>,
    pub(crate) opened: Vec<String>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Self::default();
        script.played(|played| played.answers = answers.into_iter().collect());
        script
    }

    /// The same script, told at another origin.
    pub(crate) fn at(&self, origin: &str) -> Self {
        Self { shared: self.shared.clone(), origin: Some(origin.to_owned()) }
    }

    pub(crate) fn played<T>(&self, look: impl FnOnce(&mut Played) -> T) -> T {
        look(&mut self.shared.lock().unwrap())
    }

    pub(crate) fn reports(&self) -> Vec<serde_json::Value> {
        self.played(|played| played.reports.clone())
    }

    fn next(&self) -> Answer {
        let (answer, card) = self.played(|played| (played.answers.pop_front(), played.card.clone()));
        let mut answer = answer.expect("the script is longer than the job");
        match (&mut answer, card) {
            (Ok(JobState::Running { batch }), Some(card)) => batch.context.card = card,
            (Ok(JobState::Succeeded(succeeded)), Some(card)) => succeeded.number = card,
            _ => {}
        }
        if let (Ok(JobState::Running { batch }), Some(origin)) = (&mut answer, &self.origin) {
            batch.context.origin.clone_from(origin);
        }
        answer
    }
}

impl Portals for Script {
    fn open(&self, url: &str) -> Result<Box<dyn Portal>, Refusal> {
        self.played(|played| played.opened.push(url.to_owned()));
        Ok(Box::new(self.clone()))
    }
}

impl Portal for Script {
    fn origin(&self) -> &str {
        self.origin.as_deref().unwrap_or(ORIGIN)
    }

    fn well_known(&self) -> Result<WellKnown, Refusal> {
        let authority = |id: &str, authority: &Authority| PortalAuthority {
            accent: Some("#1F5fa8".to_owned()),
            pin_digits: kaika_wire::PinDigits::default(),
            pin_rules: kaika_wire::PinRules::default(),
            id: id.parse().unwrap(),
            name: authority.unit.to_owned(),
            name_en: id.to_owned(),
            portal: format!("/{id}/"),
            unlocks_by_keypad: false,
            ca_certificates: vec![ca_certificate(authority).into()],
        };
        Ok(WellKnown {
            version: 1,
            protocol: Protocol::OURS,
            origin: self.origin().to_owned(),
            jobs: "/api/jobs".to_owned(),
            authorities: vec![authority("gca", &GCA), authority("xca", &XCA)],
        })
    }

    fn start(&self, start: &StartJob, station: Option<&Station>) -> Result<JobStarted, Refusal> {
        let presented = start.card.certificate.as_ref().and_then(|der| CardCertificate::parse(&der.0));
        let number = presented.and_then(|certificate| certificate.card_number());
        let (card, delivers_pin) = self.played(|played| {
            played.card = number.filter(|_| played.any_card);
            played.started.push(serde_json::to_value(start).unwrap());
            let station = station.map(|station| station.token.to_string());
            played.stations.extend(station);
            (played.card.clone().unwrap_or_else(|| NUMBER.parse().unwrap()), played.delivers_pin)
        });
        let state = self.next()?;
        Ok(JobStarted {
            job: job(),
            token: TOKEN.to_owned(),
            authority: "gca".parse().unwrap(),
            card,
            delivers_pin,
            state,
        })
    }

    fn report(&self, id: JobId, token: &str, report: &BatchReport) -> Result<JobState, Refusal> {
        assert_eq!((id, token), (job(), TOKEN));
        let report = serde_json::to_value(report).unwrap();
        self.played(|played| played.reports.push(report));
        self.next()
    }
}

pub(crate) fn job() -> JobId {
    context(NUMBER).job
}

/// A batch for the card with [`GUID`].
pub(crate) fn batch(sequence: u32, commands: Vec<Command>) -> Batch {
    Batch {
        sequence,
        card: Expectation::Identity(Guid::from_bytes(GUID)),
        context: context(NUMBER),
        commands,
        hold: Hold::None,
    }
}

pub(crate) fn running(sequence: u32, commands: Vec<Command>) -> Answer {
    let batch = batch(sequence, commands);
    Ok(JobState::Running { batch })
}

pub(crate) fn failed(code: Code) -> Answer {
    let error = code.into();
    Ok(JobState::Failed { error })
}

pub(crate) fn unanswered() -> Answer {
    Err(Code::ServerUnreachable.into())
}

pub(crate) fn succeeded(certificates: Vec<IssuedCertificate>) -> Answer {
    Ok(JobState::Succeeded(Succeeded { number: NUMBER.parse().unwrap(), certificates, result: JobResult::Done }))
}

pub(crate) fn informed(activated: bool, statuses: &[(u8, CertificateStatus)]) -> Answer {
    let certificates = statuses.iter().map(|(serial, status)| {
        let role = kaika_wire::CertificateRole::Signature;
        IssuedCertificate {
            role,
            slot: role.slot(),
            serial: kaika_wire::SerialNumber::from_be_bytes(&[*serial]).unwrap(),
            status: Some(*status),
            pem: String::new(),
        }
    });
    Ok(JobState::Succeeded(Succeeded {
        number: NUMBER.parse().unwrap(),
        certificates: certificates.collect(),
        result: JobResult::Information(CardInformation {
            cards: Vec::new(),
            activated,
            not_now: activated
                .then(|| (kaika_wire::JobKind::Activate, Code::AlreadyActivated.into()))
                .into_iter()
                .collect(),
            holder: "C=TW,O=入口網站所知".to_owned(),
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH,
            activate_by: None,
            contact: None,
        }),
    }))
}
