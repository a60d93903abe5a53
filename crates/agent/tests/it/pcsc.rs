//! Readers of a real pcscd, by the command line.

use crate::{
    cards::{GCA, PUK, inspect, unopened},
    http::HttpScript,
    portal::{NUMBER, Script, failed, running, succeeded},
};
use kaika_softcard::{
    Fault, FaultKind, SoftCard,
    vpcd::{self, Link},
};
use kaika_testkit::pcscd::PrivatePcscd;
use kaika_wire::{Code, Command as CardCommand, KeyAlgorithm, PinSource, Puk};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

pub(crate) struct Bench {
    pcscd: PrivatePcscd,
    card: Arc<Mutex<SoftCard>>,
    link: Arc<Link>,
    pub(crate) folder: TempDir,
}

impl Bench {
    /// An unopened card, outside its reader.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        unopened(folder.path(), NUMBER, &GCA);
        let card = SoftCard::open(folder.path().join(format!("{NUMBER}.card"))).unwrap();
        let bench = Self {
            pcscd: PrivatePcscd::start(&["Kaika"]),
            card: Arc::new(Mutex::new(card)),
            link: Link::removed(),
            folder,
        };
        let (card, link, port) = (bench.card.clone(), bench.link.clone(), bench.pcscd.slots()[0].port);
        thread::spawn(move || vpcd::serve(&card, ("127.0.0.1", port), &link));
        bench
    }

    /// Puts the card in and waits until pcscd has seen it: it looks every now and then.
    pub(crate) fn insert(&self) {
        self.link.insert();
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.say(&["card", "list"], "")["readers"][0]["card"] != true {
            assert!(Instant::now() < deadline, "{}", self.pcscd.log());
        }
    }

    fn command(&self) -> Command {
        self.command_in(&[])
    }

    /// The program, begun by another one.
    fn command_in(&self, begun_by: &[&str]) -> Command {
        let (name, socket) = self.pcscd.env();
        let mut command = Command::new("env");
        command.args(begun_by).arg(env!("CARGO_BIN_EXE_kaika-agent"));
        command
            .env(name, socket)
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("LC_ALL", "en_US.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// An agent, and the host that it has.
    pub(crate) fn run(&self, begun_by: &[&str]) -> (Killed, String) {
        let mut command = self.command_in(begun_by);
        command.args(["run", "--listen", "127.0.0.1:0"]).current_dir(self.folder.path());
        let mut agent = Killed(command.spawn().unwrap());
        let mut said = BufReader::new(agent.0.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        // Read on, so that it can go on talking.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let (_, host) = line.trim().split_once("http://").unwrap();
        (agent, host.to_owned())
    }

    fn say(&self, arguments: &[&str], stdin: &str) -> Value {
        let mut child = self.command().args(arguments).arg("--json").spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn activate(&self, portal: &str) -> Value {
        let arguments = ["card", "activate", "--portal", portal, "--secrets-stdin"];
        self.say(&arguments, "user_code=Abc123\nnew_pin=135790\n")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.link.stop();
    }
}

pub(crate) fn open_card() -> Vec<CardCommand> {
    vec![
        CardCommand::ResetRetryCounter { puk: Puk::parse(PUK).unwrap(), pin: PinSource::New },
        CardCommand::SignAcceptance { pin: PinSource::New, algorithm: KeyAlgorithm::P256, certificates: Vec::new() },
    ]
}

#[test]
fn a_card_in_a_real_reader_is_seen_and_read() {
    let bench = Bench::new();
    let readers = bench.say(&["card", "list"], "")["readers"].take();
    assert_eq!(readers.as_array().unwrap().len(), 2);
    assert_eq!(readers[0]["reader"], "Kaika 00 00");
    assert_eq!(readers[0]["card"], false);
    assert_eq!(bench.say(&["card", "show"], "")["error"]["code"], "no_card");

    bench.insert();
    assert_eq!(bench.say(&["card", "list"], "")["readers"][0]["number"], NUMBER);
    let view = bench.say(&["card", "show", "--reader", "Kaika 00 00"], "");
    assert_eq!(view["number"], NUMBER);
    assert_eq!(view["pin_tries_left"], 0);
    assert_eq!(view["certificates"].as_array().unwrap().len(), 2);
}

#[test]
fn a_job_runs_in_a_real_reader() {
    let bench = Bench::new();
    bench.insert();
    let script = Script::new([running(1, open_card()), succeeded(Vec::new())]);
    let server = HttpScript::start(&script);
    let done = bench.activate(&server.origin);
    assert_eq!(done["state"], "succeeded", "{done}");
    assert_eq!(script.reports()[0]["outcomes"][1]["outcome"], "signature");
    assert!(inspect(bench.folder.path(), NUMBER).pin_is("135790"));
}

#[test]
fn a_card_pulled_out_of_a_real_reader_is_told() {
    let bench = Bench::new();
    bench.insert();
    let script = Script::new([running(1, Vec::new()), succeeded(Vec::new())]);
    let before = bench.card.lock().unwrap().apdu_count();
    bench.activate(&HttpScript::start(&script).origin);
    let detection = bench.card.lock().unwrap().apdu_count() - before;

    let script = Script::new([running(1, open_card()), failed(Code::Stale)]);
    bench.card.lock().unwrap().plan_fault(Fault { at: detection + 1, kind: FaultKind::LosePowerAfter });
    let refused = bench.activate(&HttpScript::start(&script).origin);
    assert_eq!(refused["error"]["code"], "card_removed", "{refused} {:?}", script.reports());
    assert_eq!(script.reports()[0]["fault"]["fault"], "removed");
    // The card had acted, and a second start finds it so.
    assert!(inspect(bench.folder.path(), NUMBER).pin_is("135790"));
}

pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn comings_and_goings_are_told_as_they_happen() {
    let bench = Bench::new();
    let (_agent, host) = bench.run(&[]);
    let host = host.as_str();
    assert!(bench.folder.path().join("kaika/agent-token").exists());

    // The first look at the readers is a change, too.
    let start = changes(host, 0);
    assert_ne!(start, 0);
    let started = Instant::now();
    bench.link.insert();
    let inserted = changes(host, start);
    assert_ne!(inserted, start);
    bench.link.remove();
    let removed = changes(host, inserted);
    assert_ne!(removed, inserted);
    assert!(started.elapsed() < Duration::from_secs(20), "told by the event, not by the end of the wait");
}

/// Waits until the count is another one than this.
fn changes(host: &str, since: u64) -> u64 {
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!("GET /changes?since={since} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let document: Value = serde_json::from_str(body).unwrap();
    document["changes"].as_u64().unwrap()
}
