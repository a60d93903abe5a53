//! 開卡: an unopened card becomes its holder's.
//!
//! prove card (9E) with the user code │ RESET RETRY COUNTER · sign the acceptance (9C) · new PUK │ certificates valid.
//! Where an earlier job left open which PUK the card has, a batch of its own settles that first.

use super::{Checked, Decision, Effect, Event, Facts, Performed, Step, fault, out_of_step, refused_secret};
use crate::{CardState, policy::Activation, puk::Choice};
use kaika_wire::{CertificateStatus, Code, PinSource, Refusal, SecretKind};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Activate {
    phase: Phase,
    /// PUK tries left, as the card told.
    puk_tries_left: Option<u8>,
    /// One wrong PUK was tried in this job: another is not.
    wrong_puk: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    #[default]
    Proving,
    TestingUserCode,
    SettlingPuk,
    Opening,
    Accepting,
}

impl Activate {
    pub(super) fn decide(&mut self, event: Event, facts: &Facts<'_>) -> Decision {
        match (&self.phase, event) {
            (Phase::Proving, Event::Started) => Decision::Run(vec![Step::ReadRetries, Step::ProveCard]),
            (Phase::Proving, Event::Reported { checked, fault: reason, .. }) => self.proved(&checked, reason, facts),
            (Phase::TestingUserCode, Event::Performed(outcome)) => self.user_code_tested(outcome, facts),
            (Phase::SettlingPuk, Event::Reported { checked, fault: reason, .. }) => {
                match (checked.as_slice(), reason) {
                    (_, Some(reason)) => fault(&reason),
                    ([Checked::Done], None) => self.open(facts),
                    ([Checked::Refused { secret: SecretKind::Puk, tries_left }], None) => {
                        self.puk_refused(*tries_left, facts)
                    }
                    _ => out_of_step(),
                }
            }
            (Phase::Opening, Event::Reported { checked, fault: reason, .. }) => self.opened(&checked, reason, facts),
            (Phase::Accepting, Event::Performed(Performed::Done)) => Decision::Succeed,
            (_, Event::Performed(Performed::Refused(refusal))) => Decision::Fail(refusal),
            _ => out_of_step(),
        }
    }

    fn proved(&mut self, checked: &[Checked], reason: Option<kaika_wire::CardFault>, facts: &Facts<'_>) -> Decision {
        if let Some(reason) = reason {
            return fault(&reason);
        }
        match checked {
            [Checked::Retries { puk, .. }, Checked::Signature(Some(_))] => {
                self.puk_tries_left = *puk;
                if let Err(refusal) = may_activate(facts) {
                    return Decision::Fail(refusal);
                }
                self.phase = Phase::TestingUserCode;
                Decision::Perform(Effect::TestUserCode)
            }
            [Checked::Retries { .. }, Checked::Signature(None)] => Decision::fail(Code::NotKaikaCard),
            _ => out_of_step(),
        }
    }

    fn user_code_tested(&mut self, outcome: Performed, facts: &Facts<'_>) -> Decision {
        match outcome {
            Performed::UserCodeRight => self.open(facts),
            Performed::UserCodeWrong { tries_left } => {
                Decision::Fail(Refusal::new(Code::UserCodeWrong).tries_left(tries_left))
            }
            Performed::UserCodeLocked => Decision::Fail(Refusal::new(Code::UserCodeLocked).tries_left(0)),
            Performed::UserCodeAbsent => Decision::fail(Code::UserCodeLocked),
            Performed::Refused(refusal) => Decision::Fail(refusal),
            Performed::Done => out_of_step(),
        }
    }

    /// The batch that opens the card, or first the one that settles which PUK it has.
    fn open(&mut self, facts: &Facts<'_>) -> Decision {
        match facts.puk.choose(self.puk_tries_left) {
            Choice::Certain(puk) => {
                self.phase = Phase::Opening;
                Decision::Run(vec![
                    Step::ResetRetryCounter { puk },
                    Step::SignAcceptance { pin: PinSource::New, certificates: facts.holders_certificates() },
                    Step::ChangePuk { from: puk, to: facts.puk.next_version() },
                ])
            }
            Choice::Try(puk) if !self.wrong_puk => {
                self.phase = Phase::SettlingPuk;
                Decision::Run(vec![Step::ResetRetryCounter { puk }])
            }
            Choice::Try(_) | Choice::None => Decision::fail(Code::PukBlocked),
        }
    }

    /// The ledger has taken the refusal in: the other candidate is the card's for certain.
    fn puk_refused(&mut self, tries_left: Option<u8>, facts: &Facts<'_>) -> Decision {
        if self.wrong_puk || facts.puk.settled().is_none() {
            return Decision::fail(Code::PukBlocked);
        }
        self.wrong_puk = true;
        self.puk_tries_left = tries_left.or(self.puk_tries_left.map(|left| left.saturating_sub(1)));
        self.open(facts)
    }

    fn opened(&mut self, checked: &[Checked], reason: Option<kaika_wire::CardFault>, facts: &Facts<'_>) -> Decision {
        match (checked, reason) {
            (_, Some(reason)) => fault(&reason),
            ([Checked::Done, Checked::Signature(Some(receipt)), Checked::Done], None) => {
                self.phase = Phase::Accepting;
                Decision::Perform(Effect::Activate {
                    receipt: receipt.clone(),
                    certificates: facts.holders_certificates(),
                })
            }
            ([Checked::Done, Checked::Signature(None), ..], None) => Decision::Fail(
                Refusal::new(Code::CardFault).detail("the acceptance is not signed by the card's 9C key"),
            ),
            ([.., Checked::Refused { secret, tries_left }], None) => refused_secret(*secret, *tries_left),
            _ => out_of_step(),
        }
    }
}

/// Whether this card may be activated online now: asked once the card has proved itself, and again in the transaction
/// that releases its PUK and in the one that makes its certificates valid.
///
/// # Errors
/// The refusal that the holder reads.
pub fn may_activate(facts: &Facts<'_>) -> Result<(), Refusal> {
    let Activation::Online { within_days, .. } = facts.policy.activation else {
        return Err(match facts.card.state {
            CardState::Activated { .. } => Code::AlreadyActivated.into(),
            _ => Code::ActivatedElsewhere.into(),
        });
    };
    match &facts.card.state {
        CardState::Activated { .. } => return Err(Code::AlreadyActivated.into()),
        CardState::Terminated { reason: crate::TerminationReason::NotActivatedInTime, .. } => {
            return Err(Code::ActivationPeriodOver.into());
        }
        CardState::Terminated { .. } => return Err(Code::CardBarred.into()),
        CardState::Ordered | CardState::Personalised { .. } => {
            return Err(Code::NotKaikaCard.into());
        }
        CardState::Dispatched { at } => {
            if facts.now > *at + time::Duration::days(i64::from(within_days)) {
                return Err(Code::ActivationPeriodOver.into());
            }
        }
    }
    for role in facts.policy.roles() {
        let certificate = facts.certificate(role).ok_or(Code::CardBarred)?;
        if !certificate.is_written()
            || certificate.status(facts.now) != CertificateStatus::Held
                && role != kaika_wire::CertificateRole::CardAuthentication
        {
            return Err(Code::CardBarred.into());
        }
    }
    Ok(())
}
