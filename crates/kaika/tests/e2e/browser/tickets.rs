//! Tickets and window tokens in the wrong hands, or at the wrong time. The portal's own page does it here: what a script
//! in it could do, were there ever one.

use super::desk::{Desk, type_and_begin};
use super::start;
use super::window_screen::activations;
use super::{LANGUAGES, OTHER_JOBS};
use kaika_testkit::browser::{Browser, By, Window};
use serde_json::{Value, json};

/// Between the page and its server: tickets come from `window.planted` where that is set, and the last is kept.
const BETWEEN: &str = "const real = window.fetch;
    window.fetch = async (what, how) => {
        if (!String(what).endsWith('/tickets')) return real(what, how);
        if (window.planted) return new Response(JSON.stringify(window.planted));
        const answer = await real(what, how);
        window.given = await answer.clone().json();
        return answer;
    }; null";

fn ticket(desk: &Desk, authority: &str) -> Value {
    let asked = ureq::post(format!("{}/{authority}/activate/tickets", desk.portal())).send_json(json!({}));
    asked.unwrap().body_mut().read_json().unwrap()
}

fn number(desk: &Desk, asked: &str) -> u32 {
    desk.demo.data().sql(&format!("SELECT {asked}")).trim().parse().unwrap()
}

/// Jobs that were begun, and user codes that were wrong.
fn spent(desk: &Desk) -> (u32, u32) {
    let of_others = "user_code JOIN card ON card.id = user_code.card WHERE authority <> 'xca'";
    (activations(desk), number(desk, &format!("sum(fails) FROM {of_others}")))
}

fn to_form(browser: &Browser, desk: &Desk, planted: Option<&Value>) -> Window {
    browser.open(&format!("{}/gca/activate", desk.portal()));
    browser.evaluate(BETWEEN);
    browser.run("window.planted = arguments[0]", &[planted.cloned().unwrap_or_default()]);
    browser.click(By::Css("#start"));
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
    window
}

#[track_caller]
fn assert_ticket_over(browser: &Browser) {
    browser.find(By::Css("[data-screen=refused][data-code=ticket_over]"));
}

/// `POST /api/jobs` by a program, with all that an agent would say of the card.
fn start_job(desk: &Desk, kind: &str, authority: &str, ticket: &str) -> (u16, Value) {
    let shown = desk.card();
    let proof = shown["certificates"].as_array().unwrap().iter();
    let proof = proof.clone().find(|one| one["role"] == "card_authentication").unwrap();
    let certificate: String =
        proof["pem"].as_str().unwrap().lines().filter(|line| !line.starts_with("-----")).collect();
    let number = shown["number"].as_str().unwrap();
    let guid = desk.demo.data().sql(&format!("SELECT guid FROM card WHERE number = '{number}'"));
    let request = json!({"kind": kind, "authority": authority, "ticket": ticket,
        "card": {"guid": guid.trim(), "certificate": certificate, "device": null}});
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.post(format!("{}/api/jobs", desk.portal())).send_json(request).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
}

#[test]
fn a_ticket_is_good_once() {
    let desk = Desk::new("gca");
    let browser = start(LANGUAGES[0]);
    let page = browser.window();
    let window = to_form(&browser, &desk, None);
    // The ticket is spent, and the card as it was.
    type_and_begin(&browser, "wrong-1", "13579086");
    browser.find(By::Css("#user_code-error"));
    assert_eq!(spent(&desk), (1, 1));
    browser.switch_to(&page);
    let used = browser.evaluate("given");

    // The same window, then another: the page gives the spent one again.
    browser.evaluate("window.planted = window.given; null");
    browser.switch_to(&window);
    type_and_begin(&browser, &desk.user_code, "13579086");
    assert_ticket_over(&browser);
    browser.click(By::Css("#again"));
    assert_ticket_over(&browser);
    browser.close_window();
    browser.wait_for_url("/outcome/");
    to_form(&browser, &desk, Some(&used));
    type_and_begin(&browser, &desk.user_code, "13579086");
    assert_ticket_over(&browser);
    assert_eq!(spent(&desk), (1, 1));

    // By a program; and one that nobody was given, and none of the right form.
    for ticket in [used["ticket"].as_str().unwrap(), &"A".repeat(43), "x", ""] {
        let (status, answer) = start_job(&desk, "activate", "gca", ticket);
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("ticket_over")), "{answer}");
    }
    assert_eq!(spent(&desk), (1, 1));
    let shown = desk.bench.show(&["--portal", desk.demo.portal("gca")]).expect_success();
    assert_eq!((&shown["activated"], &shown["puk_tries_left"]), (&json!(false), &json!(3)));

    // With a fresh one it goes on, and nothing has to be typed again.
    browser.switch_to(&page);
    browser.evaluate("window.planted = null");
    let window = browser.windows()[1].clone();
    browser.switch_to(&window);
    browser.click(By::Css("#again"));
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.find(By::Css("tr[data-role]"));
    assert_eq!(spent(&desk), (2, 0));
}

