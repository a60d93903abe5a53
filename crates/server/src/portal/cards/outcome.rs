//! How a job ended: a page for people, JSON for the page that waits for it.

use crate::{
    http::{
        errors::Stop,
        extract::{Authority, Filled, Named, Visit},
    },
    portal::{
        cards::card_job::{CardJob, Place, job_key},
        certificates::afterwards::afterwards,
        fields::narrow,
        links::{Link, LinkedText},
        page::{Page, View, private},
    },
};
use askama::Template;
use axum::{
    Json,
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
use kaika_texts::{AftermathWords, aftermath, explain};
use kaika_wire::{
    Aftermath, AuthorityId, CardCheck, CardNumber, CardStanding, CardTest, CertificateOutcome, CertificateStatus,
    CheckResult, Code, EmailAddress, EmailState, EmailWrite, JobKind, JobOutcome, JobResult, Refusal, StatusChangeKind,
};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "cards/outcome.html")]
pub(crate) struct Outcome<'a> {
    page: Page<'a>,
    policy: &'a Policy,
    kind: JobKind,
    outcome: JobOutcome,
    /// What is certain, where it did not come to its end.
    left: Option<AftermathWords>,
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
        next: impl FnOnce(JobKind, &CardNumber) -> Result<CardJob<'a>, Failure>,
    ) -> Result<Self, Failure> {
        let title = match &outcome {
            JobOutcome::Waiting => "portal-outcome-waiting".to_owned(),
            JobOutcome::Running => job_key(kind, ".running"),
            JobOutcome::Succeeded { result, .. } => heading(kind, result),
            JobOutcome::Failed { .. } => job_key(kind, ".failed"),
            JobOutcome::Over { .. } => "portal-outcome-over".to_owned(),
        };
        let next = job_after(policy, kind, &outcome, next)?;
        let mut page = Page::new(view, &title).of_authority(policy);
        let left = left(&outcome).and_then(|left| aftermath(view.language, left));
        if let Some(heading) = left.as_ref().and_then(|left| left.heading.clone()) {
            page.title = heading;
        }
        Ok(Self { page, policy, kind, outcome, left, next, wrong: None, has_mailbox: false })
    }

    /// The script that the page has.
    fn script(&self) -> Option<&'static str> {
        match &self.outcome {
            JobOutcome::Waiting | JobOutcome::Running => Some("outcome.js"),
            JobOutcome::Succeeded { result: JobResult::Test(_), .. } => Some("print.js"),
            JobOutcome::Succeeded { .. } | JobOutcome::Failed { .. } | JobOutcome::Over { .. } => {
                self.next.is_some().then_some("job.js")
            }
        }
    }

    fn lead(&self, result: &JobResult, standing: &CardStanding) -> LinkedText {
        if let JobResult::Check(check) = result
            && let Some(told) = check.mixed()
        {
            let told = kaika_texts::standing(self.page.view.language, &told);
            return LinkedText::new(self.page.with("portal-check-mixed.means", "standing", &told));
        }
        let key = match result {
            JobResult::Check(check) => check_key(self.kind, check, self.means(check, standing)),
            JobResult::Test(test) => test_key(test, ".means"),
            JobResult::Email(email) => email_key(email, "-lead"),
            JobResult::Done | JobResult::Information(_) => job_key(self.kind, ".done-lead"),
        };
        LinkedText::new(self.page.t(&key)).leading_to(self.onward(result, standing).into_iter().next())
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
    fn onward(&self, result: &JobResult, standing: &CardStanding) -> Vec<Link> {
        let suspended = |status: CertificateStatus| status == CertificateStatus::Suspended;
        let (failed, barred) = match result {
            JobResult::Check(check) => (false, suspended(check.status)),
            JobResult::Test(test) => (!test.passed, test.tests.iter().any(|one| suspended(one.status))),
            JobResult::Done | JobResult::Information(_) | JobResult::Email(_) => (false, false),
        };
        let check = failed.then(|| self.page.job_link(self.policy, JobKind::Check));
        let resume =
            (barred && self.may_resume(standing)).then(|| self.page.change_link(self.policy, StatusChangeKind::Resume));
        [check, resume].into_iter().flatten().flatten().collect()
    }

    /// What to do now that it has ended so.
    fn next_step(&self, error: &Refusal) -> LinkedText {
        match self.left_next() {
            Some(next) => LinkedText::new(next.clone()),
            None => LinkedText::next_step(error, None),
        }
    }

    fn left_next(&self) -> Option<&String> {
        self.left.as_ref()?.next.as_ref().filter(|_| self.next.is_some())
    }

    /// Whether nothing of it is in doubt.
    fn is_certain(&self) -> bool {
        self.left.as_ref().is_none_or(|left| left.heading.is_none())
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
    fn awaited<'r>(&self, result: &'r JobResult) -> Option<&'r EmailAddress> {
        result.email().filter(|email| email.state == EmailState::AwaitingConfirmation).map(|email| &email.address)
    }

    /// Whether card and holder are told apart from the result: a test's report has them.
    fn tells_card(&self, result: &JobResult) -> bool {
        match result {
            JobResult::Test(_) => false,
            JobResult::Done | JobResult::Information(_) | JobResult::Check(_) | JobResult::Email(_) => true,
        }
    }

    /// Whether the certificates are listed apart from the result.
    fn lists_certificates(&self, result: &JobResult) -> bool {
        match result {
            JobResult::Check(_) => false,
            JobResult::Done | JobResult::Information(_) | JobResult::Test(_) | JobResult::Email(_) => true,
        }
    }

    /// Yes or no, in the words of one column.
    fn yes(&self, yes: &bool) -> String {
        self.page.t(if *yes { "portal-test-yes" } else { "portal-test-no" })
    }

    fn yes_class(&self, yes: &bool) -> &'static str {
        if *yes { "status-valid" } else { "status-revoked" }
    }

    /// What is left to do, and to know. `certificates`: as they are now.
    fn now(&self, result: &JobResult, standing: &CardStanding, certificates: &[CertificateOutcome]) -> Vec<String> {
        const CARE: &[&str] = &["portal-done-care"];
        let ended;
        let keys = match (result, self.kind) {
            (JobResult::Check(check), _) if check.result == CheckResult::NotValid => match check.status {
                CertificateStatus::Suspended => &["status-resume-what-card", "portal-done-care"],
                CertificateStatus::Held
                | CertificateStatus::Valid
                | CertificateStatus::Revoked
                | CertificateStatus::Expired => {
                    let told = check.slots.iter().map(|slot| (slot.role, slot.status.unwrap_or(check.status)));
                    ended = afterwards(&told.collect::<Vec<_>>(), false);
                    &ended[..]
                }
            },
            (_, JobKind::Revoke) => {
                let told = certificates.iter().map(|certificate| (certificate.role, certificate.status));
                ended = afterwards(&told.collect::<Vec<_>>(), false);
                &ended
            }
            (_, JobKind::Activate | JobKind::Unlock) => {
                &["portal-done-pin", "portal-done-wrong", "portal-done-use", "portal-done-care"]
            }
            (_, JobKind::Suspend) => &["portal-note-suspend-back", "status-suspend-afterwards-note"],
            (_, JobKind::Resume) if !standing.in_use => &["status-resume-what-back", "portal-done-care"],
            (_, JobKind::Resume) if standing.held_by_others => CARE,
            (_, JobKind::Resume) => {
                &["status-resume-afterwards-use", "status-resume-afterwards-slow", "portal-done-care"]
            }
            (
                _,
                JobKind::Personalise
                | JobKind::Information
                | JobKind::ChangePin
                | JobKind::Check
                | JobKind::Rewrite
                | JobKind::Test
                | JobKind::SetEmail
                | JobKind::Login,
            ) => CARE,
        };
        keys.iter().map(|key| self.page.t(key)).collect()
    }
}

