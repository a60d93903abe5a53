//! A server whose mail server goes away, and the operator who looks after it.

use crate::bench::{Running, eventually};
use crate::serve::Authority;
use kaika_testkit::smtp::{Encryption, SmtpPeer};
use kaika_testkit::sqlite::sqlite;
use kaika_testkit::tools::Tool;
use serde_json::Value;
use std::fs;

const PASSWORD: &str = "of the relay";
const CONTACT: &str = "desk@agency.example";

/// By STARTTLS and with a password; `none` leaves mails where they are.
fn configured(peer: Option<&SmtpPeer>) -> Authority {
    let authority = Authority::unconfigured();
    authority.plain(&format!("http://localhost:{}", authority.port()), "sqlite:kaika.db");
    if let Some(peer) = peer {
        let config = authority.path("kaika.toml");
        fs::write(authority.path("mail-password"), format!("{PASSWORD}\n")).unwrap();
        fs::copy(peer.certificate(), authority.path("mail-ca.pem")).unwrap();
        let section = format!(
            "[mail]\nhost = \"localhost\"\nport = {}\nfrom = \"no-reply@kaika.example\"\nusername = \"kaika\"\n\
             password_file = \"mail-password\"\nca_file = \"mail-ca.pem\"\n",
            peer.port()
        );
        let before = fs::read_to_string(&config).unwrap();
        fs::write(&config, before + &section).unwrap();
    }
    authority.operator(&["init"]).expect_success();
    authority.operator(&["config", "check"]).expect_success();
    authority
}

fn served(authority: &Authority) -> Running {
    let mut server = Running::start("kaika", &["serve", "--config", &authority.path("kaika.toml")], &[]);
    let ready = format!("http://localhost:{}/readyz", authority.port());
    server.wait_until("ready", |_| Tool::new("curl").args(["--silent", "--fail", &ready]).run().status.success());
    server
}

fn ordered(authority: &Authority) -> String {
    let holder = authority.path("holder.toml");
    let contact = format!("subject = [[\"C\", \"TW\"], [\"O\", \"測試機關\"]]\n[contact]\nemail = \"{CONTACT}\"\n");
    fs::write(&holder, contact).unwrap();
    let order = authority.operator(&["card", "order", "--authority", "gca", "--holder", &holder]).expect_success();
    order["number"].as_str().unwrap().to_owned()
}

/// As a person does it in a browser.
fn ask(authority: &Authority, number: &str) {
    let form = format!("http://localhost:{}/gca/user-code", authority.port());
    let number = format!("number={number}");
    let fields = ["--data-urlencode", &number, "--data-urlencode", "name=測試機關", &form];
    let status = Tool::new("curl")
        .args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"])
        .args(fields)
        .run()
        .stdout();
    assert_eq!(status, "303");
}

fn listed(authority: &Authority, options: &[&str]) -> Vec<Value> {
    let list = authority.operator(&[&["mail", "list"], options].concat()).expect_success();
    list["mails"].as_array().unwrap().clone()
}

/// A mail that was tried while the mail server is away.
fn waiting() -> (SmtpPeer, Authority, Running, Value) {
    let mut peer = SmtpPeer::with_password(Encryption::StartTls, PASSWORD);
    let authority = configured(Some(&peer));
    let number = ordered(&authority);
    peer.stop();
    let server = served(&authority);
    ask(&authority, &number);
    let waiting = eventually("a failure on record", || {
        let mails = listed(&authority, &[]);
        mails.first().filter(|mail| mail["failure"].is_string()).cloned()
    });
    (peer, authority, server, waiting)
}

#[test]
fn a_mail_waits_for_the_mail_server_and_leaves_once() {
    let (mut peer, authority, mut server, waiting) = waiting();
    assert_eq!(waiting["state"], "waiting");
    assert_eq!((&waiting["to"], &waiting["letter"]), (&CONTACT.into(), &"user_code_link".into()));
    assert!(waiting["failure"].as_str().unwrap().contains("refused"), "{waiting}");

    peer.start_again();
    let id = waiting["id"].as_str().unwrap();
    let retried = authority.operator(&["mail", "retry", "--mail", id]).expect_success();
    assert_eq!(retried["retried"], 1);
    let mail = eventually("the mail", || peer.mails().first().cloned());
    assert_eq!((&mail["tls"], &mail["user"]), (&true.into(), &"kaika".into()));
    let link = mail["text"].as_str().unwrap().lines().find(|line| line.starts_with("http")).unwrap().to_owned();
    assert_eq!(Tool::new("curl").args(["--silent", "--fail", &link]).run().expect_success().status.code(), Some(0));
    eventually("the mail settled", || listed(&authority, &[]).is_empty().then_some(()));
    assert_eq!(listed(&authority, &["--sent"])[0]["state"], "sent");
    authority.operator(&["mail", "retry", "--mail", id]).refused("not_found");
    assert_eq!(peer.mails().len(), 1);

    server.interrupt();
    assert!(server.wait_for_end(std::time::Duration::from_secs(10)).success());
    let token = link.rsplit('/').next().unwrap();
    for secret in [token, PASSWORD, CONTACT] {
        assert!(!server.stderr().contains(secret), "{secret} was logged");
    }
}

/// A server on a file is the only one: nobody waits for what another one was about when it was killed.
#[test]
fn after_a_crash_a_mail_leaves_at_once() {
    let (mut peer, authority, mut server, _) = waiting();
    server.kill();
    // As it is in the middle of sending, at the moment of the next attempt.
    let database = authority.path("kaika.db");
    sqlite(
        database.as_ref(),
        "UPDATE mail SET attempts = attempts + 1, due_at = unixepoch() + 600, trying_until = unixepoch() + 600;
         UPDATE lease SET until = unixepoch() + 600",
    );
    assert_eq!(sqlite(database.as_ref(), "SELECT name FROM lease ORDER BY name"), "forget\nmail\nsweep\n");
    peer.start_again();
    let mut server = served(&authority);
    eventually("the mail", || peer.mails().first().cloned());
    eventually("leases of the server that runs", || {
        let owners = sqlite(database.as_ref(), "SELECT DISTINCT owner FROM lease");
        owners.trim().ends_with(&format!(" {}", server.id())).then_some(())
    });
    server.interrupt();
    assert!(server.wait_for_end(std::time::Duration::from_secs(10)).success());
    assert_eq!(peer.mails().len(), 1);
}

#[test]
fn without_a_mail_server_mails_wait() {
    let authority = configured(None);
    let number = ordered(&authority);
    let mut server = served(&authority);
    ask(&authority, &number);
    assert!(server.stderr().contains("mails wait"));
    server.interrupt();
    assert!(server.wait_for_end(std::time::Duration::from_secs(10)).success());
    let [mail] = listed(&authority, &[]).try_into().unwrap();
    assert_eq!((&mail["state"], &mail["attempts"]), (&"waiting".into(), &0.into()));
}
