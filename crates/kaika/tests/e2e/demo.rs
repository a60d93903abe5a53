//! A demo of one's own, and the snapshot from which it starts.

use crate::bench::{PATIENCE, Running, Said, folder, program, tool};
use kaika_app::Store;
use kaika_testkit::{ports::PortPair, tools::Tool};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tempfile::TempDir;

/// How long Ctrl-C may take.
pub(crate) const END: Duration = Duration::from_secs(5);

/// A demo's folder that nothing runs on.
pub(crate) struct Data {
    folder: TempDir,
}

impl Data {
    /// Not there yet.
    pub(crate) fn new() -> Data {
        Data { folder: folder() }
    }

    /// As the first start leaves it: every card as it was made.
    pub(crate) fn made() -> Data {
        first_start().0.copy()
    }

    pub(crate) fn copy(&self) -> Data {
        let copy = Data::new();
        Tool::new("cp").arg("-a").arg(self.path()).arg(copy.path()).run().expect_success();
        copy
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// For command lines.
    pub(crate) fn argument(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    /// `kaika …  --data DIR --json`.
    pub(crate) fn operator(&self, arguments: &[&str]) -> Said {
        Said::in_json(&tool("kaika").args(arguments).args(["--json", "--data"]).arg(self.path()).run())
    }

    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        let database = self.path().join("kaika.db");
        kaika_store::open(&format!("sqlite:{}", database.display())).await.unwrap()
    }

    /// Changes what the demo remembers.
    pub(crate) fn change_memory(&self, change: impl FnOnce(&mut Value)) {
        let path = self.path().join("demo.json");
        let mut memory: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut memory);
        fs::write(&path, serde_json::to_vec(&memory).unwrap()).unwrap();
    }

    /// Looks into the database, or tampers with it, as somebody with a disk of ours could.
    #[track_caller]
    pub(crate) fn sql(&self, statements: &str) -> String {
        kaika_testkit::sqlite::sqlite(&self.path().join("kaika.db"), statements)
    }
}

/// What the snapshot is, and where it was made: no other demo gets these ports.
fn first_start() -> &'static (Data, Arc<PortPair>) {
    static FIRST_START: OnceLock<(Data, Arc<PortPair>)> = OnceLock::new();
    FIRST_START.get_or_init(|| {
        let demo = Demo::start(Data::new(), &[]);
        let ports = Arc::clone(&demo.ports);
        let (data, status) = demo.stop();
        assert!(status.success(), "{status}");
        (data, ports)
    })
}

/// A demo that is starting or runs.
pub(crate) struct Demo {
    process: Running,
    data: Data,
    ports: Arc<PortPair>,
    ready_file: PathBuf,
    /// The ready file; null until it is there. It has secrets: don't print it.
    ready: Value,
}

impl Demo {
    /// On a copy of the snapshot, and up.
    pub(crate) fn new() -> Demo {
        Demo::start(Data::made(), &[])
    }

    /// Up.
    #[track_caller]
    pub(crate) fn start(data: Data, options: &[&str]) -> Demo {
        let mut demo = Demo::launch(data, options);
        demo.wait();
        demo
    }

    /// Up, on the ports of the first start.
    #[track_caller]
    pub(crate) fn start_as_first(data: Data) -> Demo {
        let mut demo = Demo::launch_at(Arc::clone(&first_start().1), data, &[], &[]);
        demo.wait();
        demo
    }

    /// Up, with this in its environment.
    #[track_caller]
    pub(crate) fn start_in(environment: &[(&str, &str)], data: Data, options: &[&str]) -> Demo {
        let mut demo = Demo::launch_at(Arc::new(PortPair::claim().unwrap()), data, options, environment);
        demo.wait();
        demo
    }

    /// Starting.
    pub(crate) fn launch(data: Data, options: &[&str]) -> Demo {
        Demo::launch_at(Arc::new(PortPair::claim().unwrap()), data, options, &[])
    }

    fn launch_at(ports: Arc<PortPair>, data: Data, options: &[&str], environment: &[(&str, &str)]) -> Demo {
        let ready_file = data.folder.path().join("ready.json");
        let process = Demo::process_at(&ports, &data, &ready_file, options, environment);
        Demo { process, data, ports, ready_file, ready: Value::Null }
    }

    fn process_at(
        ports: &PortPair,
        data: &Data,
        ready_file: &Path,
        options: &[&str],
        environment: &[(&str, &str)],
    ) -> Running {
        // One of an earlier start would be taken for this one's.
        drop(fs::remove_file(ready_file));
        let listen = format!("127.0.0.1:{}", ports.first);
        let agent_listen = format!("127.0.0.1:{}", ports.first + 1);
        let (folder, ready) = (data.argument(), ready_file.to_str().unwrap());
        let mut arguments = vec!["demo", "--data", &folder, "--listen", &listen, "--agent-listen", &agent_listen];
        arguments.extend(["--ready-file", ready]);
        arguments.extend(options);
        Running::start("kaika", &arguments, environment)
    }

    /// Once more, on the same folder and ports; after its process was killed.
    #[track_caller]
    pub(crate) fn start_again(&mut self, options: &[&str]) {
        self.process = Demo::process_at(&self.ports, &self.data, &self.ready_file, options, &[]);
        self.wait();
    }

    #[track_caller]
    fn wait(&mut self) {
        let ready_file = self.ready_file.clone();
        self.process.wait_until("ready", |_| ready_file.exists());
        // Whoever sees it sees all of it.
        self.ready = serde_json::from_slice(&fs::read(&ready_file).unwrap()).unwrap();
    }

    pub(crate) fn process(&mut self) -> &mut Running {
        &mut self.process
    }

