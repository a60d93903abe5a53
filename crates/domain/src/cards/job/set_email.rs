//! 寫入安全電子郵件信箱: the holder's certificates are issued again, for the same keys, with an address that was proved.
//!
//! prove card (9E), holder (9C) │ a mailed code, or none yet: then a mail goes out, and the job is done for now │ the
//! re-write, with certificates issued anew. An address whose link was followed begins with the re-write.

use super::{
    Checked, Decision, Effect, Event, JobFacts, Performed, Rewrite, Step, fault, out_of_step, refused_secret, rewrite,
};
use kaika_wire::{Code, EmailAddress, EmailState, EmailWrite, PinSource, Refusal};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetEmail {
    address: EmailAddress,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Proving,
    Confirming,
    /// A mail is on its way.
    Asked,
    Writing(Rewrite),
}

impl SetEmail {
    pub fn new(address: EmailAddress) -> Self {
        Self { address, phase: Phase::Proving }
    }

    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match (&mut self.phase, event) {
            (Phase::Writing(rewrite), event) => rewrite.decide(event, facts),
            (_, Event::Performed(Performed::Refused(refusal))) => Decision::Fail(refusal),
            (_, Event::Reported { fault: Some(reason), .. }) => fault(&reason),
            (Phase::Proving, Event::Started) if facts.has_proved(&self.address) => self.write(facts),
            (Phase::Proving, Event::Started) => {
                Decision::Run(vec![Step::ProveCard, Step::ProveHolder { pin: PinSource::Current }])
            }
            (Phase::Proving, Event::Reported { checked, .. }) => self.proved(&checked, facts),
            (Phase::Confirming, Event::Performed(Performed::Done)) => self.write(facts),
            (Phase::Confirming, Event::Performed(Performed::MailSent)) => {
                self.phase = Phase::Asked;
                Decision::Succeed
            }
            _ => out_of_step(),
        }
    }

    fn proved(&mut self, checked: &[Checked], facts: &JobFacts<'_>) -> Decision {
        match checked {
            [Checked::Signature(None), ..] => Decision::fail(Code::NotKaikaCard),
            [Checked::Signature(Some(_)), Checked::Refused { secret, tries_left }] => {
                refused_secret(*secret, *tries_left)
            }
            [Checked::Signature(Some(_)), Checked::Signature(None)] => {
                Decision::Fail(Refusal::new(Code::CardFault).detail("the proof is not signed by the card's 9C key"))
            }
            [Checked::Signature(Some(_)), Checked::Signature(Some(_))] => match rewrite::check_rewriting_allowed(facts)
            {
                Ok(()) => {
                    self.phase = Phase::Confirming;
                    Decision::Perform(Effect::ConfirmEmail(self.address.clone()))
                }
                Err(refusal) => Decision::Fail(refusal),
            },
            _ => out_of_step(),
        }
    }

    fn write(&mut self, facts: &JobFacts<'_>) -> Decision {
        let mut rewrite = Rewrite::naming(self.address.clone());
        let first = rewrite.decide(Event::Started, facts);
        self.phase = Phase::Writing(rewrite);
        first
    }

    /// What came of it, once it is done.
    pub fn outcome(&self) -> EmailWrite {
        let state = match self.phase {
            Phase::Writing(_) => EmailState::Written,
            Phase::Proving | Phase::Confirming | Phase::Asked => EmailState::AwaitingConfirmation,
        };
        EmailWrite { address: self.address.clone(), state }
    }
}
