//! The local agent: who may ask what.

use crate::{
    portal::{NUMBER, ORIGIN, Script, running, succeeded},
    tool::{Desk, URL, desk},
};
use kaika_agent::{
    client::AgentClient,
    serve::{AgentConfig, AgentHandle, CONNECTIONS, ServeError, serve_with},
    tool::{ToolReply, ToolRequest},
};
use kaika_testkit::site::{Answer as Page, Site};
use kaika_wire::Code;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{runtime::Runtime, sync::oneshot};

pub(crate) struct Running {
    pub(crate) desk: Desk,
    pub(crate) url: String,
    pub(crate) token_file: PathBuf,
    port: u16,
    folder: tempfile::TempDir,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    handle: Option<AgentHandle>,
}

/// An agent over a desk of software cards, whose portal plays the script.
pub(crate) fn agent(script: &Script) -> Running {
    agent_with(script, desk())
}

/// An agent without portals and tray, on any port.
fn config(desk: &Desk, token_file: &Path) -> AgentConfig {
    AgentConfig {
        connections: CONNECTIONS,
        listen: "127.0.0.1:0".parse().unwrap(),
        token_file: token_file.to_owned(),
        readers: desk.readers.clone(),
        portals: Vec::new(),
        tray: None,
    }
}

pub(crate) fn agent_with(script: &Script, desk: Desk) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("run/kaika/agent-token");
    let runtime = Runtime::new().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let config = AgentConfig {
        portals: vec![format!("{ORIGIN}/")],
        tray: Some(desk.soft.clone()),
        ..config(&desk, &token_file)
    };
    let shutdown = async {
        let _ = stopped.await;
    };
    let handle = runtime.block_on(serve_with(config, Arc::new(script.clone()), shutdown)).unwrap();
    Running {
        desk,
        url: handle.url.clone(),
        token_file,
        port: handle.address.port(),
        folder,
        runtime,
        stop: Some(stop),
        handle: Some(handle),
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn code(&self) -> String {
        let document: Value = serde_json::from_str(&self.body).unwrap();
        document["error"]["code"].as_str().unwrap().to_owned()
    }
}

