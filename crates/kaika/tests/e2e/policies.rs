//! Policies that do not go together, or not with the database, are told by every command before anything is done.

use crate::bench::{Running, Said};
use crate::serve::{Authority, failed};
use kaika_testkit::tools::Tool;
use std::fs;

/// With the examples' policies.
fn configured() -> Authority {
    let authority = Authority::unconfigured();
    authority.plain(&format!("http://localhost:{}", authority.port()), "sqlite:kaika.db");
    authority
}

#[test]
fn what_does_not_go_together_is_told_before_anything_is_made() {
    let authority = configured();
    let policies = authority.path("authorities");
    fs::create_dir(&policies).unwrap();
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/authorities");
    for file in ["roots.toml", "gca.toml", "xca.toml"] {
        fs::copy(format!("{examples}/{file}"), format!("{policies}/{file}")).unwrap();
    }
    authority.operator(&["config", "check"]).expect_success();
    let right = fs::read_to_string(format!("{policies}/xca.toml")).unwrap();
    for (from, to, told) in [
        ("id = \"xca\"", "id = \"gca\"", "gca.toml and xca.toml: both have the id gca"),
        ("id = \"xca\"", "id = \"ocsp\"", "xca.toml: the server has something else at /ocsp"),
        ("id = \"xca\"", "id = \"privacy\"", "xca.toml: the server has something else at /privacy"),
        ("[\"XC\"]", "[\"GC\"]", "gca.toml and xca.toml: card numbers of both begin with GC"),
        ("root = \"test-grca\"", "root = \"grca\"", "xca.toml: roots.toml has no root grca"),
        ("min = 6", "min = 4", "xca.toml is not right"),
    ] {
        assert!(right.contains(from), "{from}");
        fs::write(format!("{policies}/xca.toml"), right.replace(from, to)).unwrap();
        for command in [&["config", "check"][..], &["init"]] {
            failed(&authority.operator(command), told);
        }
    }
    assert!(!fs::exists(authority.path("kaika.db")).unwrap(), "nothing was made");
    fs::write(format!("{policies}/xca.toml"), &right).unwrap();
    authority.operator(&["init"]).expect_success();
    fs::write(format!("{policies}/xca.toml"), right.replace("[\"XC\"]", "[\"GC\"]")).unwrap();
    failed(&authority.operator(&["serve"]), "card numbers of both begin with GC");
}

#[test]
fn a_policy_stays_as_long_as_there_are_cards_of_it() {
    let authority = configured();
    let checked = authority.operator(&["config", "check"]);
    assert_eq!(checked.exit, Some(1), "there are no policies yet");
    authority.operator(&["init"]).expect_success();
    let holder = authority.path("holder.toml");
    fs::write(&holder, "subject = [[\"C\", \"TW\"], [\"O\", \"測試機關\"]]\n").unwrap();
    authority.operator(&["card", "order", "--authority", "gca", "--holder", &holder]).expect_success();
    // Of this one there are none.
    fs::remove_file(authority.path("authorities/xca.toml")).unwrap();
    let checked = authority.operator(&["config", "check"]).expect_success();
    assert!(checked["database_unasked"].is_null(), "{checked}");

    fs::rename(authority.path("authorities/gca.toml"), authority.path("gca.toml")).unwrap();
    let told = "the authority gca has cards, and its policy is gone; put the file back";
    for command in [&["config", "check"][..], &["serve"], &["card", "list", "--authority", "moica"]] {
        failed(&authority.operator(command), told);
    }
    fs::rename(authority.path("gca.toml"), authority.path("authorities/gca.toml")).unwrap();
    let mut server = Running::start("kaika", &["serve", "--config", &authority.path("kaika.toml")], &[]);
    let ready = format!("http://localhost:{}/readyz", authority.port());
    server.wait_until("ready", |_| Tool::new("curl").args(["--silent", "--fail", &ready]).run().status.success());
}

#[test]
fn a_new_installation_begins_with_an_example() {
    let authority = Authority::unconfigured();
    failed(&authority.operator(&["config", "check"]), "kaika.toml cannot be read");
    failed(&authority.operator(&["init"]), "it is an example now: edit it");
    let written = fs::read_to_string(authority.path("kaika.toml")).unwrap();
    assert!(written.contains("[site]\n# In place of") && written.contains("# privacy = "), "{written}");
    // It names a database that is not there; no second file is written over it.
    let again: Said = authority.operator(&["init"]);
    assert_eq!(again.exit, Some(1));
    assert_eq!(fs::read_to_string(authority.path("kaika.toml")).unwrap(), written);
}
