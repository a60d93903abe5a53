//! `kaika-agent card` through the running agent: its documents, its refusals, and what it never prints.

use crate::bench::{eventually, program, surroundings, tool};
use crate::demo::{Demo, fetch};
use crate::judges::{certificate, statuses};
use kaika_testkit::ports::PortPair;
use kaika_testkit::tools::{Output, Tool};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const EMPTY: &str = "Kaika Demo Reader Spare";

pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn moment(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(value.as_str().unwrap(), &Rfc3339).unwrap()
}

/// As the tool says it in English.
fn text(key: &str) -> String {
    kaika_texts::text(kaika_texts::Language::En, key, &[])
}

#[test]
fn list_names_readers_and_cards() {
    let demo = Demo::new();
    let offline = demo.agent(&["card", "list"], "").expect_success();
    let readers = offline["readers"].as_array().unwrap();
    assert_eq!(readers.len(), 15);
    for authority in ["gca", "xca", "hca", "moica", "twca"] {
        let card = demo.card(authority);
        let entry = readers.iter().find(|entry| entry["reader"] == card.reader()).unwrap();
        let expected = json!({"reader": card.reader(), "card": true, "number": card.number(), "authority": null});
        assert_eq!(*entry, expected);
    }
    let empty = json!({"reader": EMPTY, "card": false, "number": null, "authority": null});
    assert!(readers.contains(&empty));

    let portal = demo.ready()["portal"].as_str().unwrap();
    let online = demo.agent(&["card", "list", "--portal", portal], "").expect_success();
    for entry in online["readers"].as_array().unwrap().iter().filter(|entry| entry["card"] == true) {
        let cards = demo.ready()["cards"].as_array().unwrap();
        let card = cards.iter().find(|card| card["reader"] == entry["reader"]).unwrap();
        assert_eq!((&entry["number"], &entry["authority"]), (&card["number"], &card["authority"]));
    }
}

#[test]
fn show_says_what_is_on_the_card_and_what_the_portal_knows() {
    let demo = Demo::new();
    let card = demo.card("gca");
    let offline = demo.show(&card).expect_success();
    let expected = [
        "activated",
        "authority",
        "certificates",
        "holder",
        "holder_name",
        "not_after",
        "not_before",
        "number",
        "pin_tries_left",
        "puk_tries_left",
        "reader",
    ];
    assert_eq!(keys(&offline), expected);
    assert_eq!((&offline["reader"], &offline["number"]), (&card.reader().into(), &card.number().into()));
    assert_eq!((&offline["pin_tries_left"], &offline["puk_tries_left"]), (&json!(0), &json!(3)));
    assert!(offline["activated"].is_null());
    assert_eq!(offline["holder"], "C=TW,O=行政院,OU=測試機關 TEST,OU=測試資訊處");
    assert_eq!(offline["holder_name"], "行政院測試機關 TEST 測試資訊處");
    let (first, last) = (moment(&offline["not_before"]), moment(&offline["not_after"]));
    assert_eq!(last.year() - first.year(), 6, "{first} {last}");

    let roles = [("signature", "9c"), ("encryption", "9d"), ("login", "9a"), ("card_authentication", "9e")];
    assert_eq!(offline["certificates"].as_array().unwrap().len(), roles.len());
    for (role, slot) in roles {
        let one = certificate(&offline, role);
        assert_eq!(keys(one), ["key", "pem", "role", "serial", "slot", "status"]);
        assert_eq!(one["key"], "P-256");
        assert_eq!((&one["slot"], &one["status"]), (&slot.into(), &Value::Null));
        let pem = one["pem"].as_str().unwrap();
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n") && pem.ends_with("-----END CERTIFICATE-----\n"));
        assert!(one["serial"].as_str().unwrap().bytes().all(|digit| digit.is_ascii_hexdigit()));
    }

    let online = demo.show_at(demo.portal("gca"), &card).expect_success();
    let with_advice: Vec<&str> = expected[..1].iter().chain(&["advice"]).chain(&expected[1..]).copied().collect();
    assert_eq!(keys(&online), with_advice);
    assert_eq!(
        (&online["advice"]["standing"], &online["advice"]["job"]),
        (&json!("not_activated"), &json!("activate"))
    );
    assert!(moment(&online["advice"]["activate_by"]) > OffsetDateTime::now_utc());
    assert_eq!((&online["activated"], &online["authority"]), (&json!(false), &json!("gca")));
    for key in
        ["reader", "number", "holder", "holder_name", "not_before", "not_after", "pin_tries_left", "puk_tries_left"]
    {
        assert_eq!(online[key], offline[key], "{key}");
    }
    assert!(statuses(&online).iter().all(|(_, status)| *status == "held"));
    // The portal's origin will do as well as an authority's page.
    let portal = demo.ready()["portal"].as_str().unwrap();
    assert_eq!(demo.show_at(portal, &card).expect_success(), online);
}

