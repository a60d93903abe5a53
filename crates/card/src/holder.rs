//! The person at the reader, who is asked to type in the middle of a batch.

use crate::Pin;
use kaika_wire::{NotTyped, Puk};

/// Where a PUK is shown to the holder, and where a new PIN is typed if the reader has no keypad.
pub trait Holder: Send + Sync {
    /// The reader's keypad is about to take this PUK and the new PIN twice; without a PUK, the new PIN once more.
    fn at_keypad(&self, puk: Option<&Puk>);

    /// The new PIN, given beside the PUK where there is no keypad. `meanwhile` is to be called every two seconds at
    /// least: it says whether the card is still there.
    ///
    /// # Errors
    /// Why there is none; [`NotTyped::Cancelled`] where the card is gone, too.
    fn new_pin(&self, puk: &Puk, meanwhile: &mut dyn FnMut() -> bool) -> Result<Pin, NotTyped>;

    /// What was asked for was typed, or is no longer waited for.
    fn typing_ended(&self);
}
