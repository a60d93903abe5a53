//! The card in a virtual reader, which the test plays.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kaika_softcard::vpcd::{self, Link};
use kaika_softcard::{Fault, FaultKind, SoftCard};
use tempfile::TempDir;

use super::rig::{Rig, SELECT};

struct Reader {
    listener: TcpListener,
    card: Arc<Mutex<SoftCard>>,
    link: Arc<Link>,
    thread: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Reader {
    fn new(link: Arc<Link>) -> Reader {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (card, folder) = Rig::new().into_card();
        let card = Arc::new(Mutex::new(card));
        let thread = {
            let (card, link, address) = (card.clone(), link.clone(), listener.local_addr().unwrap());
            thread::spawn(move || vpcd::serve(&card, address, &link))
        };
        Reader { listener, card, link, thread: Some(thread), _folder: folder }
    }

    /// Waits for the card.
    fn inserted(&self) -> Slot {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Slot(stream)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.link.stop();
        self.thread.take().unwrap().join().unwrap();
    }
}

struct Slot(TcpStream);

impl Slot {
    fn send(&mut self, body: &[u8]) {
        // In two pieces, as vpcd does.
        self.0.write_all(&(body.len() as u16).to_be_bytes()).unwrap();
        self.0.write_all(body).unwrap();
    }

    /// The answer; `None` if the card has gone.
    fn receive(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 2];
        self.0.read_exact(&mut length).ok()?;
        let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
        self.0.read_exact(&mut body).unwrap();
        Some(body)
    }

    fn transmit(&mut self, apdu: &[u8]) -> Option<Vec<u8>> {
        self.send(apdu);
        self.receive()
    }
}

#[test]
fn it_obeys_the_reader() {
    let reader = Reader::new(Link::inserted());
    let mut slot = reader.inserted();
    let atr = slot.transmit(&[4]).unwrap();
    assert_eq!(atr, reader.card.lock().unwrap().atr());
    slot.send(&[1]);
    assert!(slot.transmit(SELECT).unwrap().ends_with(&[0x90, 0x00]));
    assert_eq!(slot.transmit(&[0x00, 0xFD, 0x00, 0x00, 0x00]).unwrap(), [5, 7, 1, 0x90, 0x00]);
    // A reset takes the selection away.
    slot.send(&[2]);
    assert_eq!(slot.transmit(&[0x00, 0xFD, 0x00, 0x00, 0x00]).unwrap(), [0x6D, 0x00]);
    slot.send(&[0]);
    assert_eq!(slot.transmit(&[4]).unwrap(), atr);
    assert!(!reader.card.lock().unwrap().is_powered());
}

#[test]
fn it_goes_when_it_loses_power_and_returns_when_told() {
    let reader = Reader::new(Link::inserted());
    let mut slot = reader.inserted();
    slot.send(&[1]);
    slot.transmit(SELECT).unwrap();
    reader.card.lock().unwrap().plan_fault(Fault { at: 1, kind: FaultKind::LosePowerAfter });
    assert_eq!(slot.transmit(SELECT), None);
    while reader.link.is_connected() {
        thread::yield_now();
    }
    assert!(!reader.link.is_inserted());
    reader.link.insert();
    let mut slot = reader.inserted();
    slot.send(&[1]);
    assert!(slot.transmit(SELECT).unwrap().ends_with(&[0x90, 0x00]));
}

#[test]
fn it_is_removed_and_inserted() {
    let reader = Reader::new(Link::removed());
    reader.link.insert();
    let mut slot = reader.inserted();
    slot.transmit(&[4]).unwrap();
    reader.link.remove();
    assert_eq!(slot.receive(), None);
    reader.link.insert();
    reader.inserted().transmit(&[4]).unwrap();
}

#[test]
fn it_waits_for_a_reader_that_has_gone() {
    let reader = Reader::new(Link::inserted());
    drop(reader.inserted());
    reader.inserted().transmit(&[4]).unwrap();
}

#[test]
fn it_ends_without_ever_having_found_a_reader() {
    let (card, _folder) = Rig::new().into_card();
    let link = Link::inserted();
    let address = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let thread = {
        let (link, card) = (link.clone(), Mutex::new(card));
        thread::spawn(move || vpcd::serve(&card, address, &link))
    };
    link.stop();
    thread.join().unwrap();
}
