//! A card made of a closure, in one of vpcd's slots: for tests of whatever lies between a program and its card.
//!
//! The protocol of vsmartcard: each message is a length of two bytes, most significant first, and that many bytes. A
//! message of one byte to the card is a control: 0 power off, 1 power on, 2 reset, 4 "send your ATR", the only one of
//! these that is answered. Everything else is a command APDU, answered by a response APDU.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::{self, JoinHandle};

/// A card in a slot. Dropped, it is taken out.
pub struct InsertedCard {
    connection: TcpStream,
    thread: Option<JoinHandle<()>>,
}

/// Inserts a card with this ATR into the slot behind `port`; `answer` gets each command APDU and returns the response
/// APDU with its status word. pcscd notices the card within half a second.
///
/// # Panics
/// Where nothing listens on `port`.
#[track_caller]
pub fn insert(port: u16, atr: &[u8], answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static) -> InsertedCard {
    let connection = TcpStream::connect(("127.0.0.1", port))
        .and_then(|connection| connection.set_nodelay(true).map(|()| connection))
        .unwrap_or_else(|error| panic!("no vpcd on port {port}: {error}"));
    let other_end = connection.try_clone().unwrap_or_else(|error| panic!("no second handle: {error}"));
    let atr = atr.to_vec();
    // An error here is the end of the connection, by either side.
    let thread = thread::spawn(move || drop(converse(other_end, &atr, answer)));
    InsertedCard { connection, thread: Some(thread) }
}

fn converse(mut connection: TcpStream, atr: &[u8], mut answer: impl FnMut(&[u8]) -> Vec<u8>) -> io::Result<()> {
    loop {
        let mut length = [0; 2];
        connection.read_exact(&mut length)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        connection.read_exact(&mut message)?;
        let reply = match message[..] {
            [0..=2] => continue,
            [4] => atr.to_vec(),
            _ => answer(&message),
        };
        let length = u16::try_from(reply.len()).map_err(io::Error::other)?;
        connection.write_all(&[&length.to_be_bytes()[..], &reply].concat())?;
    }
}

impl Drop for InsertedCard {
    fn drop(&mut self) {
        drop(self.connection.shutdown(Shutdown::Both));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