impl Running {
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.host())
    }

    pub(crate) fn token(&self) -> String {
        std::fs::read_to_string(&self.token_file).unwrap().lines().next().unwrap().to_owned()
    }

    /// One request with just these headers.
    pub(crate) fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut request = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer { status: head[9..12].parse().unwrap(), head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), &[("Host", &self.host())], "")
    }

    fn list(&self, headers: &[(&str, &str)]) -> Answer {
        self.send("POST /tool", headers, r#"{"operation":"list"}"#)
    }

    fn form(&self, path: &str, origin: Option<&str>, body: &str) -> Answer {
        let host = self.host();
        let mut headers = vec![("Host", host.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        self.send(&format!("POST {path}"), &headers, body)
    }

    /// The one-time token of a fresh tray page.
    fn form_token(&self) -> String {
        let page = self.get("/tray").body;
        let (_, rest) = page.split_once("name=\"token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    fn stop(&mut self) {
        drop(self.stop.take());
        let handle = self.handle.take().unwrap();
        self.runtime.block_on(handle.stopped());
    }
}

#[test]
fn only_this_computers_names_are_answered() {
    let agent = agent(&Script::default());
    let port = agent.port;
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("127.0.0.1".to_owned(), 421),
        (format!("127.0.0.1:{}", port ^ 1), 421),
        (format!("rebound.example:{port}"), 421),
        (format!("127.0.0.1.example:{port}"), 421),
        (String::new(), 421),
    ] {
        let answer = agent.send("GET /", &[("Host", &host)], "");
        assert_eq!(answer.status, status, "{host}");
    }
    let host = agent.host();
    let twice = agent.send("GET /", &[("Host", &host), ("Host", "rebound.example")], "");
    assert_ne!(twice.status, 200);
    assert_ne!(agent.send("GET /", &[], "").status, 200);
}

#[test]
fn pages_of_others_are_refused() {
    let agent = agent(&Script::default());
    let (host, token) = (agent.host(), format!("Bearer {}", agent.token()));
    let with = |origin: &str| agent.list(&[("Host", &host), ("Authorization", &token), ("Origin", origin)]);
    for origin in ["https://portal.example", "null", "http://localhost", "http://127.0.0.1:1"] {
        let answer = with(origin);
        assert_eq!(answer.status, 403, "{origin}");
        assert_eq!(answer.code(), "bad_request");
        assert!(!answer.head.contains("access-control-allow"));
    }
    assert_eq!(with(&agent.origin()).status, 200);
}

#[test]
fn the_tool_wants_the_token() {
    let agent = agent(&Script::default());
    let (host, token) = (agent.host(), agent.token());
    for authorization in [
        String::new(),
        "Bearer ".to_owned(),
        "Bearer 00".to_owned(),
        token.clone(),
        format!("Basic {token}"),
        format!("Bearer {token}0"),
    ] {
        let answer = agent.list(&[("Host", &host), ("Authorization", &authorization)]);
        assert_eq!((answer.status, answer.code().as_str()), (401, "agent_token"));
    }
    assert_eq!(agent.list(&[("Host", &host)]).status, 401);
    let answer = agent.list(&[("Host", &host), ("Authorization", &format!("Bearer {token}"))]);
    assert_eq!(answer.status, 200);
    let list: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(list["readers"][0]["number"], NUMBER);
}

#[test]
fn a_bad_request_is_not_repeated() {
    let agent = agent(&Script::default());
    let authorization = format!("Bearer {}", agent.token());
    let headers = [("Host", agent.host()), ("Authorization", authorization)];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer =
        agent.send("POST /tool", &headers, r#"{"operation":"job","kind":"activate","secrets":{"new_pin":135790}}"#);
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
    assert!(!answer.body.contains("135790"));
}

#[test]
fn refusals_speak_the_callers_language() {
    let agent = agent(&Script::default());
    let host = agent.host();
    let english = agent.list(&[("Host", &host), ("Accept-Language", "en")]);
    assert!(english.body.contains("does not accept"));
    let chinese = agent.list(&[("Host", &host)]);
    assert!(chinese.body.contains("卡片元件"));
}

#[test]
fn every_answer_carries_the_policy() {
    let agent = agent(&Script::default());
    for path in
        ["/", "/card", "/tray", "/assets/base.css", "/assets/agent.css", "/assets/tray.js", "/cards", "/nothing"]
    {
        let answer = agent.get(path);
        assert!(answer.head.contains("frame-ancestors 'none'"), "{path}");
        assert!(answer.head.contains("default-src 'none'"), "{path}");
        assert!(!answer.head.contains("set-cookie"), "{path}");
        assert!(!answer.head.contains("cross-origin-opener-policy"), "{path}: it would cut off the opener");
        for inline in ["<script>", "<style", "style=", "onclick"] {
            assert!(!answer.body.contains(inline), "{path}: {inline}");
        }
    }
}

#[test]
fn pages_come_in_both_languages() {
    let agent = agent(&Script::default());
    assert!(agent.get("/").body.contains("lang=\"zh-TW\""));
    assert!(agent.get("/?lang=en").body.contains("Card component"));
    let host = agent.host();
    let answer = agent.send("GET /tray", &[("Host", &host), ("Accept-Language", "en-GB")], "");
    assert!(answer.body.contains("Card tray"));
}

#[test]
fn the_tray_shows_readers_and_cards() {
    let page = agent(&Script::default()).get("/tray?lang=en").body;
    for shown in [NUMBER, "Reader A", "Reader C", "Not activated, or locked", "Blank card"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(page.contains("<svg"));
    // For those who drag: what can be dragged, from where, and to where.
    for place in [
        format!("draggable=\"true\" data-card=\"{NUMBER}\" data-from=\"Reader A\""),
        "data-reader=\"Reader C\"".to_owned(),
        "data-desk".to_owned(),
    ] {
        assert!(page.contains(&place), "{place}");
    }
    assert!(
        page.contains("tint-1") && page.contains("tint-0"),
        "an authority's cards have its colour, blank ones none"
    );
}

#[test]
fn the_tray_shows_what_is_going_to_happen() {
    let agent = agent(&Script::default());
    let words = "This card will be pulled out";
    assert!(!agent.get("/tray?lang=en").body.contains(words));
    agent.desk.soft.remove_at("Reader A", 3).unwrap();
    assert!(agent.get("/tray?lang=en").body.contains(words));
    agent.desk.soft.remove("Reader A").unwrap();
    let page = agent.get("/tray?lang=en").body;
    assert!(!page.contains(words));
    // The first free reader is offered for a card on the desk.
    assert!(page.contains("<option value=\"Reader A\" selected>"));
}

#[test]
fn the_tray_takes_its_own_forms_once() {
    let agent = agent(&Script::default());
    let own = agent.origin();
    let remove = |token: &str| format!("token={token}&lang=en&reader=Reader+A&step=");
    let token = agent.form_token();
    assert_eq!(agent.form("/tray/remove", None, &remove(&token)).status, 403);
    assert_eq!(agent.form("/tray/remove", Some("https://other.example"), &remove(&token)).status, 403);
    assert_eq!(agent.form("/tray/remove", Some("null"), &remove(&token)).status, 403);
    assert_eq!(agent.form("/tray/remove", Some(&own), &remove("0000")).status, 403);
    assert!(agent.desk.soft.card_in("Reader A").is_some());

    let done = agent.form("/tray/remove", Some(&own), &remove(&token));
    assert_eq!(done.status, 303);
    assert!(done.head.contains("location: /tray?lang=en"));
    assert!(agent.desk.soft.card_in("Reader A").is_none());
    assert_eq!(agent.form("/tray/remove", Some(&own), &remove(&token)).status, 403);

    let token = agent.form_token();
    let insert = format!("token={token}&lang=en&card={NUMBER}&reader=Reader+C");
    assert_eq!(agent.form("/tray/insert", Some(&own), &insert).status, 303);
    assert!(agent.desk.soft.card_in("Reader C").is_some());

    let token = agent.form_token();
    let later = format!("token={token}&lang=en&reader=Reader+C&step=3");
    assert_eq!(agent.form("/tray/remove", Some(&own), &later).status, 303);
    let card = agent.desk.soft.card_in("Reader C").unwrap();
    assert!(card.lock().unwrap().has_planned_fault());
}

#[test]
fn the_tray_tells_of_changes() {
    let agent = agent(&Script::default());
    let page = agent.get("/tray").body;
    let (_, rest) = page.split_once("data-changes=\"").unwrap();
    let seen = rest.split('"').next().unwrap();
    agent.desk.soft.remove("Reader A").unwrap();
    let answer = agent.get(&format!("/changes?since={seen}"));
    let count: Value = serde_json::from_str(&answer.body).unwrap();
    assert_ne!(count["changes"].to_string(), seen);
}

#[test]
fn the_token_file_is_its_owners_and_goes_with_the_agent() {
    let mut agent = agent(&Script::default());
    assert_eq!(agent.token().len(), 64);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&agent.token_file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A page that waits for changes holds nothing up.
    let mut waiting = TcpStream::connect(("127.0.0.1", agent.port)).unwrap();
    let request = format!("GET /changes?since=0 HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", agent.host());
    waiting.write_all(request.as_bytes()).unwrap();
    let started = Instant::now();
    agent.stop();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(!agent.token_file.exists());
    assert!(agent.folder.path().exists());
}

#[test]
fn the_agent_is_for_this_computer_alone() {
    let desk = desk();
    let folder = tempfile::tempdir().unwrap();
    let config = AgentConfig { listen: "0.0.0.0:0".parse().unwrap(), ..config(&desk, &folder.path().join("token")) };
    let served = Runtime::new().unwrap().block_on(serve_with(config, Arc::new(Script::default()), async {}));
    assert!(matches!(served, Err(ServeError::NotLoopback(_))));
    assert!(!folder.path().join("token").exists());
}

#[test]
fn a_client_asks_only_the_agent_that_wrote_the_token() {
    let script = Script::new([running(1, Vec::new()), succeeded(Vec::new())]);
    let agent = agent(&script);
    let client = AgentClient::connect(None, &agent.token_file).unwrap();
    let request: ToolRequest = serde_json::from_value(json!({
        "operation": "job", "kind": "activate", "portal": URL, "reader": "Reader A",
        "secrets": {"user_code": "Abc123", "new_pin": "135790"},
    }))
    .unwrap();
    let ToolReply::Done(done) = client.call(&request).unwrap() else {
        panic!("not a finished job");
    };
    assert_eq!(done.number.as_str(), NUMBER);

    let refused = |url: &str, file: &std::path::Path| AgentClient::connect(Some(url), file).err().unwrap().code;
    let other = agent.folder.path().join("other");
    assert_eq!(refused(&agent.url, &other), Code::AgentToken);
    std::fs::write(&other, "00".repeat(32)).unwrap();
    assert_eq!(refused(&agent.url, &other), Code::AgentToken);
    assert_eq!(refused("http://127.0.0.1:1", &other), Code::AgentUnreachable);
    for elsewhere in ["https://portal.example", "http://portal.example", "http://a@127.0.0.1:1", "http://127.0.0.2:1"] {
        assert_eq!(refused(elsewhere, &other), Code::AgentUnreachable);
    }
}

#[test]
fn the_agent_is_found_by_each_name_of_this_computer() {
    let agent = agent(&Script::default());
    let at = |host: &str| {
        let url = format!("http://{host}:{}", agent.port);
        AgentClient::connect(Some(&url), &agent.token_file).map(drop).map_err(|refusal| refusal.code)
    };
    assert_eq!(at("127.0.0.1"), Ok(()));
    assert_eq!(at("localhost"), Ok(()));
    // A system without IPv6 has no such address.
    let v6 = TcpStream::connect(("::1", agent.port)).is_ok();
    assert_eq!(at("[::1]"), if v6 { Ok(()) } else { Err(Code::AgentUnreachable) });
}

/// Another program, on another port: it hands on whatever it is asked, and keeps it.
#[test]
fn a_proof_that_was_handed_on_is_none() {
    let agent = agent(&Script::default());
    let (asked, port) = (Arc::new(Mutex::new(Vec::new())), agent.port);
    let impostor = Site::start({
        let asked = asked.clone();
        move |request| {
            asked.lock().unwrap().push(request.path.clone());
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let head = format!("Host: 127.0.0.1:{port}\r\nConnection: close");
            write!(stream, "{} {} HTTP/1.1\r\n{head}\r\n\r\n", request.method, request.path).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 ") && body.contains("proof"), "{answer}");
            Page { status: 200, fields: Vec::new(), body: body.into() }.with("Content-Type", "application/json")
        }
    });
    for host in ["127.0.0.1", "localhost"] {
        let refused = AgentClient::connect(Some(&impostor.origin(host)), &agent.token_file).err().unwrap();
        assert_eq!(refused.code, Code::AgentToken);
    }
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|path| path.starts_with("/hello?")), "{asked:?}");
}

#[test]
fn the_newest_agent_has_the_token_file() {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("agent-token");
    let start = |desk: &Desk| {
        let (stop, stopped) = oneshot::channel::<()>();
        let config = config(desk, &token_file);
        let shutdown = async {
            let _ = stopped.await;
        };
        (runtime.block_on(serve_with(config, Arc::new(Script::default()), shutdown)).unwrap(), stop)
    };
    let desk = desk();
    let (older, stop_older) = start(&desk);
    let (newest, stop_newest) = start(&desk);
    let found = || {
        AgentClient::connect(None, &token_file).map(drop).unwrap();
        let contents = std::fs::read_to_string(&token_file).unwrap();
        contents.lines().nth(1).unwrap().parse::<SocketAddr>().unwrap()
    };
    assert_eq!(found(), newest.address);
    drop(stop_older);
    runtime.block_on(older.stopped());
    assert_eq!(found(), newest.address);
    drop(stop_newest);
    runtime.block_on(newest.stopped());
    assert!(!token_file.exists());
}

/// Nothing of another user's is read, whatever it says of itself. Without root no test can be another user: then it sees that
/// its own is heard, and whose connections are is tested beside the code.
#[test]
fn other_users_of_this_computer_are_not_heard() {
    let agent = agent(&Script::default());
    let ask = |user: &[&str], host: &str| {
        let headers = [format!("Host: {}", agent.host()), format!("Origin: {ORIGIN}")];
        let url = format!("http://{host}:{}/cards", agent.port);
        let mut command = Command::new("env");
        command.args(user).args(["curl", "--silent", "--noproxy", "*", "--header", &headers[0]]);
        command.args(["--header", &headers[1], &url]);
        command.output().unwrap()
    };
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]"] {
        let own = ask(&[], host);
        assert!(own.status.success() && String::from_utf8(own.stdout).unwrap().contains(NUMBER), "{host}");
    }
    if cfg!(target_os = "linux") && nix::unistd::geteuid().is_root() {
        let v6 = TcpStream::connect(("::1", agent.port)).is_ok();
        for host in [&["127.0.0.1", "[::ffff:127.0.0.1]"][..], if v6 { &["[::1]"] } else { &[] }].concat() {
            let other = ask(&["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], host);
            // 52: no answer; 56: the connection was ended.
            assert!(matches!(other.status.code(), Some(52 | 56)) && other.stdout.is_empty(), "{host}: {other:?}");
        }
    }
}
