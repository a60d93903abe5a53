//! What pages of other sites try against agent and portal, from a browser as it is. They learn nothing, nothing happens,
//! and the card is not touched: the one in these tests' reader falls out when anybody so much as selects its application.

use super::desk::Desk;
use super::{LANGUAGES, OTHER_JOBS, agent, inspect, portal, said, start};
use crate::bench::Running;
use crate::demo::Demo;
use kaika_testkit::browser::{Browser, By, Look, Options};
use kaika_testkit::site::{Answer, Site};
use kaika_wire::Protocol;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

/// The page of another site: it keeps what it hears, and opens on a click what stands behind the `#` of its address.
const ELSEWHERE: &str = "<!doctype html><html lang=en><title>Elsewhere</title><h1>Elsewhere</h1>
    <button id=open>Open</button><script>
    window.heard = [];
    addEventListener('message', message => heard.push([message.origin, message.data]));
    document.getElementById('open').onclick = () => {
        window.opened = open(location.hash.slice(1), 'kaika-card', 'popup,width=560,height=780');
    };
    </script>";

/// Asks agent and portal in every way that a page has without leaving; gives what the page got to know of each.
const ASK: &str = r#"async (agent, portal) => {
    const told = [];
    const ask = async (name, url, how) => {
        try {
            const answer = await fetch(url, how);
            told.push([name, answer.type === "opaque" ? "opaque" : `${answer.status} ${await answer.text()}`]);
        } catch (error) {
            told.push([name, error.name]);
        }
    };
    const read = ["/", "/hello?nonce=abcdefgh", "/cards", "/changes?since=0", "/card", "/tray", "/assets/base.css"];
    for (const path of read) {
        await ask(`GET ${path}`, agent + path, {});
        await ask(`GET ${path} with a header`, agent + path, { headers: { "content-type": "application/json" } });
        await ask(`GET ${path} blindly`, agent + path, { mode: "no-cors" });
    }
    const written = ["begin", "watch", "choose", "run", "again", "no-ticket"].map((what) => `/card/${what}`);
    for (const path of [...written, "/tool", "/tray/insert", "/tray/remove"]) {
        const json = { "content-type": "application/json", "x-kaika-window": "0".repeat(64) };
        await ask(`POST ${path}`, agent + path, { method: "POST", headers: json, body: "{}" });
        await ask(`POST ${path} as text`, agent + path, { method: "POST", body: "{}" });
        await ask(`POST ${path} blindly`, agent + path, { method: "POST", mode: "no-cors", body: "{}" });
    }
    for (const path of ["/gca/activate", "/.well-known/kaika.json", "/gca/activate/outcome/x"]) {
        await ask(`GET portal ${path}`, portal + path, {});
    }
    for (const path of ["/gca/activate/tickets", "/gca/certificates", "/api/jobs"]) {
        await ask(`POST portal ${path}`, portal + path, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
        await ask(`POST portal ${path} as text`, portal + path, { method: "POST", body: "{}" });
        await ask(`POST portal ${path} blindly`, portal + path, { method: "POST", mode: "no-cors", body: "{}" });
    }
    return told;
}"#;

/// A desk whose card cannot be touched without falling out; and the other site.
struct Scene {
    desk: Desk,
    card: Running,
    site: Site,
}

impl Scene {
    fn new() -> Scene {
        let mut desk = Desk::new("gca");
        let card = desk.put_back_skittish();
        Scene { desk, card, site: elsewhere() }
    }

    #[track_caller]
    fn assert_untouched(self) {
        assert!(self.desk.is_in(0), "the card has been touched");
        assert_eq!(count(&self.desk.demo, OTHER_JOBS), 0);
        assert_eq!(count(&self.desk.demo, "ticket WHERE job IS NOT NULL"), 0);
        // And it would have been seen.
        drop(self.desk.bench.show(&[]));
        assert!(!self.desk.is_in(0), "the card does not fall out");
        drop(self.card);
    }
}

fn elsewhere() -> Site {
    Site::start(|_| Answer::html(ELSEWHERE))
}

fn count(demo: &Demo, rows: &str) -> u32 {
    demo.data().sql(&format!("SELECT count(*) FROM {rows}")).trim().parse().unwrap()
}

#[track_caller]
fn assert_learns_nothing(told: &Value) {
    let told = told.as_array().unwrap();
    assert!(told.len() > 50, "{told:?}");
    for one in told {
        let (name, outcome) = (one[0].as_str().unwrap(), one[1].as_str().unwrap());
        let expected = if name.ends_with("blindly") { "opaque" } else { "TypeError" };
        assert_eq!(outcome, expected, "{name}");
    }
}

