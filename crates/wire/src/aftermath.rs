//! What a job that did not come to its end has left behind: the one thing that card window, page and card tool go by when
//! they tell its holder what is certain.

use crate::{CardFault, JobKind};
use serde::{Deserialize, Serialize};

/// Which PIN a card has, where a job was to set another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinAfter {
    /// The one that it had.
    #[default]
    Before,
    /// That one or the new one: nobody knows.
    Unsure,
    /// The new one.
    New,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aftermath {
    pub kind: JobKind,
    #[serde(default)]
    pub pin: PinAfter,
    /// Whether something was sent that changes the card, be it the PIN or what it holds.
    #[serde(default)]
    pub changed: bool,
    /// Whether the job may have come to its end after all: the server's last answer is missing.
    #[serde(default)]
    pub maybe_done: bool,
}

/// What one command does, as far as it leaves something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leaves {
    pub new_pin: bool,
    pub changes: bool,
}

impl Aftermath {
    /// Of a job of which nothing was sent yet.
    pub fn nothing(kind: JobKind) -> Self {
        Self { kind, pin: PinAfter::Before, changed: false, maybe_done: false }
    }

    /// After a batch of which this many commands were carried out. `fault`: why it stopped there, if not by a refused
    /// secret.
    #[must_use]
    pub fn after_batch(
        mut self,
        commands: impl IntoIterator<Item = Leaves>,
        carried_out: usize,
        fault: Option<&CardFault>,
    ) -> Self {
        let acted = fault.is_some_and(CardFault::may_have_acted);
        for (at, leaves) in commands.into_iter().enumerate() {
            let pin = match (at < carried_out, at == carried_out && acted) {
                (true, _) => PinAfter::New,
                (false, true) => PinAfter::Unsure,
                (false, false) => break,
            };
            self.changed |= leaves.changes;
            // Once it has the new one, setting it again changes nothing.
            if leaves.new_pin && self.pin != PinAfter::New {
                self.pin = pin;
            }
        }
        self
    }

    /// While a batch is out of which nothing is heard: any of its commands may have been carried out, or none.
    #[must_use]
    pub fn while_out(mut self, commands: impl IntoIterator<Item = Leaves>) -> Self {
        for leaves in commands {
            self.changed |= leaves.changes;
            if leaves.new_pin && self.pin == PinAfter::Before {
                self.pin = PinAfter::Unsure;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESET: Leaves = Leaves { new_pin: true, changes: true };
    const READS: Leaves = Leaves { new_pin: false, changes: false };
    const WRITES: Leaves = Leaves { new_pin: false, changes: true };

    fn after(carried_out: usize, fault: Option<&CardFault>) -> (PinAfter, bool) {
        let left = Aftermath::nothing(JobKind::Unlock).after_batch([READS, RESET, READS], carried_out, fault);
        (left.pin, left.changed)
    }

    fn status(word: &str) -> CardFault {
        CardFault::Status { status: word.to_owned() }
    }

    #[test]
    fn the_pin_is_in_doubt_at_the_one_command_that_got_no_clear_answer() {
        assert_eq!(after(0, Some(&CardFault::Removed)), (PinAfter::Before, false));
        assert_eq!(after(1, Some(&CardFault::Removed)), (PinAfter::Unsure, true));
        assert_eq!(after(2, Some(&CardFault::Removed)), (PinAfter::New, true));
        assert_eq!(after(1, None), (PinAfter::Before, false), "a refused secret");
        assert_eq!(after(3, None), (PinAfter::New, true));
        for (word, pin) in [("6a80", PinAfter::Before), ("6985", PinAfter::Before), ("6f00", PinAfter::Unsure)] {
            assert_eq!(after(1, Some(&status(word))).0, pin, "{word}");
        }
    }

    #[test]
    fn nothing_is_less_certain_than_it_was() {
        let new = Aftermath { pin: PinAfter::New, changed: true, ..Aftermath::nothing(JobKind::Unlock) };
        assert_eq!(new.after_batch([RESET], 0, Some(&CardFault::Removed)), new);
        assert_eq!(new.while_out([RESET]), new);
        let unsure = new.pin_is(PinAfter::Unsure);
        assert_eq!(unsure.after_batch([RESET], 1, None), new, "the next job settles it");
        assert_eq!(unsure.after_batch([RESET], 0, Some(&status("6a80"))), unsure);
    }

    #[test]
    fn of_a_batch_that_is_out_all_is_possible() {
        let nothing = Aftermath::nothing(JobKind::Rewrite);
        assert_eq!(nothing.while_out([READS]), nothing);
        assert_eq!(nothing.while_out([READS, WRITES]), Aftermath { changed: true, ..nothing });
        assert_eq!(nothing.while_out([READS, RESET]).pin, PinAfter::Unsure);
    }

    impl Aftermath {
        fn pin_is(self, pin: PinAfter) -> Self {
            Self { pin, ..self }
        }
    }
}
