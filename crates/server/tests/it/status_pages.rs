//! The pages of 停用, 復用 and 廢止, request by request: what is kept, what is not, and that strangers see no difference.

use super::server::{Answer, OWN, Server};
use axum::http::{Method, StatusCode};
use kaika_fixtures::{HOLDER, Site, USER_CODE};
use kaika_server::{PerSource, Rate};
use kaika_texts::{Language, text};
use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

fn server() -> Server {
    let by_letter = |policy: String| policy.replace("resume = \"online\"", "resume = \"letter\"");
    let site = Site::builder().policy(by_letter).activated();
    let many = Rate { at_once: NonZeroU32::new(1000).unwrap(), then_every: Duration::from_secs(1) };
    Server::with_limits(site, PerSource { changes: many, ..PerSource::default() })
}

/// What stands between these two, for the first time.
#[track_caller]
fn between<'p>(page: &'p str, before: &str, after: &str) -> &'p str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("no {before} in {page}"));
    rest.split_once(after).unwrap().0
}

/// The captcha of a page in English: its token, and the answer to its sum as a person finds it.
#[track_caller]
fn captcha(page: &str) -> (String, String) {
    let token = between(page, "name=\"captcha\" value=\"", "\"").to_owned();
    let sum = between(page, "id=\"sum\">What is ", "?<");
    let number = |word: &str| {
        let called = |n: &u8| text(Language::En, "status-number", &[("n", (*n).into())]) == word;
        (1..=19).find(called).unwrap_or_else(|| panic!("{word} is no number"))
    };
    let result = match sum.split_once(" plus ") {
        Some((left, right)) => number(left) + number(right),
        None => sum.split_once(" minus ").map(|(left, right)| number(left) - number(right)).unwrap(),
    };
    (token, result.to_string())
}

fn get(server: &Server, path: &str) -> (StatusCode, String) {
    let answer = server.ask(Method::GET, path, &[("host", OWN), ("accept-language", "en"), ("accept", "text/html")]);
    assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

/// The form of 停用, filled in rightly but for what is given.
fn suspend(server: &Server, other: &[(&str, &str)]) -> Answer {
    let (_, page) = get(server, "/gca/suspend");
    let (token, answer) = captcha(&page);
    let number = server.site.number.to_string();
    let mut fields = vec![
        ("step", "do"),
        ("number", &number),
        ("name", HOLDER),
        ("reason", "lost"),
        ("user_code", USER_CODE),
        ("captcha", &token),
        ("answer", &answer),
    ];
    for (name, value) in other {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    server.fill_in("/gca/suspend", &fields)
}

#[test]
fn a_suspension_ends_at_a_page_that_can_be_read_again() {
    let server = server();
    let done = suspend(&server, &[]);
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.page());
    let address = done.header("location").to_owned();
    assert!(address.starts_with("/gca/suspend/done/"), "{address}");
    assert!(!address.contains(server.site.number.digits()), "no number in an address");
    for _ in 0..2 {
        let (status, page) = get(&server, &address);
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(server.site.number.as_str()) && page.contains(HOLDER));
        assert_eq!(page.matches("status-suspended").count(), 4);
        assert!(page.contains("2026-11-27"), "a week later at the latest: {page}");
        assert!(!page.contains("/gca/resume"), "which is done by letter here");
    }
    let (_, chinese) = get(&server, &format!("{address}?lang=zh-TW"));
    assert!(chinese.contains("憑證已經停用"));
    assert_eq!(get(&server, "/gca/suspend/done/x.y.z").0, StatusCode::NOT_FOUND);
    // Again is told why not, by one who has proved that he may know.
    let again = suspend(&server, &[]);
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.page().contains("data-code=\"already_suspended\""));
}

#[test]
fn what_was_typed_stays_but_for_the_user_code() {
    let server = server();
    let (_, page) = get(&server, "/gca/suspend");
    let (token, right) = captcha(&page);
    let fields = [
        ("step", "do"),
        ("number", "gc 12"),
        ("name", "<b>"),
        ("reason", "other"),
        ("user_code", "Secret9!"),
        ("captcha", &token),
        ("answer", &right),
    ];
    let answer = server.fill_in("/gca/suspend", &fields);
    let page = answer.page();
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::BAD_REQUEST, "no-store"));
    assert!(page.contains("value=\"gc 12\"") && page.contains("value=\"&#60;b&#62;\""), "{page}");
    assert!(page.contains("value=\"other\" required checked"));
    assert!(!page.contains("Secret9!"));
    assert!(page.contains("id=\"number-error\"") && page.contains("href=\"#number\""));
    // It was not judged yet: the same question, with its answer.
    assert_eq!(captcha(page), (token.clone(), right.clone()));
    assert!(page.contains(&format!("name=\"answer\" value=\"{right}\"")));

    let wrong = suspend(&server, &[("answer", "77777")]);
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.page().contains("id=\"answer-error\""));
    assert!(wrong.page().contains("name=\"answer\" value=\"\""), "a new question has no answer yet");
    let (other, _) = captcha(wrong.page());
    assert_ne!(other, token);
    // Sent again from the history, and from a page that is not ours.
    let number = server.site.number.to_string();
    let fields = [
        ("step", "do"),
        ("number", &number),
        ("name", HOLDER),
        ("reason", "lost"),
        ("user_code", USER_CODE),
        ("captcha", &token),
        ("answer", &right),
    ];
    assert_eq!(server.fill_in("/gca/suspend", &fields).status, StatusCode::SEE_OTHER);
    assert_eq!(server.fill_in("/gca/suspend", &fields).status, StatusCode::BAD_REQUEST, "it is used up");
    let foreign = server.ask(Method::POST, "/gca/suspend", &[("host", OWN), ("origin", "https://evil.example")]);
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
}

