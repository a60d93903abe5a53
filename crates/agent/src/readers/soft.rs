//! Readers and cards of software, in this process: for the demo and for tests.
//!
//! The cards are the files `NAME.card` of a folder; which one is in which reader is remembered in the folder, too.

mod session;

pub use session::{desk_session, desk_session_with_keypad};

use super::{CardSession, Changes, Reader, Source};
use crate::{certificate::CardCertificate, file::write_private};
use kaika_card::object;
use kaika_softcard::{CardError, Fault, FaultKind, Inspection, Options, Quirks, SoftCard, keypad::Keypad};
use kaika_wire::{CardNumber, Code, Refusal, Slot};
use session::SeatSession;
use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// Some readers and a folder of cards. Clones share them.
#[derive(Clone)]
pub struct SoftReaders {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    names: Vec<String>,
    seats: Mutex<Seats>,
    listeners: Mutex<Vec<Changes>>,
    /// By reader, of those that have one.
    keypads: BTreeMap<String, Arc<Keypad>>,
}

#[derive(Default)]
struct Seats {
    /// By reader.
    taken: BTreeMap<String, Seat>,
    /// Cards that somebody holds: a card's file is open once.
    held: BTreeMap<String, Weak<Mutex<SoftCard>>>,
    count: u64,
}

struct Seat {
    /// Another one for every insertion.
    id: u64,
    name: String,
    card: Arc<Mutex<SoftCard>>,
    /// When the card next loses its power, it has been pulled out.
    pulled: bool,
}

/// A card of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCard {
    /// The file's name without `.card`.
    pub name: String,
    /// The reader that it is in.
    pub reader: Option<String>,
}

/// What can be seen of a card by looking at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFace {
    /// None before it is personalised.
    pub number: Option<CardNumber>,
    /// What the issuer of its 9E certificate calls itself.
    pub authority: Option<String>,
    /// Zero before activation, and when it is locked.
    pub pin_tries_left: Option<u8>,
    /// In what it differs from a YubiKey.
    pub quirks: Quirks,
}

const SEATS_FILE: &str = "readers.json";
const EXTENSION: &str = "card";

