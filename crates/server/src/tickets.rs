//! `POST /{authority}/{kind}/tickets`, with what the page's form has: what a portal's page hands to the card window.

use crate::{errors::fail, guard, limits, site::Site};
use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    http::{HeaderMap, header},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};
use kaika_app::{App, Failure, issue_ticket};
use kaika_wire::{
    AuthorityId, Code, IssuedTicket, JobDetails, JobKind, Refusal, StatusChange, StatusChangeKind, ValueError,
};
use serde::Deserialize;
use std::sync::Arc;

pub(crate) fn routes(site: &Site) -> Router<Site> {
    Router::new()
        .route("/{authority}/{kind}/tickets", post(issue))
        .layer(middleware::from_fn_with_state(site.clone(), limits::tickets))
        .layer(middleware::from_fn_with_state(site.clone(), guard::own_pages_only))
        .layer(middleware::from_fn_with_state(site.clone(), guard::own_host))
}

async fn issue(
    State(app): State<Arc<App>>,
    Path((authority, kind)): Path<(String, String)>,
    headers: HeaderMap,
    typed: Result<Json<Typed>, JsonRejection>,
) -> Response {
    let typed = match typed {
        Ok(Json(typed)) => typed,
        Err(rejection) => return fail(Refusal::new(Code::BadRequest).detail(rejection.body_text()).into(), &headers),
    };
    match ticket(&app, &authority, &kind, &typed).await {
        Ok(ticket) => ([(header::CACHE_CONTROL, "no-store")], Json(ticket)).into_response(),
        Err(failure) => fail(failure, &headers),
    }
}

async fn ticket(app: &App, authority: &str, kind: &str, typed: &Typed) -> Result<IssuedTicket, Failure> {
    let authority: AuthorityId = authority.parse().map_err(|_| Code::NotFound)?;
    let kind: JobKind = kind.parse().map_err(|_| Code::NotFound)?;
    issue_ticket(app, &authority, kind, typed.details(kind)?).await
}

/// The page's form, as it was filled in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    email: Option<String>,
    reason: Option<String>,
    /// The box that says that a revocation is final.
    sure: Option<String>,
}

impl Typed {
    fn details(&self, kind: JobKind) -> Result<JobDetails, Refusal> {
        let wrong = |field: &str, what: String| Refusal::new(Code::BadRequest).detail(format!("{field}: {what}"));
        let email = self.email.as_deref().map(str::parse).transpose();
        let email = email.map_err(|error: ValueError| wrong("email", error.to_string()))?;
        let change = match (kind.status_change(), &self.reason) {
            (Some(StatusChangeKind::Revoke), _) if self.sure.is_none() => {
                return Err(wrong("sure", "it is final, and that has to be said".to_owned()));
            }
            (Some(change), Some(reason)) => {
                Some(StatusChange::parse(change, reason).map_err(|error| wrong("reason", error.to_string()))?)
            }
            _ => None,
        };
        Ok(JobDetails { change, email })
    }
}
