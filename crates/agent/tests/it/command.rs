//! The command line: one document on standard output, words on standard error, and the exit code.

use crate::{
    portal::{NUMBER, Script, failed, running, succeeded},
    server::{Running, agent},
    tool::URL,
};
use kaika_wire::Code;
use serde_json::Value;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

struct Said {
    exit: i32,
    document: Value,
    stdout: String,
    stderr: String,
}

fn kaika_agent(runtime_folder: &Path, arguments: &[&str], stdin: &str) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kaika-agent"))
        .args(arguments)
        .env("XDG_RUNTIME_DIR", runtime_folder)
        .env("XDG_CONFIG_HOME", runtime_folder)
        // No PC/SC service, whatever this computer has.
        .env("PCSCLITE_CSOCK_NAME", runtime_folder.join("no-pcscd"))
        // Nobody between this computer and itself.
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .env("LC_ALL", "en_US.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses earlier does not read it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    Said {
        exit: output.status.code().unwrap(),
        document: serde_json::from_str(&stdout).unwrap_or_default(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        stdout,
    }
}

impl Said {
    fn refused(&self, code: &str) {
        assert_eq!(self.document["error"]["code"], code, "{}", self.stderr);
        assert_eq!(self.stdout.lines().count(), 1);
        assert!(self.document["error"]["message"].as_str().is_some_and(|words| words.len() > 10));
        assert!(self.document["error"]["next_step"].as_str().is_some_and(|words| words.len() > 10));
    }
}

fn at_agent(agent: &Running, arguments: &[&str], stdin: &str) -> Said {
    let empty = tempfile::tempdir().unwrap();
    let token_file = agent.token_file.to_str().unwrap();
    let mut all = arguments.to_vec();
    all.extend(["--agent", &agent.url, "--agent-token-file", token_file]);
    kaika_agent(empty.path(), &all, stdin)
}

const SECRETS: &str = "user_code=Abc123\nnew_pin=135790\n";

#[test]
fn list_and_show_are_one_document() {
    let agent = agent(&Script::default());
    let said = at_agent(&agent, &["card", "list", "--json"], "");
    assert_eq!((said.exit, said.stdout.lines().count()), (0, 1));
    assert_eq!(said.document["readers"][0]["number"], NUMBER);

    let said = at_agent(&agent, &["card", "show", "--json", "--reader", "A"], "");
    assert_eq!(said.exit, 0);
    assert_eq!(said.document["reader"], "Reader A");
    assert_eq!(said.document["activated"], Value::Null);
}

#[test]
fn a_running_agent_is_found_by_its_token_file() {
    let agent = agent(&Script::default());
    let runtime_folder = agent.token_file.parent().unwrap().parent().unwrap();
    for file in [&[][..], &["--agent-token-file", agent.token_file.to_str().unwrap()]] {
        let said = kaika_agent(runtime_folder, &[&["card", "list", "--json"], file].concat(), "");
        assert_eq!(said.exit, 0, "{}", said.stderr);
        assert_eq!(said.document["readers"][0]["number"], NUMBER);
    }
}

#[test]
fn people_get_words() {
    let agent = agent(&Script::default());
    let said = at_agent(&agent, &["card", "list"], "");
    assert!(said.stdout.contains(&format!("Reader A: {NUMBER}")), "{}", said.stdout);
    assert!(said.stdout.contains("Reader C: (no card)"));
    let said = at_agent(&agent, &["card", "show", "--reader", "Reader A"], "");
    assert!(said.stdout.contains("PIN tries left: 0"), "{}", said.stdout);
    assert!(said.stdout.contains("Activated: not known"));
    assert!(said.stdout.contains("not asked"));
}

#[test]
fn activation_takes_its_secrets_from_standard_input() {
    let script = Script::new([running(1, Vec::new()), succeeded(Vec::new())]);
    let agent = agent(&script);
    let arguments = ["card", "activate", "--portal", URL, "--reader", "Reader A", "--secrets-stdin", "--json"];
    let said = at_agent(&agent, &arguments, SECRETS);
    assert_eq!(said.exit, 0, "{}", said.stderr);
    assert_eq!(said.document["state"], "succeeded");
    assert_eq!(script.reports()[0]["user_code"], "Abc123");
    assert!(!said.stderr.contains("Abc123") && !said.stderr.contains("135790"));
}

#[test]
fn a_refusal_is_one_document_too() {
    let script = Script::new([running(1, Vec::new()), failed(Code::UserCodeLocked)]);
    let agent = agent(&script);
    let arguments = ["card", "activate", "--portal", URL, "--reader", "Reader A", "--secrets-stdin", "--json"];
    let said = at_agent(&agent, &arguments, SECRETS);
    assert_eq!(said.exit, 1);
    said.refused("user_code_locked");
    assert!(said.stderr.contains("user_code_locked"));

    for (secrets, code) in [
        ("user_code=Abc123\nnew_pin=1357\n", "pin_form"),
        ("user_code=Abc\nnew_pin=135790\n", "user_code_form"),
        ("user_code=Abc123\n", "secret_missing"),
        ("", "secret_missing"),
    ] {
        let said = at_agent(&agent, &arguments, secrets);
        assert_eq!(said.exit, 1);
        said.refused(code);
    }
}

