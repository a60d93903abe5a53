//! Pages of other sites: what a configured portal's may ask by CORS, and that nobody else's may ask anything.

use crate::{
    cards::HOLDER,
    portal::{NUMBER, ORIGIN, Script},
    server::{Answer, Running, agent},
};
use serde_json::{Value, json};

const OPEN: [&str; 3] = ["/hello?nonce=x", "/cards", "/changes?since=99"];

const STRANGERS: [&str; 9] = [
    "https://portal.example",
    "null",
    "http://localhost",
    "http://localhost:80801",
    "http://127.0.0.1:8080",
    "https://localhost:8080",
    "HTTP://LOCALHOST:8080",
    "http://localhost:8080/",
    "*",
];

fn ask(agent: &Running, line: &str, headers: &[(&str, &str)]) -> Answer {
    let host = agent.host();
    let mut all = vec![("Host", host.as_str())];
    all.extend(headers);
    agent.send(line, &all, "")
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.head.lines().find_map(|line| line.strip_prefix("access-control-allow-origin: "))
}

#[test]
fn a_configured_portal_may_ask_without_effect() {
    let agent = agent(&Script::default());
    for path in OPEN {
        let answer = ask(&agent, &format!("GET {path}"), &[("Origin", ORIGIN)]);
        assert_eq!((answer.status, allowed(&answer)), (200, Some(ORIGIN)), "{path}");
        assert!(answer.head.lines().any(|line| line == "vary: origin"), "{path}: {}", answer.head);
        assert!(!answer.head.contains("allow-credentials"));

        let preflight = [
            ("Origin", ORIGIN),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "content-type"),
        ];
        let answer = ask(&agent, &format!("OPTIONS {path}"), &preflight);
        assert_eq!((answer.status, allowed(&answer)), (204, Some(ORIGIN)), "{path}");
        assert!(answer.head.contains("access-control-allow-headers: content-type"));
        assert!(answer.head.contains("access-control-allow-methods: get"));
    }
}

#[test]
fn nobody_else_may() {
    let agent = agent(&Script::default());
    let bearer = format!("Bearer {}", agent.token());
    for path in OPEN {
        for origin in STRANGERS {
            for method in ["GET", "OPTIONS"] {
                let headers =
                    [("Origin", origin), ("Access-Control-Request-Method", "GET"), ("Authorization", &bearer)];
                let answer = ask(&agent, &format!("{method} {path}"), &headers);
                assert_eq!((answer.status, allowed(&answer)), (403, None), "{method} {path} {origin}");
            }
        }
        let twice = ask(&agent, &format!("GET {path}"), &[("Origin", ORIGIN), ("Origin", "https://portal.example")]);
        assert_eq!((twice.status, allowed(&twice)), (403, None));
    }
}

#[test]
fn a_configured_portal_may_do_nothing_else() {
    let agent = agent(&Script::default());
    let bearer = format!("Bearer {}", agent.token());
    for line in [
        "GET /",
        "GET /card",
        "POST /card/begin",
        "POST /card/run",
        "POST /tool",
        "GET /tray",
        "POST /tray/insert",
        "POST /cards",
        "POST /hello?nonce=x",
        "PUT /changes?since=0",
        "OPTIONS /card/begin",
        "OPTIONS /tool",
    ] {
        let headers = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET"), ("Authorization", &bearer)];
        let answer = ask(&agent, line, &headers);
        assert_eq!((answer.status, allowed(&answer)), (403, None), "{line}");
    }
    let preflight = [("Origin", ORIGIN), ("Access-Control-Request-Method", "POST")];
    assert_eq!(ask(&agent, "OPTIONS /cards", &preflight).status, 403);
}

#[test]
fn what_another_sites_page_loads_without_an_origin_is_refused() {
    let agent = agent(&Script::default());
    for site in ["cross-site", "same-site"] {
        for mode in ["no-cors", "cors", "websocket"] {
            for path in ["/hello?nonce=x", "/changes?since=99", "/cards", "/tray", "/card"] {
                let headers = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode)];
                assert_eq!(ask(&agent, &format!("GET {path}"), &headers).status, 403, "{site} {mode} {path}");
            }
        }
        let opened = ask(&agent, "GET /card", &[("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate")]);
        assert_eq!(opened.status, 200, "a portal opens the card window");
    }
    let own = ask(&agent, "GET /changes?since=99", &[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")]);
    assert_eq!(own.status, 200);
}

#[test]
fn a_portal_sees_what_cards_tell_everybody() {
    let agent = agent(&Script::default());
    let answer = ask(&agent, "GET /cards", &[("Origin", ORIGIN)]);
    let mut cards: Value = serde_json::from_str(&answer.body).unwrap();
    let changes = cards["changes"].take();
    let nothing = |reader: &str, card: bool| {
        json!({
            "reader": reader, "card": card, "number": null, "authority": null, "holder": null, "holder_name": null,
            "not_before": null, "not_after": null,
        })
    };
    assert_eq!(
        cards["readers"],
        json!([
            {
                "reader": "Reader A", "card": true, "number": NUMBER, "authority": "gca", "holder": HOLDER, "holder_name": "測試機關第一組",
                "not_before": "2026-01-01T00:00:00Z", "not_after": "2032-12-31T23:59:59Z",
            },
            nothing("Reader B", true),
            nothing("Reader C", false),
        ])
    );

    agent.desk.soft.remove("Reader A").unwrap();
    let waited = ask(&agent, &format!("GET /changes?since={changes}"), &[("Origin", ORIGIN)]);
    let waited: Value = serde_json::from_str(&waited.body).unwrap();
    assert_ne!(waited["changes"], changes);
    let cards = ask(&agent, "GET /cards", &[("Origin", ORIGIN)]);
    let cards: Value = serde_json::from_str(&cards.body).unwrap();
    assert_eq!(cards["readers"][0], nothing("Reader A", false));
    assert_eq!(cards["changes"], waited["changes"]);
}

#[test]
fn programs_need_the_token_to_see_cards() {
    let agent = agent(&Script::default());
    assert_eq!(agent.get("/cards").status, 401);
    assert_eq!(agent.get("/cards").code(), "agent_token");
    let answer = ask(&agent, "GET /cards", &[("Authorization", &format!("Bearer {}", agent.token()))]);
    let cards: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(cards["readers"][0]["number"], NUMBER);
    assert_eq!(cards["readers"][0]["authority"], Value::Null, "no portal was named");
    let own = ask(&agent, "GET /cards", &[("Origin", &agent.origin())]);
    assert_eq!(own.status, 401, "our own pages do not need it");
}

#[test]
fn cards_refusals_speak_the_pages_language() {
    let agent = agent(&Script::default());
    assert!(agent.get("/cards?lang=en").body.contains("does not accept"));
    assert!(agent.get("/cards?lang=zh-TW").body.contains("卡片元件"));
}

#[test]
fn the_home_page_names_the_sites() {
    let page = agent(&Script::default()).get("/?lang=en").body;
    assert!(page.contains(ORIGIN));
}
