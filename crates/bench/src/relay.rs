//! A wire that counts what goes over it, each way.

use anyhow::Result;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Lasts as long as this process.
#[derive(Clone, Default)]
pub(crate) struct Relay {
    to_server: Arc<AtomicU64>,
    from_server: Arc<AtomicU64>,
}

impl Relay {
    pub(crate) fn start(port: u16, to: u16) -> Result<Self> {
        let relay = Self::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        thread::spawn({
            let relay = relay.clone();
            move || {
                for client in listener.incoming().flatten() {
                    // A server that is gone is the client's affair.
                    let _ = relay.join(client, to);
                }
            }
        });
        Ok(relay)
    }

    /// Bytes to the server and from it so far.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.to_server.load(Ordering::Relaxed), self.from_server.load(Ordering::Relaxed))
    }

    fn join(&self, client: TcpStream, to: u16) -> Result<()> {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        pass_on(client.try_clone()?, server.try_clone()?, Arc::clone(&self.to_server));
        pass_on(server, client, Arc::clone(&self.from_server));
        Ok(())
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, count: Arc<AtomicU64>) {
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length) = from.read(&mut buffer) {
            // Counted before it is sent: whoever has the answer sees it counted.
            count.fetch_add(length as u64, Ordering::Relaxed);
            if length == 0 || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
