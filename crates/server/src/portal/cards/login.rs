//! What a login came to: the session, once, and the way on; and logging out.

use crate::{
    http::{
        errors::{fail, not_found},
        session::{self, Way},
    },
    portal::{cards::outcome, page::authority},
    site::Site,
};
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, header::CACHE_CONTROL},
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{
    Failure,
    access::end_session,
    cards::{begin_session, job_outcome},
};
use kaika_wire::{Code, JobKind, JobOutcome};

/// The page that asked comes here when the card window is done. Where it is not, or its session was opened before, this
/// is an outcome as of any job.
pub(crate) async fn outcome(
    State(site): State<Site>,
    Path((id, token)): Path<(String, String)>,
    way: Result<Query<Way>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    let outcome = match job_outcome(&site.app, &policy.id, JobKind::Login, &token).await {
        Ok(outcome) => outcome,
        Err(failure) => return fail(failure, &headers),
    };
    if outcome::wants_json(&headers) || !matches!(outcome, JobOutcome::Succeeded { .. }) {
        return outcome::answer(&site, policy, JobKind::Login, outcome, &headers);
    }
    let to = way.map(|Query(way)| way.to).unwrap_or_default();
    let mut on = Redirect::to(&format!("/{}/{}", policy.id, to.path())).into_response();
    on.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match begin_session(&site.app, &policy.id, &token, session::browser(&headers).unwrap_or_default()).await {
        Ok(session) => session::begin(&site, &policy.id, &session, &mut on),
        Err(Failure::Refused(refusal)) if refusal.code == Code::NotLoggedIn => {
            // The same page again, in the browser that has the session: on to where it was.
            match session::who(&site, policy, &headers).await {
                Ok(Some(_)) => {}
                Ok(None) => return outcome::answer(&site, policy, JobKind::Login, JobOutcome::Over, &headers),
                Err(failure) => return fail(failure, &headers),
            }
        }
        Err(failure) => return fail(failure, &headers),
    }
    on
}

pub(crate) async fn log_out(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    if let Some(token) = session::token(&headers)
        && let Err(failure) = end_session(&site.app, &policy.id, token).await
    {
        return fail(failure, &headers);
    }
    let mut response = Redirect::to(&format!("/{}/login?over=logged_out", policy.id)).into_response();
    session::forget(&site, &policy.id, &mut response);
    response
}
