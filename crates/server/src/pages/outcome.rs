//! How a job ended: a page for people, JSON for the page that waits for it.

use super::page::{Page, authority, private};
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
use kaika_wire::{JobKind, JobOutcome};

#[derive(Template)]
#[template(path = "outcome.html")]
pub(super) struct Outcome<'a> {
    page: Page<'a>,
    policy: &'a Policy,
    kind: JobKind,
    outcome: JobOutcome,
}

impl<'a> Outcome<'a> {
    pub(super) fn new(language: Language, policy: &'a Policy, kind: JobKind, outcome: JobOutcome) -> Self {
        let title = match &outcome {
            JobOutcome::Waiting => "portal-outcome-waiting",
            JobOutcome::Running => "portal-outcome-running",
            JobOutcome::Succeeded { .. } => "portal-done",
            JobOutcome::Failed { .. } => "portal-failed",
            JobOutcome::Over => "portal-outcome-over",
        };
        Self { page: Page::new(language, title).of_authority(policy), policy, kind, outcome }
    }
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
    private(StatusCode::OK, &Outcome::new(language, policy, kind, outcome))
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("application/json") && !accepted.contains("text/html"))
}
