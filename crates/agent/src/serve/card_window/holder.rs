//! The person in front of the window, asked to type in the middle of a job.

use super::{CardWindow, state::Typing};
use kaika_card::{Holder, Pin};
use kaika_wire::{NotTyped, Puk};
use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

/// How long somebody may take to type in the window. A server waits for a report longer than that.
const PATIENCE: Duration = Duration::from_secs(180);
/// Windows resets a card that is idle in a transaction for five seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(2);

pub(super) struct AtWindow {
    pub(super) window: Arc<CardWindow>,
    pub(super) reader: String,
}

impl Holder for AtWindow {
    fn at_keypad(&self, puk: Option<&Puk>) {
        let typing = Typing::AtKeypad { reader: self.reader.clone(), puk: puk.cloned() };
        self.window.change(|state| state.ask_to_type(typing));
    }

    fn new_pin(&self, puk: &Puk, meanwhile: &mut dyn FnMut() -> bool) -> Result<Pin, NotTyped> {
        let (tell, told) = mpsc::channel();
        self.window.change(|state| state.ask_to_type(Typing::Here { puk: puk.clone(), remarks: Vec::new(), tell }));
        let deadline = Instant::now() + PATIENCE;
        loop {
            match told.recv_timeout(KEEP_ALIVE) {
                Ok(typed) => return typed,
                Err(RecvTimeoutError::Disconnected) => return Err(NotTyped::Cancelled),
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => return Err(NotTyped::TimedOut),
                Err(RecvTimeoutError::Timeout) if meanwhile() => {}
                Err(RecvTimeoutError::Timeout) => return Err(NotTyped::Cancelled),
            }
        }
    }

    fn typing_ended(&self) {
        self.window.change(|state| state.typing = None);
    }
}
