//! How a job ended: a page for people, JSON for the page that waits for it.

use super::{
    card_job::{CardJob, job_key},
    page::{Page, authority, private},
};
use crate::{
    errors::{fail, not_found},
    site::Site,
};
use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, VARY},
    },
    response::{IntoResponse, Response},
};
use kaika_app::job_outcome;
use kaika_domain::Policy;
use kaika_texts::{Language, explain};
use kaika_web::language;
use kaika_wire::{CardCheck, CardTest, CertificateStatus, CheckResult, JobKind, JobOutcome};

#[derive(Template)]
#[template(path = "outcome.html")]
pub(super) struct Outcome<'a> {
    page: Page<'a>,
    policy: &'a Policy,
    kind: JobKind,
    outcome: JobOutcome,
    /// What is to be done next with the same card, from this page.
    next: Option<CardJob<'a>>,
}

impl<'a> Outcome<'a> {
    /// `next`: how a job is offered on a page.
    pub(super) fn new(
        language: Language,
        policy: &'a Policy,
        kind: JobKind,
        outcome: JobOutcome,
        next: impl FnOnce(JobKind) -> CardJob<'a>,
    ) -> Self {
        let title = match &outcome {
            JobOutcome::Waiting => "portal-outcome-waiting".to_owned(),
            JobOutcome::Running => job_key(kind, ".running"),
            JobOutcome::Succeeded { check: Some(check), .. } => check_key(check, ""),
            JobOutcome::Succeeded { test: Some(test), .. } => test_key(test, ""),
            JobOutcome::Succeeded { .. } => job_key(kind, ".done"),
            JobOutcome::Failed { .. } => job_key(kind, ".failed"),
            JobOutcome::Over => "portal-outcome-over".to_owned(),
        };
        let differs = match &outcome {
            JobOutcome::Succeeded { check, .. } => check.as_ref().is_some_and(|c| c.result == CheckResult::Differs),
            _ => false,
        };
        let next = differs.then(|| CardJob { brief: true, ..next(JobKind::Rewrite) });
        Self { page: Page::new(language, &title).of_authority(policy), policy, kind, outcome, next }
    }

    fn lead(&self, check: &Option<CardCheck>, test: &Option<CardTest>) -> String {
        let key = match (check, test) {
            (Some(check), _) => check_key(check, ".means"),
            (None, Some(test)) => test_key(test, ".means"),
            (None, None) => job_key(self.kind, ".done-lead"),
        };
        self.page.t(&key)
    }

    /// Whether all is well now.
    fn is_good(&self, check: &Option<CardCheck>, test: &Option<CardTest>) -> bool {
        let same = |check: &CardCheck| matches!(check.result, CheckResult::Same | CheckResult::Rewritten);
        check.as_ref().is_none_or(same) && test.as_ref().is_none_or(|test| test.passed)
    }

    /// Yes or no, in the words of one column.
    fn yes(&self, yes: &bool) -> String {
        self.page.t(if *yes { "portal-test-yes" } else { "portal-test-no" })
    }

    fn yes_class(&self, yes: &bool) -> &'static str {
        if *yes { "status-valid" } else { "status-revoked" }
    }

    fn now(&self) -> Vec<String> {
        let keys: &[&str] = match self.kind {
            JobKind::Activate | JobKind::Unlock => {
                &["portal-done-pin", "portal-done-wrong", "portal-done-use", "portal-done-care"]
            }
            _ => &["portal-done-care"],
        };
        keys.iter().map(|key| self.page.t(key)).collect()
    }
}

/// The key of what a test came to.
fn test_key(test: &CardTest, what: &str) -> String {
    format!("portal-test-{}{what}", if test.passed { "passed" } else { "failed" })
}

/// The key of what a check came to.
fn check_key(check: &CardCheck, what: &str) -> String {
    let name = match (check.result, check.status) {
        (CheckResult::Same, _) => "a",
        (CheckResult::Differs, _) => "b1",
        (CheckResult::Rewritten, _) => "b2",
        (CheckResult::NotValid, CertificateStatus::Suspended) => "suspended",
        (CheckResult::NotValid, CertificateStatus::Expired) => "expired",
        (CheckResult::NotValid, _) => "revoked",
    };
    format!("portal-check-{name}{what}")
}

pub(super) async fn outcome(
    State(site): State<Site>,
    Path((id, kind, token)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let app = &site.app;
    let (Some(policy), Ok(kind)) = (authority(app, &id), kind.parse::<JobKind>()) else {
        return not_found(headers).await;
    };
    let language = language(&headers);
    let outcome = match job_outcome(app, &policy.id, kind, &token).await {
        Ok(JobOutcome::Failed { error }) => JobOutcome::Failed { error: explain(language, error) },
        Ok(outcome) => outcome,
        Err(failure) => return fail(failure, &headers),
    };
    if wants_json(&headers) {
        return ([(CACHE_CONTROL, "no-store"), (VARY, "Accept, Accept-Language")], Json(outcome)).into_response();
    }
    let next = |kind| CardJob::at(&site, language, policy, kind);
    private(StatusCode::OK, &Outcome::new(language, policy, kind, outcome, next))
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("application/json") && !accepted.contains("text/html"))
}
