//! What the server asks of a request, and what every answer carries; without a socket.

use super::server::{Answer, OWN, Server};
use axum::http::{Method, StatusCode};
use kaika_domain::certificates::CertificateState;
use kaika_fixtures::Site;
use kaika_server::{PerSource, RESERVED, Rate};
use kaika_wire::{AuthorityId, CertificateRole};
use serde_json::Value;
use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

const TICKETS: &str = "/gca/activate/tickets";

fn server() -> Server {
    Server::of(Site::ordered())
}

/// What a page of ours asks for, with these headers.
fn ticket(server: &Server, headers: &[(&str, &str)]) -> Answer {
    server.ask(Method::POST, TICKETS, &[&[("host", OWN)], headers].concat())
}

/// The router tells its paths when it prints itself.
#[test]
fn what_a_route_begins_with_is_no_authority() {
    let server = server();
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
    let server = server();
    let own = [("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")];
    let answer = ticket(&server, &own);
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    let issued: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(issued["ticket"].as_str().unwrap().len(), 43, "256 bits");
    assert!(issued["outcome"].as_str().unwrap().starts_with("/gca/activate/outcome/"));
    for foreign in [
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")][..],
        &[("origin", "null")],
        &[("origin", "http://localhost:8081"), ("sec-fetch-site", "same-site")],
        &[("origin", "http://127.0.0.1:8080")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        let answer = ticket(&server, foreign);
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "foreign_page"), "{foreign:?}");
    }
    for (path, code) in [("/nobody/activate/tickets", "not_found"), ("/gca/personalise/tickets", "not_found")] {
        let answer = server.ask(Method::POST, path, &[("host", OWN)]);
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, code));
    }
}

#[test]
fn pages_have_one_host_and_what_certificates_name_has_any() {
    let server = server();
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
    let server = server();
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
    let few = Rate { at_once: NonZeroU32::new(3).unwrap(), then_every: Duration::from_secs(3600) };
    let server = Server::with_limits(
        Site::ordered(),
        PerSource { tickets: few, queries: few, changes: few, ..PerSource::default() },
    );
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
    let server = Server::of(Site::activated());
    let number = server.site.number.clone();
    let ask = |number: &str, name: &str| {
        let began = std::time::Instant::now();
        let answer = server.submit("/gca/certificates", &[("by", "card"), ("number", number), ("name", name)]);
        assert!(began.elapsed() >= Duration::from_millis(400), "answered at once");
        (answer.status, answer.page().to_owned())
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

/// Lists enumerate serial numbers: by them nobody learns a name, whatever the certificate, and nothing of one that only
/// proves a card or was not accepted yet.
#[test]
fn what_a_list_enumerates_opens_nothing() {
    for site in [Site::personalised(), Site::activated()] {
        let server = Server::of(site);
        let certificates = server.site.runtime().block_on(async {
            let mut reader = server.app.store.read().await.unwrap();
            let card = reader.card_by_number(&server.site.number).await.unwrap().unwrap();
            reader.certificates_of_card(card.id).await.unwrap()
        });
        assert_eq!(certificates.len(), 4);
        for certificate in certificates {
            let serial = certificate.serial.to_string();
            let told = !matches!(certificate.state, CertificateState::Held { .. })
                && certificate.role != CertificateRole::CardAuthentication;
            let answer = server.submit("/gca/certificates", &[("by", "serial"), ("serial", &serial)]);
            assert_eq!(answer.status == StatusCode::OK, told, "{:?}", certificate.role);
            // But for the form's example, which is nobody's name.
            let page = answer.page().replace("行政院○○處", "");
            for name in ["測試機關", "行政院", server.site.number.as_str(), &certificate.sha256.to_string()] {
                assert!(!page.contains(name), "{name}");
            }
            let get =
                |file: &str| server.ask(Method::GET, &format!("/gca/certificates/{file}"), &[("host", OWN)]).status;
            assert_eq!(get(&format!("{serial}.cer")), StatusCode::NOT_FOUND);
            for kind in ["cer", "pem"] {
                let file = format!("{}.{kind}", certificate.sha256);
                assert_eq!(get(&file) == StatusCode::OK, told, "{:?}", certificate.role);
            }
        }
    }
}
