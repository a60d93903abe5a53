//! Readers of the system's PC/SC service.

use super::{CardSession, Changes, Reader, Source, Transport, TransportError};
use kaika_card::{KeypadFeature, KeypadRequest};
use kaika_wire::{Code, Refusal};
use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, Scope, ShareMode, State, Transaction};
use std::{
    ffi::CString,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// All readers that PC/SC knows.
pub struct PcscReaders;

/// How often the watching thread looks whether anybody still listens, and whether a missing service has come.
const LOOK_UP: Duration = Duration::from_secs(2);

/// How many connections may come before this one at a card.
const TURNS: usize = 100;

/// Whether somebody was told since the watching thread looked that another program has a card: that this is over is told,
/// too, however soon it was.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// Within which time PC/SC notices that a card is gone: pcscd looks every 400 ms.
const NOTICED: Duration = Duration::from_secs(1);

impl Source for PcscReaders {
    fn readers(&self) -> Result<Vec<Reader>, Refusal> {
        Ok(read_states(&context()?)?.iter().map(reader).collect())
    }

    fn connect(&self, reader: &str) -> Result<Box<dyn CardSession>, Refusal> {
        let name = CString::new(reader).map_err(|_| Refusal::from(Code::ReaderUnknown))?;
        let context = context()?;
        let card = context.connect(&name, ShareMode::Shared, Protocols::ANY).map_err(|error| {
            REFUSED.fetch_or(error == Error::SharingViolation, Ordering::Relaxed);
            refusal(error)
        })?;
        let mut session = Session { card: Some(card), context, reader: name, used: false };
        session.locked().map_err(refusal)?.end(Disposition::ResetCard).map_err(|(_, error)| refusal(error))?;
        Ok(Box::new(session))
    }

    fn watch(&self, changes: Changes) {
        thread::spawn(move || {
            while changes.wanted() {
                // An error is the service gone or not yet come: look again after a while.
                if follow(&changes).is_err() {
                    thread::sleep(LOOK_UP);
                }
            }
        });
    }
}

/// Announces changes until nobody listens any more or the service goes.
fn follow(changes: &Changes) -> Result<(), Refusal> {
    let context = context()?;
    let mut known: Vec<ReaderState> = Vec::new();
    while changes.wanted() {
        let mut states = states(&context)?;
        for state in &mut states {
            let seen =
                known.iter().find(|old| old.name() == state.name()).map_or(State::UNAWARE, ReaderState::event_state);
            *state = ReaderState::new(state.name().to_owned(), seen);
        }
        let same_readers = known.iter().map(ReaderState::name).eq(states.iter().map(ReaderState::name));
        if !same_readers {
            changes.announce();
        }
        // PC/SC tells of new readers through this name alone.
        states.push(ReaderState::new(pcsc::PNP_NOTIFICATION(), State::UNAWARE));
        match context.get_status_change(LOOK_UP, &mut states) {
            Ok(()) => {
                states.pop();
                let before = known.iter().map(noticed);
                if same_readers && before.ne(states.iter().map(noticed)) {
                    changes.announce();
                }
                known = states;
            }
            // Where a program took a card for itself, nobody is woken.
            Err(Error::Timeout) => {
                states = read_states(&context)?;
                let refused = REFUSED.swap(false, Ordering::Relaxed);
                let let_go = refused && states.iter().all(|state| !noticed(state).1);
                if same_readers && (let_go || known.iter().map(noticed).ne(states.iter().map(noticed))) {
                    changes.announce();
                }
                known = states;
            }
            Err(Error::UnknownReader) => {}
            Err(error) => return Err(refusal(error)),
        }
    }
    Ok(())
}

struct Session {
    /// Until it is dropped.
    card: Option<Card>,
    // The card's handle lives in it.
    context: Context,
    reader: CString,
    /// Something was sent to the card since it was reset.
    used: bool,
}

impl Session {
    /// Waits until no other program has a transaction.
    fn locked(&mut self) -> Result<Transaction<'_>, Error> {
        locked(self.card.as_mut().ok_or(Error::InvalidHandle)?)
    }
}