#[test]
fn a_ticket_is_for_one_authority_and_one_kind_of_job() {
    let desk = Desk::new("gca");
    let browser = start(LANGUAGES[1]);
    let theirs = ticket(&desk, "hca");
    to_form(&browser, &desk, Some(&theirs));
    type_and_begin(&browser, &desk.user_code, "13579086");
    assert_ticket_over(&browser);
    assert_eq!(spent(&desk), (0, 0));

    let (theirs, ours) = (theirs["ticket"].as_str().unwrap(), ticket(&desk, "gca"));
    let ours = ours["ticket"].as_str().unwrap();
    for (kind, authority, ticket) in [("activate", "gca", theirs), ("information", "gca", ours)] {
        let (status, answer) = start_job(&desk, kind, authority, ticket);
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("ticket_over")), "{kind}: {answer}");
    }
    // A card of another authority than the ticket's is refused before the ticket is looked at.
    let (status, answer) = start_job(&desk, "activate", "hca", theirs);
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("wrong_authority")), "{answer}");
    assert_eq!(spent(&desk), (0, 0));
    assert_eq!(number(&desk, "count(*) FROM ticket WHERE job IS NOT NULL"), 0);

    // Kinds that no page asks for.
    for kind in ["personalise", "information", "nothing"] {
        let asked = ureq::post(format!("{}/gca/{kind}/tickets", desk.portal())).send_json(json!({}));
        assert!(matches!(asked, Err(ureq::Error::StatusCode(404))), "{kind}");
    }
    let asked = ureq::post(format!("{}/moica/activate/tickets", desk.portal())).send_json(json!({}));
    assert!(matches!(asked, Err(ureq::Error::StatusCode(403))));
}

/// What a page asks for that may use cards, though not for this.
#[test]
fn a_permitted_page_gets_no_other_jobs_done() {
    let desk = Desk::new("gca");
    let browser = start(LANGUAGES[0]);
    for (kind, authority) in [("personalise", "gca"), ("information", "gca"), ("activate", "no-such"), ("", "")] {
        browser.open(&format!("{}/gca/certificates", desk.portal()));
        let page = browser.window();
        let button = "const button = document.createElement('button');
            const job = { kaika: 'job', kind: arguments[1], authority: arguments[2], ticket: 'A'.repeat(43) };
            addEventListener('message', message => message.source.postMessage(job, message.origin));
            button.id = 'attack';
            button.onclick = () => open(arguments[0], 'kaika-card', 'popup,width=560,height=780');
            document.querySelector('main').replaceChildren(button)";
        browser.run(button, &[json!(format!("{}/card", desk.agent())), json!(kind), json!(authority)]);
        browser.click(By::Css("#attack"));
        browser.switch_to_popup();
        browser.find(By::Css("[data-screen=refused]"));
        assert!(!browser.has(By::Css("input")), "{kind}");
        browser.close_window();
        browser.switch_to(&page);
    }
    assert_eq!(number(&desk, &format!("count(*) FROM {OTHER_JOBS}")), 0);
}

