//! The programs as talkative as they can be made, through the whole main job: nothing secret is in what they log, nor in any
//! file but those that are there for it.

use super::desk::{Desk, type_and_begin};
use super::services::{done, fill};
use super::{LANGUAGES, agent, portal, start};
use crate::bench::{Running, eventually, tool};
use crate::demo::{Data, Demo};
use crate::pcsc::Bench;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use kaika_testkit::browser::{Browser, By};
use kaika_testkit::secrets::occurring;
use kaika_testkit::tools::Tool;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const TRACE: [(&str, &str); 2] = [("KAIKA_LOG", "trace"), ("RUST_LOG", "trace")];
const CONTACT: &str = "desk@kaika.example";
const PINS: [&str; 3] = ["13579086", "24680197", "97531864"];
const NEW_CODE: &str = "Xyz-6789";
const AUTHORITY: &str = "xca";

/// Files of the demo's folder whose purpose is to hold secrets in clear; OPERATING says of each what it is.
fn may_hold_secrets(file: &Path) -> bool {
    let name = file.to_str().unwrap();
    let named = ["demo.json", "agent-token", "secrets/passphrase", "secrets/station.json"].contains(&name);
    let card = name.starts_with("cards/") && (name.ends_with(".card") || name.ends_with(".mailer.json"));
    named || card || name.starts_with("mails/")
}

/// What was found out of secrets, each with what it is.
#[derive(Default)]
struct Secrets(BTreeMap<Vec<u8>, String>);

impl Secrets {
    fn add(&mut self, what: &str, secret: impl AsRef<[u8]>) {
        let secret = secret.as_ref();
        assert!(secret.len() >= 6, "{what}: nothing would be found out by looking for it");
        self.0.insert(secret.to_vec(), what.to_owned());
    }

    fn add_text(&mut self, what: &str, text: &Value) {
        self.add(what, text.as_str().unwrap());
    }

    /// What a software card has at the moment: PIN, PUK and management key.
    fn add_card(&mut self, file: &Path) {
        let state: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let octets = |hex: &Value| hex::decode(hex.as_str().unwrap()).unwrap();
        for what in ["pin", "puk"] {
            let digits: Vec<u8> = octets(&state[what]["value"]).into_iter().filter(|octet| *octet != 0xff).collect();
            // Those of the factory are no secret, and blanks have them.
            if ![&b"123456"[..], b"12345678"].contains(&digits.as_slice()) {
                self.add(&format!("{what} of {}", file.display()), digits);
            }
        }
        self.add("a management key", octets(&state["management"]["key"]));
    }

    fn add_cards(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "card") {
                self.add_card(&path);
            }
        }
    }

    /// Which of them are in this.
    fn found(&self, octets: &[u8]) -> BTreeSet<&str> {
        let there = occurring(&self.0.keys().flat_map(|secret| forms(secret)).collect(), octets.to_vec());
        let is_in = |secret: &&Vec<u8>| {
            let plain = latin1(secret);
            let [plain_is_there, other_is] = [true, false]
                .map(|as_it_is| forms(secret).iter().any(|form| (*form == plain) == as_it_is && there.contains(form)));
            other_is || plain_is_there && stands_alone(&latin1(octets), &plain)
        };
        self.0.keys().filter(is_in).map(|secret| self.0[secret].as_str()).collect()
    }
}

/// Each way in which a secret may be written.
fn forms(secret: &[u8]) -> Vec<String> {
    let list: Vec<_> = secret.iter().map(u8::to_string).collect();
    let mut forms = vec![hex::encode(secret), hex::encode_upper(secret), list.join(", ")];
    // What depends on it alone, where it is in something longer that is encoded in base64.
    for shift in 0..3 {
        let octets = [&[0; 3][..shift], secret].concat();
        let whole = octets.len() * 8 / 6;
        for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            forms.push(engine.encode(&octets)[(shift * 8).div_ceil(6)..whole].to_owned());
        }
    }
    // Octets that are no text are looked for as a key would be written.
    if secret.iter().all(u8::is_ascii_graphic) {
        forms.push(latin1(secret));
    }
    forms
}