#[test]
fn other_sites_pages_learn_nothing_and_change_nothing() {
    let scene = Scene::new();
    let browser = start(LANGUAGES[0]);
    let (agent, portal) = (scene.desk.agent(), scene.desk.portal());
    // The one is the same site as the portal, the other the same as the agent: ports make no difference to that.
    for host in ["localhost", "127.0.0.1"] {
        browser.open(&scene.site.origin(host));
        browser.forget_traffic();
        assert_learns_nothing(&browser.evaluate(&format!("({ASK})('{agent}', '{portal}')")));
        let answered = browser.requests().into_iter().filter(|one| one.url.starts_with(&format!("{agent}/")));
        for one in answered {
            assert!(one.status.is_none_or(|status| status == 403), "{one:?}");
        }
    }

    // A page without origin.
    let asked = format!(
        "new Promise(done => {{
            addEventListener('message', message => done([message.origin, message.data]));
            const frame = document.createElement('iframe');
            frame.sandbox = 'allow-scripts';
            frame.srcdoc = '<script>(' + {script} + ')(\"{agent}\", \"{portal}\")' +
                '.then(told => parent.postMessage(told, \"*\"))</' + 'script>';
            document.body.append(frame);
        }})",
        script = json!(ASK)
    );
    let told = browser.evaluate(&asked);
    assert_eq!(told[0], "null");
    assert_learns_nothing(&told[1]);

    assert_eq!(count(&scene.desk.demo, "ticket"), 0);
    scene.assert_untouched();
}

/// Sends lines as no browser would; gives the answer's status and all of it.
fn send(port: u16, lines: &[&str], body: &str) -> (u16, String) {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = lines.join("\r\n");
    let request = format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default(), answer)
}

/// A name of an attacker's that leads to this computer, so that his page is of the same origin as what answers there.
#[test]
fn a_name_that_was_rebound_is_not_taken_for_this_computer() {
    let scene = Scene::new();
    let (port, agent_port) = (scene.desk.demo.port(), scene.desk.demo.agent_port());
    let arguments = vec!["--host-resolver-rules=MAP rebound.example 127.0.0.1".to_owned()];
    let browser = Browser::start("zh-TW", &Options { arguments, ..Options::default() });
    for path in ["/", "/card", "/cards", "/hello?nonce=abcdefgh", "/changes?since=0"] {
        browser.forget_traffic();
        browser.open(&format!("http://rebound.example:{agent_port}{path}"));
        let answers = browser.requests();
        let answer = answers.iter().find(|one| one.url.ends_with(path)).unwrap();
        assert_eq!(answer.status, Some(421), "{path}");
        assert!(!browser.has(By::Css("[data-token]")), "{path}");
    }
    // Its own origin, as far as the browser goes.
    let post = "fetch('/card/begin', {method: 'POST', headers: {'x-kaika-window': 'x'}, body: '{}'})";
    assert_eq!(browser.evaluate(&format!("{post}.then(answer => answer.status)")), 421);

    // The portal has one name.
    for host in ["rebound.example", "127.0.0.1"] {
        browser.open(&format!("http://{host}:{port}/gca/activate?lang=en"));
        assert_eq!(browser.url(), format!("{}/gca/activate?lang=en", scene.desk.portal()));
    }
    browser.open("about:blank");

    for host in ["rebound.example", "127.0.0.1", "localhost", "127.0.0.1:1", ""] {
        for line in ["GET /card HTTP/1.1", "GET /cards HTTP/1.1", "POST /card/begin HTTP/1.1", "POST /tool HTTP/1.1"] {
            let (status, answer) = send(agent_port, &[line, &format!("Host: {host}")], "{}");
            assert_eq!(status, 421, "{line} {host}: {answer}");
        }
    }
    for host in [format!("rebound.example:{port}"), format!("127.0.0.1:{port}")] {
        let origin = format!("Origin: http://{host}");
        let host = format!("Host: {host}");
        for path in ["/gca/activate/tickets", "/gca/certificates"] {
            let (status, answer) = send(port, &[&format!("POST {path} HTTP/1.1"), &host, &origin], "{}");
            assert!(matches!(status, 400 | 403), "{answer}");
            let (status, answer) = send(port, &[&format!("POST {path} HTTP/1.1"), &host], "{}");
            assert_eq!(status, 400, "{answer}");
        }
    }
    assert_eq!(count(&scene.desk.demo, "ticket"), 0);
    // The portal's page, under its right name, may look at the card; that is not what is tested here.
    let Scene { desk, .. } = scene;
    assert_eq!(count(&desk.demo, OTHER_JOBS), 0);
}