fn locked(mut card: &mut Card) -> Result<Transaction<'_>, Error> {
    // Another program may have reset the card between two batches; every batch begins with SELECT, so that is no harm,
    // but PC/SC wants to see that it was noticed. Each time it was another one's turn.
    for _ in 0..TURNS {
        match card.transaction2() {
            Ok(transaction) => return Ok(transaction),
            Err((again, Error::ResetCard)) => {
                again.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::LeaveCard)?;
                card = again;
            }
            Err((_, error)) => return Err(error),
        }
    }
    Err(Error::ResetCard)
}

impl CardSession for Session {
    fn exclusive(&mut self, work: &mut dyn FnMut(&mut dyn Transport)) -> Result<(), TransportError> {
        self.used = true;
        let card = self.card.as_mut().ok_or(TransportError::Removed)?;
        let transaction = locked(card).map_err(lost)?;
        work(&mut Channel { card: &transaction, context: &self.context, reader: &self.reader });
        // The work is done and has seen for itself what became of the card; dropped, the transaction is over, too.
        let _ = transaction.end(Disposition::LeaveCard);
        Ok(())
    }

    /// In a transaction of its own: a reset beside somebody else's would take the card from under them.
    fn reset(&mut self) -> Result<(), TransportError> {
        let transaction = self.locked().map_err(lost)?;
        transaction.end(Disposition::ResetCard).map_err(|(_, error)| lost(error))?;
        self.used = false;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let clean = !self.used || self.reset().is_ok();
        // By itself a card that is dropped is reset outside of any transaction: better than a PIN left verified, and for
        // nothing else.
        if clean && let Some(card) = self.card.take() {
            let _ = card.disconnect(Disposition::LeaveCard);
        }
    }
}

struct Channel<'t> {
    card: &'t Card,
    context: &'t Context,
    reader: &'t CString,
}

impl Transport for Channel<'_> {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        // A short response is at most 256 octets and the status word.
        let mut response = [0; pcsc::MAX_BUFFER_SIZE];
        match self.card.transmit(apdu, &mut response) {
            Ok(response) if response.len() >= 2 => Ok(response.to_vec()),
            // A card pulled out in the middle shows as a failed exchange first, or as an answer without a status word.
            Ok(_) | Err(Error::NotTransacted | Error::CommError | Error::CommDataLost) => Err(self.failed()),
            Err(error) => Err(lost(error)),
        }
    }

    fn has_keypad(&mut self) -> bool {
        [KeypadFeature::Verify, KeypadFeature::Modify].into_iter().all(|feature| self.feature(feature).is_some())
    }

    fn type_pin(&mut self, request: &KeypadRequest) -> Result<Vec<u8>, TransportError> {
        let code = self.feature(request.feature);
        let code = code.ok_or_else(|| TransportError::Reader("it has no keypad".to_owned()))?;
        let mut response = [0; pcsc::MAX_BUFFER_SIZE];
        match self.card.control(code.into(), &request.structure, &mut response) {
            Ok(response) if response.len() >= 2 => Ok(response.to_vec()),
            Ok(_) | Err(Error::NotTransacted | Error::CommError | Error::CommDataLost) => Err(self.failed()),
            Err(error) => Err(lost(error)),
        }
    }
}

/// CM_IOCTL_GET_FEATURE_REQUEST (PC/SC part 10 §2.2).
const GET_FEATURES: u32 = 3400;

/// Where a feature is, in the list that a reader gives: tag, length and control code of each (§2.3).
fn feature_code(mut list: &[u8], wanted: u8) -> Option<u32> {
    while let [tag, length, rest @ ..] = list {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        if *tag == wanted {
            return Some(u32::from_be_bytes(value.try_into().ok()?));
        }
        list = after;
    }
    None
}

