//! How a job ended: a page for people, JSON for the page that waits for it.

use crate::{
    http::errors::{fail, not_found},
    portal::{
        cards::card_job::{CardJob, job_key},
        fields::narrow,
        links::{Link, Words},
        page::{Page, View, authority, private},
    },
    site::Site,
};
use askama::Template;
use axum::{
    Form, Json,
    extract::{Path, State, rejection::FormRejection},
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, VARY},
    },
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{
    Failure,
    cards::{job_outcome, prove_email_on_page},
};
use kaika_domain::authorities::Policy;
use kaika_texts::explain;
use kaika_wire::{
    CardCheck, CardStanding, CardTest, CertificateStatus, CheckResult, Code, EmailAddress, EmailState, EmailWrite,
    JobKind, JobOutcome, Refusal, StatusChangeKind,
};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "outcome.html")]
pub(crate) struct Outcome<'a> {
    page: Page<'a>,
    policy: &'a Policy,
    kind: JobKind,
    outcome: JobOutcome,
    /// What is to be done next with the same card, from this page.
    next: Option<CardJob<'a>>,
    /// What is wrong with the code that was typed here.
    wrong: Option<&'static str>,
    /// In the demo, mails can be read.
    has_mailbox: bool,
}

impl<'a> Outcome<'a> {
    /// `next`: how a job is offered on a page.
    pub(crate) fn new(
        view: View<'a>,
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
            JobOutcome::Succeeded { email: Some(email), .. } => email_key(email, ""),
            JobOutcome::Succeeded { .. } => job_key(kind, ".done"),
            JobOutcome::Failed { error } if error.code == Code::PinNotProved => "portal-outcome-unproved".to_owned(),
            JobOutcome::Failed { .. } => job_key(kind, ".failed"),
            JobOutcome::Over => "portal-outcome-over".to_owned(),
        };
        let next = match &outcome {
            JobOutcome::Succeeded { check: Some(check), .. } if check.result == CheckResult::Differs => {
                Some(CardJob { brief: true, ..next(JobKind::Rewrite) })
            }
            JobOutcome::Succeeded { email: Some(email), .. } if email.state == EmailState::Confirmed => {
                Some(CardJob { brief: true, address: Some(email.address.clone()), ..next(JobKind::SetEmail) })
            }
            _ => None,
        };
        let page = Page::new(view, &title).of_authority(policy);
        Self { page, policy, kind, outcome, next, wrong: None, has_mailbox: false }
    }

    fn lead(
        &self,
        check: &Option<CardCheck>,
        test: &Option<CardTest>,
        email: &Option<EmailWrite>,
        standing: &CardStanding,
    ) -> Words {
        let key = match (check, test, email) {
            (Some(check), _, _) => check_key(check, self.means(check, standing)),
            (None, Some(test), _) => test_key(test, ".means"),
            (None, None, Some(email)) => email_key(email, "-lead"),
            (None, None, None) => job_key(self.kind, ".done-lead"),
        };
        Words::new(self.page.t(&key)).leading_to(self.onward(check, test, standing).into_iter().next())
    }

    /// Which words say what a check means: what can be done about it is not the same everywhere.
    fn means(&self, check: &CardCheck, standing: &CardStanding) -> &'static str {
        match (check.result, check.status) {
            (CheckResult::NotValid, CertificateStatus::Suspended) => {
                match (self.may_resume(standing), standing.held_by_others) {
                    (true, false) => ".means",
                    (true, true) => ".means-both",
                    (false, true) => ".means-others",
                    (false, false) => ".means-elsewhere",
                }
            }
            // Organisations get new cards.
            (CheckResult::NotValid, CertificateStatus::Expired) if self.policy.organisation.is_none() => ".means-renew",
            _ => ".means",
        }
    }

    /// Whether the holder lifts a suspension by himself.
    fn may_resume(&self, standing: &CardStanding) -> bool {
        standing.held_by_holder && self.policy.status_changes.is_online(StatusChangeKind::Resume)
    }

    /// Where it goes on from a result that is not good.
    fn onward(&self, check: &Option<CardCheck>, test: &Option<CardTest>, standing: &CardStanding) -> Vec<Link> {
        let suspended = |status: CertificateStatus| status == CertificateStatus::Suspended;
        let failed = test.as_ref().is_some_and(|test| !test.passed);
        let barred = check.as_ref().is_some_and(|check| suspended(check.status))
            || test.as_ref().is_some_and(|test| test.tests.iter().any(|one| suspended(one.status)));
        let check = failed.then(|| self.page.job_link(self.policy, JobKind::Check));
        let resume =
            (barred && self.may_resume(standing)).then(|| self.page.change_link(self.policy, StatusChangeKind::Resume));
        [check, resume].into_iter().flatten().flatten().collect()
    }

    fn next_step(&self, error: &Refusal) -> Words {
        Words::next_step(error, None)
    }

    /// What helps after a refusal, on another page than this job's.
    fn help(&self, error: &Refusal) -> Option<Link> {
        let own = format!("/{}/{}", self.policy.id, self.kind.as_str());
        self.page.help_link(self.policy, error).filter(|help| help.href != own)
    }

    /// Jobs to be done again, where that can be done here.
    fn unfinished<'c>(&self, check: &'c CardCheck) -> impl Iterator<Item = &'c JobKind> {
        let none = check.result == CheckResult::NotValid;
        check.unfinished.iter().filter(move |kind| !none && self.policy.offers(**kind).is_ok())
    }

    /// The address that a mail went to, while it is waited for.
    fn awaited<'e>(&self, email: &'e Option<EmailWrite>) -> Option<&'e EmailAddress> {
        let awaits = |email: &&EmailWrite| email.state == EmailState::AwaitingConfirmation;
        email.as_ref().filter(awaits).map(|email| &email.address)
    }

    /// Whether all is well now.
    fn is_good(&self, check: &Option<CardCheck>, test: &Option<CardTest>, email: &Option<EmailWrite>) -> bool {
        let same = |check: &CardCheck| matches!(check.result, CheckResult::Same | CheckResult::Rewritten);
        let written = |email: &EmailWrite| email.state == EmailState::Written;
        check.as_ref().is_none_or(same)
            && test.as_ref().is_none_or(|test| test.passed)
            && email.as_ref().is_none_or(written)
    }

    /// Yes or no, in the words of one column.
    fn yes(&self, yes: &bool) -> String {
        self.page.t(if *yes { "portal-test-yes" } else { "portal-test-no" })
    }

    fn yes_class(&self, yes: &bool) -> &'static str {
        if *yes { "status-valid" } else { "status-revoked" }
    }

    fn now(&self, check: &Option<CardCheck>, standing: &CardStanding) -> Vec<String> {
        const REVOKED: [&str; 3] =
            ["status-revoke-afterwards-new", "status-revoke-afterwards-card", "status-revoke-afterwards-systems"];
        let barred = check.as_ref().filter(|check| check.result == CheckResult::NotValid).map(|check| check.status);
        let keys: &[&str] = match (self.kind, barred) {
            (_, Some(CertificateStatus::Suspended)) => &["status-resume-what-card", "portal-done-care"],
            (_, Some(CertificateStatus::Expired)) => {
                &["portal-check-expired-decrypt", "status-revoke-afterwards-systems"]
            }
            (JobKind::Revoke, _) | (_, Some(_)) => &REVOKED,
            (JobKind::Activate | JobKind::Unlock, None) => {
                &["portal-done-pin", "portal-done-wrong", "portal-done-use", "portal-done-care"]
            }
            (JobKind::Suspend, None) => &["portal-note-suspend-back", "status-suspend-afterwards-note"],
            (JobKind::Resume, None) if standing.in_use && !standing.held_by_others => {
                &["status-resume-afterwards-use", "status-resume-afterwards-slow", "portal-done-care"]
            }
            (JobKind::Resume, None) if !standing.in_use => &["status-resume-what-back", "portal-done-care"],
            _ => &["portal-done-care"],
        };
        keys.iter().map(|key| self.page.t(key)).collect()
    }
}