/// Forms need nobody's leave, and what they say looks like JSON if one wants.
#[test]
fn other_sites_forms_are_refused() {
    let (demo, site) = (Demo::new(), elsewhere());
    let card = demo.card("gca");
    for language in LANGUAGES {
        let browser = start(language);
        let submit = |target: &str, kind: &str, fields: Value| {
            browser.open(&site.origin("localhost"));
            let script = "const form = document.createElement('form');
                [form.action, form.enctype, form.method] = [arguments[0], arguments[1], 'post'];
                for (const [name, value] of Object.entries(arguments[2])) {
                    const field = Object.assign(document.createElement('input'), { type: 'hidden', name, value });
                    form.append(field);
                }
                document.body.append(form);
                form.submit();";
            browser.forget_traffic();
            browser.run(script, &[json!(target), json!(kind), fields]);
            browser.wait_for_url(target);
            browser.wait_until("the answer", |browser| browser.run("return document.readyState", &[]) == "complete");
            let sent = browser.requests();
            sent.iter().find(|one| one.url == target && one.method == "POST").and_then(|one| one.status)
        };
        // `{"origin": "…=", …}`: what a plain form can make.
        let like_json = json!({"{\"origin\": \"http://localhost\", \"x\": \"": "\"}"});
        for path in ["/card/begin", "/card/run", "/card/again", "/tool"] {
            let answered = submit(&format!("{}{path}", agent(&demo)), "text/plain", like_json.clone());
            assert_eq!(answered, Some(403), "{path}");
        }
        let take_out = json!({"token": "0", "reader": card.reader(), "lang": "en"});
        let answered = submit(&format!("{}/tray/remove", agent(&demo)), "application/x-www-form-urlencoded", take_out);
        assert_eq!(answered, Some(403));

        let tickets = format!("{}/gca/activate/tickets", portal(&demo));
        let query = format!("{}/gca/certificates", portal(&demo));
        let jobs = format!("{}/api/jobs", portal(&demo));
        assert!(matches!(submit(&jobs, "text/plain", like_json.clone()), Some(400..=499)));
        assert_eq!(submit(&tickets, "text/plain", like_json), Some(403));
        let asked = json!({"by": "card", "number": card.number(), "name": "測試資訊處"});
        assert_eq!(submit(&query, "application/x-www-form-urlencoded", asked), Some(403));
        assert!(!browser.text().contains(card.number()));
        browser.wait_for_text_of(By::Css("h1"), &said(language, "portal-error-foreign"));
        inspect(&browser, "error-foreign", language);
        browser.click(By::Css("#error a[href='/']"));
        browser.find(By::Css("main a[href='/gca/']"));
    }
    assert_eq!(count(&demo, "ticket"), 0);
    assert_eq!(count(&demo, OTHER_JOBS), 0);
    let shown = demo.show_at(demo.portal("gca"), &card).expect_success();
    assert_eq!((&shown["activated"], &shown["puk_tries_left"]), (&json!(false), &json!(3)));
}

#[test]
fn neither_portal_nor_agent_can_be_framed() {
    let scene = Scene::new();
    let browser = start(LANGUAGES[0]);
    let (agent, portal) = (scene.desk.agent(), scene.desk.portal());
    let pages = [
        format!("{portal}/"),
        format!("{portal}/gca/activate"),
        format!("{portal}/gca/certificates"),
        format!("{portal}/no-such-page"),
        format!("{agent}/card"),
        format!("{agent}/"),
    ];
    for host in ["localhost", "127.0.0.1"] {
        browser.open(&scene.site.origin(host));
        for page in &pages {
            browser.forget_traffic();
            let framed = format!(
                "new Promise(done => {{
                    const frame = Object.assign(document.createElement('iframe'), {{ src: '{page}' }});
                    frame.onload = () => done(frame.contentWindow.length);
                    document.body.append(frame);
                }})"
            );
            browser.evaluate(&framed);
            browser.wait_until("the browser's refusal", |browser| {
                browser.console_errors().iter().any(|line| line.contains("frame-ancestors"))
            });
        }
    }
    // In case a framed card window would have been given a job.
    assert_eq!(browser.evaluate("heard.length"), 0);
    scene.assert_untouched();
}

