//! Real sockets, and clients that do all but what is expected of them. Time-outs are short here; nothing is measured.

#![expect(clippy::unwrap_used, reason = "clippy spares #[test] functions, not what they call")]

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    routing::{get, post},
};
use kaika_listen::{AskedAt, Caps, Endpoint, Patience, Tls, bind, everybody, serve};
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
};

const LARGE: usize = 16 << 20;
const SHORT: Duration = Duration::from_millis(200);

struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
}

/// Of hours; what a test is about is shorter.
fn patience() -> Patience {
    let long = Duration::from_secs(3600);
    Patience { silent: long, handshake: long, idle: long, head: long, body: long, answer: long, crowded: long }
}

impl Server {
    fn start(in_all: usize, patience: Patience, tls: Option<Tls>) -> Self {
        Self::for_those(in_all, patience, tls, everybody)
    }

    fn for_those(
        in_all: usize,
        patience: Patience,
        tls: Option<Tls>,
        hears: fn(SocketAddr, SocketAddr) -> bool,
    ) -> Self {
        let held = watch::Sender::new(false);
        let waiting = held.clone();
        let router = Router::new()
            .route("/peer", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
            .route("/asked-at", get(|Extension(AskedAt(at)): Extension<AskedAt>| async move { at.to_string() }))
            .route("/large", get(|| async { Body::from(Bytes::from(vec![b'x'; LARGE])) }))
            .route("/take", post(|body: Bytes| async move { body.len().to_string() }))
            .route("/held", get(move || wait(waiting.subscribe())))
            .route("/let-go", get(move || async move { held.send_replace(true).to_string() }));
        let (address, listeners) = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let caps = Caps { in_all, per_source: in_all, proxies: Vec::new() };
        let (stop, stopping) = watch::channel(false);
        let endpoint = Endpoint { name: "test", listeners, tls, router, hears, caps, patience };
        Self { address, stop, serving: tokio::spawn(serve(vec![endpoint], stopping)) }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection that has sent this.
    async fn sent(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn get(&self, path: &str) -> String {
        let stream = self.sent(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        rest(stream).await
    }

    async fn is_well(&self) {
        let answer = self.get("/peer").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\r\n\r\n127.0.0.1:"), "{answer}");
    }
}

async fn wait(mut held: watch::Receiver<bool>) -> &'static str {
    let _ = held.wait_for(|let_go| *let_go).await;
    "let go"
}

/// Until it is closed, however.
async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8(all).unwrap()
}

/// The head of an answer, of which the connection stays open.
async fn head(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    while !all.ends_with(b"\r\n\r\n") {
        all.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn what_is_not_finished_is_closed() {
    let asked = "GET /peer HTTP/1.1\r\nHost: x\r\n";
    let typing = "POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf";
    for (patience, sent) in [
        (Patience { silent: SHORT, ..patience() }, ""),
        (Patience { head: SHORT, ..patience() }, asked),
        (Patience { body: SHORT, ..patience() }, typing),
        (Patience { answer: SHORT, ..patience() }, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n"),
    ] {
        let server = Server::start(9, patience, None);
        assert_eq!(rest(server.sent(sent).await).await, "", "{sent:?}");
        server.is_well().await;
    }
}

#[tokio::test]
async fn who_is_not_to_be_heard_is_not() {
    let server = Server::for_those(9, patience(), None, |ours, _| ours.ip().is_ipv6());
    assert_eq!(server.get("/peer").await, "");
    // A system without IPv6 has no such address.
    if let Ok(mut stream) = TcpStream::connect((Ipv6Addr::LOCALHOST, server.address.port())).await {
        stream.write_all(b"GET /asked-at HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let asked_at = format!("\r\n\r\n[::1]:{}", server.address.port());
        assert!(rest(stream).await.ends_with(&asked_at));
    }
    let server = Server::start(9, patience(), None);
    assert!(server.get("/asked-at").await.ends_with(&server.address.to_string()));
}

#[tokio::test]
async fn between_requests_is_waited_for_its_own_time() {
    let server = Server::start(9, Patience { idle: SHORT, ..patience() }, None);
    let asked = "POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nfour";
    let answer = rest(server.sent(&asked.repeat(3)).await).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
    // The next head has its own time, however soon it begins.
    let server = Server::start(9, Patience { head: SHORT, ..patience() }, None);
    let mut stream = server.sent(asked).await;
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
    stream.write_all(b"GET /peer").await.unwrap();
    assert_eq!(rest(stream).await, "4");
}

#[tokio::test]
async fn an_answer_is_waited_for_as_long_as_it_is_taken() {
    let large = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    // It has left our hands long before it is taken: that is no pause between requests.
    let server = Server::start(9, Patience { idle: SHORT, ..patience() }, None);
    let stream = server.sent(large).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(rest(stream).await.len() > LARGE);
    // Whoever does not take it is not waited for without end.
    let server = Server::start(9, Patience { answer: SHORT, ..patience() }, None);
    let stream = server.sent(large).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(rest(stream).await.len() < LARGE);
}

#[tokio::test]
async fn whoever_comes_takes_the_place_of_who_waits() {
    let server = Server::start(3, patience(), None);
    let held = server.sent("GET /held HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(server.connect().await);
    }
    server.is_well().await;
    assert_eq!(server.get("/let-go").await.lines().last(), Some("false"));
    let mut held = held;
    assert!(head(&mut held).await.starts_with("HTTP/1.1 200 OK"), "what was asked is answered");
}

#[tokio::test]
async fn a_head_is_short() {
    let server = Server::start(9, patience(), None);
    let stream = server.sent(&format!("GET /peer HTTP/1.1\r\nX: {}", "x".repeat(40_000))).await;
    assert!(rest(stream).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn at_the_end_what_was_asked_is_answered() {
    let server = Server::start(9, patience(), None);
    let (silent, mut held) = (server.connect().await, server.sent("GET /held HTTP/1.1\r\nHost: x\r\n\r\n").await);
    // Both are there.
    server.is_well().await;
    server.stop.send_replace(true);
    assert_eq!(rest(silent).await, "");
    assert!(TcpStream::connect(server.address).await.is_err() || rest(server.connect().await).await.is_empty());
    let mut nothing = [0];
    assert_eq!(held.read(&mut nothing).await.unwrap_or_default(), 0, "for two seconds");
    server.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_handshake_is_not_waited_for_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("tls.pem"), folder.path().join("tls.key"));
    let made = kaika_testkit::tools::Tool::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-keyout", key.to_str().unwrap(), "-out", certificate.to_str().unwrap()])
        .run();
    made.expect_success();
    let tls = Tls::read(&certificate, &key).await.unwrap();
    let server = Server::start(9, Patience { handshake: SHORT, ..patience() }, Some(tls));
    // The beginning of a client's hello.
    let hello = server.sent("\u{16}\u{3}\u{1}\u{2}").await;
    assert_eq!(rest(hello).await, "");

    for (certificate, key) in [(&key, &key), (&certificate, &certificate), (&certificate, &folder.path().join("none"))]
    {
        assert!(Tls::read(certificate, key).await.is_err(), "{}", Path::new(key).display());
    }
}
