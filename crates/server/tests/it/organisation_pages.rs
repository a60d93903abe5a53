//! The pages of whoever has logged in, request by request: cookies, who is let in, tables, and strangers.

use super::server::{Answer, OWN, Server};
use axum::http::{Method, StatusCode};
use kaika_app::{
    access::{Principal, SessionRecord, logged_in},
    cards::LoginTicket,
    kernel::SessionHash,
};
use kaika_domain::access::Subject;
use kaika_fixtures::{CONTACT, Site, code, gca, prove};
use kaika_wire::{ClientId, Code};
use serde_json::Value;
use time::Duration;

fn server() -> Server {
    Server::of(Site::activated())
}

const PAGE: [(&str, &str); 3] = [("host", OWN), ("accept", "text/html"), ("accept-language", "en")];

fn get(server: &Server, path: &str, cookies: &str) -> Answer {
    server.ask(Method::GET, path, &[&PAGE[..], &[("cookie", cookies)]].concat())
}

/// The cookie of this name that an answer sets: `name=value`, and its attributes.
#[track_caller]
fn cookie<'a>(answer: &'a Answer, name: &str) -> (&'a str, &'a str) {
    let set = answer.header("set-cookie");
    assert!(set.starts_with(&format!("{name}=")), "{set}");
    set.split_once("; ").unwrap()
}

/// A login from the page's ticket to the card's proof: where its outcome is, and the browser's cookie.
fn proved(server: &Server) -> (String, String) {
    let answer = server.ask(Method::POST, "/gca/login/tickets", &[("host", OWN)]);
    assert_eq!(answer.status, StatusCode::OK);
    let ticket: kaika_wire::IssuedTicket = serde_json::from_slice(&answer.body).unwrap();
    let (browser, attributes) = cookie(&answer, "login");
    assert_eq!(attributes, "Path=/gca/login/; Max-Age=900; SameSite=Strict; HttpOnly");
    let (browser, outcome) = (browser.to_owned(), ticket.outcome.clone());
    let asked = LoginTicket { ticket, browser: browser.clone() };
    prove(&server.site, &server.app, &asked).unwrap();
    (outcome, browser)
}

fn log_in(server: &Server) -> String {
    let (outcome, browser) = proved(server);
    let answer = get(server, &format!("{outcome}?to=organisation"), &browser);
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/gca/organisation"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let (session, attributes) = cookie(&answer, "session");
    assert_eq!(attributes, "Path=/gca/; Max-Age=1800; SameSite=Strict; HttpOnly");
    session.to_owned()
}

#[test]
fn a_login_is_redeemed_once_in_its_browser() {
    let server = server();
    let (outcome, browser) = proved(&server);
    // Who only has the address sees no more than that it is over.
    let stranger = get(&server, &outcome, "login=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!((stranger.status, stranger.header("set-cookie")), (StatusCode::OK, ""));
    assert!(!stranger.page().contains(server.site.number.as_str()));
    // The page that waits asks, and uses nothing up.
    let json =
        server.ask(Method::GET, &outcome, &[("host", OWN), ("accept", "application/json"), ("cookie", &browser)]);
    let state: Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!((state["state"].as_str(), json.header("set-cookie")), (Some("succeeded"), ""));

    let first = get(&server, &outcome, &browser);
    assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/gca/my-card"));
    let session = cookie(&first, "session").0.to_owned();
    let again = get(&server, &outcome, &browser);
    assert_eq!((again.status, again.header("set-cookie")), (StatusCode::OK, ""), "used up");
    let with_session = get(&server, &outcome, &format!("{browser}; {session}"));
    assert_eq!((with_session.status, with_session.header("set-cookie")), (StatusCode::SEE_OTHER, ""), "on to the page");
    let page = get(&server, "/gca/my-card", &session);
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(page.page().contains(server.site.number.as_str()));
    // Nobody is sent elsewhere.
    let (outcome, browser) = proved(&server);
    let elsewhere = get(&server, &format!("{outcome}?to=https://evil.example"), &browser);
    assert_eq!(elsewhere.header("location"), "/gca/my-card");
}

#[test]
fn whoever_is_not_logged_in_is_shown_the_way() {
    let server = server();
    for (path, to) in [
        ("/gca/organisation", "organisation"),
        ("/gca/organisation.csv", "organisation"),
        ("/gca/organisation/expiring", "organisation/expiring"),
        ("/gca/organisation/expiring.csv?sort=number", "organisation/expiring"),
        ("/gca/my-card", "my-card"),
    ] {
        let answer = get(&server, path, "lang=en");
        let login = format!("/gca/login?to={to}");
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, login.as_str()));
        let over = get(&server, path, "session=AAAA");
        assert_eq!(over.header("location"), format!("{login}&over=yes"));
        assert!(over.header("set-cookie").starts_with("session=; Path=/gca/; Max-Age=0"));
        let page = get(&server, &login, "");
        assert!(
            page.page().contains(&format!("?lang=zh-TW&amp;to={to}"))
                || page.page().contains(&format!("?lang=zh-TW&#38;to={to}"))
        );
        let program = server.ask(Method::GET, path, &[("host", OWN)]);
        assert_eq!(program.status, StatusCode::UNAUTHORIZED);
    }
    assert!(get(&server, "/gca/login?over=yes", "").page().contains("id=\"over\""));
    assert!(!get(&server, "/gca/login?over=nonsense", "").page().contains("id=\"over\""));
    assert_eq!(get(&server, "/xca/organisation", "").status, StatusCode::NOT_FOUND);
    let posted = server.fill_in("/gca/my-card", &[("published", "no")]);
    assert_eq!((posted.status, posted.header("location")), (StatusCode::SEE_OTHER, "/gca/login?to=my-card"));
}