/// The card window in the hands of a site that the agent does not know: it plays the portal's part, with a true ticket
/// and false words.
#[test]
fn a_site_that_is_not_permitted_gets_nothing_from_the_card_window() {
    let scene = Scene::new();
    let (agent, portal) = (scene.desk.agent(), scene.desk.portal());
    let number = scene.desk.demo.spare_card("gca").0.number().to_owned();
    for language in LANGUAGES {
        let ticket: Value = ureq::post(format!("{portal}/gca/activate/tickets"))
            .send_json(json!({}))
            .unwrap()
            .body_mut()
            .read_json()
            .unwrap();
        let job = json!({"kaika": "job", "kind": "activate", "authority": "gca", "ticket": ticket["ticket"],
            "origin": portal, "portal": portal, "site": portal});
        let words = json!({"kaika": "no-ticket", "message": "Type your PIN", "next_step": "at elsewhere.example",
            "origin": portal});
        for (host, messages) in [("localhost", [&job, &words]), ("127.0.0.1", [&words, &job])] {
            let browser = start(language);
            let elsewhere = scene.site.origin(host);
            browser.open(&format!("{elsewhere}/#{agent}/card?lang={}", language.0));
            let page = browser.window();
            browser.click(By::Css("#open"));
            let window = browser.switch_to_popup();
            browser.find(By::Css("[data-screen=waiting]"));
            browser.switch_to(&page);
            browser.wait_until("the hello", |browser| browser.evaluate("heard.length") != 0);
            for message in messages {
                browser.run("opened.postMessage(arguments[0], '*')", std::slice::from_ref(message));
                browser.switch_to(&window);
                browser.find(By::Css("[data-screen=refused][data-code=not_permitted]"));
                browser.switch_to(&page);
            }
            browser.switch_to(&window);
            // What the second one did, if anything, is there by now.
            browser.evaluate("new Promise(done => setTimeout(done, 700))");
            let shown = browser.text();
            assert!(shown.contains(&said(language, "refusal-not_permitted")), "{shown}");
            for never in [&number, "測試秘書處", "Yubikey", "Type your PIN", "elsewhere.example", &portal] {
                assert!(!shown.contains(never), "{never}: {shown}");
            }
            assert!(!browser.has(By::Css("input")), "nothing to type into");
            browser.judge(&format!("window-not-permitted-{}", language.1), &[Look::Window, Look::WindowDark]);
            browser.switch_to(&page);
            let heard = browser.evaluate("heard");
            let heard = heard.as_array().unwrap();
            // That an agent is there, and which protocol it speaks.
            let greeting = json!([agent, {"kaika": "window", "version": 1, "protocol": Protocol::OURS}]);
            assert!(heard.iter().all(|one| *one == greeting), "{heard:?}");
        }
    }
    scene.assert_untouched();
}

/// The window listens to whoever opened it, and to nobody else who has a hold on it: not even a page of the same portal.
#[test]
fn a_window_listens_to_its_opener_alone() {
    let scene = Scene::new();
    let (agent, portal) = (scene.desk.agent(), scene.desk.portal());
    let browser = start(LANGUAGES[0]);
    browser.open(&format!("{}/#{agent}/card", scene.site.origin("localhost")));
    let page = browser.window();
    browser.click(By::Css("#open"));
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=waiting]"));
    browser.switch_to(&page);
    // Another page of this site, which finds the window at the first one's.
    browser
        .run("const button = document.getElementById('open'); button.onclick = () => open('/other', '_blank');", &[]);
    browser.click(By::Css("#open"));
    browser.switch_to_popup();
    let job = json!({"kaika": "job", "kind": "activate", "authority": "gca", "ticket": "ticket"});
    browser.run("opener.opened.postMessage(arguments[0], '*')", std::slice::from_ref(&job));
    browser.switch_to(&window);
    // What it heard from its opener, it would have said by now: that one is not permitted.
    browser.evaluate("new Promise(done => setTimeout(done, 700))");
    browser.find(By::Css("[data-screen=waiting]"));
    browser.switch_to(&page);
    browser.run("opened.postMessage(arguments[0], '*')", &[job]);
    browser.switch_to(&window);
    browser.find(By::Css("[data-screen=refused][data-code=not_permitted]"));

    // Who opens the portal has no hold on it, nor on what it opens.
    browser.switch_to(&page);
    browser.run(
        "document.getElementById('open').onclick = () => { window.portal = open(arguments[0], '_blank'); };"
            .replace("arguments[0]", &json!(format!("{portal}/gca/")).to_string())
            .as_str(),
        &[],
    );
    browser.click(By::Css("#open"));
    browser.switch_to_popup();
    browser.wait_for_url("/gca/");
    assert_eq!(browser.evaluate("window.opener"), Value::Null);
    browser.switch_to(&page);
    browser.wait_until("the hold to go", |browser| browser.evaluate("portal.closed") == true);
    scene.assert_untouched();
}
