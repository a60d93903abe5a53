//! 更改PIN碼: between the agent and the card; no server is asked, and none knows.
//!
//! Whoever changes it twice with the same PINs, since the first time was cut, has it done: a card that refuses the old
//! PIN is asked whether it has the new one. That costs a try where it has not, so it is not done for a PIN that was merely
//! typed wrong: decision 0029.

use crate::{
    certificate::CardCertificate,
    engine::{Progress, lost, not_ours, refusal},
    readers::{CardSession, exclusively, leave},
};
use kaika_card::{Pin, PinChange, Secrets, Transport};
use kaika_wire::{Aftermath, CardNumber, Code, JobKind, PinAfter, Refusal, Slot};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// `chosen`: another card is left alone. `resumes` is asked with the card's number before it is given a PIN: whether the
/// same change was cut before.
///
/// # Errors
/// [`Code::PinWrong`] with the tries left, [`Code::PinLocked`]; [`Code::NotKaikaCard`]; what became of the card.
pub(crate) fn change_pin(
    session: &mut dyn CardSession,
    chosen: Option<&CardNumber>,
    secrets: &Secrets,
    resumes: &mut dyn FnMut(&CardNumber) -> bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<CardNumber, Refusal> {
    let (Some(from), Some(to)) = (&secrets.current_pin, &secrets.new_pin) else {
        return Err(Code::SecretMissing.into());
    };
    let mut left = Aftermath::nothing(JobKind::ChangePin);
    session.reset().map_err(lost)?;
    let changed = exclusively(session, |transport| {
        let number = number_of(transport)?;
        if chosen.is_some_and(|chosen| *chosen != number) {
            return Err(Code::OtherCard.into());
        }
        progress(Progress::Started { card: number.clone() });
        progress(Progress::Batch { sequence: 1, commands: 1 });
        let resumes = resumes(&number);
        if resumes {
            left = UNSURE;
        }
        match kaika_card::change_pin(transport, from, to, resumes) {
            Ok(PinChange::Done) => Ok(number),
            Ok(PinChange::NotTaken) => Err(Code::PinNotTaken.into()),
            Ok(PinChange::Refused { tries_left: Some(0) }) => Err(Refusal::new(Code::PinLocked).tries_left(0)),
            Ok(PinChange::Refused { tries_left }) => Err(Refusal { tries_left, ..Code::PinWrong.into() }),
            Err(fault) => {
                if fault.may_have_acted() {
                    left = UNSURE;
                }
                Err(refusal(fault))
            }
        }
    });
    leave(session);
    let changed = changed.map_err(lost).and_then(|changed| changed);
    changed.map_err(|refusal| Refusal { aftermath: Some(left), ..refusal })
}

/// The card has either PIN.
const UNSURE: Aftermath =
    Aftermath { kind: JobKind::ChangePin, pin: PinAfter::Unsure, changed: true, maybe_done: false };

fn number_of(transport: &mut dyn Transport) -> Result<CardNumber, Refusal> {
    let own = kaika_card::read_certificate(transport, Slot::CardAuthentication).map_err(not_ours)?;
    let own = own.as_deref().and_then(CardCertificate::parse);
    own.and_then(|own| own.card_number()).ok_or_else(|| Code::NotKaikaCard.into())
}

/// How long a change that was cut is remembered.
const REMEMBERED: Duration = Duration::from_secs(300);

/// The card tool's changes of which it is not known how they ended, by card.
#[derive(Default)]
pub(crate) struct CutChanges {
    cut: Mutex<BTreeMap<CardNumber, Cut>>,
}

struct Cut {
    from: Pin,
    to: Pin,
    since: Instant,
}

impl CutChanges {
    /// A change begins. Whether the same was cut before.
    pub(crate) fn begin(&self, card: &CardNumber, secrets: &Secrets, now: Instant) -> bool {
        let (Some(from), Some(to)) = (&secrets.current_pin, &secrets.new_pin) else {
            return false;
        };
        self.expire(now);
        let cut = Cut { from: from.clone(), to: to.clone(), since: now };
        let before = self.changes().insert(card.clone(), cut);
        before.is_some_and(|cut| cut.from.expose() == from.expose() && cut.to.expose() == to.expose())
    }

    /// It is known how it ended.
    pub(crate) fn settle(&self, card: &CardNumber) {
        self.changes().remove(card);
    }

    /// Forgets what was cut long ago.
    pub(crate) fn expire(&self, now: Instant) {
        self.changes().retain(|_, cut| now.duration_since(cut.since) < REMEMBERED);
    }

    fn changes(&self) -> MutexGuard<'_, BTreeMap<CardNumber, Cut>> {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_change_alone_is_gone_on_with_and_not_for_long() {
        let pins = |from, to| Secrets {
            current_pin: Pin::parse(from).ok(),
            new_pin: Pin::parse(to).ok(),
            ..Secrets::default()
        };
        let (card, other) = ("GC00000000000001".parse().unwrap(), "GC00000000000002".parse().unwrap());
        let start = Instant::now();
        let began = || {
            let changes = CutChanges::default();
            assert!(!changes.begin(&card, &pins("135790", "246802"), start));
            changes
        };
        assert!(began().begin(&card, &pins("135790", "246802"), start));
        assert!(!began().begin(&other, &pins("135790", "246802"), start));
        assert!(!began().begin(&card, &pins("135791", "246802"), start), "a guess");
        assert!(!began().begin(&card, &pins("135790", "2468020"), start), "a guess");
        assert!(!began().begin(&card, &pins("135790", "246802"), start + REMEMBERED));
        let changes = began();
        changes.settle(&card);
        assert!(!changes.begin(&card, &pins("135790", "246802"), start));
        changes.expire(start + REMEMBERED);
        assert!(changes.changes().is_empty());
    }
}
