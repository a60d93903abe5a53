//! 用戶代碼重設: by a mailed link, and at a counter.

use super::server::{Answer, Server};
use axum::http::StatusCode;
use kaika_app::{access::prove_holder, cards::sweep};
use kaika_fixtures::{CONTACT, HOLDER, Site, USER_CODE, gca};
use kaika_server::{PerSource, Rate};
use kaika_wire::{Code, UserCode};
use std::{num::NonZeroU32, thread, time::Duration};

const NEW_CODE: &str = "Xyz-6789";

fn ask(server: &Server, number: &str, name: &str) -> Answer {
    server.submit("/gca/user-code", &[("number", number), ("name", name)])
}

fn set(server: &Server, link: &str, code: &str, again: &str) -> Answer {
    server.submit(link, &[("code", code), ("again", again)])
}

/// What becomes of this user code; a wrong one costs a try.
fn tried(server: &Server, code: &str) -> Option<Code> {
    let code = UserCode::parse(code).unwrap();
    match server.wait(prove_holder(&server.app, &gca(), &server.site.number, HOLDER, &code)) {
        Ok(_) => None,
        Err(kaika_app::Failure::Refused(refusal)) => Some(refusal.code),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_mailed_link_sets_a_new_code_once() {
    let server = Server::of(Site::personalised());
    let number = server.site.number.to_string();
    for _ in 0..3 {
        assert_eq!(tried(&server, "wrong-1"), Some(Code::DetailsWrong));
    }
    assert_eq!(tried(&server, USER_CODE), Some(Code::DetailsWrong), "locked, which a stranger does not learn");

    let asked = ask(&server, &number, HOLDER);
    assert_eq!((asked.status, asked.location()), (StatusCode::SEE_OTHER, "/gca/user-code/sent"));
    let link = server.link();
    // Programs that scan mails look as often as they like.
    for _ in 0..3 {
        let page = server.get(&link);
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(page.page().contains(&number));
    }
    for (code, again, field) in [("short", "short", "code"), (NEW_CODE, "Xyz-6788", "again"), ("", "", "code")] {
        let page = set(&server, &link, code, again);
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.page().contains(&format!("id=\"{field}-error\"")), "{code}");
        assert!(code.is_empty() || !page.page().contains(code), "a secret is not shown again");
    }
    let done = set(&server, &link, NEW_CODE, NEW_CODE);
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/gca/user-code/done"));
    assert_eq!(tried(&server, NEW_CODE), None, "all tries are forgiven");
    assert_eq!(tried(&server, USER_CODE), Some(Code::DetailsWrong));

    let [told] = server.mails().try_into().unwrap();
    assert_eq!(told.to.as_str(), CONTACT);
    assert!(told.subject.contains("用戶代碼已變更") && !told.text.contains(NEW_CODE));
    let [(actor, payload)] = server.audited("user_code.set").try_into().unwrap();
    assert_eq!(actor, format!("holder:{number}"));
    assert!(payload.contains("mail") && !payload.contains(NEW_CODE));
    for answer in [server.get(&link), set(&server, &link, "Another-1", "Another-1")] {
        assert_eq!(answer.status, StatusCode::GONE);
    }
    assert_eq!(tried(&server, NEW_CODE), None);
}

#[test]
fn whether_there_is_such_a_card_is_not_told() {
    let server = Server::of(Site::personalised());
    let number = server.site.number.to_string();
    let began = std::time::Instant::now();
    let mut answers = Vec::new();
    for (number, name) in [(number.as_str(), HOLDER), (&number, "別的機關"), ("GC99999999999999", HOLDER)] {
        answers.push(ask(&server, number, name));
    }
    assert!(began.elapsed() >= 3 * Duration::from_millis(400), "answered at once");
    for answer in &answers {
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/gca/user-code/sent"));
        assert_eq!(answer.body, answers[0].body);
        let names = |answer: &Answer| answer.headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(answer), names(&answers[0]));
    }
    assert_eq!(server.mails().len(), 1);
    let wrong = ask(&server, "12", "");
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.page().contains("value=\"12\""), "what was typed stays");
}

#[test]
fn nobody_is_flooded() {
    let mut server = Server::of(Site::personalised());
    let number = server.site.number.to_string();
    for _ in 0..6 {
        assert_eq!(ask(&server, &number, HOLDER).status, StatusCode::SEE_OTHER, "the same answer");
    }
    assert_eq!(server.mails().len(), 3, "to one card");
    server.later(time::Duration::minutes(31));
    ask(&server, &number, HOLDER);
    assert_eq!(server.mails().len(), 1);

    let few = Rate { at_once: NonZeroU32::new(2).unwrap(), then_every: Duration::from_secs(3600) };
    let server = Server::with_limits(Site::ordered(), PerSource { mails: few, ..PerSource::default() });
    let statuses: Vec<_> = (0..3).map(|_| ask(&server, "GC99999999999999", HOLDER).status).collect();
    assert_eq!(
        statuses,
        [StatusCode::SEE_OTHER, StatusCode::SEE_OTHER, StatusCode::TOO_MANY_REQUESTS],
        "by one source"
    );
}

