//! What the server asks of a request, and what every answer carries; without a socket.

use super::world::Site;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode},
};
use kaika_server::{About, RESERVED, Rate, Rates, Settings, router};
use kaika_wire::AuthorityId;
use serde_json::Value;
use std::{collections::BTreeSet, net::SocketAddr, num::NonZeroU32, time::Duration};
use tower::ServiceExt;

pub(super) const OWN: &str = "localhost:8080";
const TICKETS: &str = "/gca/activate/tickets";

pub(super) struct Server {
    pub(super) site: Site,
    router: Router,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn page(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        let error = &body["error"];
        assert!(!error["message"].as_str().unwrap().is_empty() && !error["next_step"].as_str().unwrap().is_empty());
        error["code"].as_str().unwrap().to_owned()
    }
}

impl Server {
    fn new(rates: Rates) -> Self {
        Self::of(Site::ordered(|policy| policy), rates)
    }

    pub(super) fn of(site: Site, rates: Rates) -> Self {
        Self::about(site, rates, About::default())
    }

    /// Whose pages say this of the site.
    pub(super) fn about(site: Site, rates: Rates, about: About) -> Self {
        let agent = "http://127.0.0.1:61161".into();
        let settings = Settings { agent, rates, proxies: Vec::new(), mailbox: None, about };
        let router = router(&kaika_server::Site::new(site.open(), settings));
        Self { site, router }
    }

    pub(super) fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask_from("192.0.2.1:5000", method, path, headers)
    }

    fn ask_from(&self, source: &str, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(source, method, path, headers, Body::empty())
    }

    /// A form of ours, as a browser sends it.
    pub(super) fn fill_in(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encoded = |text: &str| {
            let octet = |byte: u8| match byte.is_ascii_alphanumeric() {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02X}"),
            };
            text.bytes().map(octet).collect::<String>()
        };
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let headers = [
            ("host", OWN),
            ("origin", "http://localhost:8080"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept-language", "en"),
        ];
        self.send("192.0.2.1:5000", Method::POST, path, &headers, fields.join("&").into())
    }

    pub(super) fn send(
        &self,
        source: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let source: SocketAddr = source.parse().unwrap();
        let request = request.extension(ConnectInfo(source)).body(body).unwrap();
        self.site.runtime().block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
            Answer { status: parts.status, headers: parts.headers, body }
        })
    }

    fn ticket(&self, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::POST, TICKETS, &[&[("host", OWN)], headers].concat())
    }
}

/// The router tells its paths when it prints itself.
#[test]
fn what_a_route_begins_with_is_no_authority() {
    let server = Server::new(Rates::default());
    let printed = format!("{:?}", server.router);
    let ids = printed.split("RouteId(").filter_map(|route| route.split_once("): \""));
    let paths: BTreeSet<_> = ids.filter_map(|(_, path)| path.split('"').next()).collect();
    for known in ["/{authority}/", "/ocsp/{generation}", "/healthz", "/.well-known/kaika.json", "/assets/base.css"] {
        assert!(paths.contains(known), "{known} is not in {paths:?}");
    }
    let first = paths.iter().filter_map(|path| path.split('/').nth(1));
    let taken: BTreeSet<_> = first.filter(|first| first.parse::<AuthorityId>().is_ok()).collect();
    assert_eq!(taken, BTreeSet::from(RESERVED));
}

#[test]
fn only_our_own_pages_get_tickets() {
    let server = Server::new(Rates::default());
    let own = [("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")];
    let answer = server.ticket(&own);
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    let ticket: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(ticket["ticket"].as_str().unwrap().len(), 43, "256 bits");
    assert!(ticket["outcome"].as_str().unwrap().starts_with("/gca/activate/outcome/"));
    for foreign in [
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")][..],
        &[("origin", "null")],
        &[("origin", "http://localhost:8081"), ("sec-fetch-site", "same-site")],
        &[("origin", "http://127.0.0.1:8080")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        let answer = server.ticket(foreign);
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "foreign_page"), "{foreign:?}");
    }
    for (path, code) in [("/nobody/activate/tickets", "not_found"), ("/gca/personalise/tickets", "not_found")] {
        let answer = server.ask(Method::POST, path, &[("host", OWN)]);
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, code));
    }
}

