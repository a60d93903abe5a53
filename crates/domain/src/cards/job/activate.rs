//! 開卡: an unopened card becomes its holder's: opened with the user code, its certificates accepted by its 9C key.

use super::out_of_step;
use super::{
    Decision, Effect, Event, JobFacts, Performed, Step, opening::OpeningByPuk, opening::Progress, opening::Purpose,
};
use crate::{authorities::Activation, cards::CardState};
use kaika_wire::{Aftermath, CertificateStatus, Code, JobKind, PinSource, Refusal};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Activate {
    #[serde(flatten)]
    opening: OpeningByPuk,
}

const PURPOSE: Purpose = Purpose { may: check_activation_allowed, pin: |_| PinSource::New, sign: acceptance };

impl Activate {
    pub(super) fn left(&self) -> Aftermath {
        self.opening.left(JobKind::Activate)
    }

    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match self.opening.decide(event, facts, &PURPOSE) {
            Progress::Decided(decision) => decision,
            Progress::Opened { signature } => {
                Decision::Perform(Effect::Activate { receipt: signature, certificates: facts.holders_certificates() })
            }
            Progress::After(Event::Performed(Performed::Done)) => Decision::Succeed,
            Progress::After(Event::Performed(Performed::Refused(refusal))) => Decision::Fail(refusal),
            Progress::After(_) => out_of_step(),
        }
    }
}

fn acceptance(pin: PinSource, facts: &JobFacts<'_>) -> Step {
    Step::SignAcceptance { pin, certificates: facts.holders_certificates() }
}

/// Whether this card may be activated online now: asked once the card has proved itself, and again in the transaction
/// that releases its PUK and in the one that makes its certificates valid.
///
/// # Errors
/// The refusal that the holder reads.
pub fn check_activation_allowed(facts: &JobFacts<'_>) -> Result<(), Refusal> {
    let Activation::Online { .. } = facts.policy.activation else {
        return Err(match facts.card.state {
            CardState::Activated { .. } => Code::AlreadyActivated.into(),
            _ => Code::ActivatedElsewhere.into(),
        });
    };
    match &facts.card.state {
        CardState::Activated { .. } => return Err(Code::AlreadyActivated.into()),
        CardState::Terminated { reason: crate::cards::TerminationReason::NotActivatedInTime, .. } => {
            return Err(Code::ActivationPeriodOver.into());
        }
        CardState::Terminated { .. } => return Err(Code::CardBarred.into()),
        CardState::Ordered | CardState::Personalised { .. } => {
            return Err(Code::NotKaikaCard.into());
        }
        CardState::Dispatched { .. } => {
            if facts.activate_by().is_some_and(|last| facts.now > last) {
                return Err(Code::ActivationPeriodOver.into());
            }
        }
    }
    for role in facts.policy.roles() {
        let certificate = facts.certificate(role).ok_or(Code::CardBarred)?;
        if !certificate.is_written()
            || facts.barring_status(role).is_some()
            || certificate.status(facts.now) != CertificateStatus::Held
                && role != kaika_wire::CertificateRole::CardAuthentication
        {
            return Err(Code::CardBarred.into());
        }
    }
    Ok(())
}
