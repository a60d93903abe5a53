//! The API of card jobs: what the agent speaks.

use crate::{
    api::stations::{credentials, station},
    http::{errors::Stop, extract::Document, limits},
    site::Site,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use kaika_app::{
    App, Failure,
    cards::{look_at_ticket, report_batch, start_card_job},
};
use kaika_wire::{BatchReport, Code, JobId, JobKind, LookAtTicket, StartJob, WELL_KNOWN_PATH};
use std::sync::Arc;

const JOBS: &str = "/api/jobs";

pub(crate) fn routes(site: &Site) -> Router<Site> {
    Router::new()
        .route(WELL_KNOWN_PATH, get(well_known))
        .route(JOBS, post(start).layer(middleware::from_fn_with_state(site.clone(), limits::jobs)))
        .route("/api/jobs/ticket", post(ticket).layer(middleware::from_fn_with_state(site.clone(), limits::jobs)))
        .route("/api/jobs/{job}/reports", post(report))
}

/// Which cards belong to this portal.
async fn well_known(State(app): State<Arc<App>>) -> Result<Response, Stop> {
    let document = kaika_app::authorities::well_known(&app, JOBS).await?;
    Ok(Json(document).into_response())
}

async fn start(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Document(request): Document<StartJob>,
) -> Result<Response, Stop> {
    let station = match request.kind {
        JobKind::Personalise => Some(station(&app, &headers).await?),
        _ => None,
    };
    let started = to_its_end(async move { start_card_job(&app, request, station).await }).await?;
    Ok(no_store(Json(started)))
}

/// What a ticket is for, told to who has it.
async fn ticket(State(app): State<Arc<App>>, Document(look): Document<LookAtTicket>) -> Result<Response, Stop> {
    Ok(no_store(Json(look_at_ticket(&app, &look.ticket).await?)))
}

async fn report(
    State(app): State<Arc<App>>,
    Path(job): Path<String>,
    headers: HeaderMap,
    report: Result<Document<BatchReport>, Stop>,
) -> Result<Response, Stop> {
    let (Ok(job), Some(token)) = (job.parse::<JobId>(), credentials(&headers, "Bearer ")) else {
        return Err(Code::NotFound.into());
    };
    let (Document(report), token) = (report?, token.to_owned());
    let state = to_its_end(async move { report_batch(&app, job, &token, report).await }).await?;
    Ok(no_store(Json(state)))
}

/// Runs a use case to its end although the caller hangs up: a try that was debited is judged.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    tokio::spawn(work).await.unwrap_or_else(|error| Err(Failure::Inconsistent(error.to_string())))
}

/// Batches carry secrets: nobody keeps them on the way.
fn no_store(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}
