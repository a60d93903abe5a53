//! A card in a reader of a real pcscd: the client of the virtual reader of vsmartcard-vpcd.
//!
//! The reader listens, the card connects: connected is inserted. A message is a length of two bytes and a body; a body
//! of one byte is a command of the reader, a longer one an APDU, whose answer is sent back the same way.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::card::{CardError, SoftCard};

/// Where Debian's pcscd has its first virtual reader; the second is on the next port.
pub const DEFAULT_PORT: u16 = 35_963;

/// How long to wait before trying again to reach a pcscd that is not there.
const RETRY: Duration = Duration::from_millis(100);

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const ATR: u8 = 4;

/// Whether a card is to be in its reader. Shared with the thread that runs [`serve`].
#[derive(Default)]
pub struct Link {
    state: Mutex<LinkState>,
    changed: Condvar,
}

#[derive(Default)]
struct LinkState {
    inserted: bool,
    stopped: bool,
    /// The connection to the reader while there is one, to be shut from outside.
    connection: Option<TcpStream>,
}

impl Link {
    /// A card that is to be put into its reader at once.
    pub fn inserted() -> Arc<Link> {
        let link = Link::default();
        link.lock().inserted = true;
        Arc::new(link)
    }

    /// A card that stays outside until [`Link::insert`].
    pub fn removed() -> Arc<Link> {
        Arc::default()
    }

    /// Puts the card into the reader, again if it was removed or has lost its power.
    pub fn insert(&self) {
        self.lock().inserted = true;
        self.changed.notify_all();
    }

    pub fn remove(&self) {
        let mut state = self.lock();
        state.inserted = false;
        state.disconnect();
    }

    /// Removes the card for good and ends [`serve`].
    pub fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.disconnect();
        self.changed.notify_all();
    }

    /// Whether the card is to be in the reader. A card that has lost its power to a fault is not.
    pub fn is_inserted(&self) -> bool {
        self.lock().inserted
    }

    /// Whether a reader has the card.
    pub fn is_connected(&self) -> bool {
        self.lock().connection.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, LinkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the card is to be inserted; `false` when it is all over.
    fn wait_for_insertion(&self) -> bool {
        let state = self.lock();
        let state = self.changed.wait_while(state, |state| !state.inserted && !state.stopped);
        !state.unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Waits a while, or until it is all over.
    fn pause(&self) {
        let state = self.lock();
        drop(self.changed.wait_timeout_while(state, RETRY, |state| !state.stopped));
    }

    /// Remembers a new connection, unless the card has been removed while it was made.
    fn connected(&self, stream: &TcpStream) -> io::Result<bool> {
        let copy = stream.try_clone()?;
        let mut state = self.lock();
        let wanted = state.inserted && !state.stopped;
        state.connection = wanted.then_some(copy);
        Ok(wanted)
    }

    fn disconnected(&self, power_lost: bool) {
        let mut state = self.lock();
        state.disconnect();
        if power_lost {
            state.inserted = false;
        }
    }
}

impl LinkState {
    fn disconnect(&mut self) {
        if let Some(stream) = self.connection.take() {
            // Fails only where the other side was quicker.
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

/// Keeps the card in the reader at `reader` while `link` says so; returns after [`Link::stop`]. For a thread of its own.
///
/// A reader that is not there yet, or has gone, is tried again and again. A card that loses its power to a fault, or
/// cannot write its file, drops out of the reader until [`Link::insert`].
pub fn serve(card: &Mutex<SoftCard>, reader: impl ToSocketAddrs, link: &Link) {
    while link.wait_for_insertion() {
        let end = TcpStream::connect(&reader)
            .and_then(|stream| match link.connected(&stream)? {
                true => converse(card, stream),
                false => Ok(End::Closed),
            })
            .unwrap_or(End::Closed);
        lock(card).power_off();
        link.disconnected(end == End::PowerLost);
        if end == End::Closed {
            link.pause();
        }
    }
}

#[derive(PartialEq, Eq)]
enum End {
    /// The reader has gone, was not there, or the card was removed.
    Closed,
    PowerLost,
}

fn converse(card: &Mutex<SoftCard>, mut stream: TcpStream) -> io::Result<End> {
    stream.set_nodelay(true)?;
    while let Some(message) = receive(&mut stream)? {
        match message.as_slice() {
            [POWER_OFF] => lock(card).power_off(),
            [POWER_ON] => drop(lock(card).power_on()),
            [RESET] => drop(lock(card).reset()),
            [ATR] => send(&mut stream, lock(card).atr())?,
            // Commands of the reader that this card does not know, and messages without content, have no answer.
            [] | [_] => {}
            apdu => {
                let answer = lock(card).transmit(apdu);
                match answer {
                    Ok(answer) => send(&mut stream, &answer)?,
                    Err(CardError::PowerLost | CardError::Storage { .. }) => {
                        return Ok(End::PowerLost);
                    }
                    Err(_) => return Ok(End::Closed),
                }
            }
        }
    }
    Ok(End::Closed)
}

/// The next message; `None` when the reader has closed the connection.
fn receive(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    // The reader writes length and body apart: its Nagle algorithm would hold the body back until our acknowledgement,
    // which is delayed by 40 ms unless asked for; and asking lasts for one read only.
    acknowledge_at_once(stream)?;
    let mut length = [0; 2];
    match stream.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        done => done?,
    }
    acknowledge_at_once(stream)?;
    let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut body)?;
    Ok(Some(body))
}

fn send(stream: &mut TcpStream, body: &[u8]) -> io::Result<()> {
    let length = u16::try_from(body.len()).map_err(io::Error::other)?;
    let mut message = length.to_be_bytes().to_vec();
    message.extend_from_slice(body);
    stream.write_all(&message)
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_quickack(true)
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

fn lock(card: &Mutex<SoftCard>) -> MutexGuard<'_, SoftCard> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}
