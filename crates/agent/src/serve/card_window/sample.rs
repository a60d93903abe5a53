//! A window's state for tests, at any stage.

use super::state::{AskingPortal, JobRequest, Offer, Stage, State};
use crate::portal::{Portal, Station, Target};
use kaika_wire::{
    BatchReport, Code, JobId, JobKind, JobStarted, JobState, PinDigits, PinRules, PortalAuthority, Protocol, Refusal,
    StartJob, WellKnown,
};
use std::sync::Arc;
use time::OffsetDateTime;

pub(super) const NUMBER: &str = "GC00000000000001";

/// A portal that is known and not there.
struct Gone;

impl Portal for Gone {
    fn origin(&self) -> &str {
        "https://portal.example"
    }

    fn well_known(&self) -> Result<WellKnown, Refusal> {
        Err(Code::ServerUnreachable.into())
    }

    fn start(&self, _: &StartJob, _: Option<&Station>) -> Result<JobStarted, Refusal> {
        Err(Code::ServerUnreachable.into())
    }

    fn report(&self, _: JobId, _: &str, _: &BatchReport) -> Result<JobState, Refusal> {
        Err(Code::ServerUnreachable.into())
    }
}

pub(super) fn asked() -> JobRequest {
    let portal = AskingPortal { origin: "https://portal.example".to_owned(), authority: "gca".parse().unwrap() };
    JobRequest { kind: JobKind::Activate, portal: Some(portal) }
}

pub(super) fn target() -> Arc<Target> {
    let authority = PortalAuthority {
        accent: None,
        id: "gca".parse().unwrap(),
        name: "測試管理中心".to_owned(),
        name_en: "Test authority".to_owned(),
        portal: "/gca/".to_owned(),
        pin_digits: PinDigits { min: 6, max: 8 },
        pin_rules: PinRules::default(),
        unlocks_by_keypad: false,
        ca_certificates: Vec::new(),
    };
    let well_known = WellKnown {
        version: 1,
        protocol: Protocol::OURS,
        origin: "https://portal.example".to_owned(),
        jobs: "/api/jobs".to_owned(),
        authorities: vec![authority],
    };
    Arc::new(Target { portal: Box::new(Gone), well_known, named: Some("gca".parse().unwrap()) })
}

pub(super) fn offer(number: &str) -> Offer {
    Offer {
        reader: "Reader <1>".to_owned(),
        number: number.parse().unwrap(),
        holder: Some("C=TW,O=測試機關,OU=<第一組>".to_owned()),
        validity: Some((OffsetDateTime::UNIX_EPOCH, OffsetDateTime::UNIX_EPOCH)),
        tries: Some(kaika_card::Retries { pin: Some(3), puk: None }),
    }
}

pub(super) fn state(stage: Stage) -> State {
    let mut state = State::new();
    state.site = Some("https://portal.example".to_owned());
    state.asked = Some(asked());
    state.target = Some(target());
    state.chosen = Some(offer(NUMBER));
    state.attempt = 1;
    state.stage = stage;
    state
}
