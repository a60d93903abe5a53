//! What sits in the readers, as far as cards tell it without PIN and proof; each card is read once while it is in.

use crate::{
    certificate::CardCertificate,
    engine::{lost, not_ours},
    readers::{Readers, exclusively},
};
use kaika_card::Retries;
use kaika_wire::{CardNumber, CertificateRole, Code, Refusal};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use time::OffsetDateTime;

/// A reader and what is in it.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) reader: String,
    pub(crate) card: Seated,
}

#[derive(Clone)]
pub(crate) enum Seated {
    Nothing,
    Card(Arc<Face>),
    /// A card is in it, and could not be read now; it is tried again when somebody looks again.
    Unread(Refusal),
}

impl Seated {
    /// Why a card cannot be read that may well be one of ours; one that the reader can do nothing with is none.
    pub(crate) fn unread(&self) -> Option<&Refusal> {
        match self {
            Self::Unread(refusal) => Some(refusal).filter(|refusal| refusal.code != Code::NotKaikaCard),
            Self::Nothing | Self::Card(_) => None,
        }
    }
}

/// What is on a card for everybody to read. A card of another make has none of it.
#[derive(Default)]
pub(crate) struct Face {
    /// The 9E certificate.
    pub(crate) own: Option<CardCertificate>,
    pub(crate) number: Option<CardNumber>,
    /// The subject of the holder's certificate, C first.
    pub(crate) holder: Option<String>,
    /// First and last second of the holder's certificate.
    pub(crate) validity: Option<(OffsetDateTime, OffsetDateTime)>,
    /// PIN and PUK tries left.
    pub(crate) tries: Option<Retries>,
}

/// Looks at the readers of this process. Clones share what was seen.
#[derive(Clone)]
pub(crate) struct Seats {
    readers: Readers,
    seen: Arc<Mutex<Seen>>,
}

/// Good until a reader or a card comes or goes.
#[derive(Default)]
struct Seen {
    changes: u64,
    faces: HashMap<String, Arc<Face>>,
}

impl Seats {
    pub(crate) fn new(readers: Readers) -> Self {
        Self { readers, seen: Arc::default() }
    }

    /// All readers, and how many changes there were before; blocks while cards are read.
    ///
    /// # Errors
    /// As [`Readers::list`].
    pub(crate) fn look(&self) -> Result<(u64, Vec<Seat>), Refusal> {
        // One look at a time: a card that is being read needs no second reader of it.
        let mut seen = self.seen();
        let changes = *self.readers.changes().borrow();
        if seen.changes != changes {
            *seen = Seen { changes, ..Seen::default() };
        }
        let mut seats = Vec::new();
        for reader in self.readers.list()? {
            let card = match (reader.card, seen.faces.get(&reader.name)) {
                (false, _) => Seated::Nothing,
                (true, Some(face)) => Seated::Card(face.clone()),
                (true, None) => match self.read(&reader.name) {
                    Ok(face) => {
                        let face = Arc::new(face);
                        seen.faces.insert(reader.name.clone(), face.clone());
                        Seated::Card(face)
                    }
                    Err(refusal) if refusal.code == Code::NoCard => Seated::Nothing,
                    Err(refusal) => Seated::Unread(refusal),
                },
            };
            seats.push(Seat { reader: reader.name, card });
        }
        Ok((changes, seats))
    }

    /// The tries of the card in this reader, read once more: another program may have set them back meanwhile.
    ///
    /// # Errors
    /// As [`Readers::list`].
    pub(crate) fn tries_now(&self, reader: &str) -> Result<Option<Retries>, Refusal> {
        self.seen().faces.remove(reader);
        let (_, all) = self.look()?;
        let seat = all.into_iter().find(|seat| seat.reader == reader);
        Ok(seat.and_then(|seat| match seat.card {
            Seated::Card(face) => face.tries,
            Seated::Nothing | Seated::Unread(_) => None,
        }))
    }

    /// A job was at a card: what was seen may be otherwise now.
    pub(crate) fn forget_all(&self) {
        self.seen().faces.clear();
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, reader: &str) -> Result<Face, Refusal> {
        let mut session = self.readers.connect(reader)?;
        let face = exclusively(&mut *session, |transport| {
            let presented = kaika_card::recognise(transport).map_err(not_ours)?;
            let own = presented.certificate.as_deref().and_then(CardCertificate::parse);
            let Some(number) = own.as_ref().and_then(CardCertificate::card_number) else {
                return Ok::<_, Refusal>(Face { own, ..Face::default() });
            };
            let mut holders = None;
            for role in [CertificateRole::Signature, CertificateRole::Encryption, CertificateRole::Login] {
                let found = kaika_card::read_certificate(transport, role.slot()).map_err(not_ours)?;
                holders = found.as_deref().and_then(CardCertificate::parse);
                if holders.is_some() {
                    break;
                }
            }
            let tries = kaika_card::retries(transport).map_err(not_ours)?;
            Ok(Face {
                own,
                number: Some(number),
                holder: holders.as_ref().map(CardCertificate::holder),
                validity: holders.as_ref().and_then(CardCertificate::validity),
                tries: Some(tries),
            })
        });
        match face.map_err(lost)? {
            // A card that does not know PIV, or has something else in its places.
            Err(refusal) if refusal.code == Code::NotKaikaCard => Ok(Face::default()),
            face => face,
        }
    }
}