/// The key of what it came to, in short.
fn heading(kind: JobKind, result: &JobResult) -> String {
    match result {
        JobResult::Done | JobResult::Information(_) => job_key(kind, ".done"),
        JobResult::Check(check) => check_key(kind, check, ""),
        JobResult::Test(test) => test_key(test, ""),
        JobResult::Email(email) => email_key(email, ""),
    }
}

/// What a job has left that did not come to its end.
fn left(outcome: &JobOutcome) -> Option<&Aftermath> {
    match outcome {
        JobOutcome::Failed { error, .. } => error.aftermath.as_ref(),
        JobOutcome::Over { aftermath, .. } => aftermath.as_ref(),
        JobOutcome::Waiting | JobOutcome::Running | JobOutcome::Succeeded { .. } => None,
    }
}

/// What is to be done next with the same card, or once more; `offered`: how a job is offered on a page.
fn job_after<'a>(
    policy: &Policy,
    kind: JobKind,
    outcome: &JobOutcome,
    offered: impl FnOnce(JobKind, &CardNumber) -> Result<CardJob<'a>, Failure>,
) -> Result<Option<CardJob<'a>>, Failure> {
    let (kind, number, place, address) = match outcome {
        JobOutcome::Succeeded { number, result, .. } => match result {
            JobResult::Check(check) if check.result == CheckResult::Differs => {
                (JobKind::Rewrite, number, Place::LastStep, None)
            }
            JobResult::Email(EmailWrite { address, state: EmailState::Confirmed }) => {
                (JobKind::SetEmail, number, Place::LastStep, Some(address.clone()))
            }
            JobResult::Done
            | JobResult::Information(_)
            | JobResult::Check(_)
            | JobResult::Test(_)
            | JobResult::Email(_) => return Ok(None),
        },
        JobOutcome::Failed { error, number: Some(number) } if error.code.may_pass() => {
            (kind, number, Place::OnceMore, None)
        }
        JobOutcome::Over { number: Some(number), .. } => (kind, number, Place::OnceMore, None),
        JobOutcome::Failed { .. } | JobOutcome::Over { .. } | JobOutcome::Waiting | JobOutcome::Running => {
            return Ok(None);
        }
    };
    // A login leads on from its own page.
    if kind == JobKind::Login || policy.offers(kind).is_err() {
        return Ok(None);
    }
    offered(kind, number).map(|job| Some(CardJob { place, address, ..job }))
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
fn check_key(kind: JobKind, check: &CardCheck, what: &str) -> String {
    let name = match (check.result, check.status) {
        (CheckResult::Same, _) if kind == JobKind::Rewrite => "needless",
        (CheckResult::Same, _) => "a",
        (CheckResult::Differs, _) => "b1",
        (CheckResult::Rewritten, _) => "b2",
        (CheckResult::NotValid, _) if check.mixed().is_some() => "mixed",
        (CheckResult::NotValid, CertificateStatus::Suspended) => "suspended",
        (CheckResult::NotValid, CertificateStatus::Expired) => "expired",
        (CheckResult::NotValid, CertificateStatus::Held | CertificateStatus::Valid | CertificateStatus::Revoked) => {
            "revoked"
        }
    };
    format!("portal-check-{name}{what}")
}

