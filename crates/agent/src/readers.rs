//! Card readers: those of PC/SC and the ones in this process, behind one value.

pub mod pcsc;
#[cfg(feature = "demo")]
pub mod soft;

pub use kaika_card::{Transport, TransportError};

use kaika_wire::{Code, Refusal};
use serde::Serialize;
use std::sync::{Arc, Weak};
use tokio::sync::watch;

/// A reader as it is at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reader {
    pub name: String,
    /// Whether a card is in it.
    pub card: bool,
}

/// Where readers come from.
pub trait Source: Send + Sync {
    /// # Errors
    /// [`Code::PcscMissing`], [`Code::PcscStopped`] where the system's service is not there; [`Code::ReadersRefused`];
    /// [`Code::ReaderFault`].
    fn readers(&self) -> Result<Vec<Reader>, Refusal>;

    /// Connects to the card in this reader and resets it, so that no PIN that another program verified is left.
    ///
    /// # Errors
    /// As [`Source::readers`]; [`Code::ReaderUnknown`], [`Code::NoReader`], [`Code::NoCard`], [`Code::CardInUse`],
    /// [`Code::NotKaikaCard`], [`Code::CardFault`].
    fn connect(&self, reader: &str) -> Result<Box<dyn CardSession>, Refusal>;

    /// From now on tells when a reader or a card comes or goes.
    fn watch(&self, changes: Changes);
}

/// A connection to one card; dropping it resets the card.
pub trait CardSession: Send {
    /// Runs `work` in one transaction: no other program talks to the card meanwhile.
    ///
    /// # Errors
    /// The card is gone, and `work` was not called.
    fn exclusive(&mut self, work: &mut dyn FnMut(&mut dyn Transport)) -> Result<(), TransportError>;

    /// Forgets every verified PIN and opened session of the card.
    ///
    /// # Errors
    /// The card is gone.
    fn reset(&mut self) -> Result<(), TransportError>;
}

/// The end of work in which a PIN may have been verified. Cards are known that keep it over a reset: it is taken back before.
/// A card that is gone has no verified PIN left either.
pub(crate) fn leave(session: &mut dyn CardSession) {
    let _ = exclusively(session, |transport| kaika_card::forget_pin(transport));
    let _ = session.reset();
}

/// What `work` gives, done in one transaction.
///
/// # Errors
/// The card is gone, and `work` was not called.
pub fn exclusively<T>(
    session: &mut dyn CardSession,
    work: impl FnOnce(&mut dyn Transport) -> T,
) -> Result<T, TransportError> {
    let (mut work, mut done) = (Some(work), None);
    session.exclusive(&mut |transport| {
        if let Some(work) = work.take() {
            done = Some(work(transport));
        }
    })?;
    done.ok_or_else(|| TransportError::Reader("the transaction did not run".to_owned()))
}

/// Through which a source tells that something came or went. It holds nobody up: when the last [`Readers`] is gone,
/// telling has no effect.
#[derive(Clone)]
pub struct Changes(Weak<watch::Sender<u64>>);

impl Changes {
    /// Whether somebody can still be told.
    pub fn announce(&self) -> bool {
        let sender = self.0.upgrade();
        if let Some(sender) = &sender {
            sender.send_modify(|count| *count += 1);
        }
        sender.is_some()
    }

    pub fn wanted(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// All readers of this computer. Clones share them.
#[derive(Clone)]
pub struct Readers {
    sources: Arc<[Arc<dyn Source>]>,
    changes: Arc<watch::Sender<u64>>,
    watching: Arc<std::sync::Once>,
}

impl Readers {
    pub fn new(sources: impl IntoIterator<Item = Arc<dyn Source>>) -> Self {
        Self {
            sources: sources.into_iter().collect(),
            changes: Arc::new(watch::Sender::new(0)),
            watching: Arc::new(std::sync::Once::new()),
        }
    }

    /// The readers of every source that has an answer.
    ///
    /// # Errors
    /// No source has one: the first one's refusal.
    pub fn list(&self) -> Result<Vec<Reader>, Refusal> {
        let mut readers = Vec::new();
        let (mut answered, mut refusal) = (false, None);
        for source in self.sources.iter() {
            match source.readers() {
                Ok(found) => {
                    answered = true;
                    readers.extend(found);
                }
                Err(refused) => refusal = refusal.or(Some(refused)),
            }
        }
        match refusal {
            Some(refusal) if !answered => Err(refusal),
            _ => Ok(readers),
        }
    }

    /// The reader that is meant: the one of this name, or else the only one whose name begins with it, or contains it –
    /// of several, the only one with a card; without a name the only one with a card.
    ///
    /// # Errors
    /// [`Code::NoReader`], [`Code::NoCard`], or [`Code::ReaderUnknown`] with the names that there are.
    pub fn select(&self, name: Option<&str>) -> Result<String, Refusal> {
        let readers = self.list()?;
        if readers.is_empty() {
            return Err(Code::NoReader.into());
        }
        let Some(name) = name else {
            let mut with_card = readers.iter().filter(|reader| reader.card);
            return match (with_card.next(), with_card.next()) {
                (None, _) => Err(Code::NoCard.into()),
                (Some(only), None) => Ok(only.name.clone()),
                (Some(_), Some(_)) => Err(unknown(&readers)),
            };
        };
        let ways: [&dyn Fn(&str) -> bool; 3] =
            [&|reader| reader == name, &|reader| reader.starts_with(name), &|reader| reader.contains(name)];
        for matches in ways {
            let matching = || readers.iter().filter(|reader| matches(&reader.name));
            match (only(matching()), only(matching().filter(|reader| reader.card))) {
                (Some(only), _) | (None, Some(only)) => return Ok(only.name.clone()),
                (None, None) if matching().next().is_some() => return Err(unknown(&readers)),
                (None, None) => {}
            }
        }
        Err(unknown(&readers))
    }

    /// Connects to the card in the reader of exactly this name.
    ///
    /// # Errors
    /// As [`Source::connect`].
    pub fn connect(&self, reader: &str) -> Result<Box<dyn CardSession>, Refusal> {
        let mut refusal = Refusal::from(Code::ReaderUnknown);
        for source in self.sources.iter() {
            match source.connect(reader) {
                Err(refused) if refused.code == Code::ReaderUnknown => {}
                // It may be another source's.
                Err(refused) if has_no_readers(refused.code) => refusal = refused,
                answer => return answer,
            }
        }
        Err(refusal)
    }

    /// A counter that rises whenever a reader or a card comes or goes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        let receiver = self.changes.subscribe();
        self.watching.call_once(|| {
            for source in self.sources.iter() {
                source.watch(Changes(Arc::downgrade(&self.changes)));
            }
        });
        receiver
    }
}

/// Whether a source with this refusal tells nothing of any reader.
fn has_no_readers(code: Code) -> bool {
    matches!(code, Code::PcscMissing | Code::PcscStopped | Code::ReadersRefused)
}

fn only<T>(mut of: impl Iterator<Item = T>) -> Option<T> {
    of.next().filter(|_| of.next().is_none())
}

fn unknown(readers: &[Reader]) -> Refusal {
    let names: Vec<_> = readers.iter().map(|reader| reader.name.as_str()).collect();
    Refusal::new(Code::ReaderUnknown).detail(names.join(", "))
}