    pub(crate) fn data(&self) -> &Data {
        &self.data
    }

    /// What it has logged. What it tells people on standard output has user codes to try.
    pub(crate) fn log(&self) -> String {
        self.process.stderr()
    }

    pub(crate) fn ready(&self) -> &Value {
        &self.ready
    }

    pub(crate) fn port(&self) -> u16 {
        self.ports.first
    }

    pub(crate) fn agent_port(&self) -> u16 {
        self.ports.first + 1
    }

    /// Ctrl-C.
    #[track_caller]
    pub(crate) fn stop(mut self) -> (Data, ExitStatus) {
        self.process.interrupt();
        let status = self.process.wait_for_end(END);
        (self.data, status)
    }

    /// A power cut.
    pub(crate) fn kill(mut self) -> Data {
        self.process.kill();
        self.data
    }

    /// An authority's entry of the ready file.
    pub(crate) fn authority(&self, id: &str) -> &Value {
        let authorities = self.ready["authorities"].as_array().unwrap();
        authorities.iter().find(|authority| authority["id"] == id).unwrap()
    }

    /// An address of the ready file.
    pub(crate) fn url(&self, authority: &str, what: &str) -> &str {
        self.authority(authority)[what].as_str().unwrap()
    }

    /// The authority's page.
    pub(crate) fn portal(&self, authority: &str) -> &str {
        self.url(authority, "portal")
    }

    /// The authority's card that is in a reader.
    pub(crate) fn card(&self, authority: &str) -> Card<'_> {
        let cards = self.ready["cards"].as_array().unwrap();
        let card = cards.iter().find(|card| card["authority"] == authority && !card["reader"].is_null());
        Card { entry: card.unwrap() }
    }

    /// The authority's card that is in no reader, and its file.
    pub(crate) fn spare_card(&self, authority: &str) -> (Card<'_>, PathBuf) {
        let cards = self.ready["cards"].as_array().unwrap();
        let card = cards.iter().find(|card| card["authority"] == authority && card["reader"].is_null());
        self.with_file(card)
    }

    /// The authority's card in this state that is in a reader, and its file.
    pub(crate) fn card_in_state(&self, authority: &str, state: &str) -> (Card<'_>, PathBuf) {
        let cards = self.ready["cards"].as_array().unwrap();
        let is_it =
            |card: &&Value| card["authority"] == authority && card["state"] == state && !card["reader"].is_null();
        self.with_file(cards.iter().find(is_it))
    }

    fn with_file<'d>(&'d self, card: Option<&'d Value>) -> (Card<'d>, PathBuf) {
        let card = Card { entry: card.unwrap() };
        (card, self.data.path().join("cards").join(format!("{}.card", card.number())))
    }

    /// `kaika-agent …  --json` at this demo's agent.
    pub(crate) fn agent(&self, arguments: &[&str], stdin: &str) -> Said {
        let output = tool("kaika-agent")
            .args(arguments)
            .args(["--json", "--agent", self.ready["agent"].as_str().unwrap()])
            .args(["--agent-token-file", self.ready["agent_token_file"].as_str().unwrap()])
            .input(stdin)
            .run();
        Said::in_json(&output)
    }

    pub(crate) fn show(&self, card: &Card<'_>) -> Said {
        self.agent(&["card", "show", "--reader", card.reader()], "")
    }

    pub(crate) fn show_at(&self, portal: &str, card: &Card<'_>) -> Said {
        self.agent(&["card", "show", "--portal", portal, "--reader", card.reader()], "")
    }

    /// With the card's own user code.
    pub(crate) fn activate(&self, portal: &str, card: &Card<'_>, new_pin: &str) -> Said {
        self.activate_with(portal, card.reader(), card.user_code(), new_pin)
    }

    pub(crate) fn activate_with(&self, portal: &str, reader: &str, user_code: &str, new_pin: &str) -> Said {
        let arguments = ["card", "activate", "--portal", portal, "--reader", reader, "--secrets-stdin"];
        let said = self.agent(&arguments, &format!("user_code={user_code}\nnew_pin={new_pin}\n"));
        for secret in [user_code, new_pin] {
            assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret), "a secret was printed");
        }
        said
    }
}

/// A card's entry of the ready file.
#[derive(Clone, Copy)]
pub(crate) struct Card<'d> {
    entry: &'d Value,
}

impl<'d> Card<'d> {
    pub(crate) fn number(&self) -> &'d str {
        self.entry["number"].as_str().unwrap()
    }

    pub(crate) fn reader(&self) -> &'d str {
        self.entry["reader"].as_str().unwrap()
    }

    pub(crate) fn user_code(&self) -> &'d str {
        self.entry["user_code"].as_str().unwrap()
    }

    pub(crate) fn pin(&self) -> &'d str {
        self.entry["pin"].as_str().unwrap()
    }
}

/// A demo that has nothing else to do than to refuse.
pub(crate) fn refused_start(arguments: &[&str]) -> String {
    let output = Tool::new(program("kaika"))
        .envs(crate::bench::surroundings())
        .arg("demo")
        .args(arguments)
        .patience(PATIENCE)
        .run();
    assert_eq!(output.status.code(), Some(1), "{}", output.stderr());
    let stderr = output.stderr();
    assert_eq!(stderr.lines().count(), 1, "one line: {stderr}");
    assert!(stderr.starts_with("kaika: "), "{stderr}");
    stderr
}

/// Gets a document over HTTP.
#[track_caller]
pub(crate) fn fetch(url: &str) -> Vec<u8> {
    let mut response = ureq::get(url).call().unwrap_or_else(|error| panic!("{url}: {error}"));
    response.body_mut().read_to_vec().unwrap()
}
