//! The card's end of the line: a software card, and the keypad of the reader that it is in.

#![forbid(unsafe_code)]

use crate::Kind;
use kaika_softcard::{
    CardError, SoftCard,
    keypad::{self, Keypad, KeypadOutcome},
};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// A card in the reader. Dropped, it is taken out.
pub struct Inserted {
    connection: UnixStream,
    there: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Puts a card into the reader that listens on this socket. Its keypad gets the keys that the test presses.
///
/// # Errors
/// No driver listens there.
pub fn insert(card: Arc<Mutex<SoftCard>>, keypad: Arc<Keypad>, socket: &Path) -> io::Result<Inserted> {
    let connection = UnixStream::connect(socket)?;
    let mut stream = connection.try_clone()?;
    let there = Arc::new(AtomicBool::new(true));
    let thread = thread::spawn({
        let there = there.clone();
        // An error is the end of the connection, by either side.
        move || drop(converse(&card, &keypad, &there, &mut stream))
    });
    Ok(Inserted { connection, there, thread: Some(thread) })
}

impl Drop for Inserted {
    fn drop(&mut self) {
        self.there.store(false, Ordering::Relaxed);
        let _ = self.connection.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn converse(card: &Mutex<SoftCard>, keypad: &Keypad, there: &AtomicBool, stream: &mut UnixStream) -> io::Result<()> {
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message)?;
        let (Some((kind, content)), true) = (message.split_first(), there.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        let answer = match Kind::from_byte(*kind) {
            Some(kind) => answer(card, keypad, there, kind, content),
            None => return Err(io::ErrorKind::InvalidData.into()),
        };
        // A card without power is out of the reader.
        let Ok(answer) = answer else { return stream.shutdown(Shutdown::Both) };
        let length = u16::try_from(answer.len()).map_err(|_| io::ErrorKind::InvalidData)?;
        stream.write_all(&[length.to_be_bytes().as_slice(), &answer].concat())?;
    }
}

fn answer(
    card: &Mutex<SoftCard>,
    keypad: &Keypad,
    there: &AtomicBool,
    kind: Kind,
    content: &[u8],
) -> Result<Vec<u8>, CardError> {
    let feature = match kind {
        Kind::Presence => return Ok(Vec::new()),
        Kind::PowerOff => {
            lock(card).power_off();
            return Ok(Vec::new());
        }
        Kind::PowerOn => return Ok(lock(card).power_on().to_vec()),
        Kind::Reset => return Ok(lock(card).reset().to_vec()),
        Kind::Apdu => return lock(card).transmit(content),
        Kind::Verify => keypad::VERIFY,
        Kind::Modify => keypad::MODIFY,
    };
    match keypad.ask(feature, content, || there.load(Ordering::Relaxed)) {
        KeypadOutcome::Command(command) => lock(card).transmit(&command),
        KeypadOutcome::Status(status) => Ok(status.to_vec()),
        KeypadOutcome::Gone => Err(CardError::PowerLost),
    }
}

fn lock(card: &Mutex<SoftCard>) -> MutexGuard<'_, SoftCard> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}