#[test]
fn links_run_out_and_are_for_one_thing() {
    let mut server = Server::of(Site::personalised());
    let number = server.site.number.to_string();
    ask(&server, &number, HOLDER);
    let link = server.link();
    // For another purpose, another authority's or cut short it is no link.
    for other in [link.replace("/user-code/", "/contact/"), link[..link.len() - 1].to_owned()] {
        assert_eq!(server.get(&other).status, StatusCode::GONE, "{other}");
        assert_eq!(server.submit(&other, &[]).status, StatusCode::GONE, "{other}");
    }
    server.later(time::Duration::minutes(30));
    assert_eq!(server.get(&link).status, StatusCode::GONE);
    assert_eq!(set(&server, &link, NEW_CODE, NEW_CODE).status, StatusCode::GONE);
    // An older link goes with the one that was used.
    ask(&server, &number, HOLDER);
    let first = server.link();
    ask(&server, &number, HOLDER);
    let second = server.link();
    assert_eq!(server.get(&first).status, StatusCode::OK);
    assert_eq!(set(&server, &second, NEW_CODE, NEW_CODE).status, StatusCode::SEE_OTHER);
    assert_eq!(set(&server, &first, "Another-1", "Another-1").status, StatusCode::GONE);
    assert_eq!(tried(&server, NEW_CODE), None);
    // A terminated card gets no mail.
    server.later(time::Duration::days(91));
    server.wait(sweep(&server.app, false, &kaika_domain::audit::Actor::Scheduler)).unwrap();
    server.mails();
    ask(&server, &number, HOLDER);
    assert_eq!(server.mails().len(), 0);
}

#[test]
fn of_many_that_follow_one_link_at_once_one_gets_through() {
    let server = Server::of(Site::personalised());
    ask(&server, server.site.number.as_str(), HOLDER);
    let link = server.link();
    let codes: Vec<String> = (0..8).map(|n| format!("Parallel{n}")).collect();
    let statuses: Vec<_> = thread::scope(|scope| {
        let tries: Vec<_> = codes.iter().map(|code| scope.spawn(|| set(&server, &link, code, code).status)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{statuses:?}");
    let winner = statuses.iter().position(|status| *status == StatusCode::SEE_OTHER).unwrap();
    assert_eq!(tried(&server, &codes[winner]), None);
    assert_eq!(server.audited("user_code.set").len(), 1);
}

#[test]
fn an_officer_sets_or_draws_one() {
    let server = Server::of(Site::personalised());
    let (number, station) = (server.site.number.to_string(), server.station());
    let ask = |number: &str, authorization: &str, body: &'static str| {
        let answer = server.post_json(&format!("/api/cards/{number}/user-code"), Some(authorization), body);
        let body = answer.json();
        (answer, body)
    };
    let (answer, body) = ask(&number, &station, r#"{"user_code": "Desk-123"}"#);
    assert_eq!((answer.status, &body), (StatusCode::OK, &serde_json::json!({ "number": number })));
    assert_eq!(tried(&server, "Desk-123"), None);
    let (answer, body) = ask(&number, &station, "{}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(tried(&server, body["user_code"].as_str().unwrap()), None);
    let audited = server.audited("user_code.set");
    assert!(audited.iter().all(|(actor, payload)| actor.starts_with("station:") && payload.contains("counter")));
    assert_eq!((audited.len(), server.mails().len()), (2, 2), "each is told to the contact");
    for (number, authorization, body, code) in [
        (number.as_str(), "Station x:y", "{}", "station_unknown"),
        (&number, "", "{}", "station_unknown"),
        ("GC99999999999999", &station, "{}", "not_found"),
        ("nonsense", &station, "{}", "not_found"),
        (&number, &station, r#"{"user_code": "x"}"#, "bad_request"),
        (&number, &station, r#"{"code": "Desk-123"}"#, "bad_request"),
    ] {
        assert_eq!(ask(number, authorization, body).1["error"]["code"], code, "{number} {body}");
    }
}

#[test]
fn where_there_are_no_user_codes_there_are_no_such_pages() {
    let without = |policy: String| {
        let policy =
            policy.replace("mode = \"online\", within_days = 90, afterwards = \"revoke\"", "mode = \"counter\"");
        let policy =
            policy.replace("unlock = \"agent\"", "unlock = \"counter\"").replace("\"online\"\n", "\"counter\"\n");
        let start = policy.find("[user_code]").unwrap();
        let end = start + policy[start..].find("\n\n").unwrap();
        format!("{}{}", &policy[..start], &policy[end..])
    };
    let server = Server::of(Site::builder().policy(without).ordered());
    for path in ["/gca/user-code", "/gca/user-code/sent", "/gca/user-code/AAAA", "/gca/contact"] {
        assert_eq!(server.get(path).status, StatusCode::NOT_FOUND, "{path}");
    }
    // By a login the contact is changed all the same.
    assert_eq!(server.get("/gca/contact/AAAA").status, StatusCode::GONE);
    assert!(!server.get("/gca/").page().contains("/gca/user-code"));
    assert_eq!(server.get("/mails").status, StatusCode::NOT_FOUND, "in the demo alone");
}