#[test]
fn pages_have_one_host_and_what_certificates_name_has_any() {
    let server = Server::new(Rates::default());
    let get = |host: &str, path: &str| server.ask(Method::GET, path, &[("host", host)]);
    for path in ["/", "/gca/?lang=en", "/gca/activate", "/gca/certificates"] {
        for other in ["127.0.0.1:8080", "portal.example", "localhost:8081", "localhost"] {
            let answer = get(other, path);
            assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{other}{path}");
            assert_eq!(answer.header("location"), format!("http://localhost:8080{path}"));
        }
        assert_eq!(get(OWN, path).status, StatusCode::OK, "{path}");
        assert_eq!(get("LOCALHOST:8080", path).status, StatusCode::OK, "{path}");
    }
    for path in ["/.well-known/kaika.json", "/crl/gca-1.crl", "/ca/gca-1.cer"] {
        assert_eq!(get("127.0.0.1:8080", path).status, StatusCode::OK, "{path}");
    }
    let posted = server.ask(Method::POST, TICKETS, &[("host", "127.0.0.1:8080")]);
    assert_eq!((posted.status, posted.code().as_str()), (StatusCode::BAD_REQUEST, "bad_request"));
}

#[test]
fn every_answer_has_the_headers_that_protect_it() {
    let server = Server::new(Rates::default());
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/gca/activate"),
        (Method::GET, "/nowhere/at/all"),
        (Method::GET, "/.well-known/kaika.json"),
        (Method::GET, "/assets/base.css"),
        (Method::POST, TICKETS),
    ] {
        let answer = server.ask(method, path, &[("host", OWN)]);
        let policy = answer.header("content-security-policy");
        for directive in ["default-src 'none'", "frame-ancestors 'none'", "script-src 'self'", "base-uri 'none'"] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert!(policy.contains("connect-src 'self' http://127.0.0.1:61161;"), "{policy}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin-allow-popups");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("x-frame-options"), "DENY");
    }
}

#[test]
fn a_source_that_asks_too_often_waits_and_others_do_not() {
    let few = Rate { burst: NonZeroU32::new(3).unwrap(), then_every: Duration::from_secs(3600) };
    let server = Server::new(Rates { tickets: few, queries: few, changes: few, ..Rates::default() });
    for path in [TICKETS, "/gca/certificates", "/gca/suspend"] {
        let ask = |source: &str| server.ask_from(source, Method::POST, path, &[("host", OWN)]);
        for _ in 0..3 {
            assert_ne!(ask("192.0.2.1:5000").status, StatusCode::TOO_MANY_REQUESTS);
        }
        let answer = ask("192.0.2.1:5001");
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((3000..=3601).contains(&wait), "{wait}");
        assert_ne!(ask("192.0.2.2:5000").status, StatusCode::TOO_MANY_REQUESTS);
        for page in ["/gca/certificates", "/gca/suspend"] {
            let page = server.ask(Method::GET, page, &[("host", OWN)]);
            assert_eq!(page.status, StatusCode::OK, "a page can still be read");
        }
    }
}

#[test]
fn a_query_that_finds_nothing_takes_as_long_as_one_that_finds() {
    let server = Server::of(Site::personalised(|policy| policy), Rates::default());
    let number = server.site.number.clone();
    let ask = |number: &str, name: &str| {
        let form = format!("by=card&number={number}&name={name}");
        let began = std::time::Instant::now();
        let request = Request::post("/gca/certificates")
            .header("host", OWN)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        let (status, body) = server.site.runtime().block_on(async {
            let response = server.router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            (status, to_bytes(response.into_body(), 1 << 20).await.unwrap())
        });
        assert!(began.elapsed() >= Duration::from_millis(400), "answered at once");
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    let unknown = ask("GC99999999999999", "nobody");
    let wrong = ask(number.as_str(), "nobody");
    assert_eq!(unknown.0, wrong.0);
    assert_eq!(unknown.1.replace("GC99999999999999", number.as_str()), wrong.1, "the same page");

    let found = ask(number.as_str(), "測試機關");
    assert_eq!(found.0, StatusCode::OK);
    let links: Vec<&str> =
        found.1.split('"').filter(|link| link.starts_with("/gca/certificates/") && link.ends_with(".cer")).collect();
    assert_eq!(links.len(), 3, "signature, encryption, login");
    for link in links {
        let file = server.ask(Method::GET, link, &[("host", OWN)]);
        assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "application/pkix-cert"));
        let certificate = kaika_pki::Certificate::from_der(&file.body).unwrap();
        assert_eq!(certificate.subject().unwrap().to_string(), "C=TW,O=行政院,OU=測試機關");
        let pem = server.ask(Method::GET, &link.replace(".cer", ".pem"), &[("host", OWN)]);
        assert!(pem.body.starts_with(b"-----BEGIN CERTIFICATE-----"));
    }
    let no_such = server.ask(Method::GET, "/gca/certificates/0123456789abcdef.cer", &[("host", OWN)]);
    assert_eq!(no_such.status, StatusCode::NOT_FOUND);
}