#[test]
fn a_wrong_use_is_one_document_too() {
    let empty = tempfile::tempdir().unwrap();
    let said = kaika_agent(empty.path(), &["card", "activate", "--new-pin", "135790", "--json"], "");
    assert_eq!(said.exit, 2);
    said.refused("bad_request");
    assert!(!said.stdout.contains("135790"));
    let said = kaika_agent(empty.path(), &["card", "list", "--nothing"], "");
    assert_eq!((said.exit, said.stdout.as_str()), (2, ""));
    assert_eq!(kaika_agent(empty.path(), &["--help"], "").exit, 0);
}

#[test]
fn without_agent_and_pcsc_the_cure_is_told() {
    let empty = tempfile::tempdir().unwrap();
    let said = kaika_agent(empty.path(), &["card", "list", "--json"], "");
    assert_eq!(said.exit, 1);
    said.refused("pcsc_stopped");
    let cure = said.document["error"]["next_step"].as_str().unwrap();
    assert!(cure.contains("sudo systemctl start pcscd.socket"), "{cure}");
}

#[test]
fn an_agent_that_is_not_there_is_told() {
    let empty = tempfile::tempdir().unwrap();
    let said = kaika_agent(empty.path(), &["card", "list", "--json", "--agent", "http://127.0.0.1:1"], "");
    assert_eq!(said.exit, 1);
    said.refused("agent_token");
    let file = empty.path().join("token");
    std::fs::write(&file, "00").unwrap();
    let arguments = ["card", "list", "--json", "--agent", "http://127.0.0.1:1", "--agent-token-file"];
    let said = kaika_agent(empty.path(), &[&arguments[..], &[file.to_str().unwrap()]].concat(), "");
    said.refused("agent_unreachable");
}

#[test]
fn a_software_card_waits_for_no_wrong_address() {
    let empty = tempfile::tempdir().unwrap();
    let card = empty.path().join("one.card");
    let arguments = ["softcard", "--vpcd", "nonsense", "--card", card.to_str().unwrap()];
    assert_eq!(kaika_agent(empty.path(), &arguments, "").exit, 1);
    let arguments = ["softcard", "--vpcd", "127.0.0.1:1", "--card", card.to_str().unwrap()];
    let said = kaika_agent(empty.path(), &arguments, "");
    assert_eq!(said.exit, 1, "there is no such card");
    assert!(said.stderr.contains("card_fault"));
    for wrong in [["--pull-at", "xy"], ["--hold-at", "2c"], ["--hold-at", "2c=no-such-file"]] {
        let arguments = [&arguments[..], &wrong].concat();
        assert_eq!(kaika_agent(empty.path(), &arguments, "").exit, 2, "{wrong:?}");
    }
}

#[test]
fn a_taken_port_is_told() {
    let empty = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let said = kaika_agent(empty.path(), &["run", "--listen", &listen], "");
    assert_eq!(said.exit, 1);
    assert!(said.stderr.contains("(port_taken)") && said.stderr.contains(&listen), "{}", said.stderr);
    assert!(!empty.path().join("kaika/agent-token").exists());
}

#[test]
fn a_portal_is_named_by_its_address() {
    let empty = tempfile::tempdir().unwrap();
    let said = kaika_agent(empty.path(), &["run", "--listen", "127.0.0.1:0", "--portal", "portal.example"], "");
    assert_eq!(said.exit, 1);
    assert!(said.stderr.contains("portal.example is not the address of a portal"), "{}", said.stderr);
}

/// That a file was heeded shows in the port, which is taken.
#[test]
fn a_file_configures_the_agent() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (folder, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = folder.path().join("kaika").join("agent.toml");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let refused = |home: &Path, options: &[&str], told: &str| {
        let said = kaika_agent(home, &[&["run"], options].concat(), "");
        assert_eq!(said.exit, 1);
        assert!(said.stderr.contains(told), "{told}: {}", said.stderr);
    };

    let listen = format!("listen = \"{}\"\n", taken.local_addr().unwrap());
    std::fs::write(&file, format!("{listen}portals = [\"https://portal.example\"]\n")).unwrap();
    refused(folder.path(), &[], "(port_taken)");
    refused(empty.path(), &["--config", file.to_str().unwrap()], "(port_taken)");

    for (contents, told) in [
        ("portals = [\"portal.example\"]\nlisten = \"127.0.0.1:0\"\n", "portal.example is not"),
        ("portal = [\"https://portal.example\"]\n", "unknown field `portal`"),
        ("listen = \"61161\"\n", "agent.toml"),
    ] {
        std::fs::write(&file, contents).unwrap();
        refused(folder.path(), &[], told);
    }
    refused(empty.path(), &["--config", "nowhere.toml"], "nowhere.toml: there is no such file");
}
