//! `POST /{authority}/{kind}/tickets`: what a portal's page hands to the card window.

use crate::{errors::fail, guard, limits, site::Site};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};
use kaika_app::{App, Failure, issue_ticket};
use kaika_wire::{AuthorityId, Code, IssuedTicket, JobKind};
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
) -> Response {
    match ticket(&app, &authority, &kind).await {
        Ok(ticket) => ([(header::CACHE_CONTROL, "no-store")], Json(ticket)).into_response(),
        Err(failure) => fail(failure, &headers),
    }
}

async fn ticket(app: &App, authority: &str, kind: &str) -> Result<IssuedTicket, Failure> {
    let authority: AuthorityId = authority.parse().map_err(|_| Code::NotFound)?;
    let kind: JobKind = kind.parse().map_err(|_| Code::NotFound)?;
    issue_ticket(app, &authority, kind).await
}