#[test]
fn a_wrong_user_code_is_counted_until_it_locks() {
    let demo = Demo::new();
    let (card, portal) = (demo.card("xca"), demo.portal("xca"));
    let attempt = |code: &str| demo.activate_with(portal, card.reader(), code, "135790");
    assert_eq!(attempt("wrong-1").refused("user_code_wrong")["tries_left"], 2);
    // Case matters.
    let code = card.user_code();
    let other_case: String =
        code.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect();
    assert_eq!(attempt(&other_case).refused("user_code_wrong")["tries_left"], 1);
    attempt("wrong-3").refused("user_code_locked");
    let refused = attempt(code).refused("user_code_locked");
    assert!(refused["next_step"].as_str().unwrap().len() > 20);

    // Nothing has happened to the card.
    let shown = demo.show_at(portal, &card).expect_success();
    assert_eq!((&shown["activated"], &shown["puk_tries_left"]), (&json!(false), &json!(3)));
    // The lock is this card's alone.
    demo.activate(demo.portal("gca"), &demo.card("gca"), "135790").expect_success();
}

#[test]
fn a_right_user_code_gives_the_tries_back() {
    let demo = Demo::new();
    let (card, portal) = (demo.card("gca"), demo.portal("gca"));
    let attempt = |code: &str| demo.activate_with(portal, card.reader(), code, "135790");
    assert_eq!(attempt("wrong-1").refused("user_code_wrong")["tries_left"], 2);
    assert_eq!(attempt("wrong-2").refused("user_code_wrong")["tries_left"], 1);
    attempt(card.user_code()).expect_success();
}

#[test]
fn an_activated_card_is_not_activated_again() {
    let demo = Demo::new();
    let (card, portal) = (demo.card("gca"), demo.portal("gca"));
    let done = demo.activate(portal, &card, "135790").expect_success();
    assert_eq!(keys(&done), ["certificates", "job", "number", "state"]);
    demo.activate(portal, &card, "246802").refused("already_activated");
    demo.activate_with(portal, card.reader(), "wrong-1", "246802").refused("already_activated");
    let shown = demo.show_at(portal, &card).expect_success();
    assert_eq!((&shown["activated"], &shown["pin_tries_left"]), (&json!(true), &json!(3)));
    // Delivered with a PIN: activated from the start.
    let card = demo.card("moica");
    demo.activate(demo.portal("moica"), &card, "135790").refused("already_activated");
}

#[test]
fn what_cannot_be_right_is_refused_before_the_card_is_touched() {
    let demo = Demo::new();
    let (card, portal) = (demo.card("gca"), demo.portal("gca"));
    for pin in ["12345", "123456789", "abcdef", "12 456", "１２３４５６"] {
        demo.activate(portal, &card, pin).refused("pin_form");
    }
    for code in ["Short", "elevenchars"] {
        demo.activate_with(portal, card.reader(), code, "135790").refused("user_code_form");
    }
    let activate = ["card", "activate", "--portal", portal, "--reader", card.reader(), "--secrets-stdin"];
    demo.agent(&activate, "new_pin=135790\n").refused("secret_missing");
    // Six digits are what this authority takes; its code, too, stays untried.
    demo.activate(demo.portal("hca"), &demo.card("hca"), "13579086").refused("pin_form");
    demo.activate(demo.portal("xca"), &card, "135790").refused("wrong_authority");
    assert_eq!(demo.show_at(demo.portal("xca"), &card).refused("wrong_authority")["authority"], "gca");
    demo.activate_with(portal, EMPTY, "Abc12345", "135790").refused("no_card");
    demo.agent(&["card", "show", "--reader", EMPTY], "").refused("no_card");
    demo.agent(&["card", "show", "--reader", "Elsewhere"], "").refused("reader_unknown");
    demo.agent(&["card", "show"], "").refused("reader_unknown");

    // No try was spent by any of these.
    let refused = demo.activate_with(portal, card.reader(), "wrong-1", "135790").refused("user_code_wrong");
    assert_eq!(refused["tries_left"], 2);
}

