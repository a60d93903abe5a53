//! How the demo starts, how it refuses to, and how it ends.

use crate::bench::kaika;
use crate::demo::{Data, Demo, END, fetch, refused_start};
use crate::judges::{Question, RelyingParty, pem, statuses};
use kaika_testkit::ports::PortPair;
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

/// The arguments for a start on ports of one's own.
fn arguments(data: &Data, ports: &PortPair) -> Vec<String> {
    let listen = format!("127.0.0.1:{}", ports.first);
    let agent_listen = format!("127.0.0.1:{}", ports.first + 1);
    let ready = data.path().with_file_name("ready.json");
    let arguments = ["--data", &data.argument(), "--listen", &listen, "--agent-listen", &agent_listen];
    let arguments = arguments.into_iter().chain(["--ready-file", ready.to_str().unwrap()]);
    arguments.map(str::to_owned).collect()
}

#[track_caller]
fn refused(data: &Data, ports: &PortPair) -> String {
    let arguments = arguments(data, ports);
    let line = refused_start(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!data.path().with_file_name("ready.json").exists(), "nothing is ready");
    line
}

#[test]
fn a_port_in_use_is_told() {
    let (data, ports) = (Data::made(), PortPair::claim().unwrap());
    // A ready file of an earlier start must not outlive this one's refusal.
    fs::write(data.path().with_file_name("ready.json"), "{}").unwrap();
    let portal = TcpListener::bind(("127.0.0.1", ports.first)).unwrap();
    let line = refused(&data, &ports);
    assert!(line.contains(&format!("127.0.0.1:{}", ports.first)) && line.contains("--listen"), "{line}");
    drop(portal);
    let _agent = TcpListener::bind(("127.0.0.1", ports.first + 1)).unwrap();
    let line = refused(&data, &ports);
    assert!(line.contains("--agent-listen") && line.contains(&(ports.first + 1).to_string()), "{line}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let (data, ports) = (Data::new(), PortPair::claim().unwrap());
    // Below a file: not even root can write there.
    fs::write(data.path(), "a file").unwrap();
    let below = data.path().join("folder");
    let mut arguments = arguments(&data, &ports);
    arguments[1] = below.to_str().unwrap().to_owned();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let line = refused_start(&arguments);
    assert!(line.contains(below.to_str().unwrap()) && line.contains("cannot be written"), "{line}");
    assert!(refused(&data, &ports).contains("cannot be written"));

    let data = Data::made();
    let ready = data.path().join("demo.json/ready.json");
    let refused = ["--data", &data.argument(), "--ready-file", ready.to_str().unwrap()];
    let line = refused_start(&[&refused[..], &["--listen", "127.0.0.1:0", "--agent-listen", "127.0.0.1:0"]].concat());
    assert!(line.contains("ready.json"), "{line}");
}

#[test]
fn a_folder_of_a_newer_version_is_told() {
    let ports = PortPair::claim().unwrap();
    let data = Data::made();
    data.change_memory(|memory| memory["format"] = json!(99));
    let line = refused(&data, &ports);
    assert!(line.contains("newer version") && line.contains("99"), "{line}");

    let data = Data::made();
    data.sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         SELECT 99, 'later', success, checksum, execution_time FROM _sqlx_migrations LIMIT 1; \
         UPDATE schema SET oldest_program = '98.0.0'",
    );
    let line = refused(&data, &ports);
    assert!(line.contains("newer version") && line.contains("99") && line.contains("98.0.0"), "{line}");
    // The operator is told the same.
    let error = data.operator(&["card", "list", "--authority", "gca"]).document["error"].clone();
    assert!(error["detail"].as_str().unwrap().contains("newer version"), "{error}");
}

