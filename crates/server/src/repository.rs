//! What relying parties fetch: certificates of the authorities, revocation lists, certificate status.

use crate::{
    http::{
        errors::{Caller, Stop},
        guard, health,
    },
    site::Site,
};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use kaika_app::{
    App, Failure, StoreError,
    authorities::authority_certificate,
    status::{Cacheable, OcspAnswer, answer_ocsp, crl_failures, publish_crl},
};
use kaika_web::is_known;
use kaika_wire::Code;
use percent_encoding::percent_decode_str;
use std::{future::Future, time::Instant};
use time::OffsetDateTime;

/// The longest time (seconds) for which an answer is kept on the way, whatever the list's own time says.
const MAX_AGE: i64 = 60;

const CERTIFICATE: &str = "/ca/{file}";
const CRL: &str = "/crl/{file}";
const CRL_OF_SHARD: &str = "/crl/{generation}/{file}";
const OCSP: &str = "/ocsp/{generation}";
const OCSP_GET: &str = "/ocsp/{generation}/{*request}";

/// Programs ask here, by the million: each request is counted, but not logged, and answers carry what concerns bytes.
pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route(CERTIFICATE, get(ca_certificate))
        .route(CRL, get(crl))
        .route(CRL_OF_SHARD, get(crl_of_shard))
        .route(OCSP, post(ocsp_post))
        .route(OCSP_GET, get(ocsp_get))
}

/// A layer around the routes would cost as much as an answer that was signed in advance.
async fn counted(
    site: &Site,
    method: &'static str,
    route: &'static str,
    headers: &HeaderMap,
    answer: impl Future<Output = Result<Response, Stop>>,
) -> Response {
    let begun = Instant::now();
    let mut response = match answer.await {
        Ok(response) => response,
        Err(stop) => Caller::of(headers).told(site, stop.into_response()),
    };
    match response.headers().get(header::CONTENT_TYPE) {
        // A page for people who look at an address in a browser.
        Some(kind) if kind.as_bytes().starts_with(b"text/html") => guard::secure(site, &mut response),
        _ => {
            response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
    }
    health::count(method, route, begun, &response);
    response
}

async fn ca_certificate(State(site): State<Site>, Path(file): Path<String>, request: Request) -> Response {
    let answer = async {
        let name = file.strip_suffix(".cer").ok_or(Code::NotFound)?;
        // RFC 5280 §4.2.2.1: a single DER certificate.
        let certificate = authority_certificate(&site.app, name).await?;
        Ok(([(header::CONTENT_TYPE, "application/pkix-cert")], certificate).into_response())
    };
    counted(&site, "GET", CERTIFICATE, request.headers(), answer).await
}

async fn crl(State(site): State<Site>, Path(file): Path<String>, request: Request) -> Response {
    let headers = request.headers();
    let answer = async {
        let name = file.strip_suffix(".crl").ok_or(Code::NotFound)?;
        list(&site.app, name, None, headers).await
    };
    counted(&site, "GET", CRL, headers, answer).await
}

async fn crl_of_shard(
    State(site): State<Site>,
    Path((name, file)): Path<(String, String)>,
    request: Request,
) -> Response {
    let headers = request.headers();
    let answer = async {
        let shard = file.strip_suffix(".crl").and_then(|shard| shard.parse().ok()).ok_or(Code::NotFound)?;
        list(&site.app, &name, Some(shard), headers).await
    };
    counted(&site, "GET", CRL_OF_SHARD, headers, answer).await
}

async fn list(app: &App, name: &str, shard: Option<u32>, headers: &HeaderMap) -> Result<Response, Stop> {
    let crl = publish_crl(app, name, shard).await?;
    for failure in crl_failures(app) {
        tracing::error!(failure, "a revocation list is not signed anew, and the one before is given out");
    }
    // RFC 9110 §8.8.3. Who has this very list need not carry it home again.
    let tag = format!("\"{}\"", crl.number);
    let cache = [
        (header::CACHE_CONTROL, cache_control(app.now(), crl.next_update)),
        (header::LAST_MODIFIED, httpdate::fmt_http_date(crl.signed_at.into())),
        (header::ETAG, tag.clone()),
    ];
    if is_known(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, cache).into_response());
    }
    Ok(([(header::CONTENT_TYPE, "application/pkix-crl")], cache, crl.der).into_response())
}