/// A session of another kind opens no page of a card's holder, and is logged out of all the same.
#[test]
fn a_session_of_another_system_is_none_of_a_card() {
    let server = server();
    let token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let now = server.app.now();
    let client = ClientId::new(now, [7; 10]);
    let session = SessionRecord {
        token_sha256: SessionHash::of(token),
        subject: Subject::Client(client),
        authority: gca(),
        job: None,
        begun_at: now,
        expires_at: now + Duration::minutes(30),
        ended_at: None,
    };
    server.wait(async {
        let mut work = server.app.store.begin().await.unwrap();
        work.insert_session(&session).await.unwrap();
        work.commit().await.unwrap();
        let who = logged_in(&server.app, &session.authority, token).await.unwrap();
        assert!(matches!(who.principal(), Principal::Client(found) if *found == client));
    });
    let session = format!("session={token}");
    let answer = get(&server, "/gca/my-card", &session);
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/gca/login?to=my-card"));
    assert_eq!(answer.header("set-cookie"), "", "it is not over");
    let login = get(&server, answer.header("location"), &session);
    assert_eq!(login.status, StatusCode::OK, "there one logs in, and is not sent back");
    let out = server.ask(Method::POST, "/gca/logout", &[&PAGE[..], &[("cookie", &session)]].concat());
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/gca/"));
    assert!(out.header("set-cookie").starts_with("session=; Path=/gca/; Max-Age=0"));
    let over = server.wait(logged_in(&server.app, &gca(), token));
    assert_eq!(code(over), Code::NotLoggedIn);
}

