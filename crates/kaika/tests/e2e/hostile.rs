//! Clients that mean no good, each kind in its number: what they hold is bounded, and others are answered meanwhile.

use crate::bench::Running;
use crate::demo::Demo;
use crate::judges::{Question, RelyingParty};
use socket2::{Domain, Socket, Type};
use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

const OURSELVES: Ipv4Addr = Ipv4Addr::LOCALHOST;
const MIB: usize = 1 << 20;

/// The n-th stranger's address on this computer.
fn stranger(n: usize) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 1, 0)) + u32::try_from(n).unwrap())
}

fn connect(from: Ipv4Addr, port: u16) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect(&SocketAddr::from((OURSELVES, port)).into()).unwrap();
    socket.into()
}

/// So many connections of each of so many strangers.
pub(crate) fn crowd(strangers: usize, each: usize, port: u16) -> Vec<TcpStream> {
    kaika_listen::raise_descriptors();
    (0..each).flat_map(|_| (0..strangers).map(|n| connect(stranger(n), port))).collect()
}

/// All that is answered until the connection is closed.
fn ask(from: Ipv4Addr, port: u16, request: &str) -> String {
    let mut stream = connect(from, port);
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        // Closed with our bytes unread.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(from: Ipv4Addr, port: u16, path: &str) -> String {
    ask(from, port, &format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"))
}

#[track_caller]
fn is_answered(from: Ipv4Addr, port: u16, path: &str) {
    let answer = get(from, port, path);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {}", answer.lines().next().unwrap_or("nothing"));
}

/// Page and OCSP.
#[track_caller]
fn serves_others(demo: &Demo) {
    is_answered(OURSELVES, demo.port(), "/gca/");
    let answer = RelyingParty::of(demo, "gca").ask(Question::Serial("12345678901234567890"));
    assert_eq!(answer.status, "unknown");
}

/// What a process has in memory, in bytes.
fn resident(process: &Running) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// How many of them the server has not closed.
fn open(crowd: &[TcpStream]) -> usize {
    let is_open = |stream: &&TcpStream| {
        stream.set_nonblocking(true).unwrap();
        matches!(stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    };
    crowd.iter().filter(is_open).count()
}

#[track_caller]
fn grew_at_most(demo: &mut Demo, before: usize, most: usize) {
    let grown = resident(demo.process()).saturating_sub(before);
    assert!(grown <= most, "{} MiB more", grown / MIB);
}

#[test]
fn silent_connections_cost_little_and_stop_nobody() {
    let mut demo = Demo::new();
    serves_others(&demo);
    let before = resident(demo.process());
    let mut silent = Vec::new();
    let mut most = 0;
    for _ in 0..10 {
        silent.extend(crowd(100, 5, demo.port()));
        most = most.max(open(&silent));
    }
    serves_others(&demo);
    grew_at_most(&mut demo, before, 64 * MIB);
    assert!(most >= 2500, "no more than {most} were let in");
    drop(silent);
    serves_others(&demo);
}

#[test]
fn one_source_keeps_nobody_out_not_even_itself() {
    let mut demo = Demo::new();
    for port in [demo.port(), demo.agent_port()] {
        let silent = crowd(1, 1100, port);
        is_answered(stranger(0), port, if port == demo.port() { "/gca/" } else { "/card" });
        is_answered(OURSELVES, port, if port == demo.port() { "/gca/" } else { "/card" });
        let held = open(&silent);
        assert!(held < 1000, "{held} of {} are held", silent.len());
    }
    let warned = "connections are closed to make room";
    demo.process().wait_until("a warning", |process| process.stderr().contains(warned));
    let warnings = demo.process().stderr().matches(warned).count();
    assert!(warnings <= 4, "{warnings} lines");
    assert!(!demo.process().stderr().contains("127.0.1."), "whose they are is nobody's business");
}

#[test]
fn half_requests_stay_small_and_end() {
    let mut demo = Demo::new();
    serves_others(&demo);
    let before = resident(demo.process());
    let head = format!("GET /gca/ HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(30_000));
    let mut half = crowd(20, 50, demo.port());
    for stream in &mut half {
        stream.write_all(head.as_bytes()).unwrap();
    }
    let body = format!("POST /gca/find HTTP/1.1\r\nHost: localhost:{}\r\nContent-Length: 50000\r\n\r\nx", demo.port());
    for stream in &mut crowd(20, 10, demo.port()) {
        stream.write_all(body.as_bytes()).unwrap();
    }
    serves_others(&demo);
    grew_at_most(&mut demo, before, 100 * MIB);
    // None is waited for without end.
    for stream in &mut half {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        match stream.read(&mut [0; 64]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("{other:?}"),
        }
    }
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    assert!(ask(OURSELVES, demo.port(), &long).starts_with("HTTP/1.1 431 "));
}

#[test]
fn whoever_does_not_read_holds_little() {
    let mut demo = Demo::new();
    serves_others(&demo);
    let before = resident(demo.process());
    let page = format!("GET /gca/ HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", demo.port());
    let mut deaf = crowd(20, 20, demo.port());
    for stream in &mut deaf {
        // As many as the sockets on the way take.
        stream.set_nonblocking(true).unwrap();
        let questions = page.repeat(500);
        while stream.write(questions.as_bytes()).is_ok_and(|taken| taken == questions.len()) {}
    }
    serves_others(&demo);
    grew_at_most(&mut demo, before, 100 * MIB);
}

#[test]
fn floods_are_answered_in_few_words() {
    let mut demo = Demo::new();
    serves_others(&demo);
    let before = resident(demo.process());
    let (portal, agent) = (demo.port(), demo.agent_port());
    let origin = format!("http://localhost:{portal}");
    let ticket = format!(
        "POST /gca/activate/tickets HTTP/1.1\r\nHost: localhost:{portal}\r\nOrigin: {origin}\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    let begun = Instant::now();
    let answers: Vec<String> = (0..200).map(|_| ask(stranger(0), portal, &ticket)).collect();
    let status = |code: &str| answers.iter().filter(|answer| answer.starts_with(code)).count();
    let (given, refused) = (status("HTTP/1.1 200 "), status("HTTP/1.1 429 "));
    // 60 at once, and then one in two seconds, however long this machine takes to ask.
    let most = 61 + usize::try_from(begun.elapsed().as_secs() / 2).unwrap();
    assert!((60..=most).contains(&given) && given + refused == 200, "{given} tickets of {most}, {refused} refused");
    assert!(ask(stranger(1), portal, &ticket).starts_with("HTTP/1.1 200 "), "another's are his own");
    for n in 0..500 {
        is_answered(OURSELVES, agent, "/card");
        // What nobody has made, from wherever it says it comes.
        ask(
            OURSELVES,
            portal,
            &format!(
                "MADEUP{n} /made/up/{n} HTTP/1.1\r\nHost: localhost:{portal}\r\nX-Forwarded-For: 192.0.2.{n}\r\n\
                 Accept-Language: x-{n}\r\nConnection: close\r\n\r\n"
            ),
        );
    }
    serves_others(&demo);
    grew_at_most(&mut demo, before, 32 * MIB);
}