#[test]
fn a_portal_that_is_not_there_is_told() {
    let demo = Demo::new();
    let card = demo.card("gca");
    let closed = PortPair::claim().unwrap();
    let nowhere = format!("http://localhost:{}/gca/", closed.first);
    demo.activate(&nowhere, &card, "135790").refused("server_unreachable");
    demo.show_at(&nowhere, &card).refused("server_unreachable");
    // Something answers, and yet it is no portal of this agent's.
    let agents_own = format!("http://127.0.0.1:{}/gca/", demo.agent_port());
    demo.activate(&agents_own, &card, "135790").refused("not_a_portal");
    let no_page = format!("{}/nowhere/", demo.ready()["portal"].as_str().unwrap());
    demo.activate(&no_page, &card, "135790").refused("not_a_portal");
}

#[test]
fn only_who_has_the_token_gets_to_the_cards() {
    let demo = Demo::new();
    let agent = demo.ready()["agent"].as_str().unwrap();
    let token = demo.data().path().join("other-token");
    std::fs::write(&token, "0".repeat(64)).unwrap();
    let output =
        tool("kaika-agent").args(["card", "list", "--json", "--agent", agent, "--agent-token-file"]).arg(token).run();
    crate::bench::Said::in_json(&output).refused("agent_token");
}

/// The card is pulled out at its worst moments; put back, the same inputs bring it to the end.
#[test]
fn a_card_pulled_out_goes_on_where_it_was() {
    let demo = Demo::new();
    let (card, portal) = (demo.card("gca"), demo.portal("gca"));
    let mut pulled = 0;
    for step in (2..).step_by(5) {
        let tray = Tray::of(&demo);
        tray.post("remove", &[("reader", card.reader()), ("step", &step.to_string())]);
        let said = demo.activate(portal, &card, "135790");
        if said.exit == Some(0) {
            // It was done before that step.
            break;
        }
        said.refused("card_removed");
        pulled += 1;
        demo.show(&card).refused("no_card");
        tray.refreshed().post("insert", &[("card", card.number()), ("reader", card.reader())]);
    }
    assert!(pulled >= 3, "pulled out {pulled} times");
    // A card that is put back has forgotten that it was to be pulled out.
    Tray::of(&demo).post("remove", &[("reader", card.reader())]);
    Tray::of(&demo).post("insert", &[("card", card.number()), ("reader", card.reader())]);
    let shown = demo.show_at(portal, &card).expect_success();
    assert_eq!((&shown["activated"], &shown["pin_tries_left"]), (&json!(true), &json!(3)));
    assert!(statuses(&shown).iter().all(|(_, status)| *status == "valid"));
}

/// The agent remembers that it was cut: the same command brings it to its end, and all tries are left.
#[test]
fn a_change_of_the_pin_goes_on_where_it_was() {
    let demo = Demo::new();
    let (card, _) = demo.card_in_state("xca", "activated");
    let change = |from: &str, to: &str| {
        let secrets = format!("pin={from}\nnew_pin={to}\n");
        demo.agent(&["card", "change-pin", "--reader", card.reader(), "--secrets-stdin"], &secrets)
    };
    let mut pin = "135790";
    for step in 1.. {
        let new_pin = if pin == "135790" { "864202" } else { "135790" };
        Tray::of(&demo).post("remove", &[("reader", card.reader()), ("step", &step.to_string())]);
        let said = change(pin, new_pin);
        if said.exit == Some(0) {
            assert!(step > 3, "pulled out {step} times");
            break;
        }
        said.refused("card_removed");
        Tray::of(&demo).post("insert", &[("card", card.number()), ("reader", card.reader())]);
        change(pin, new_pin).expect_success();
        assert_eq!(demo.show(&card).expect_success()["pin_tries_left"], 3);
        pin = new_pin;
    }
}

/// The card tray, as a browser has it.
struct Tray {
    url: String,
    token: String,
}

impl Tray {
    fn of(demo: &Demo) -> Tray {
        Tray { url: format!("{}/tray", demo.ready()["agent"].as_str().unwrap()), token: String::new() }.refreshed()
    }

