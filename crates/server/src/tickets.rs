//! `POST /{authority}/{kind}/tickets`, with what has to be known of the job: what a portal's page hands to the card window.

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
use kaika_wire::{AuthorityId, Code, IssuedTicket, JobDetails, JobKind, Refusal};
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
    details: Result<Json<JobDetails>, JsonRejection>,
) -> Response {
    let details = match details {
        Ok(Json(details)) => details,
        Err(rejection) => return fail(Refusal::new(Code::BadRequest).detail(rejection.body_text()).into(), &headers),
    };
    match ticket(&app, &authority, &kind, details).await {
        Ok(ticket) => ([(header::CACHE_CONTROL, "no-store")], Json(ticket)).into_response(),
        Err(failure) => fail(failure, &headers),
    }
}

async fn ticket(app: &App, authority: &str, kind: &str, details: JobDetails) -> Result<IssuedTicket, Failure> {
    let authority: AuthorityId = authority.parse().map_err(|_| Code::NotFound)?;
    let kind: JobKind = kind.parse().map_err(|_| Code::NotFound)?;
    issue_ticket(app, &authority, kind, details).await
}