impl SoftReaders {
    /// Readers of these names over a folder of cards, which is made where it is missing. Cards that were in one of
    /// these readers are in it again; one that cannot be opened stays outside.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open<S: Into<String>>(folder: impl Into<PathBuf>, names: impl IntoIterator<Item = S>) -> io::Result<Self> {
        Self::open_with_keypads(folder, names, &[])
    }

    /// As [`SoftReaders::open`]; the readers `with_keypad` have a keypad.
    ///
    /// # Errors
    /// As [`SoftReaders::open`].
    pub fn open_with_keypads<S: Into<String>>(
        folder: impl Into<PathBuf>,
        names: impl IntoIterator<Item = S>,
        with_keypad: &[&str],
    ) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        let shared = Arc::new_cyclic(|shared: &Weak<Shared>| {
            let keypad = |reader: &&str| {
                let shared = shared.clone();
                let announce = move || {
                    if let Some(shared) = shared.upgrade() {
                        shared.announce();
                    }
                };
                ((*reader).to_owned(), Arc::new(Keypad::with_listener(announce)))
            };
            Shared {
                names: names.into_iter().map(Into::into).collect(),
                seats: Mutex::default(),
                listeners: Mutex::default(),
                keypads: with_keypad.iter().map(keypad).collect(),
                folder,
            }
        });
        let readers = Self { shared };
        for (reader, card) in readers.shared.remembered()? {
            if let Err(refusal) = readers.insert(&card, &reader) {
                tracing::warn!(%card, %reader, %refusal, "a card stays outside its reader");
            }
        }
        Ok(readers)
    }

    /// The readers' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shared.names.iter().map(String::as_str)
    }

    /// Where the card of this name has its file.
    pub fn path(&self, card: &str) -> PathBuf {
        self.shared.path(card)
    }

    /// All cards of the folder, by name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn cards(&self) -> Result<Vec<KeptCard>, Refusal> {
        let names = self.shared.card_names().map_err(unreadable)?;
        let seats = self.shared.seats();
        Ok(names.into_iter().map(|name| KeptCard { reader: seats.reader_of(&name), name }).collect())
    }

    /// # Errors
    /// [`Code::NotFound`], or a file that is no card's.
    pub fn face(&self, card: &str) -> Result<CardFace, Refusal> {
        self.shared.check_name(card)?;
        let inspection = Inspection::of_file(self.path(card)).map_err(broken)?;
        let certificate = inspection
            .object(Slot::CardAuthentication.certificate_tag())
            .and_then(|value| object::certificate_in(value).ok().flatten())
            .and_then(|der| CardCertificate::parse(&der));
        Ok(CardFace {
            number: certificate.as_ref().and_then(CardCertificate::card_number),
            authority: certificate.as_ref().and_then(CardCertificate::issuer_name),
            pin_tries_left: Some(inspection.pin_tries_left()),
            quirks: inspection.quirks(),
        })
    }

    /// A new blank card, odd in these ways, beside the readers, of a device that no other card is made from; its name.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn add_blank(&self, quirks: Quirks) -> Result<String, Refusal> {
        let mut drawn = [0; 4];
        crate::random(&mut drawn);
        // Devices of planned cards have lower numbers.
        let serial = u32::from_be_bytes(drawn) | 1 << 31;
        let known = self.shared.card_names().map_err(unreadable)?;
        let mut names = (1..=known.len() + 1).map(|count| format!("blank-{count}"));
        let name = names.find(|name| !known.contains(name)).expect("there are more names than cards");
        SoftCard::create(self.path(&name), Options { serial, strict: true, quirks }).map_err(broken)?;
        self.shared.announce();
        Ok(name)
    }

    /// Puts a card into a reader: out of the one where it is, and in the place of the one that is there.
    ///
    /// # Errors
    /// [`Code::NotFound`] for the card, [`Code::ReaderUnknown`]; [`Code::Busy`] where something else holds the card.
    pub fn insert(&self, card: &str, reader: &str) -> Result<(), Refusal> {
        self.shared.check_name(card)?;
        if !self.names().any(|name| name == reader) {
            return Err(Code::ReaderUnknown.into());
        }
        let mut seats = self.shared.seats();
        let opened = match seats.held.get(card).and_then(Weak::upgrade) {
            Some(held) => held,
            None => {
                let opened = SoftCard::open(self.path(card)).map_err(broken)?;
                Arc::new(Mutex::new(opened))
            }
        };
        seats.held.insert(card.to_owned(), Arc::downgrade(&opened));
        if let Some(former) = seats.reader_of(card) {
            seats.taken.remove(&former);
        }
        seats.count += 1;
        let seat = Seat { id: seats.count, name: card.to_owned(), card: opened, pulled: false };
        seats.taken.insert(reader.to_owned(), seat);
        self.shared.changed(seats).map_err(unreadable)
    }

    /// Takes the card out, whatever it is doing.
    ///
    /// # Errors
    /// [`Code::NoCard`].
    pub fn remove(&self, reader: &str) -> Result<(), Refusal> {
        let mut seats = self.shared.seats();
        seats.taken.remove(reader).ok_or(Code::NoCard)?;
        self.shared.changed(seats).map_err(unreadable)
    }

    /// Has the card pulled out at its `step`-th APDU from now, after it has acted and before it answers: the worst moment.
    ///
    /// # Errors
    /// [`Code::NoCard`]; [`Code::Busy`] while a job is at the card.
    pub fn remove_at(&self, reader: &str, step: u64) -> Result<(), Refusal> {
        let mut seats = self.shared.seats();
        let seat = seats.taken.get_mut(reader).ok_or(Code::NoCard)?;
        seat.card.try_lock().map_err(|_| Code::Busy)?.plan_fault(Fault { at: step, kind: FaultKind::LosePowerAfter });
        seat.pulled = true;
        Ok(())
    }

    /// The keypad of a reader that has one.
    pub fn keypad(&self, reader: &str) -> Option<&Keypad> {
        self.shared.keypads.get(reader).map(Arc::as_ref)
    }

    /// The card in a reader, for whoever wants to look into it or plan a fault.
    pub fn card_in(&self, reader: &str) -> Option<Arc<Mutex<SoftCard>>> {
        let seats = self.shared.seats();
        seats.taken.get(reader).map(|seat| seat.card.clone())
    }
}

impl Source for SoftReaders {
    fn readers(&self) -> Result<Vec<Reader>, Refusal> {
        let seats = self.shared.seats();
        Ok(self.names().map(|name| Reader { name: name.to_owned(), card: seats.taken.contains_key(name) }).collect())
    }

