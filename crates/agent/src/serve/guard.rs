//! What every request has to pass, and what every answer carries.

use super::{Agent, OWN_HOSTS, permissions::Scope};
use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY,
            HOST, ORIGIN, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use kaika_texts::{Language, explain};
use kaika_web::language;
use kaika_wire::{Code, Refusal};
use serde::Serialize;
use std::sync::Arc;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a permitted site may ask by CORS: answers without effect.
const OPEN_TO_SITES: [&str; 3] = ["/hello", "/cards", "/changes"];

/// Fetch metadata (<https://www.w3.org/TR/fetch-metadata/>): browsers alone send them, and no script can change them.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The permitted site that a request comes from; handlers find it in the request's extensions.
#[derive(Clone, Debug)]
pub(super) struct Site(pub(super) String);

/// `Host` is this computer with our port; and the request comes from one of our own pages, from a permitted site to
/// where such may ask, or from no page at all.
pub(super) async fn guard(State(agent): State<Arc<Agent>>, mut request: Request, next: Next) -> Response {
    let open = OPEN_TO_SITES.contains(&request.uri().path());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = match check(&agent, &request, open) {
        Ok(None) => next.run(request).await,
        Ok(Some(site)) => {
            let allowed = HeaderValue::from_str(&site);
            let mut response = if request.method() == Method::OPTIONS {
                preflight()
            } else {
                request.extensions_mut().insert(Site(site));
                next.run(request).await
            };
            if let Ok(allowed) = allowed {
                response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            }
            response
        }
        Err((status, detail)) => {
            let refusal = Refusal::new(Code::BadRequest).detail(detail);
            refused(status, language(request.headers()), refusal)
        }
    };
    tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
    let headers = response.headers_mut();
    if method == Method::POST {
        // What is posted may be secret. The buffers in which it lay go with the connection, and are wiped.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if open {
        headers.append(VARY, HeaderValue::from_name(ORIGIN));
    }
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

/// The permitted site that asks, if one does.
fn check(agent: &Agent, request: &Request, open: bool) -> Result<Option<String>, (StatusCode, &'static str)> {
    let headers = request.headers();
    let ours = own_host(agent, headers)
        .ok_or((StatusCode::MISDIRECTED_REQUEST, "the host is not this computer with this port"))?;
    let foreign = || (StatusCode::FORBIDDEN, "the origin is not this one");
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else {
        // What another site's page loads without `Origin` (an image, a `no-cors` request) tells it nothing but how long
        // it took; even that would be told of cards. To open a page of ours is another matter.
        return match headers.get(FETCH_SITE).map(HeaderValue::as_bytes) {
            Some(b"cross-site" | b"same-site") if !opens_page(headers) => Err(foreign()),
            _ => Ok(None),
        };
    };
    if origins.next().is_some() {
        return Err(foreign());
    }
    if origin.as_bytes() == format!("http://{ours}").as_bytes() {
        return Ok(None);
    }
    let asks = match *request.method() {
        Method::GET => true,
        Method::OPTIONS => headers.get(ACCESS_CONTROL_REQUEST_METHOD).is_some_and(|method| method == "GET"),
        _ => false,
    };
    let origin = origin.to_str().map_err(|_| foreign())?;
    match agent.permissions.portal(origin, Scope::Read) {
        Ok(site) if open && asks => Ok(Some(site.to_owned())),
        _ => Err(foreign()),
    }
}

fn preflight() -> Response {
    let allowed = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

fn opens_page(headers: &HeaderMap) -> bool {
    headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate")
}

/// The one `Host` of the request, where it is ours.
fn own_host(agent: &Agent, headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(HOST).iter();
    let (host, None) = (hosts.next()?, hosts.next()) else {
        return None;
    };
    OWN_HOSTS.iter().map(|name| format!("{name}:{}", agent.port)).find(|own| host.as_bytes() == own.as_bytes())
}

/// Whether the request comes from one of our own pages, as a form's does; only a browser sends `Origin`.
pub(super) fn from_own_page(headers: &HeaderMap) -> bool {
    // Where a foreign one is let through, the guard has said so by [`Site`], and only to `GET`.
    headers.contains_key(ORIGIN)
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
