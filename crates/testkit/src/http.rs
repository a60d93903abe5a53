//! As much of HTTP/1.1 as the test site and the test proxy need: one message per connection.

use std::io::{self, BufRead, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// The first line and the fields of a message.
pub(crate) struct Head {
    pub(crate) first: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Head {
    /// `None` where the connection is closed instead.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Head>> {
        let Some(first) = line(from)? else {
            return Ok(None);
        };
        let mut fields = Vec::new();
        loop {
            match line(from)? {
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(line) if line.is_empty() => return Ok(Some(Head { first, fields })),
                Some(line) => {
                    let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
                    fields.push((name.to_owned(), value.trim().to_owned()));
                }
            }
        }
    }

    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.fields {
            text += &format!("{name}: {value}\r\n");
        }
        to.write_all((text + "\r\n").as_bytes())
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    /// The whole body; browsers send its length.
    pub(crate) fn read_body(&self, from: &mut impl BufRead) -> io::Result<Vec<u8>> {
        let length = self.field("Content-Length").map_or(Ok(0), str::parse).map_err(io::Error::other)?;
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        Ok(body)
    }
}

/// The body's end is then the connection's, or as its length or chunks say, which pass unchanged.
pub(crate) fn close_afterwards(head: &mut Head) {
    for name in ["Connection", "Proxy-Connection", "Keep-Alive"] {
        head.remove(name);
    }
    head.add("Connection", "close");
}

/// Without its line break; `None` at the end.
fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if from.take(1 << 16).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8(bytes).map_err(io::Error::other)?;
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Listens on a port of 127.0.0.1, and hands each connection to a thread of its own. Dropped, it listens no more.
pub(crate) struct Listening {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listening {
    /// On a free one.
    pub(crate) fn start(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> io::Result<Listening> {
        Self::start_on(0, serve)
    }

    pub(crate) fn start_on(
        port: u16,
        serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Listening> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let (address, over, serve) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)), Arc::new(serve));
        let thread = thread::spawn({
            let over = Arc::clone(&over);
            move || {
                for connection in listener.incoming().map_while(Result::ok) {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let serve = Arc::clone(&serve);
                    // An error here is the end of the connection, by either side.
                    thread::spawn(move || drop(serve(connection)));
                }
            }
        });
        Ok(Listening { address, over, thread: Some(thread) })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread up.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