async fn ocsp_post(
    State(site): State<Site>,
    Path(generation): Path<String>,
    headers: HeaderMap,
    request: Bytes,
) -> Response {
    counted(&site, "POST", OCSP, &headers, ocsp(&site, &generation, &request, None)).await
}

async fn ocsp_get(
    State(site): State<Site>,
    Path((generation, question)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (headers, question) = (request.headers(), decoded(&question));
    counted(&site, "GET", OCSP_GET, headers, ocsp(&site, &generation, &question, Some(headers))).await
}

/// The request as base64 in the path, percent-encoded (RFC 6960 appendix A.1). The router has decoded that once, and takes
/// `/` and `+` as they are. What else clients make of it is taken where it can be meant in one way only: encoded twice, without
/// padding, in the alphabet for addresses, after one `/` too many.
fn decoded(question: &str) -> Vec<u8> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let once_more = percent_decode_str(question).decode_utf8_lossy();
    let standard = |sign| match sign {
        '-' | ' ' => '+',
        '_' => '/',
        sign => sign,
    };
    let base64: String = once_more.trim_start_matches('/').chars().map(standard).collect();
    ENGINE.decode(base64).unwrap_or_default()
}

/// `by_get`: with these headers.
async fn ocsp(site: &Site, generation: &str, request: &[u8], by_get: Option<&HeaderMap>) -> Result<Response, Stop> {
    let may_sign = || site.limits.may_sign_ocsp();
    let answer = match answer_ocsp(&site.app, generation, request, &may_sign).await {
        Ok(answer) => answer,
        // Clients understand what the protocol says, not what HTTP says (RFC 6960 §2.3).
        Err(Failure::Store(StoreError::Database(error))) => {
            tracing::error!(%error, "the database failed");
            OcspAnswer::try_later()
        }
        Err(Failure::KeyAway(why)) => {
            tracing::error!(why, "a responder's key cannot be reached");
            OcspAnswer::try_later()
        }
        Err(failure) => return Err(failure.into()),
    };
    Ok(ocsp_response(site.app.now(), answer, by_get))
}

fn ocsp_response(now: OffsetDateTime, answer: OcspAnswer, by_get: Option<&HeaderMap>) -> Response {
    const TYPE: (HeaderName, &str) = (header::CONTENT_TYPE, "application/ocsp-response");
    // RFC 5019 §6.2: only what was got by GET is kept on the way.
    let Some((asked, cacheable)) = by_get.zip(answer.cacheable) else {
        return ([TYPE, (header::CACHE_CONTROL, "no-store")], answer.response).into_response();
    };
    let Cacheable { signed_at, this_update, next_update } = cacheable;
    // Another one for each signature.
    let tag = format!("\"{:x}\"", signed_at.unix_timestamp_nanos());
    let is_known = is_known(asked, &tag);
    let cache = [
        (header::CACHE_CONTROL, cache_control(now, next_update)),
        (header::LAST_MODIFIED, httpdate::fmt_http_date(this_update.into())),
        (header::EXPIRES, httpdate::fmt_http_date(next_update.into())),
        (header::ETAG, tag),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, cache).into_response(),
        false => ([TYPE], cache, answer.response).into_response(),
    }
}

fn cache_control(now: OffsetDateTime, until: OffsetDateTime) -> String {
    let seconds = (until - now).whole_seconds().clamp(0, MAX_AGE);
    format!("max-age={seconds}, public, no-transform, must-revalidate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_in_the_path_is_read_however_clients_write_it() {
        let question = [0x30, 0x3e, 0xfb, 0xef, 0xbf, 0xff, 0xff, 0x01];
        for written in [
            "MD7777///wE=",
            "MD7777///wE",
            "MD7777___wE=",
            "MD7777___wE",
            "/MD7777///wE=",
            "//MD7777///wE",
            "MD7777%2F%2F%2FwE%3D",
            "MD7777%2f/%2FwE",
        ] {
            assert_eq!(decoded(written), question, "{written}");
        }
        let plus = [0x30, 0xfb, 0xef, 0xbe];
        for written in ["MPvvvg==", "MPvvvg", "MPvvvg%3D%3D"] {
            assert_eq!(decoded(written), plus, "{written}");
        }
        assert_eq!([decoded("+/+/"), decoded("-_-_"), decoded("%2B%2f%2B/"), decoded(" / /")], [[0xfb, 0xff, 0xbf]; 4]);
        for malformed in ["", "MD7777///wE=MD", "MD7777///wE!", "M"] {
            assert!(decoded(malformed).is_empty(), "{malformed}");
        }
    }
}
