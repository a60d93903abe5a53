//! What is left in the agent's memory of what was typed, and whether it gets to a disk.

use crate::{
    cards::PUK,
    http::HttpScript,
    pcsc::{Bench, open_card},
    portal::{NUMBER, Script, TOKEN, running, succeeded},
};
use kaika_testkit::secrets::{done_as_root, in_memory};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    os::unix::process::ExitStatusExt,
    process::Command,
    time::{Duration, Instant},
};

fn digits(count: usize) -> String {
    let mut random = [0; 16];
    File::open("/dev/urandom").unwrap().read_exact(&mut random).unwrap();
    random[..count].iter().map(|byte| char::from(b'0' + byte % 10)).collect()
}

fn post(host: &str, token: &str, request: &Value) -> Value {
    let (mut stream, body) = (TcpStream::connect(host).unwrap(), request.to_string());
    let head = format!("Host: {host}\r\nAuthorization: Bearer {token}\r\nContent-Length: {}", body.len());
    stream.write_all(format!("POST /tool HTTP/1.1\r\n{head}\r\n\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    // It ends the connection by itself.
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn nothing_that_was_typed_stays_in_memory() {
    if done_as_root("memory::nothing_that_was_typed_stays_in_memory") {
        return;
    }
    let bench = Bench::new();
    bench.insert();
    let (agent, host) = bench.run(&[]);
    let file = fs::read_to_string(bench.folder.path().join("kaika/agent-token")).unwrap();
    let token = file.lines().next().unwrap();

    let (user_code, pin, new_pin) = (format!("u{}", digits(7)), digits(8), digits(6));
    let script = Script::new([running(1, open_card()), succeeded(Vec::new())]);
    let portal = HttpScript::start(&script);
    let done = post(
        &host,
        token,
        &json!({
            "operation": "job", "kind": "activate", "portal": portal.origin,
            "secrets": {"user_code": user_code, "new_pin": pin},
        }),
    );
    assert_eq!((&done["state"], &done["number"]), (&json!("succeeded"), &json!(NUMBER)), "{done}");
    let done = post(
        &host,
        token,
        &json!({
            "operation": "job", "kind": "change_pin", "secrets": {"pin": pin, "new_pin": new_pin},
        }),
    );
    assert_eq!(done["state"], "succeeded", "{done}");

    let secrets = [
        ("user code", user_code.as_str()),
        ("PIN", &pin),
        ("new PIN", &new_pin),
        ("PUK", PUK),
        ("the job's token", TOKEN),
        ("the agent's token", token),
    ];
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let found = in_memory(agent.0.id(), &secrets);
        // It holds its own, so it can be seen that one is found which is there.
        if found == BTreeSet::from(["the agent's token"]) {
            break;
        }
        assert!(Instant::now() < deadline, "{found:?}");
    }
}

#[test]
fn no_memory_gets_to_a_disk() {
    let bench = Bench::new();
    let (mut agent, _) = bench.run(&["sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh"]);
    let killed = Command::new("kill").args(["-ABRT", &agent.0.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let status = agent.0.wait().unwrap();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
}
