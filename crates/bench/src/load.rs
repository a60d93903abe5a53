//! A client that asks as fast as it is answered, over connections that stay open.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Enough that a server always has something to do.
const CONNECTIONS: usize = 16;

/// Which requests are sent.
#[derive(Clone, Copy)]
pub(crate) enum Turns {
    /// Each of them again and again.
    Round,
    /// Each of them once at most, from this one on.
    OnceFrom(usize),
}

/// A GET request.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// A POST request with this body.
pub(crate) fn post(path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The body of one answer.
pub(crate) fn ask(port: u16, request: &[u8]) -> Result<Vec<u8>> {
    Connection::open(port)?.ask(request)
}

/// Asks for so long; how many answers there were.
pub(crate) fn load(port: u16, requests: &[Vec<u8>], turns: Turns, time: Duration) -> Result<u64> {
    let next = AtomicUsize::new(if let Turns::OnceFrom(first) = turns { first } else { 0 });
    let until = Instant::now() + time;
    let client = || -> Result<u64> {
        let mut connection = Connection::open(port)?;
        let mut count = 0;
        while Instant::now() < until {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let request = match turns {
                Turns::Round => &requests[turn % requests.len()],
                Turns::OnceFrom(_) => match requests.get(turn) {
                    Some(request) => request,
                    None => break,
                },
            };
            connection.ask(request)?;
            count += 1;
        }
        Ok(count)
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("a client does not panic")).sum()
    })
}

/// The same for a server that closes every connection.
pub(crate) fn load_anew(port: u16, requests: &[Vec<u8>], time: Duration) -> Result<u64> {
    let until = Instant::now() + time;
    let client = || -> Result<u64> {
        let mut count = 0;
        for request in requests.iter().cycle().take_while(|_| Instant::now() < until) {
            ask(port, request)?;
            count += 1;
        }
        Ok(count)
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..2).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("a client does not panic")).sum()
    })
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).with_context(|| format!("port {port}"))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::with_capacity(16 * 1024, stream)))
    }

    fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        self.0.get_mut().write_all(request)?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        if line.split(' ').nth(1) != Some("200") {
            bail!("the answer is {line:?}");
        }
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line)?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(body)
    }
}
