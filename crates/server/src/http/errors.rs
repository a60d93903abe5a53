//! From what a use case says to HTTP: the one place. People who look at it in a browser get a page, programs JSON.

use crate::{
    portal::{self, page::View},
    site::Site,
};
use axum::{
    Extension, Json,
    extract::{Request, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use kaika_app::{Failure, StoreError};
use kaika_texts::{Language, explain};
use kaika_web::language;
use kaika_wire::{Code, Refusal};
use serde_json::json;

/// What a handler stops at. It is told on the way out ([`told`]), where it is known to whom.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Refusal);

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Self(code.into())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self(refusal),
            Failure::Conflict(conflict) => Self(conflict.refusal()),
            // Most often the database is locked or being restarted: the same again soon may go well.
            Failure::Store(error @ (StoreError::Database(_) | StoreError::Damaged(_))) => {
                tracing::error!(%error, "the database failed");
                Code::Busy.into()
            }
            Failure::KeyAway(why) => {
                tracing::error!(why, "a key cannot be reached");
                Code::Busy.into()
            }
            other => {
                tracing::error!(error = %other, "a use case failed");
                Code::Internal.into()
            }
        }
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        (status(self.0.code), Extension(self)).into_response()
    }
}

/// Tells what stopped a request, in the caller's language.
pub(crate) async fn told(State(site): State<Site>, request: Request, next: Next) -> Response {
    let caller = Caller::of(request.headers());
    caller.told(&site, next.run(request).await)
}

/// Who is to be told.
pub(crate) struct Caller {
    language: Language,
    at_browser: bool,
}

impl Caller {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self { language: language(headers), at_browser: accepts_page(headers) }
    }

    /// With `{"error": {code, message, next_step, …}}`, or a page that says it.
    pub(crate) fn told(&self, site: &Site, mut response: Response) -> Response {
        let Some(Stop(refusal)) = response.extensions_mut().remove() else { return response };
        let (status, error) = (response.status(), explain(self.language, refusal));
        let mut told = match self.at_browser {
            true => portal::error(status, View { about: &site.settings.about, language: self.language }, error),
            false => (status, Json(json!({ "error": error }))).into_response(),
        };
        told.headers_mut().extend(std::mem::take(response.headers_mut()));
        told
    }
}

/// Whether a browser asks for something to show.
pub(crate) fn accepts_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accepted| accepted.to_str().ok());
    accepted.any(|accepted| accepted.contains("text/html"))
}

/// JSON that is not what the path takes. What it says of the text is kept to kind and place: a secret may be in it.
pub(crate) fn bad_json(rejection: &JsonRejection) -> Refusal {
    let detail = match rejection {
        JsonRejection::MissingJsonContentType(_) => "the content type is not application/json",
        JsonRejection::JsonSyntaxError(_) => "the body is not JSON",
        JsonRejection::JsonDataError(_) => "the JSON has not the fields that this path takes",
        _ => "the body could not be read",
    };
    Refusal::new(Code::BadRequest).detail(detail)
}

pub(crate) async fn not_found() -> Stop {
    Code::NotFound.into()
}

/// There is something at this address, but not for this method.
pub(crate) async fn other_method() -> Response {
    let refusal = Refusal::new(Code::NotFound).detail("this path takes another method");
    let mut response = Stop(refusal).into_response();
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
        Code::BadRequest
        | Code::SecretMissing
        | Code::UserCodeForm
        | Code::PinForm
        | Code::CaptchaWrong
        | Code::NotCertifiable => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    }
}