pub(crate) async fn outcome(
    visit: Visit,
    policy: Authority,
    Named((_, kind, token)): Named<(AuthorityId, JobKind, String)>,
    headers: HeaderMap,
) -> Result<Response, Stop> {
    let outcome = job_outcome(&visit.app, &policy.id, kind, &token).await?;
    Ok(answer(&visit, &policy, kind, outcome, &headers)?)
}

pub(crate) fn answer(
    visit: &Visit,
    policy: &Policy,
    kind: JobKind,
    outcome: JobOutcome,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let view = visit.view();
    let outcome = match outcome {
        JobOutcome::Failed { error, number } => JobOutcome::Failed { error: explain(view.language, error), number },
        other => other,
    };
    if wants_json(headers) {
        return Ok(([(CACHE_CONTROL, "no-store"), (VARY, "Accept, Accept-Language")], Json(outcome)).into_response());
    }
    Ok(private(StatusCode::OK, &page(visit, policy, kind, outcome)?))
}

fn page<'a>(visit: &'a Visit, policy: &'a Policy, kind: JobKind, outcome: JobOutcome) -> Result<Outcome<'a>, Failure> {
    let view = visit.view();
    let next = |kind, number: &CardNumber| CardJob::at(visit, view, policy, kind).after(&visit.app, number);
    let page = Outcome::new(view, policy, kind, outcome, next)?;
    Ok(Outcome { has_mailbox: visit.settings.mailbox.is_some(), ..page })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CodeForm {
    code: String,
}

/// The code from a mail, typed on the page that waits for it.
pub(crate) async fn confirm(
    visit: Visit,
    policy: Authority,
    Named((_, kind, token)): Named<(AuthorityId, JobKind, String)>,
    Filled(form): Filled<CodeForm>,
) -> Result<Response, Stop> {
    if kind != JobKind::SetEmail {
        return Err(Code::NotFound.into());
    }
    let code = narrow(&form.code);
    let wrong = match code.is_empty() {
        true => "portal-email-code-missing",
        false => match prove_email_on_page(&visit.app, &policy.id, &token, &code).await {
            Ok(()) => {
                let here = format!("/{}/{}/outcome/{token}", policy.id, kind.as_str());
                return Ok(Redirect::to(&here).into_response());
            }
            Err(Failure::Refused(refusal)) if refusal.code == Code::LinkOver => "portal-email-code-wrong",
            Err(failure) => return Err(failure.into()),
        },
    };
    let outcome = job_outcome(&visit.app, &policy.id, kind, &token).await?;
    let again = Outcome { wrong: Some(wrong), ..page(&visit, &policy, kind, outcome)? };
    Ok(private(StatusCode::BAD_REQUEST, &again))
}

pub(crate) fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("application/json") && !accepted.contains("text/html"))
}
