//! Opening a card by its PUK: what activating and unlocking have in common.
//!
//! prove card (9E) with the user code │ RESET RETRY COUNTER · a signature by 9C with the new PIN · new PUK.
//! Where an earlier job left open which PUK the card has, a batch of its own settles that first.
//!
//! A PUK that the holder types is one that the holder has seen. It is replaced by the same batch; where that ends early
//! by a batch of its own; and where the job is cut, the next one begins with that. So the holder always types a PUK that
//! nobody has seen before, on a card with all its tries.

use super::{
    Checked, Decision, Effect, Event, JobFacts, Performed, Step, carried_out, fault_at, not_signed, out_of_step,
    refused_secret, replace,
};
use crate::cards::Choice;
use kaika_wire::{Aftermath, CardFault, Code, JobKind, PinAfter, PinSource, Refusal, SecretKind};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct OpeningByPuk {
    phase: Phase,
    /// PUK tries left, as the card told.
    puk_tries_left: Option<u8>,
    /// Told where nothing sets another PIN.
    #[serde(default)]
    pin_tries_left: Option<u8>,
    /// One wrong PUK was tried in this job: another is not.
    wrong_puk: bool,
    /// What the batches so far have left.
    #[serde(default)]
    pin: PinAfter,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    #[default]
    Proving,
    TestingUserCode,
    SettlingPuk,
    /// A PUK that was seen, or has one try left, gives way before the holder types.
    Replacing,
    Opening,
    /// The PUK that was seen gives way; this is how the job ends.
    Closing(Refusal),
    /// The card is open; what follows is the job's own affair.
    Accepting,
}