/// The key of what a test came to.
fn test_key(test: &CardTest, what: &str) -> String {
    format!("portal-test-{}{what}", if test.passed { "passed" } else { "failed" })
}

/// The key of how far an address is.
fn email_key(email: &EmailWrite, what: &str) -> String {
    match email.state {
        EmailState::AwaitingConfirmation => format!("portal-email-awaiting{what}"),
        EmailState::Confirmed => format!("portal-email-confirmed{what}"),
        EmailState::Written => job_key(JobKind::SetEmail, &format!(".done{what}")),
    }
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

pub(crate) async fn outcome(
    State(site): State<Site>,
    Path((id, kind, token)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let app = &site.app;
    let (Some(policy), Ok(kind)) = (authority(app, &id), kind.parse::<JobKind>()) else {
        return not_found(headers).await;
    };
    match job_outcome(app, &policy.id, kind, &token).await {
        Ok(outcome) => answer(&site, policy, kind, outcome, &headers),
        Err(failure) => fail(failure, &headers),
    }
}

pub(crate) fn answer(
    site: &Site,
    policy: &Policy,
    kind: JobKind,
    outcome: JobOutcome,
    headers: &HeaderMap,
) -> Response {
    let view = site.view(headers);
    let outcome = match outcome {
        JobOutcome::Failed { error } => JobOutcome::Failed { error: explain(view.language, error) },
        other => other,
    };
    if wants_json(headers) {
        return ([(CACHE_CONTROL, "no-store"), (VARY, "Accept, Accept-Language")], Json(outcome)).into_response();
    }
    private(StatusCode::OK, &page(site, view, policy, kind, outcome))
}

fn page<'a>(site: &'a Site, view: View<'a>, policy: &'a Policy, kind: JobKind, outcome: JobOutcome) -> Outcome<'a> {
    let next = |kind| CardJob::at(site, view, policy, kind);
    let page = Outcome::new(view, policy, kind, outcome, next);
    Outcome { has_mailbox: site.settings.mailbox.is_some(), ..page }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    code: String,
}

