//! What every request has to pass, and what every answer carries.

use super::Agent;
use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use kaika_texts::{Language, explain};
use kaika_wire::{Code, Refusal};
use serde::Serialize;
use std::sync::Arc;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `Host` is this computer with our port, and `Origin`, where there is one, ours.
pub(super) async fn guard(State(agent): State<Arc<Agent>>, request: Request, next: Next) -> Response {
    let mut response = match check(&agent, request.headers()) {
        Ok(()) => next.run(request).await,
        Err((status, detail)) => {
            let refusal = Refusal::new(Code::BadRequest).detail(detail);
            refused(status, language(request.headers()), refusal)
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With `no-referrer` a browser would send our own forms with `Origin: null`.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn check(agent: &Agent, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
    let ours = own_host(agent, headers)
        .ok_or((StatusCode::MISDIRECTED_REQUEST, "the host is not this computer with this port"))?;
    let foreign = headers.get_all(ORIGIN).iter().any(|origin| origin.as_bytes() != format!("http://{ours}").as_bytes());
    if foreign {
        return Err((StatusCode::FORBIDDEN, "the origin is not this one"));
    }
    Ok(())
}

/// The one `Host` of the request, where it is ours.
fn own_host(agent: &Agent, headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(HOST).iter();
    let (host, None) = (hosts.next()?, hosts.next()) else {
        return None;
    };
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .map(|name| format!("{name}:{}", agent.port))
        .find(|own| host.as_bytes() == own.as_bytes())
}

/// Whether the request comes from one of our own pages, as a form's does; only a browser sends `Origin`.
pub(super) fn from_own_page(headers: &HeaderMap) -> bool {
    // That it is ours, the guard has seen.
    headers.contains_key(ORIGIN)
}

pub(super) fn language(headers: &HeaderMap) -> Language {
    headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|header| header.to_str().ok())
        .map(Language::from_accept_language)
        .unwrap_or_default()
}

#[derive(Serialize)]
struct Refused {
    error: Refusal,
}

/// A refusal in words, as every interface gives it.
pub(super) fn refused(status: StatusCode, language: Language, refusal: Refusal) -> Response {
    let error = explain(language, refusal);
    (status, Json(Refused { error })).into_response()
}