/// Holders of such an authority log in for their own card alone.
#[test]
fn an_authority_without_organisations_has_no_lists() {
    let without = |policy: String| {
        let (before, rest) = policy.split_once("[organisation]").unwrap();
        format!("{before}{}", &rest[rest.find("[certificates]").unwrap()..])
    };
    let server = Server::of(Site::builder().policy(without).activated());
    let (outcome, browser) = proved(&server);
    let session = cookie(&get(&server, &outcome, &browser), "session").0.to_owned();
    let own = get(&server, "/gca/my-card", &session);
    assert!(own.status == StatusCode::OK && !own.page().contains("/gca/organisation"));
    assert!(!get(&server, "/gca/", &session).page().contains("/gca/organisation"));
    for path in ["organisation", "organisation.csv", "organisation/expiring", "organisation/expiring.csv"] {
        assert_eq!(get(&server, &format!("/gca/{path}"), &session).status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn lists_and_tables_are_for_the_session() {
    let server = server();
    let session = log_in(&server);
    for path in ["/gca/organisation", "/gca/organisation?sort=status&status=valid&after=nonsense"] {
        let page = get(&server, path, &session);
        assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
        assert_eq!(page.page().matches("<tr data-serial").count(), 3, "{path}");
    }
    assert!(get(&server, "/gca/organisation/expiring", &session).page().contains("id=\"none\""));
    assert_eq!(get(&server, "/gca/login", &session).header("location"), "/gca/my-card", "already logged in");

    let csv = get(&server, "/gca/organisation.csv?sort=expiry", &session);
    assert_eq!((csv.header("content-type"), csv.header("cache-control")), ("text/csv; charset=utf-8", "no-store"));
    assert!(csv.header("content-disposition").starts_with("attachment; filename=\"gca-organisation-2026-11-20"));
    let text = csv.page().strip_prefix('\u{feff}').unwrap();
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 4);
    let header =
        "\"Cardholder\",\"Card number\",\"Certificate\",\"Status\",\"Valid from\",\"Valid to\",\"Serial number\"";
    assert_eq!(lines[0], header);
    assert!(lines[1].starts_with(&format!("\"行政院測試機關\",\"{}\",\"", server.site.number)), "{}", lines[1]);
    let empty = get(&server, "/gca/organisation/expiring.csv", &session);
    assert_eq!(empty.page().matches("\r\n").count(), 1, "the header alone");

    // Logged out by a page of ours, not by another's.
    let headers = [("host", OWN), ("cookie", session.as_str()), ("origin", "https://evil.example")];
    assert_eq!(server.ask(Method::POST, "/gca/logout", &headers).status, StatusCode::FORBIDDEN);
    assert_eq!(get(&server, "/gca/my-card", &session).status, StatusCode::OK);
    let headers = [("host", OWN), ("cookie", session.as_str()), ("origin", "http://localhost:8080")];
    let out = server.ask(Method::POST, "/gca/logout", &headers);
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/gca/login?over=logged_out"));
    assert!(out.header("set-cookie").starts_with("session=; Path=/gca/; Max-Age=0"));
    assert_eq!(get(&server, "/gca/my-card", &session).status, StatusCode::SEE_OTHER);
}

#[test]
fn one_that_is_not_published_looks_like_one_that_is_not() {
    let server = server();
    let number = server.site.number.clone();
    let ask = |number: &str, name: &str| {
        let answer = server.fill_in("/gca/certificates", &[("by", "card"), ("number", number), ("name", name)]);
        (answer.status, answer.page().to_owned())
    };
    let found = ask(number.as_str(), "測試機關");
    assert_eq!(found.0, StatusCode::OK);
    let file = found.1.split('"').find(|link| link.ends_with(".cer")).unwrap().to_owned();
    let session = log_in(&server);
    let decide = |published: &str, origin: &str| {
        let headers = [
            ("host", OWN),
            ("cookie", session.as_str()),
            ("origin", origin),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        server.send("192.0.2.1:5000", Method::POST, "/gca/my-card", &headers, published.to_owned().into())
    };
    assert_eq!(decide("published=no", "https://evil.example").status, StatusCode::FORBIDDEN);
    assert_eq!(decide("published=perhaps", "http://localhost:8080").status, StatusCode::BAD_REQUEST);
    assert_eq!(ask(number.as_str(), "測試機關").0, StatusCode::OK, "nothing was decided");
    let decided = decide("published=no", "http://localhost:8080");
    assert_eq!(decided.header("location"), "/gca/my-card?changed=yes");
    assert!(get(&server, "/gca/my-card?changed=yes", &session).page().contains("data-published=\"false\""));

    let off = ask(number.as_str(), "測試機關");
    let unknown = ask("GC99999999999999", "測試機關");
    let wrong = ask(number.as_str(), "Qxyz");
    assert_eq!((off.0, unknown.0, wrong.0), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(off.1, unknown.1.replace("GC99999999999999", number.as_str()));
    assert_eq!(off.1, wrong.1.replace("Qxyz", "測試機關"));
    let gone = get(&server, &file, "");
    let never = get(&server, "/gca/certificates/0123456789abcdef.cer", "");
    assert_eq!((gone.status, gone.page()), (never.status, never.page()));
    assert_eq!(gone.status, StatusCode::NOT_FOUND);

    decide("published=yes", "http://localhost:8080");
    assert_eq!(ask(number.as_str(), "測試機關").0, StatusCode::OK);
}

/// The card has said who it is: no user code is asked for, and the new address still confirms.
#[test]
fn whoever_has_logged_in_changes_the_contact_without_a_user_code() {
    let server = server();
    let session = log_in(&server);
    let own = get(&server, "/gca/my-card/contact", &session);
    assert_eq!((own.status, own.header("cache-control")), (StatusCode::OK, "no-store"));
    let page = own.page();
    assert!(page.contains(CONTACT) && !page.contains("name=\"user_code\"") && !page.contains("name=\"number\""));
    let send = |cookies: &str, form: &str| {
        let headers = [
            ("host", OWN),
            ("origin", "http://localhost:8080"),
            ("cookie", cookies),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        server.send("192.0.2.1:5000", Method::POST, "/gca/my-card/contact", &headers, form.to_owned().into())
    };
    let wrong = send(&session, "email=nowhere");
    assert!(wrong.status == StatusCode::BAD_REQUEST && wrong.page().contains("id=\"email-error\""));
    assert_eq!(send(&session, "email=new.desk%40agency.example").header("location"), "/gca/contact/sent");
    assert_eq!(send(&session, "email=desk%40agency.example&person=A").header("location"), "/gca/contact/done");
    assert_eq!(send("", "email=new.desk%40agency.example").header("location"), "/gca/login?to=my-card/contact");
    assert_eq!(get(&server, "/gca/my-card/contact", "").header("location"), "/gca/login?to=my-card/contact");
}