#[test]
fn a_folder_that_another_one_serves_is_told() {
    let demo = Demo::new();
    let mut arguments = ["--data", &demo.data().argument()].map(str::to_owned).to_vec();
    arguments.extend(["--listen", "127.0.0.1:0", "--agent-listen", "127.0.0.1:0"].map(str::to_owned));
    let line = refused_start(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(line.contains("another program"), "{line}");
    // That one goes on.
    demo.show_at(demo.portal("gca"), &demo.card("gca")).expect_success();
}

#[test]
fn ctrl_c_ends_it_whoever_is_connected() {
    let mut demo = Demo::new();
    // Somebody who never says anything, a browser that may say more, and a page that waits for news.
    let silent = TcpStream::connect(("127.0.0.1", demo.port())).unwrap();
    let mut browser = TcpStream::connect(("127.0.0.1", demo.port())).unwrap();
    write!(browser, "GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", demo.port()).unwrap();
    let mut half = TcpStream::connect(("127.0.0.1", demo.agent_port())).unwrap();
    write!(half, "GET /tray HTTP/1.1\r\nHo").unwrap();
    let mut page = TcpStream::connect(("127.0.0.1", demo.agent_port())).unwrap();
    // The count that is awaited is the present one: there is no news.
    let tray = String::from_utf8(fetch(&format!("http://127.0.0.1:{}/tray", demo.agent_port()))).unwrap();
    let since = tray.split("data-changes=\"").nth(1).unwrap().split('"').next().unwrap();
    write!(page, "GET /changes?since={since} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", demo.agent_port()).unwrap();
    let mut first = [0; 12];
    browser.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");

    demo.process().interrupt();
    assert!(demo.process().wait_for_end(END).success());
    assert_eq!(demo.process().stderr(), "", "an orderly end has nothing to complain of");
    drop((silent, browser, half, page));
}

#[test]
fn what_was_done_is_there_after_a_power_cut() {
    let demo = Demo::new();
    let (portal, card) = (demo.portal("gca"), demo.card("gca"));
    demo.activate(portal, &card, "135790").expect_success();
    let demo = Demo::start(demo.kill(), &[]);
    let shown = demo.show_at(demo.portal("gca"), &demo.card("gca")).expect_success();
    assert_eq!(shown["activated"], true);
    demo.activate(demo.portal("xca"), &demo.card("xca"), "135790").expect_success();
    demo.data().operator(&["audit", "verify"]).expect_success();
}

#[test]
fn on_another_port_the_certificates_keep_the_first_address() {
    let mut demo = Demo::new();
    let memory: Value = serde_json::from_slice(&fs::read(demo.data().path().join("demo.json")).unwrap()).unwrap();
    let first = memory["base_url"].as_str().unwrap();
    assert!(!first.ends_with(&format!(":{}", demo.port())), "the snapshot was made on another port");
    let said = demo.process().stdout();
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(first)).collect();
    assert_eq!(lines.len(), 1, "one line says it");

    let (portal, card) = (demo.portal("gca"), demo.card("gca"));
    demo.activate(portal, &card, "135790").expect_success();
    let shown = demo.show_at(portal, &card).expect_success();
    assert!(statuses(&shown).iter().all(|(_, status)| *status == "valid"));
    let party = RelyingParty::of(&demo, "gca");
    let signature = pem(&shown["certificates"][0]);
    assert_eq!(party.ask(Question::Certificate(signature)).status, "good");
    party.verify(signature).expect_success();
    party.put("signature.pem", signature);
    let text = party.openssl(&["x509", "-in", "signature.pem", "-noout", "-text"]).expect_success().stdout();
    for address in [format!("{first}/ocsp/gca-1"), format!("{first}/crl/gca-1/"), format!("{first}/ca/gca-1.cer")] {
        assert!(text.contains(&address), "{address}: {text}");
    }
    // On the first port again, nothing is said.
    let mut demo = Demo::start_as_first(demo.stop().0);
    assert_eq!(first, format!("http://127.0.0.1:{}", demo.port()));
    assert!(!demo.process().stdout().contains("keep the address"));
}

#[test]
fn a_wrong_use_is_told() {
    let output = kaika(&["demo", "--listen", "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr().contains("--listen"), "{output}");
}