/// What a card is opened for.
pub(super) struct Purpose {
    /// Whether the card may be opened now.
    pub(super) may: fn(&JobFacts<'_>) -> Result<(), Refusal>,
    /// Where the new PIN comes from.
    pub(super) pin: fn(&JobFacts<'_>) -> PinSource,
    /// What 9C signs with it.
    pub(super) sign: fn(PinSource, &JobFacts<'_>) -> Step,
}

pub(super) enum Progress {
    Decided(Decision),
    /// The card has the new PIN and a new PUK, and 9C has signed.
    Opened {
        signature: Vec<u8>,
    },
    /// An event after that.
    After(Event),
}

impl OpeningByPuk {
    pub(super) fn left(&self, kind: JobKind) -> Aftermath {
        Aftermath { pin: self.pin, changed: self.pin != PinAfter::Before, ..Aftermath::nothing(kind) }
    }

    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>, purpose: &Purpose) -> Progress {
        if let Event::Reported { steps, checked, fault } = &event {
            let leaves = steps.iter().map(Step::leaves);
            // Whatever the kind.
            let left = self.left(JobKind::Unlock).after_batch(leaves, carried_out(checked), fault.as_ref());
            self.pin = left.pin;
        }
        Progress::Decided(match (&self.phase, event) {
            (Phase::Accepting, event) => return Progress::After(event),
            (_, Event::Performed(Performed::Refused(refusal))) => Decision::Fail(refusal),
            (Phase::Closing(refusal), Event::Reported { .. }) => Decision::Fail(refusal.clone()),
            (Phase::Opening, Event::Reported { fault: Some(CardFault::NotTyped { why }), checked, .. }) => {
                let set = checked.first() == Some(&Checked::Done);
                self.close(if set { Code::PinNotProved } else { why.code() }.into(), facts)
            }
            (phase, Event::Reported { steps, checked, fault: Some(reason) }) => {
                match fault_at(steps.get(checked.len()), &reason) {
                    // The PUK was shown to a person.
                    Decision::Fail(refusal)
                        if refusal.code == Code::PinNotTaken && *phase == Phase::Opening && typed(facts, purpose) =>
                    {
                        self.close(refusal, facts)
                    }
                    decision => decision,
                }
            }
            (Phase::Proving, Event::Started) => Decision::Run(vec![Step::ReadRetries, Step::ProveCard]),
            (Phase::Proving, Event::Reported { checked, .. }) => self.proved(&checked, facts, purpose),
            (Phase::TestingUserCode, Event::Performed(outcome)) => match user_code_refused(outcome) {
                Some(refused) => refused,
                None => self.open(facts, purpose),
            },
            (Phase::SettlingPuk, Event::Reported { checked, .. }) => match checked.as_slice() {
                [Checked::Done] => self.open(facts, purpose),
                [Checked::Refused { secret: SecretKind::Puk, tries_left }] => {
                    self.puk_refused(*tries_left, facts, purpose)
                }
                _ => out_of_step(),
            },
            (Phase::Replacing, Event::Reported { checked, .. }) => match checked.as_slice() {
                [Checked::Done] => {
                    self.puk_tries_left = None;
                    self.open(facts, purpose)
                }
                [Checked::Refused { secret, tries_left }] => refused_secret(*secret, *tries_left),
                _ => out_of_step(),
            },
            (Phase::Opening, Event::Reported { checked, .. }) => match checked.as_slice() {
                [Checked::Done, Checked::Signature(Some(signature)), Checked::Done] => {
                    self.phase = Phase::Accepting;
                    return Progress::Opened { signature: signature.clone() };
                }
                [Checked::Done, Checked::Signature(None), ..] => not_signed(),
                [Checked::Refused { secret: SecretKind::Puk, tries_left }] if typed(facts, purpose) => {
                    let blocked = *tries_left == Some(0);
                    self.close(if blocked { self.puk_blocked(facts) } else { Code::PukWrong.into() }, facts)
                }
                [Checked::Done, Checked::Refused { tries_left, .. }] if typed(facts, purpose) => {
                    self.close(Refusal { tries_left: *tries_left, ..Code::PinNotProved.into() }, facts)
                }
                [.., Checked::Refused { secret, tries_left }] => refused_secret(*secret, *tries_left),
                _ => out_of_step(),
            },
            _ => out_of_step(),
        })
    }

    fn proved(&mut self, checked: &[Checked], facts: &JobFacts<'_>, purpose: &Purpose) -> Decision {
        match checked {
            [Checked::Retries { pin, puk }, Checked::Signature(Some(_))] => {
                (self.pin_tries_left, self.puk_tries_left) = (*pin, *puk);
                if let Err(refusal) = (purpose.may)(facts) {
                    return Decision::Fail(refusal);
                }
                // Before a try of the user code is spent on a card that cannot be opened.
                if facts.puk.choose(self.puk_tries_left) == Choice::None {
                    return Decision::Fail(self.puk_blocked(facts));
                }
                self.phase = Phase::TestingUserCode;
                Decision::Perform(Effect::TestUserCode)
            }
            [Checked::Retries { .. }, Checked::Signature(None)] => Decision::fail(Code::NotKaikaCard),
            _ => out_of_step(),
        }
    }

    /// The batch that opens the card, or first the one that settles which PUK it has.
    fn open(&mut self, facts: &JobFacts<'_>, purpose: &Purpose) -> Decision {
        match facts.puk.choose(self.puk_tries_left) {
            // Whoever mistypes it shall not spend the last try.
            Choice::Certain(puk)
                if typed(facts, purpose)
                    && (facts.puk.exposed().is_some() || self.puk_tries_left.is_some_and(|left| left <= 1)) =>
            {
                self.phase = Phase::Replacing;
                Decision::Run(vec![replace(puk, facts)])
            }
            Choice::Certain(puk) => {
                self.phase = Phase::Opening;
                let pin = (purpose.pin)(facts);
                let steps = [Step::ResetRetryCounter { puk, pin }, (purpose.sign)(pin, facts), replace(puk, facts)];
                Decision::Run(steps.into())
            }
            Choice::Try(puk) if !self.wrong_puk => {
                self.phase = Phase::SettlingPuk;
                Decision::Run(vec![match (purpose.pin)(facts) {
                    // Nobody is asked to type what may be wrong.
                    PinSource::Keypad => Step::ChangePuk { from: puk, to: puk },
                    pin => Step::ResetRetryCounter { puk, pin },
                }])
            }
            Choice::Try(_) | Choice::None => Decision::Fail(self.puk_blocked(facts)),
        }
    }

    /// A job in which the holder saw the PUK ends without another in its place: the card gets one now, unless it takes
    /// none any more.
    fn close(&mut self, refusal: Refusal, facts: &JobFacts<'_>) -> Decision {
        match facts.puk.settled() {
            Some(puk) if refusal.code != Code::PukBlocked => {
                self.phase = Phase::Closing(refusal);
                Decision::Run(vec![replace(puk, facts)])
            }
            _ => Decision::Fail(refusal),
        }
    }

    /// Nothing sets another PIN; whether the card still takes the one that it has, is told of a card that was opened.
    fn puk_blocked(&self, facts: &JobFacts<'_>) -> Refusal {
        let tries_left = self.pin_tries_left.filter(|_| facts.in_use().is_ok());
        Refusal { tries_left, ..Code::PukBlocked.into() }
    }

    /// The ledger has taken the refusal in: the other candidate is the card's for certain.
    fn puk_refused(&mut self, tries_left: Option<u8>, facts: &JobFacts<'_>, purpose: &Purpose) -> Decision {
        if self.wrong_puk || facts.puk.settled().is_none() {
            return Decision::Fail(self.puk_blocked(facts));
        }
        self.wrong_puk = true;
        self.puk_tries_left = tries_left.or(self.puk_tries_left.map(|left| left.saturating_sub(1)));
        self.open(facts, purpose)
    }
}

/// Whether the holder sees the PUK and types it.
fn typed(facts: &JobFacts<'_>, purpose: &Purpose) -> bool {
    (purpose.pin)(facts) == PinSource::Keypad
}

/// The end of a job whose user code was not right; none where it was.
pub(super) fn user_code_refused(outcome: Performed) -> Option<Decision> {
    Some(match outcome {
        Performed::UserCodeRight => return None,
        Performed::UserCodeWrong { tries_left } => {
            Decision::Fail(Refusal::new(Code::UserCodeWrong).tries_left(tries_left))
        }
        Performed::UserCodeLocked => Decision::Fail(Refusal::new(Code::UserCodeLocked).tries_left(0)),
        Performed::UserCodeAbsent => Decision::fail(Code::UserCodeLocked),
        Performed::Refused(refusal) => Decision::Fail(refusal),
        Performed::Done | Performed::MailSent => out_of_step(),
    })
}