#[test]
fn strangers_see_no_difference() {
    let server = server();
    let seen = |other: &[(&str, &str)]| {
        let began = Instant::now();
        let answer = suspend(&server, other);
        assert!(began.elapsed() >= Duration::from_millis(400), "answered at once");
        let page = answer.page().to_owned();
        // What is another's each time, and what was typed.
        let (token, _) = captcha(&page);
        let sum = between(&page, "id=\"sum\">", "</strong>").to_owned();
        let mut page = page.replace(&token, "TOKEN").replace(&sum, "SUM");
        for (field, typed) in [("number", server.site.number.as_str()), ("name", HOLDER)] {
            let typed = other.iter().find(|(name, _)| *name == field).map_or(typed, |(_, value)| value);
            page = page.replace(typed, field);
        }
        (answer.status, page)
    };
    let unknown = seen(&[("number", "GC99999999999999")]);
    assert_eq!(unknown.0, StatusCode::FORBIDDEN);
    assert!(unknown.1.contains("data-code=\"details_wrong\""), "{}", unknown.1);
    assert_eq!(seen(&[("name", "測試秘書處")]), unknown);
    for _ in 0..4 {
        assert_eq!(seen(&[("user_code", "Wrong123")]), unknown, "and locked in the end");
    }
    assert_eq!(seen(&[]), unknown, "whatever the code is by then");
}

#[test]
fn a_revocation_is_asked_for_twice() {
    let server = server();
    let number = server.site.number.to_string();
    let (_, first) = get(&server, "/gca/revoke");
    assert!(!first.contains("user_code") && !first.contains("captcha"), "not before it is known what it means");
    let details = [("number", number.as_str()), ("name", HOLDER), ("reason", "ceased")];
    let second = server.fill_in("/gca/revoke", &[&[("step", "check")], &details[..]].concat());
    assert_eq!(second.status, StatusCode::OK);
    let page = second.page();
    for said in ["status-confirm-final", "status-confirm-sure", "status-reason-revoke-ceased"] {
        assert!(page.contains(&text(Language::En, said, &[])), "{said}");
    }
    assert!(page.contains(&number) && page.contains(HOLDER) && page.contains("02-0000-0001"));
    let back = server.fill_in("/gca/revoke", &[&[("step", "fill")], &details[..]].concat());
    assert!(back.page().contains(&format!("value=\"{number}\"")) && !back.page().contains("id=\"final\""));

    let (token, answer) = captcha(page);
    let proof = [("user_code", USER_CODE), ("captcha", token.as_str()), ("answer", answer.as_str())];
    let unsure = server.fill_in("/gca/revoke", &[&[("step", "do")], &details[..], &proof].concat());
    assert_eq!(unsure.status, StatusCode::BAD_REQUEST);
    assert!(unsure.page().contains("id=\"sure-error\"") && unsure.page().contains("id=\"final\""));
    let sure = [("step", "do"), ("sure", "yes")];
    let done = server.fill_in("/gca/revoke", &[&sure, &details[..], &proof].concat());
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.page());
    let (_, page) = get(&server, done.header("location"));
    assert_eq!(page.matches("status-revoked").count(), 4);
}

#[test]
fn pages_are_there_for_what_is_done_online() {
    let server = server();
    let (_, home) = get(&server, "/gca/");
    assert!(home.contains("href=\"/gca/suspend\"") && home.contains("href=\"/gca/revoke\""));
    assert!(!home.contains("href=\"/gca/resume\""));
    let letter = text(Language::En, "status-elsewhere-letter", &[]);
    assert!(home.contains(&letter));
    let (status, page) = get(&server, "/gca/resume");
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains(&letter) && page.contains("02-0000-0001") && !page.contains("<form"));
    let sent = server.fill_in("/gca/resume", &[("step", "do")]);
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/gca/resume"));
    assert_eq!(get(&server, "/nobody/suspend").0, StatusCode::NOT_FOUND);

    let (_, page) = get(&server, "/gca/suspend");
    let (token, _) = captcha(&page);
    let picture = server.ask(Method::GET, &format!("/gca/captcha/{token}"), &[("host", OWN)]);
    assert_eq!((picture.status, picture.header("content-type")), (StatusCode::OK, "image/png"));
    assert_eq!((picture.header("cache-control"), &picture.body[1..4]), ("no-store", &b"PNG"[..]));
    let altered = format!("/gca/captcha/{token}A");
    assert_eq!(server.ask(Method::GET, &altered, &[("host", OWN)]).status, StatusCode::NOT_FOUND);
}