fn latin1(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

/// Whether it is there, and not as a part of a longer number or word.
fn stands_alone(text: &str, secret: &str) -> bool {
    let ends = |side: Option<char>| !side.is_some_and(|next| next.is_ascii_alphanumeric());
    text.match_indices(secret)
        .any(|(at, _)| ends(text[..at].chars().next_back()) && ends(text[at + secret.len()..].chars().next()))
}

/// Hashes of jobs' tokens, tickets, sessions and links: the database has that of each.
fn hashes(demo: &Demo) -> BTreeSet<String> {
    let columns = "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p \
                   WHERE m.type = 'table' AND p.name LIKE '%sha256'";
    let columns = demo.data().sql(columns);
    let known = columns.lines().map(|line| {
        let (table, column) = line.split_once('|').unwrap();
        demo.data().sql(&format!("SELECT hex({column}) FROM {table} WHERE {column} IS NOT NULL"))
    });
    known.flat_map(|known| known.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The words of which a hash is known.
fn tokens(hashes: &BTreeSet<String>, octets: &[u8]) -> Vec<String> {
    let is_of_token = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_".contains(octet);
    let words = octets.split(|octet| !is_of_token(octet)).filter(|word| word.len() == 43);
    let known = words.filter(|word| hashes.contains(&hex::encode_upper(Sha256::digest(word))));
    known.map(latin1).collect()
}

/// All files below, by their names within.
fn files(folder: &Path, below: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(below)).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| {
            let name = below.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() { files(folder, &name) } else { vec![name] }
        })
        .collect()
}

fn text<'v>(document: &'v Value, name: &str) -> &'v str {
    document[name].as_str().unwrap()
}

/// A blank card in the reader, and an agent; everything is made before our eyes.
fn talkative_desk() -> Desk {
    let demo = Demo::start_in(&TRACE, Data::new(), &["--without-agent"]);
    let bench = Bench::blank(31_000_055);
    let token = bench.desk.path().join("agent-token");
    let (portal, listen) = (portal(&demo), agent(&demo).replace("http://", ""));
    let arguments = ["run", "--listen", &listen, "--portal", &portal, "--token-file", token.to_str().unwrap()];
    let environment = [&TRACE[..], &[bench.pcscd.env()]].concat();
    let mut agent = Running::start("kaika-agent", &arguments, &environment);
    agent.wait_until("the agent listens", |_| token.exists());
    Desk { demo, bench, user_code: String::new(), agent }
}

/// The card tool, through the agent.
fn at_agent(desk: &Desk, arguments: &[&str], secrets: &str) -> Value {
    let token = desk.bench.desk.path().join("agent-token");
    let reader = ["--reader", desk.bench.reader(), "--json", "--agent-token-file", token.to_str().unwrap()];
    let mut tool = tool("kaika-agent").args(["card"]).args(arguments).args(reader);
    for (name, value) in TRACE {
        tool = tool.env(name, value);
    }
    crate::bench::Said::in_json(&tool.input(secrets).run()).expect_success()
}

/// As a person does it in a browser; gives the link of the mail.
fn reset_user_code(desk: &Desk, number: &str) -> String {
    let curl = |fields: &[&str], url: &str| {
        let fields = fields.iter().flat_map(|field| ["--data-urlencode", field]);
        let output = ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"];
        assert_eq!(Tool::new("curl").args(output).args(fields).arg(url).run().stdout(), "303", "{url}");
    };
    let page = format!("{}/{AUTHORITY}/user-code", desk.portal());
    curl(&[&format!("number={number}"), "name=測試機關"], &page);
    let link = eventually("the mail", || {
        let mails = desk.demo.data().path().join("mails");
        let mails = fs::read_dir(mails).ok()?.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
        let mail = mails.into_iter().find(|mail| mail.contains(&format!("{page}/")))?;
        let (_, rest) = mail.split_once(&format!("{page}/"))?;
        let token: String =
            rest.chars().take_while(|sign| sign.is_ascii_alphanumeric() || "-_".contains(*sign)).collect();
        Some(format!("{page}/{token}"))
    });
    curl(&[&format!("code={NEW_CODE}"), &format!("again={NEW_CODE}")], &link);
    link
}

fn log_in(browser: &Browser, desk: &Desk) {
    browser.open(&format!("{}/{AUTHORITY}/organisation", desk.portal()));
    let page = browser.window();
    browser.click(By::Css("#start"));
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
    fill(browser, &[("pin", PINS[1])]);
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.find(By::Css("#session"));
}