/// The window's token is in its page, which no other page can read; and if one had it, it would be of no use.
#[test]
fn a_windows_token_is_good_in_its_own_page_alone() {
    let desk = Desk::new("gca");
    let browser = start(LANGUAGES[0]);
    let page = browser.window();
    let window = to_form(&browser, &desk, None);
    let token = browser.attribute_of(By::Css("#window"), "data-token").unwrap();
    let shown = desk.demo.spare_card("gca").0.number().to_owned();
    browser.switch_to(&page);
    let ask = |what: &str| {
        let body = json!({"seen": 0, "card": shown, "typed": {}}).to_string();
        let asked = json!({"method": "POST", "headers": {"x-kaika-window": token}, "body": body});
        browser.evaluate(&format!(
            "fetch('{}/card/{what}', {asked}).then(answer => answer.status, error => error.name)",
            desk.agent()
        ))
    };
    for what in ["watch", "choose", "run", "again"] {
        assert_eq!(ask(what), "TypeError", "{what}");
    }
    let read = format!("fetch('{}/card').then(answer => answer.text(), error => error.name)", desk.agent());
    assert_eq!(browser.evaluate(&read), "TypeError");

    // A program that says what it likes.
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let say = |origin: Option<&str>, token: &str, what: &str, body: Value| {
        let mut request = agent.post(format!("{}/card/{what}", desk.agent())).header("x-kaika-window", token);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        request.send_json(body).unwrap().status().as_u16()
    };
    let own = desk.agent();
    for origin in [None, Some("null"), Some(&*desk.portal()), Some("http://localhost:1")] {
        assert_eq!(say(origin, &token, "watch", json!({"seen": 0})), 403, "{origin:?}");
    }
    assert_eq!(say(Some(&own), &"0".repeat(64), "watch", json!({"seen": 0})), 403);
    // Even from its own page, the window belongs to one site and one job.
    let job = |origin: &str, authority: &str| json!({"origin": origin, "kind": "activate", "authority": authority, "ticket": "A"});
    assert_eq!(say(Some(&own), &token, "begin", job("http://localhost:1", "gca")), 403);
    assert_eq!(say(Some(&own), &token, "begin", job(&desk.portal(), "hca")), 403);

    // All that has left the window where it was.
    browser.switch_to(&window);
    type_and_begin(&browser, &desk.user_code, "13579086");
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.find(By::Css("tr[data-role]"));
}

/// Another page of the portal itself, with a hold on the window of the first.
#[test]
fn another_page_of_the_portal_does_not_change_the_job() {
    let desk = Desk::new("gca");
    let browser = start(LANGUAGES[0]);
    browser.open(&format!("{}/gca/activate", desk.portal()));
    let page = browser.window();
    browser.evaluate(
        "const open = window.open; window.open = (...how) => { \
         window.held = open.apply(window, how); return window.held; }; null",
    );
    browser.click(By::Css("#start"));
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
    browser.fill(By::Css("#user_code"), &desk.user_code);

    browser.switch_to(&page);
    browser.run(
        "const button = document.createElement('button'); button.id = 'attack'; \
         button.onclick = () => window.open('/gca/certificates', '_blank'); \
         document.querySelector('main').append(button); button.textContent = 'attack'; \
         document.getElementById('main').prepend(button)",
        &[],
    );
    browser.click(By::Css("#attack"));
    let other = browser.switch_to_popup();
    assert_ne!(other, window);
    browser.wait_for_url("/gca/certificates");
    for message in [
        json!({"kaika": "job", "kind": "activate", "authority": "hca", "ticket": "A"}),
        json!({"kaika": "job", "kind": "activate", "authority": "gca", "ticket": "A"}),
        json!({"kaika": "no-ticket", "message": "Type your PIN", "next_step": "elsewhere"}),
    ] {
        // The hook's variable was overwritten by the second window; the name leads to the first.
        browser.run("window.open('', 'kaika-card').postMessage(arguments[0], '*')", &[message]);
    }
    browser.evaluate("new Promise(done => setTimeout(done, 700))");
    assert_eq!(browser.windows().len(), 3, "no window was opened for it");
    browser.switch_to(&window);
    browser.find(By::Css("[data-screen=form]"));
    browser.wait_for_value_of(By::Css("#user_code"), &desk.user_code);
    type_and_begin(&browser, &desk.user_code, "13579086");
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.find(By::Css("tr[data-role]"));
}
