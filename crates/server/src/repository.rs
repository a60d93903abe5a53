//! What relying parties fetch: certificates of the authorities, revocation lists, certificate status.

use crate::errors::{fail, refuse};
use crate::site::Site;
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use kaika_app::{App, OcspAnswer, answer_ocsp, publish_crl};
use kaika_wire::Code;
use std::sync::Arc;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// Changes show this soon (seconds), whatever the list's own time says.
const MAX_AGE: i64 = 60;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/ca/{file}", get(ca_certificate))
        .route("/crl/{file}", get(crl))
        .route("/ocsp/{generation}", post(ocsp_post))
        .route("/ocsp/{generation}/{*request}", get(ocsp_get))
}

async fn ca_certificate(State(app): State<Arc<App>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(name) = file.strip_suffix(".cer") else { return refuse(Code::NotFound.into(), &headers) };
    let generations = match app.store.read().await {
        Ok(mut reader) => reader.generations().await,
        Err(error) => Err(error),
    };
    match generations {
        Ok(generations) => match generations.into_iter().find(|generation| generation.name() == name) {
            // RFC 5280 §4.2.2.1: a single DER certificate.
            Some(generation) => {
                ([(header::CONTENT_TYPE, "application/pkix-cert")], generation.certificate).into_response()
            }
            None => refuse(Code::NotFound.into(), &headers),
        },
        Err(error) => fail(error.into(), &headers),
    }
}

async fn crl(State(app): State<Arc<App>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(name) = file.strip_suffix(".crl") else { return refuse(Code::NotFound.into(), &headers) };
    match publish_crl(&app, name).await {
        Ok(crl) => {
            let cache = cache_control(app.now(), crl.next_update);
            ([(header::CONTENT_TYPE, "application/pkix-crl".to_owned()), (header::CACHE_CONTROL, cache)], crl.der)
                .into_response()
        }
        Err(failure) => fail(failure, &headers),
    }
}

async fn ocsp_post(
    State(app): State<Arc<App>>,
    Path(generation): Path<String>,
    headers: HeaderMap,
    request: Bytes,
) -> Response {
    match answer_ocsp(&app, &generation, &request).await {
        Ok(answer) => ocsp_response(&app, answer, false),
        Err(failure) => fail(failure, &headers),
    }
}

/// RFC 6960 appendix A.1: the request as base64 in the path, percent-encoded. Some clients leave `/` and `+` as they
/// are, which the wildcard takes; the router has decoded the rest.
async fn ocsp_get(
    State(app): State<Arc<App>>,
    Path((generation, request)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let request = STANDARD.decode(request.as_bytes()).unwrap_or_default();
    match answer_ocsp(&app, &generation, &request).await {
        Ok(answer) => ocsp_response(&app, answer, true),
        Err(failure) => fail(failure, &headers),
    }
}

fn ocsp_response(app: &App, answer: OcspAnswer, by_get: bool) -> Response {
    let now = app.now();
    let mut response = ([(header::CONTENT_TYPE, "application/ocsp-response")], answer.response).into_response();
    let cache = match answer.cacheable_until {
        // RFC 5019 §6.2: only what was got by GET is kept on the way.
        Some(until) if by_get => {
            if let Some(expires) =
                until.format(&Rfc2822).ok().and_then(|date| date.replace("+0000", "GMT").parse().ok())
            {
                response.headers_mut().insert(header::EXPIRES, expires);
            }
            cache_control(now, until)
        }
        _ => "no-store".to_owned(),
    };
    if let Ok(cache) = cache.parse() {
        response.headers_mut().insert(header::CACHE_CONTROL, cache);
    }
    response
}

fn cache_control(now: OffsetDateTime, until: OffsetDateTime) -> String {
    let seconds = (until - now).whole_seconds().clamp(0, MAX_AGE);
    format!("max-age={seconds}, public, no-transform, must-revalidate")
}
