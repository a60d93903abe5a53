//! Connections to software cards.

use super::Shared;
use crate::readers::{CardSession, Transport, TransportError};
use kaika_card::KeypadRequest;
use kaika_softcard::{
    CardError, SoftCard,
    keypad::{Keypad, KeypadOutcome},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A card without a reader: always there, unless it loses its power.
pub fn desk_session(card: Arc<Mutex<SoftCard>>) -> Box<dyn CardSession> {
    lock(&card).reset();
    Box::new(DeskSession { card, keypad: None })
}

/// As [`desk_session`], with a keypad.
pub fn desk_session_with_keypad(card: Arc<Mutex<SoftCard>>, keypad: Arc<Keypad>) -> Box<dyn CardSession> {
    lock(&card).reset();
    Box::new(DeskSession { card, keypad: Some(keypad) })
}

struct DeskSession {
    card: Arc<Mutex<SoftCard>>,
    keypad: Option<Arc<Keypad>>,
}

impl CardSession for DeskSession {
    fn exclusive(&mut self, work: &mut dyn FnMut(&mut dyn Transport)) -> Result<(), TransportError> {
        let mut card = lock(&self.card);
        work(&mut Channel { card: &mut card, seat: None, keypad: self.keypad.as_deref() });
        Ok(())
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        lock(&self.card).reset();
        Ok(())
    }
}

impl Drop for DeskSession {
    fn drop(&mut self) {
        lock(&self.card).power_off();
    }
}

/// A card in a reader.
pub(super) struct SeatSession {
    card: Arc<Mutex<SoftCard>>,
    seat: SeatId,
}

struct SeatId {
    shared: Arc<Shared>,
    reader: String,
    id: u64,
}

impl SeatId {
    fn check(&self) -> Result<(), TransportError> {
        let seated = self.shared.is_seated(&self.reader, self.id);
        seated.then_some(()).ok_or(TransportError::Removed)
    }
}

impl SeatSession {
    pub(super) fn new(shared: Arc<Shared>, reader: &str, id: u64, card: Arc<Mutex<SoftCard>>) -> Self {
        let reader = reader.to_owned();
        Self { card, seat: SeatId { shared, reader, id } }
    }
}

impl CardSession for SeatSession {
    fn exclusive(&mut self, work: &mut dyn FnMut(&mut dyn Transport)) -> Result<(), TransportError> {
        let mut card = lock(&self.card);
        self.seat.check()?;
        let keypad = self.seat.shared.keypads.get(&self.seat.reader).map(Arc::as_ref);
        work(&mut Channel { card: &mut card, seat: Some(&self.seat), keypad });
        Ok(())
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        let mut card = lock(&self.card);
        self.seat.check()?;
        card.reset();
        Ok(())
    }
}

impl Drop for SeatSession {
    fn drop(&mut self) {
        // Another session may be at the same card, so it keeps its power. One that was taken out has none; should it be
        // in another reader by now, it is reset when somebody connects to it.
        if self.reset().is_err() {
            lock(&self.card).power_off();
        }
    }
}

struct Channel<'c> {
    card: &'c mut SoftCard,
    seat: Option<&'c SeatId>,
    keypad: Option<&'c Keypad>,
}

impl Transport for Channel<'_> {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        if let Some(seat) = self.seat {
            seat.check().inspect_err(|_| self.card.power_off())?;
        }
        self.card.transmit(apdu).map_err(|error| match error {
            CardError::PowerLost => {
                if let Some(seat) = self.seat {
                    seat.shared.power_lost(&seat.reader, seat.id);
                }
                TransportError::Removed
            }
            error => TransportError::Reader(error.to_string()),
        })
    }

    fn has_keypad(&mut self) -> bool {
        self.keypad.is_some()
    }

    fn type_pin(&mut self, request: &KeypadRequest) -> Result<Vec<u8>, TransportError> {
        let keypad = self.keypad.ok_or_else(|| TransportError::Reader("it has no keypad".to_owned()))?;
        let is_there = || self.seat.is_none_or(|seat| seat.check().is_ok());
        match keypad.ask(request.feature.tag(), &request.structure, is_there) {
            KeypadOutcome::Command(command) => self.transmit(&command),
            KeypadOutcome::Status(status) => Ok(status.to_vec()),
            KeypadOutcome::Gone => {
                self.card.power_off();
                Err(TransportError::Removed)
            }
        }
    }
}

fn lock(card: &Mutex<SoftCard>) -> MutexGuard<'_, SoftCard> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}
