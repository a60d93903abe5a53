//! Files that do not hold what was written to them, or that are open to others: each is told by its name, with what to do.

use crate::bench::{Running, eventually, kaika, program, surroundings};
use crate::demo::{Data, refused_start};
use crate::serve::Authority;
use kaika_testkit::tools::Tool;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const ANY_PORT: [&str; 4] = ["--listen", "127.0.0.1:0", "--agent-listen", "127.0.0.1:0"];

fn only(folder: PathBuf, ending: &str) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.to_str().unwrap().ends_with(ending)).unwrap()
}

#[test]
fn a_file_of_the_demo_that_was_emptied_or_cut_is_told() {
    let made = Data::made();
    let at = |name: &str| made.path().join(name);
    for (path, advice) in [
        (at("demo.json"), "a copy of the folder"),
        (at("kaika.db"), "backup"),
        (at("authorities/gca.toml"), "gca.toml"),
        (at("keys/gca-1.key"), "backup"),
        (at("keys/xca-1-ocsp.key"), "backup"),
        (at("secrets/passphrase"), ""),
        (at("secrets/audit.key"), "backup"),
        (at("secrets/audit.pub"), "remove it"),
        (at("secrets/card-secrets.key"), "backup"),
        (at("cards/readers.json"), "remove it"),
        (only(at("cards"), ".mailer.json"), "remove it"),
    ] {
        let whole = fs::read(&path).unwrap();
        let database = fs::read(at("kaika.db")).unwrap();
        for cut in [0, whole.len() / 2] {
            fs::write(&path, &whole[..cut]).unwrap();
            let said = stopped_start(&made);
            let name = path.file_name().unwrap().to_str().unwrap();
            let told =
                said.lines().find(|line| line.starts_with("kaika: ")).unwrap_or_else(|| panic!("{name}: {said}"));
            // Half a passphrase is another one.
            let named = if name == "passphrase" && cut > 0 { "card-secrets.key" } else { name };
            assert!(told.contains(named) && told.contains(advice), "{name}, {cut}: {told}");
            assert!(cut > 0 || told.contains("empt"), "{name}: {told}");
            if name != "kaika.db" {
                assert_eq!(fs::read(at("kaika.db")).unwrap().len(), database.len(), "{name}: nothing was done");
            } else {
                assert_eq!(fs::read(&path).unwrap(), &whole[..cut], "it is as it was");
            }
        }
        fs::write(&path, whole).unwrap();
    }
    // An operator is told the same.
    fs::write(at("kaika.db"), "").unwrap();
    let said = kaika(&["card", "list", "--authority", "gca", "--data", &made.argument()]);
    assert!(said.stderr().contains("backup") && !said.stderr().contains("makes a new one"), "{said}");
}

/// What a demo says that cannot begin.
#[track_caller]
fn stopped_start(data: &Data) -> String {
    let output = Tool::new(program("kaika")).envs(surroundings()).args(["demo", "--data", &data.argument()]);
    let output = output.args(ANY_PORT).patience(std::time::Duration::from_secs(60)).run();
    assert_eq!(output.status.code(), Some(1), "{output}");
    output.stderr()
}

#[test]
fn a_swapped_key_keeps_a_server_from_starting() {
    let data = Data::made();
    let keys = data.path().join("keys");
    fs::copy(keys.join("xca-1.key"), keys.join("gca-1.key")).unwrap();
    let said = refused_start(&[&["--data", &data.argument()][..], &ANY_PORT].concat());
    assert!(said.contains("gca-1") && said.contains("backup"), "{said}");

    let authority = Authority::unconfigured();
    authority.plain(&format!("http://localhost:{}", authority.port()), "sqlite:kaika.db");
    authority.operator(&["init"]).expect_success();
    let keys = Path::new(&authority.path("kaika.toml")).with_file_name("keys");
    fs::copy(keys.join("gca-1-ocsp.key"), keys.join("xca-1-ocsp.key")).unwrap();
    let said = kaika(&["serve", "--config", &authority.path("kaika.toml")]);
    assert!(said.status.code() == Some(1) && said.stderr().contains("xca-1-ocsp"), "{said}");
}

#[test]
fn secrets_that_others_can_read_are_told_at_the_start() {
    let authority = Authority::unconfigured();
    authority.plain(&format!("http://localhost:{}", authority.port()), "sqlite:kaika.db");
    let made = authority.operator(&["init"]).expect_success();
    let passphrase = PathBuf::from(made["passphrase_file"].as_str().unwrap());
    let warnings = || authority.operator(&["config", "check"]).expect_success()["warnings"].as_array().unwrap().clone();
    assert_eq!(warnings().len(), 0);
    fs::set_permissions(&passphrase, Permissions::from_mode(0o644)).unwrap();
    let told = warnings();
    assert!(told.len() == 1 && told[0].as_str().unwrap().contains("chmod"), "{told:?}");
    let mut server = Running::start("kaika", &["serve", "--config", &authority.path("kaika.toml")], &[]);
    eventually("a warning", || server.stderr().contains("keys.passphrase_file").then_some(()));
    eventually("a start all the same", || server.stderr().contains("serving").then_some(()));
    server.interrupt();
    assert!(server.wait_for_end(std::time::Duration::from_secs(10)).success());
}

/// Whoever reads has gone away: nobody is told of a panic, and what failed has failed.
#[test]
fn programs_whose_reader_is_gone_end_quietly() {
    let data = Data::made();
    let data = data.argument();
    for (name, arguments, exit) in [
        ("kaika", &["card", "list", "--authority", "gca", "--data", &data][..], 0),
        ("kaika", &["audit", "verify", "--json", "--data", &data], 0),
        ("kaika", &["card", "show", "--json", "--number", "GC00000000000000", "--data", &data], 1),
        ("kaika", &["certificate", "resume", "--card", "GC00000000000000", "--reason", "found", "--data", &data], 1),
        ("kaika", &["--help"], 0),
        ("kaika", &["--nonsense"], 2),
        ("kaika-agent", &["--help"], 0),
        ("kaika-agent", &["card", "list", "--json", "--agent", "http://127.0.0.1:1", "--agent-token-file", "none"], 1),
    ] {
        for both in [false, true] {
            let gone = || Stdio::from(std::io::pipe().unwrap().1);
            let mut command = Command::new(program(name));
            command.args(arguments).envs(surroundings()).stdin(Stdio::null()).stdout(gone());
            let output = match both {
                true => command.stderr(gone()).output().unwrap(),
                false => command.stderr(Stdio::piped()).output().unwrap(),
            };
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(exit), "{name} {arguments:?}: {said}");
            assert!(!said.contains("panicked"), "{said}");
        }
    }
    // A full disk is no such wish.
    let full = || Stdio::from(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let output =
        Command::new(program("kaika")).args(["audit", "verify", "--data", &data]).stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}