    /// A form's token is good once.
    fn refreshed(self) -> Tray {
        let page = String::from_utf8(fetch(&self.url)).unwrap();
        let field = page.split(r#"name="token" value=""#).nth(1).unwrap();
        Tray { token: field.split('"').next().unwrap().to_owned(), ..self }
    }

    fn post(&self, action: &str, fields: &[(&str, &str)]) {
        let own = [("token", self.token.as_str()), ("lang", "en")];
        let origin = self.url.trim_end_matches("/tray");
        let answer = ureq::post(format!("{}/{action}", self.url))
            .header("origin", origin)
            .send_form(own.into_iter().chain(fields.iter().copied()));
        answer.unwrap_or_else(|error| panic!("{action}: {error}"));
    }
}

#[test]
fn people_get_words_without_secrets() {
    let demo = Demo::new();
    let (card, portal) = (demo.card("hca"), demo.portal("hca"));
    let at = ["--agent", demo.ready()["agent"].as_str().unwrap(), "--agent-token-file"];
    let run = |arguments: &[&str], code: &str| {
        let output = tool("kaika-agent")
            .args(arguments)
            .args(at)
            .arg(demo.ready()["agent_token_file"].as_str().unwrap())
            .envs(surroundings())
            .input(format!("user_code={code}\nnew_pin=246802\n"))
            .run();
        assert!(!output.text().contains(code) && !output.text().contains("246802"), "a secret was printed");
        output
    };
    let activate = ["card", "activate", "--portal", portal, "--reader", card.reader(), "--secrets-stdin"];
    let refused = run(&activate, "wrong-1");
    assert_eq!((refused.status.code(), refused.stdout().as_str()), (Some(1), ""));
    assert!(refused.stderr().contains("user_code_wrong"), "{refused}");
    let done = run(&activate, card.user_code()).expect_success();
    assert!(done.stdout().contains(card.number()), "{done}");
    let shown = run(&["card", "show", "--portal", portal, "--reader", card.reader()], "not read").expect_success();
    assert!(shown.stdout().contains("Activated: yes"), "{shown}");
    assert!(shown.stdout().starts_with(&text("advice-good")), "{shown}");
    let (locked, _) = demo.card_in_state("xca", "pin_locked");
    let arguments = ["card", "show", "--portal", demo.portal("xca"), "--reader", locked.reader()];
    let told = run(&arguments, "not read").expect_success().stdout();
    assert!(told.starts_with(&text("advice-pin_locked")) && told.contains(&text("job-unlock")), "{told}");
    let signature = shown.stdout().lines().find(|line| line.trim_start().starts_with("9c")).unwrap().to_owned();
    assert!(signature.ends_with("  RSA-2048  signature  valid"), "{signature}");
}

/// Which card it is and how many tries it has left is said before anybody is asked to type; and a new PIN has the digits
/// that the card's authority takes.
#[test]
fn a_person_sees_the_tries_left_before_typing() {
    let demo = Demo::new();
    let (locked, _) = demo.card_in_state("xca", "pin_locked");
    let (used, _) = demo.card_in_state("xca", "activated");
    let unopened = demo.card("hca");
    let unlocking = format!("{}\n864202\n864202\n", locked.user_code());
    let activating = format!("{}\n864202\n864202\n", unopened.user_code());
    let tries = |pin| [format!("PIN tries left: {pin}"), "PUK tries left: 3".to_owned()];
    for (command, authority, card, typed, tries, prompts) in [
        ("unlock", "xca", locked, unlocking, &tries(0)[..], ["User code:", "New PIN (6 to 8 digits):"]),
        ("activate", "hca", unopened, activating, &[], ["User code:", "New PIN (6 digits):"]),
        (
            "change-pin",
            "",
            used,
            "135790\n864202\n864202\n".to_owned(),
            &tries(3),
            ["Present PIN:", "New PIN (6 to 8 digits):"],
        ),
    ] {
        let mut arguments = vec!["card", command, "--reader", card.reader()];
        if !authority.is_empty() {
            arguments.extend(["--portal", demo.portal(authority)]);
        }
        let said = at_terminal(&demo, &arguments, &typed).expect_success().stdout();
        let expected: Vec<&str> =
            tries.iter().map(String::as_str).chain(prompts).chain(["The new PIN once more:"]).collect();
        let at = |part: &str| said.find(part).unwrap_or_else(|| panic!("{part}: {said}"));
        assert!(at(&format!("Card {}", card.number())) < at(expected[0]), "{said}");
        assert!(expected.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{said}");
        assert_eq!(said.contains("tries left"), !tries.is_empty(), "{said}");
    }
    // What cannot be done is told before anything is typed: by the card, and by what the portal knows of it.
    for (command, state, code) in [
        ("activate", "activated", "already_activated"),
        ("unlock", "puk_blocked", "puk_blocked"),
        ("unlock", "suspended", "card_barred"),
        ("unlock", "unopened", "not_activated"),
        ("test", "puk_blocked", "puk_blocked"),
        ("rewrite", "unopened", "not_activated"),
        ("resume", "activated", ""),
        ("change-pin", "puk_blocked", "puk_blocked"),
    ] {
        let (card, _) = demo.card_in_state("xca", state);
        let mut arguments = vec!["card", command, "--reader", card.reader()];
        if command != "change-pin" {
            arguments.extend(["--portal", demo.portal("xca")]);
        }
        if command == "resume" {
            arguments.extend(["--reason", "found"]);
        }
        let said = at_terminal(&demo, &arguments, "\n");
        let asked = ["User code:", "Present PIN:"].iter().any(|prompt| said.stdout().contains(prompt));
        assert_eq!(said.status.code(), Some(1), "{said}");
        assert!(said.stdout().contains(code) && asked == code.is_empty(), "{command} {state}: {said}");
    }
    let arguments = ["card", "unlock", "--reader", used.reader(), "--portal", demo.portal("gca")];
    let said = at_terminal(&demo, &arguments, "");
    assert_eq!(said.status.code(), Some(1));
    assert!(said.stdout().contains("wrong_authority") && !said.stdout().contains("User code:"), "{said}");
}

/// The card tool as a person has it, who types all this.
fn at_terminal(demo: &Demo, arguments: &[&str], typed: &str) -> Output {
    let quoted = |word: &str| format!("'{word}'");
    let program = program("kaika-agent");
    let agent = ["--agent", demo.ready()["agent"].as_str().unwrap()];
    let token = ["--agent-token-file", demo.ready()["agent_token_file"].as_str().unwrap()];
    let words = [program.to_str().unwrap()].into_iter().chain(arguments.iter().copied()).chain(agent).chain(token);
    let command: Vec<String> = words.map(quoted).collect();
    Tool::new("script")
        .args(["--quiet", "--return", "--command", &command.join(" "), "/dev/null"])
        .envs(surroundings())
        .input(typed.to_owned())
        .run()
}

#[test]
fn a_wrong_use_ends_with_two() {
    let output = tool("kaika-agent").args(["card", "activate", "--new-pin", "135790", "--json"]).run();
    assert_eq!(output.status.code(), Some(2));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["code"], "bad_request");
    assert!(!output.stdout().contains("135790"));
}

/// Asked for, confirmed by the code from the mail, written; and a card whose write was cut is brought to its end.
#[test]
fn an_address_is_written_with_the_code_from_the_mail() {
    const OFFICE: &str = "bureau@kaika.example";
    let demo = Demo::new();
    let portal = demo.portal("xca");
    let (card, _) = demo.card_in_state("xca", "activated");
    let at = |card: &crate::demo::Card<'_>, arguments: &[&str], secrets: &str| {
        let place = ["--portal", portal, "--reader", card.reader()];
        demo.agent(&[&["card"], arguments, &place].concat(), secrets)
    };
    let set = |secrets: &str| at(&card, &["set-email", "--email", OFFICE, "--secrets-stdin"], secrets);
    let asked = set("pin=135790\n").expect_success();
    assert_eq!((&asked["state"], &asked["email"]), (&json!("awaiting_confirmation"), &json!(OFFICE)));
    set("pin=000000\n").refused("pin_wrong");
    set("pin=135790\nmail_code=AAAAAAAA\n").refused("link_over");
    let mails = demo.ready()["mails"].as_str().unwrap();
    let code = eventually("the mail", || {
        let page = String::from_utf8(fetch(mails)).unwrap();
        let (_, mail) = page.split_once(OFFICE)?;
        let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_alphanumeric());
        mail.lines().map(str::trim).find(is_code).map(str::to_owned)
    });
    let done = set(&format!("pin=135790\nmail_code={code}\n")).expect_success();
    assert_eq!((&done["state"], &done["email"]), (&json!("succeeded"), &json!(OFFICE)));
    assert!(statuses(&done).iter().all(|(_, status)| *status == "valid"));
    assert_eq!(at(&card, &["check"], "").expect_success()["result"], "A");

    let (cut, _) = demo.card_in_state("xca", "issued_not_written");
    assert_eq!(at(&cut, &["check"], "").expect_success()["result"], "B-1");
    assert_eq!(at(&cut, &["rewrite", "--secrets-stdin"], "pin=135790\n").expect_success()["result"], "B-2");
    assert_eq!(at(&cut, &["check"], "").expect_success()["result"], "A");
}
