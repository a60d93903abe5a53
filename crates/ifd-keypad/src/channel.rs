//! The driver's end of the line to a card.

#![forbid(unsafe_code)]

use crate::Kind;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// One reader: where cards come in, and the one that is in it.
pub(crate) struct Channel {
    listener: UnixListener,
    card: Option<UnixStream>,
    atr: Vec<u8>,
}

impl Channel {
    pub(crate) fn open(path: &Path) -> io::Result<Channel> {
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        Ok(Channel { listener, card: None, atr: Vec::new() })
    }

    /// Whether a card is in; one that has come meanwhile is taken in.
    pub(crate) fn has_card(&mut self) -> bool {
        if self.card.is_some() && self.ask(Kind::Presence, &[]).is_some() {
            return true;
        }
        self.card = self.listener.accept().ok().map(|(stream, _)| stream);
        self.card.as_ref().is_some_and(|stream| stream.set_nonblocking(false).is_ok())
    }

    /// The answer to reset; none where there is no card.
    pub(crate) fn power(&mut self, kind: Kind) -> Option<&[u8]> {
        self.atr = self.ask(kind, &[])?;
        Some(&self.atr)
    }

    pub(crate) fn atr(&self) -> &[u8] {
        &self.atr
    }

    /// None where the card is gone.
    pub(crate) fn ask(&mut self, kind: Kind, content: &[u8]) -> Option<Vec<u8>> {
        let stream = self.card.as_mut()?;
        let answer = exchange(stream, kind, content);
        if answer.is_err() {
            self.card = None;
        }
        answer.ok()
    }
}

fn exchange(stream: &mut UnixStream, kind: Kind, content: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(content.len() + 1).map_err(|_| io::ErrorKind::InvalidInput)?;
    let message = [length.to_be_bytes().as_slice(), &[kind as u8], content].concat();
    stream.write_all(&message)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}
