//! What a login came to: the session, once, and the way on; and logging out.

use crate::{
    http::{
        errors::Stop,
        extract::{Authority, Guard as _, Named, Visit},
        session::{self, Destination, LoginQuery},
    },
    portal::cards::outcome,
};
use axum::{
    extract::{Query, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, header::CACHE_CONTROL},
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{
    Failure,
    access::{CardPrincipal, end_session},
    cards::{begin_session, job_outcome},
};
use kaika_domain::access::Subject;
use kaika_wire::{AuthorityId, Code, JobKind, JobOutcome};

/// The page that asked comes here when the card window is done. Where it is not, or its session was opened before, this
/// is an outcome as of any job.
pub(crate) async fn outcome(
    visit: Visit,
    policy: Authority,
    Named((_, token)): Named<(AuthorityId, String)>,
    query: Result<Query<LoginQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Stop> {
    let outcome = job_outcome(&visit.app, &policy.id, JobKind::Login, &token).await?;
    if outcome::wants_json(&headers) || !matches!(outcome, JobOutcome::Succeeded { .. }) {
        return Ok(outcome::answer(&visit, &policy, JobKind::Login, outcome, &headers)?);
    }
    let to = query.ok().and_then(|Query(query)| query.to);
    let to = to.as_ref().map_or(CardPrincipal::HOME, Destination::path);
    let mut on = Redirect::to(&format!("/{}/{}", policy.id, to)).into_response();
    on.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match begin_session(&visit.app, &policy.id, &token, session::browser(&headers).unwrap_or_default()).await {
        Ok(session) => session::begin(&visit, &policy.id, &session, &mut on),
        Err(Failure::Refused(refusal)) if refusal.code == Code::NotLoggedIn => {
            // The same page again, in the browser that has the session: on to where it was.
            if session::who(&visit, &policy, &headers).await?.is_none() {
                let over = JobOutcome::Over { aftermath: None, number: None };
                return Ok(outcome::answer(&visit, &policy, JobKind::Login, over, &headers)?);
            }
        }
        Err(failure) => return Err(failure.into()),
    }
    Ok(on)
}

pub(crate) async fn log_out(visit: Visit, policy: Authority, headers: HeaderMap) -> Result<Response, Stop> {
    let subject = match session::token(&headers) {
        Some(token) => end_session(&visit.app, &policy.id, token).await?,
        None => None,
    };
    let to = match subject {
        Some(Subject::Card(_)) | None => "login?over=logged_out",
        Some(Subject::Account(_) | Subject::Officer(_) | Subject::Client(_)) => "",
    };
    let mut response = Redirect::to(&format!("/{}/{to}", policy.id)).into_response();
    session::forget(&visit, &policy.id, &mut response);
    Ok(response)
}
