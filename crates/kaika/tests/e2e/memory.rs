//! What is left of secrets in the server's memory, and whether it gets to a disk.

use crate::bench::{Running, eventually};
use crate::serve::Authority;
use base64::prelude::{BASE64_STANDARD, Engine};
use kaika_testkit::secrets::{done_as_root, in_memory};
use kaika_testkit::tools::Tool;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

fn served() -> (Authority, Running, String) {
    let authority = Authority::unconfigured();
    let origin = format!("http://localhost:{}", authority.port());
    authority.plain(&origin, "sqlite:kaika.db");
    authority.operator(&["init"]).expect_success();
    let config = authority.path("kaika.toml");
    let limit = ["-c", "ulimit -c unlimited; exec \"$@\"", "sh"];
    let program = crate::bench::program("kaika");
    let arguments = [&limit[..], &[program.to_str().unwrap(), "serve", "--config", &config]].concat();
    let mut server = Running::start_other(Path::new("/bin/sh"), &arguments, &[]);
    let ready = format!("{origin}/readyz");
    server.wait_until("ready", |_| Tool::new("curl").args(["--silent", "--fail", &ready]).run().status.success());
    (authority, server, origin)
}

/// As it goes to the station.
fn management_key(card: &Path) -> String {
    let state: Value = serde_json::from_slice(&fs::read(card).unwrap()).unwrap();
    BASE64_STANDARD.encode(hex::decode(state["management"]["key"].as_str().unwrap()).unwrap())
}

/// Not of PUKs: the last one is found now and then, as SECURITY says.
#[test]
fn nothing_of_a_job_stays_in_the_servers_memory() {
    if done_as_root("memory::nothing_of_a_job_stays_in_the_servers_memory") {
        return;
    }
    let (authority, server, origin) = served();
    authority.enrol_station();
    let station: Value = serde_json::from_slice(&fs::read(authority.path("station.json")).unwrap()).unwrap();
    let ordered = authority.order(&origin, 31_000_061);
    ordered.personalise();
    let management = management_key(&ordered.file());
    ordered.activate().expect_success();
    let passphrase = fs::read_to_string(authority.path("passphrase")).unwrap();
    let secrets = [
        ("the user code", ordered.user_code.as_str()),
        ("the management key", &management),
        ("the station's token", station["token"].as_str().unwrap()),
        ("the passphrase", passphrase.trim()),
    ];
    // By the passphrase it opens keys for as long as it runs: what is there is found.
    eventually("nothing but the passphrase in memory", || {
        (in_memory(server.id(), &secrets) == BTreeSet::from(["the passphrase"])).then_some(())
    });
}

#[test]
fn the_servers_memory_gets_to_no_disk() {
    let (_authority, mut server, _) = served();
    server.signal("ABRT");
    let status = server.wait_for_end(crate::bench::PATIENCE);
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
}