    fn connect(&self, reader: &str) -> Result<Box<dyn CardSession>, Refusal> {
        if !self.names().any(|name| name == reader) {
            return Err(Code::ReaderUnknown.into());
        }
        // Whoever connected now would wait as long as the person types.
        if self.keypad(reader).is_some_and(|keypad| keypad.display().is_some()) {
            return Err(Code::CardInUse.into());
        }
        let (card, id) = {
            let seats = self.shared.seats();
            let seat = seats.taken.get(reader).ok_or(Code::NoCard)?;
            (seat.card.clone(), seat.id)
        };
        let mut session = SeatSession::new(self.shared.clone(), reader, id, card);
        session.reset().map_err(|_| Refusal::from(Code::CardRemoved))?;
        Ok(Box::new(session))
    }

    fn watch(&self, changes: Changes) {
        let listeners = self.shared.listeners.lock();
        listeners.unwrap_or_else(PoisonError::into_inner).push(changes);
    }
}

impl Seats {
    fn reader_of(&self, card: &str) -> Option<String> {
        let mut taken = self.taken.iter();
        taken.find(|(_, seat)| seat.name == card).map(|(reader, _)| reader.clone())
    }
}

impl Shared {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, card: &str) -> PathBuf {
        self.folder.join(format!("{card}.{EXTENSION}"))
    }

    fn card_names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let is_card = path.extension().is_some_and(|found| found == EXTENSION);
            if let Some(name) = path.file_stem().and_then(|name| name.to_str())
                && is_card
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// A name from outside must not lead out of the folder.
    fn check_name(&self, card: &str) -> Result<(), Refusal> {
        let known = self.card_names().map_err(unreadable)?;
        let found = known.iter().any(|name| name == card);
        found.then_some(()).ok_or_else(|| Refusal::new(Code::NotFound).detail(card))
    }

    /// Which card was in which reader, as far as the readers still exist.
    fn remembered(&self) -> io::Result<BTreeMap<String, String>> {
        let path = self.folder.join(SEATS_FILE);
        match fs::read(&path) {
            Ok(contents) => {
                let damaged = |error| {
                    let next = "remove it, and all cards lie beside their readers";
                    io::Error::other(format!("{} is empty or damaged ({error}): {next}", path.display()))
                };
                let mut seats: BTreeMap<String, String> = serde_json::from_slice(&contents).map_err(damaged)?;
                seats.retain(|reader, _| self.names.contains(reader));
                Ok(seats)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }

    /// Remembers the seats and tells everybody.
    fn changed(&self, seats: MutexGuard<'_, Seats>) -> io::Result<()> {
        let taken: BTreeMap<&str, &str> =
            seats.taken.iter().map(|(reader, seat)| (reader.as_str(), seat.name.as_str())).collect();
        let written = serde_json::to_vec(&taken)
            .map_err(io::Error::from)
            .and_then(|contents| write_private(&self.folder.join(SEATS_FILE), &contents));
        drop(seats);
        self.announce();
        written
    }

    fn announce(&self) {
        let listeners = self.listeners.lock();
        listeners.unwrap_or_else(PoisonError::into_inner).retain(Changes::announce);
    }

    /// Whether the card that was inserted under this id is still in the reader.
    fn is_seated(&self, reader: &str, id: u64) -> bool {
        self.seats().taken.get(reader).is_some_and(|seat| seat.id == id)
    }

    /// The card in this seat has no power any more: if that was the plan, it is out.
    fn power_lost(&self, reader: &str, id: u64) {
        let mut seats = self.seats();
        let pulled = |seat: &Seat| seat.id == id && seat.pulled;
        if seats.taken.get(reader).is_some_and(pulled) {
            seats.taken.remove(reader);
            if let Err(error) = self.changed(seats) {
                tracing::warn!(%error, "the readers' state cannot be written");
            }
        }
    }
}

fn unreadable(error: io::Error) -> Refusal {
    Refusal::new(Code::Internal).detail(error.to_string())
}

fn broken(error: CardError) -> Refusal {
    let code = match &error {
        CardError::InUse(_) => Code::Busy,
        CardError::PowerLost => Code::CardRemoved,
        CardError::Storage { .. } | CardError::Damaged { .. } | CardError::NoKey => Code::CardFault,
    };
    Refusal::new(code).detail(error.to_string())
}