#[test]
fn nothing_secret_is_logged_or_left_in_files() {
    let desk = talkative_desk();
    let (data, card) = (desk.demo.data().path(), desk.card_file());
    let portal = format!("{}/{AUTHORITY}/", desk.portal());
    let mut secrets = Secrets::default();
    secrets.add_cards(&data.join("cards"));
    let codes = desk.demo.ready()["cards"].as_array().unwrap().iter().filter_map(|card| card["user_code"].as_str());
    codes.for_each(|code| secrets.add("a user code of the demo", code));
    let read = |file: &Path| fs::read_to_string(file).unwrap();
    secrets.add("the passphrase", read(&data.join("secrets/passphrase")).trim());
    secrets.add("the agent's token", read(&desk.bench.desk.path().join("agent-token")).lines().next().unwrap());
    let credential = |file: &Path| -> Value { serde_json::from_str(&read(file)).unwrap() };
    secrets.add_text("the demo's station's token", &credential(&data.join("secrets/station.json"))["token"]);
    for (what, secret) in PINS.map(|pin| ("a PIN", pin)).into_iter().chain([("a user code", NEW_CODE)]) {
        secrets.add(what, secret);
    }

    // Made at a station.
    let holder = desk.bench.desk.path().join("holder.toml");
    let subject = "subject = [[\"C\", \"TW\"], [\"L\", \"臺北市\"], [\"O\", \"測試機關\"]]";
    fs::write(&holder, format!("{subject}\n[contact]\nemail = \"{CONTACT}\"\n")).unwrap();
    let order = ["card", "order", "--authority", AUTHORITY, "--holder", holder.to_str().unwrap()];
    let order = desk.demo.data().operator(&order).expect_success();
    let (number, user_code) = (text(&order, "number"), text(&order, "user_code"));
    secrets.add("the order's user code", user_code);
    let station = desk.bench.desk.path().join("station.json");
    let station = station.to_str().unwrap();
    desk.demo.data().operator(&["station", "enrol", "--name", "Test", "--out", station]).expect_success();
    secrets.add_text("the station's token", &credential(Path::new(station))["token"]);
    at_agent(&desk, &["personalise", "--portal", &portal, "--station", station, "--number", number], "");
    secrets.add_card(&card);

    // Activated in the browser, with a ticket.
    let browser = start(LANGUAGES[1]);
    browser.open(&format!("{portal}activate"));
    let page = browser.window();
    browser.wait_until("the page's look at the readers", |browser| {
        browser.has(By::Css("#card-said > [data-card]:not([data-card=unasked], [data-card=looking])"))
    });
    browser.click(By::Css("#start"));
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
    type_and_begin(&browser, user_code, PINS[0]);
    done(&browser, &(page, window), "activate");
    secrets.add_card(&card);

    at_agent(&desk, &["change-pin", "--secrets-stdin"], &format!("pin={}\nnew_pin={}\n", PINS[0], PINS[1]));
    log_in(&browser, &desk);
    let code = format!("user_code={user_code}\n");
    let change = |what, reason| {
        at_agent(&desk, &[what, "--portal", &portal, "--reason", reason, "--secrets-stdin"], &code);
    };
    change("suspend", "lost");
    change("resume", "found");
    let link = reset_user_code(&desk, number);
    let new = format!("user_code={NEW_CODE}\nnew_pin={}\n", PINS[2]);
    at_agent(&desk, &["unlock", "--portal", &portal, "--secrets-stdin"], &new);
    secrets.add_card(&card);

    // The search finds what is there.
    assert!(secrets.found(&fs::read(&card).unwrap()).len() >= 3);
    let hashes = hashes(&desk.demo);
    assert_eq!(tokens(&hashes, link.as_bytes()).len(), 1);

    let logs = [("the server's log", desk.demo.log()), ("the agent's log", desk.agent.stderr() + &desk.agent.stdout())];
    for (log, said) in logs.iter().zip([" INFO kaika_server", "DEBUG kaika_agent"]) {
        assert!(log.1.contains(said), "{} was talkative", log.0);
    }
    let files = files(&data, Path::new(""));
    let searched: Vec<_> = files.iter().filter(|file| !may_hold_secrets(file)).collect();
    assert!(searched.iter().any(|file| file.ends_with("kaika.db")) && searched.len() > 20, "{searched:?}");
    let files = searched.iter().map(|file| (file.to_str().unwrap(), fs::read(data.join(file)).unwrap()));
    for (place, octets) in logs.map(|(place, log)| (place, log.into_bytes())).into_iter().chain(files) {
        assert_eq!(secrets.found(&octets), BTreeSet::new(), "in {place}");
        assert_eq!(tokens(&hashes, &octets).len(), 0, "a token in {place}");
    }
}
