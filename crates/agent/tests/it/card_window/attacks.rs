//! Who is not listened to.

use super::{Window, script, unopened};
use crate::{
    portal::{NUMBER, ORIGIN, Script},
    server::{Running, agent},
};
use serde_json::{Value, json};

const CALLS: [&str; 6] = ["begin", "watch", "choose", "run", "again", "no-ticket"];

fn begin_body() -> Value {
    json!({"origin": ORIGIN, "kind": "activate", "authority": "gca", "ticket": "a-ticket"})
}

fn post(agent: &Running, what: &str, headers: &[(&str, &str)]) -> u16 {
    agent.send(&format!("POST /card/{what}"), headers, &begin_body().to_string()).status
}

#[test]
fn opening_a_window_shows_nothing_of_any_card() {
    let script = Script::default();
    let agent = agent(&script);
    let page = agent.get("/card?lang=en");
    assert_eq!(page.status, 200);
    assert!(!page.body.contains(NUMBER) && !page.body.contains("Reader A"));
    assert!(page.body.contains("data-token=\""));
    assert!(script.played(|played| played.opened.is_empty() && played.started.is_empty()));
    assert!(page.head.contains("frame-ancestors 'none'") && page.head.contains("no-store"));
}

#[test]
fn only_the_windows_own_page_is_heard() {
    let agent = agent(&Script::default());
    let (host, own, port) = (agent.host(), agent.origin(), agent.origin().rsplit(':').next().unwrap().to_owned());
    let token = Window::open(&agent).token.clone();
    let other_host = format!("rebound.example:{port}");
    for what in CALLS {
        for (expected, headers) in [
            // Another site, a sandboxed page, a program or a form without an origin, a name that was rebound.
            (403, [("Host", host.as_str()), ("Origin", "https://portal.example"), ("X-Kaika-Window", &token)]),
            (403, [("Host", &host), ("Origin", ORIGIN), ("X-Kaika-Window", &token)]),
            (403, [("Host", &host), ("Origin", "null"), ("X-Kaika-Window", &token)]),
            (403, [("Host", &host), ("Accept", "*/*"), ("X-Kaika-Window", &token)]),
            (421, [("Host", &other_host), ("Origin", &own), ("X-Kaika-Window", &token)]),
            (421, [("Host", &other_host), ("Origin", &format!("http://{other_host}")), ("X-Kaika-Window", &token)]),
            // Our own page, but not this window's.
            (403, [("Host", &host), ("Origin", &own), ("X-Kaika-Window", "")]),
            (403, [("Host", &host), ("Origin", &own), ("X-Kaika-Window", &"0".repeat(64))]),
            (403, [("Host", &host), ("Origin", &own), ("Accept", "*/*")]),
        ] {
            assert_eq!(post(&agent, what, &headers), expected, "{what} {headers:?}");
        }
    }
    // The token is in a header that no form can send.
    let form = [
        ("Host", host.as_str()),
        ("Origin", "https://portal.example"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    assert_eq!(post(&agent, "begin", &form), 403);
    assert_eq!(agent.get("/card/begin").status, 405);
}

#[test]
fn a_site_that_is_not_configured_is_told_so_and_nobody_else() {
    for origin in ["https://portal.example", "http://127.0.0.1:8080", "null", "http://localhost:8080/"] {
        let script = Script::default();
        let agent = agent(&script);
        let mut window = Window::open(&agent);
        window.begin(origin, "a-ticket");
        assert_eq!(window.shown_code(), "not_permitted");
        assert!(window.has(&format!("id=\"site\">{origin}<")), "the person sees who asked");
        // There is no way on from here, and no card was looked at.
        window.act("again", json!({}));
        window.act("watch", json!({"seen": 0}));
        assert_eq!(window.shown_code(), "not_permitted");
        assert!(!window.has(NUMBER) && !window.has("Reader A"));
        assert!(script.played(|played| played.opened.is_empty() && played.started.is_empty()));

        let mut window = Window::open(&agent);
        let words = json!({"origin": origin, "message": "Call 02-0000-0000", "next_step": ""});
        window.act("no-ticket", words);
        assert_eq!(window.shown_code(), "not_permitted");
        assert!(!window.has("02-0000-0000"), "a stranger's words are not shown");
    }
}

#[test]
fn a_window_belongs_to_the_site_that_spoke_first() {
    let script = script([unopened().into()]);
    let agent = agent(&script);
    let mut window = Window::begun(&agent);
    for origin in ["https://portal.example", "http://127.0.0.1:8080"] {
        let answer =
            window.send("begin", &json!({"origin": origin, "kind": "activate", "authority": "gca", "ticket": "t"}));
        assert_eq!((answer.status, answer.code().as_str()), (403, "bad_request"));
        let answer = window.send("no-ticket", &json!({"origin": origin, "message": "x", "next_step": "y"}));
        assert_eq!(answer.status, 403);
    }
    window.act("watch", json!({"seen": 0}));
    assert_eq!(window.screen(), "form");

    // A stranger who was first keeps out the portal, too: such a window is of no use to anybody.
    let mut window = Window::open(&agent);
    window.begin("https://portal.example", "a-ticket");
    assert_eq!(window.send("begin", &begin_body()).status, 403);
}

#[test]
fn a_page_cannot_name_another_portal() {
    let script = Script::default();
    let agent = agent(&script);
    let window = Window::open(&agent);
    for more in ["portal", "url", "server"] {
        let mut body = begin_body();
        body[more] = json!("https://portal.example");
        assert_eq!(window.send("begin", &body).status, 400, "{more}");
    }
    assert!(script.played(|played| played.opened.is_empty()));
}

#[test]
fn an_authority_that_the_portal_does_not_have_is_refused() {
    let agent = agent(&Script::default());
    let mut window = Window::open(&agent);
    window.act("begin", json!({"origin": ORIGIN, "kind": "activate", "authority": "evil", "ticket": "t"}));
    window.settle();
    assert_eq!(window.shown_code(), "not_a_portal");
}

#[test]
fn a_window_does_one_job() {
    let script = script([unopened().into()]);
    let agent = agent(&script);
    let mut window = Window::begun(&agent);
    for (kind, authority) in [("information", "gca"), ("personalise", "gca"), ("activate", "xca"), ("", "gca")] {
        let body = json!({"origin": ORIGIN, "kind": kind, "authority": authority, "ticket": "t"});
        assert_eq!(window.send("begin", &body).status, 403, "{kind} {authority}");
    }
    window.act("watch", json!({"seen": 0}));
    assert_eq!(window.screen(), "form");
}

#[test]
fn what_no_window_does_is_refused_on_its_screen() {
    let agent = agent(&Script::default());
    let long = "t".repeat(4000);
    for (kind, authority, ticket) in [
        ("personalise", "gca", "t"),
        ("information", "gca", "t"),
        ("nonsense", "gca", "t"),
        ("activate", "../gca", "t"),
        ("activate", "gca", ""),
        ("activate", "gca", "two words"),
        ("activate", "gca", &long),
        // What needs no portal needs no ticket.
        ("change_pin", "gca", "t"),
    ] {
        let mut window = Window::open(&agent);
        window.act("begin", json!({"origin": ORIGIN, "kind": kind, "authority": authority, "ticket": ticket}));
        assert_eq!(window.shown_code(), "bad_request", "{kind} {authority}");
    }
}

#[test]
fn a_bad_request_is_not_repeated() {
    let agent = agent(&script([unopened().into()]));
    let window = Window::begun(&agent);
    for body in [
        json!({"card": NUMBER, "typed": {"user_code": 5}}),
        json!({"card": NUMBER, "typed": {"new_pin": ["135791"]}}),
        json!({"card": NUMBER, "typed": {"old_pin": "135791"}}),
        json!({"typed": {"new_pin": "135791"}}),
        json!("135791"),
    ] {
        let answer = window.send("run", &body);
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
        assert!(!answer.body.contains("135791"));
    }
    let long = json!({"card": NUMBER, "typed": {"user_code": "x".repeat(9000)}});
    assert_eq!(window.send("run", &long).status, 413);
}
