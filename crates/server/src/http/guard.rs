//! What every request has to pass and every answer carries.

use crate::{http::errors::Stop, site::Site};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use kaika_wire::{Code, Refusal};

/// On every answer, whatever it is. A page may open the agent's window and hear from it, hence
/// `same-origin-allow-popups`; and it may ask the agent which card is there.
pub(crate) async fn security_headers(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    secure(&site, &mut response);
    response
}

pub(crate) fn secure(site: &Site, response: &mut Response) {
    const HEADERS: [(HeaderName, HeaderValue); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin-allow-popups")),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    if site.app.origin.starts_with("https:") {
        // A year: whoever was here once does not come without TLS again.
        let lasting = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().entry(header::STRICT_TRANSPORT_SECURITY).or_insert(lasting);
    }
    response
        .headers_mut()
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert_with(|| site.content_security_policy.clone());
}

/// Pages have one address: asked for under another name of this host, they send there. What certificates name – lists,
/// OCSP – and the agents' API answer under every name.
pub(crate) async fn own_host(State(site): State<Site>, request: Request, next: Next) -> Response {
    let own = site.app.origin.split_once("://").map_or("", |(_, host)| host);
    // HTTP/2 has it in the address instead.
    let asked = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let asked = asked.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    if asked.is_some_and(|asked| asked.eq_ignore_ascii_case(own)) {
        return next.run(request).await;
    }
    to_own_origin(State(site), request).await
}

/// The same path at the portal's origin; what was meant to be done elsewhere is not repeated there.
pub(crate) async fn to_own_origin(State(site): State<Site>, request: Request) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return Redirect::permanent(&format!("{}{path}", site.app.origin)).into_response();
    }
    Stop::from(Refusal::new(Code::BadRequest).detail("the host is not this portal's")).into_response()
}

/// A form or a script's request comes from a page of ours. Browsers say where it comes from; a program that says nothing
/// has no person's cookies or network to misuse.
pub(crate) async fn own_pages_only(State(site): State<Site>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || from_own_page(&site.app.origin, request.headers()) {
        return next.run(request).await;
    }
    Stop::from(Code::ForeignPage).into_response()
}

/// Fetch metadata where the browser sends it, and `Origin`, which all do with a POST.
fn from_own_page(origin: &str, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").is_none_or(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    let mut origins = headers.get_all(header::ORIGIN).iter();
    site && origins.all(|named| named.as_bytes() == origin.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_own_pages_send() {
        let own = "https://portal.example";
        for (lines, expected) in [
            (&[][..], true),
            (&[("origin", "https://portal.example"), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "https://portal.example")], true),
            (&[("origin", "null")], false),
            (&[("origin", "https://portal.example:8443")], false),
            (&[("origin", "http://portal.example")], false),
            (&[("origin", "https://portal.example"), ("origin", "https://other.example")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site"), ("origin", "https://portal.example")], false),
        ] {
            assert_eq!(from_own_page(own, &headers(lines)), expected, "{lines:?}");
        }
    }
}