/// The code from a mail, typed on the page that waits for it.
pub(crate) async fn confirm(
    State(site): State<Site>,
    Path((id, kind, token)): Path<(String, String, String)>,
    headers: HeaderMap,
    typed: Result<Form<Typed>, FormRejection>,
) -> Response {
    let app = &site.app;
    let (Some(policy), Ok(kind @ JobKind::SetEmail)) = (authority(app, &id), kind.parse()) else {
        return not_found(headers).await;
    };
    let code = typed.map(|Form(typed)| narrow(typed.code.trim())).unwrap_or_default();
    let wrong = match code.is_empty() {
        true => "portal-email-code-missing",
        false => match prove_email_on_page(app, &policy.id, &token, &code).await {
            Ok(()) => {
                let here = format!("/{}/{}/outcome/{token}", policy.id, kind.as_str());
                return Redirect::to(&here).into_response();
            }
            Err(Failure::Refused(refusal)) if refusal.code == Code::LinkOver => "portal-email-code-wrong",
            Err(failure) => return fail(failure, &headers),
        },
    };
    let view = site.view(&headers);
    match job_outcome(app, &policy.id, kind, &token).await {
        Ok(outcome) => {
            let again = Outcome { wrong: Some(wrong), ..page(&site, view, policy, kind, outcome) };
            private(StatusCode::BAD_REQUEST, &again)
        }
        Err(failure) => fail(failure, &headers),
    }
}

pub(crate) fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("application/json") && !accepted.contains("text/html"))
}
