//! From what a use case says to HTTP: the one place. People who look at it in a browser get a page, programs JSON.

use crate::{
    portal::{self, page::View},
    site::Site,
};
use axum::{
    Extension, Json,
    extract::rejection::JsonRejection,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use kaika_app::{Failure, StoreError};
use kaika_texts::{Language, explain};
use kaika_web::language;
use kaika_wire::{Code, Refusal};
use serde_json::json;

/// A refusal that is to be told on a page, which is drawn where it is known of which site.
#[derive(Clone)]
struct Untold {
    language: Language,
    /// With its words.
    error: Refusal,
}

/// `{"error": {code, message, next_step, …}}` in the caller's language, or a page that says it (see [`tell`]).
pub(crate) fn refuse(refusal: Refusal, headers: &HeaderMap) -> Response {
    let status = status(refusal.code);
    let language = language(headers);
    let error = explain(language, refusal);
    if accepts_page(headers) {
        return (status, Extension(Untold { language, error }), Html("")).into_response();
    }
    (status, Json(json!({ "error": error }))).into_response()
}

/// Draws the page of a refusal; every answer comes by here on its way out.
pub(crate) fn tell(site: &Site, response: &mut Response) {
    if let Some(Untold { language, error }) = response.extensions_mut().remove() {
        let view = View { about: &site.settings.about, language };
        let (page, body) = portal::error(response.status(), view, error).into_parts();
        *response.body_mut() = body;
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_LENGTH);
        for (name, value) in &page.headers {
            headers.append(name, value.clone());
        }
    }
}

/// Whether a browser asks for something to show.
pub(crate) fn accepts_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accepted| accepted.to_str().ok());
    accepted.any(|accepted| accepted.contains("text/html"))
}

pub(crate) fn fail(failure: Failure, headers: &HeaderMap) -> Response {
    match failure {
        Failure::Refused(refusal) => refuse(refusal, headers),
        Failure::Conflict(conflict) => refuse(conflict.refusal(), headers),
        // Most often the database is locked or being restarted: the same again soon may go well.
        Failure::Store(error @ StoreError::Database(_)) => {
            tracing::error!(%error, "the database failed");
            refuse(Code::Busy.into(), headers)
        }
        Failure::KeyAway(why) => {
            tracing::error!(why, "a key cannot be reached");
            refuse(Code::Busy.into(), headers)
        }
        other => {
            tracing::error!(error = %other, "a use case failed");
            refuse(Code::Internal.into(), headers)
        }
    }
}

/// JSON that is not what the path takes. What it says of the text is kept to kind and place: a secret may be in it.
pub(crate) fn bad_json(rejection: &JsonRejection, headers: &HeaderMap) -> Response {
    let detail = match rejection {
        JsonRejection::MissingJsonContentType(_) => "the content type is not application/json",
        JsonRejection::JsonSyntaxError(_) => "the body is not JSON",
        JsonRejection::JsonDataError(_) => "the JSON has not the fields that this path takes",
        _ => "the body could not be read",
    };
    refuse(Refusal::new(Code::BadRequest).detail(detail), headers)
}

pub(crate) async fn not_found(headers: HeaderMap) -> Response {
    refuse(Code::NotFound.into(), &headers)
}

/// There is something at this address, but not for this method.
pub(crate) async fn other_method(headers: HeaderMap) -> Response {
    let refusal = Refusal::new(Code::NotFound).detail("this path takes another method");
    let mut response = refuse(refusal, &headers);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

pub(crate) fn status(code: Code) -> StatusCode {
    match code {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::StationUnknown | Code::AgentToken | Code::NotLoggedIn => StatusCode::UNAUTHORIZED,
        Code::LinkOver => StatusCode::GONE,
        Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Code::Stale
        | Code::AlreadyActivated
        | Code::NoOrder
        | Code::OrderTaken
        | Code::OrderOver
        | Code::CardNotBlank => StatusCode::CONFLICT,
        Code::AlreadySuspended
        | Code::AlreadyRevoked
        | Code::NotSuspended
        | Code::SuspendedByOthers
        | Code::CertificatesExpired => StatusCode::CONFLICT,
        Code::BadRequest | Code::SecretMissing | Code::UserCodeForm | Code::PinForm | Code::CaptchaWrong => {
            StatusCode::BAD_REQUEST
        }
        _ => StatusCode::FORBIDDEN,
    }
}