impl Channel<'_> {
    /// The code by which the reader does this; none where it does not.
    fn feature(&self, feature: KeypadFeature) -> Option<u32> {
        let mut list = [0; pcsc::MAX_BUFFER_SIZE];
        let list = self.card.control(pcsc::ctl_code(GET_FEATURES.into()), &[], &mut list).ok()?;
        feature_code(list, feature.tag())
    }

    /// Why an exchange failed: whether the card is still there, PC/SC knows a moment later.
    fn failed(&self) -> TransportError {
        if let Err(error) = self.card.status2_owned() {
            return lost(error);
        }
        let deadline = Instant::now() + NOTICED;
        let mut states = [ReaderState::new(self.reader.clone(), State::UNAWARE)];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.context.get_status_change(left, &mut states) {
                Ok(()) if states[0].event_state().contains(State::PRESENT) && !left.is_zero() => {
                    states[0].sync_current_state();
                }
                Ok(()) if states[0].event_state().contains(State::PRESENT) => break,
                Err(Error::Timeout) => break,
                Ok(()) | Err(_) => return TransportError::Removed,
            }
        }
        TransportError::Reader("the exchange failed".to_owned())
    }
}

fn context() -> Result<Context, Refusal> {
    if !pcsc_sys::available() {
        return Err(Refusal::new(Code::PcscMissing).detail("libpcsclite.so.1"));
    }
    Context::establish(Scope::User).map_err(refusal)
}

fn states(context: &Context) -> Result<Vec<ReaderState>, Refusal> {
    let names = match context.list_readers_owned() {
        Ok(names) => names,
        Err(Error::NoReadersAvailable) => Vec::new(),
        Err(error) => return Err(refusal(error)),
    };
    Ok(names.into_iter().map(|name| ReaderState::new(name, State::UNAWARE)).collect())
}

/// The readers as they are now.
fn read_states(context: &Context) -> Result<Vec<ReaderState>, Refusal> {
    let mut states = states(context)?;
    match context.get_status_change(Duration::ZERO, &mut states) {
        Ok(()) | Err(Error::Timeout) => Ok(states),
        Err(error) => Err(refusal(error)),
    }
}

fn reader(state: &ReaderState) -> Reader {
    let seen = state.event_state();
    Reader {
        name: state.name().to_string_lossy().into_owned(),
        card: seen.contains(State::PRESENT) && !seen.contains(State::MUTE),
    }
}

/// What is a change: also that another program takes the card for itself, or lets go of it.
fn noticed(state: &ReaderState) -> (Reader, bool) {
    (reader(state), state.event_state().contains(State::EXCLUSIVE))
}

/// Why readers or a card cannot be used, before anything was sent to the card.
fn refusal(error: Error) -> Refusal {
    let code = match error {
        Error::NoService | Error::ServiceStopped => Code::PcscStopped,
        // polkit has refused the service, or this reader.
        Error::SecurityViolation | Error::NoAccess => Code::ReadersRefused,
        Error::ReaderUnavailable => Code::NoReader,
        Error::UnknownReader => Code::ReaderUnknown,
        Error::NoSmartcard | Error::RemovedCard => Code::NoCard,
        // It sits badly, or is dirty, or broken.
        Error::UnresponsiveCard | Error::UnpoweredCard | Error::InvalidAtr => Code::CardFault,
        // Not a card with a processor, or none that the reader can do with.
        Error::UnsupportedCard | Error::CardUnsupported | Error::ProtoMismatch => Code::NotKaikaCard,
        // Another program has it, or resets it again and again.
        Error::SharingViolation | Error::ResetCard => Code::CardInUse,
        Error::NotReady | Error::ServerTooBusy | Error::NoMemory => Code::Busy,
        _ => Code::ReaderFault,
    };
    Refusal::new(code).detail(error.to_string())
}

fn lost(error: Error) -> TransportError {
    match error {
        Error::NoSmartcard
        | Error::RemovedCard
        | Error::UnpoweredCard
        | Error::UnresponsiveCard
        | Error::ReaderUnavailable
        | Error::UnknownReader => TransportError::Removed,
        Error::ResetCard => TransportError::Reset,
        error => TransportError::Reader(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_found_by_its_tag() {
        let list = [0x06, 4, 0x42, 0x33, 0, 6, 0x12, 2, 1, 2, 0x07, 4, 0x42, 0x33, 0, 7];
        for (tag, expected) in [(0x06, Some(0x4233_0006)), (0x07, Some(0x4233_0007)), (0x12, None), (0x20, None)] {
            assert_eq!(feature_code(&list, tag), expected, "{tag:02x}");
        }
        assert_eq!(feature_code(&list[..15], 0x07), None, "cut short");
        assert_eq!(feature_code(&[], 0x06), None);
    }
}
