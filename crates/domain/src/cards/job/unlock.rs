//! 鎖卡解碼/重設PIN碼: a card whose PIN is locked or forgotten gets a new one, by user code and PUK. 9C proves that it took.
//! Where the policy says `keypad`, the holder is shown the PUK, and types it and the new PIN at the reader.

use super::{Decision, Event, JobFacts, Step, opening::OpeningByPuk, opening::Progress, opening::Purpose, out_of_step};
use crate::authorities::policy;
use kaika_wire::{Aftermath, CertificateStatus, JobKind, PinSource, Refusal};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unlock {
    #[serde(flatten)]
    opening: OpeningByPuk,
}

const PURPOSE: Purpose =
    Purpose { may: check_unlocking_allowed, pin: new_pin, sign: |pin, _| Step::ProveHolder { pin } };

fn new_pin(facts: &JobFacts<'_>) -> PinSource {
    match facts.policy.unlock {
        policy::Unlock::Keypad => PinSource::Keypad,
        policy::Unlock::Agent | policy::Unlock::Counter => PinSource::New,
    }
}

impl Unlock {
    pub(super) fn left(&self) -> Aftermath {
        self.opening.left(JobKind::Unlock)
    }

    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match self.opening.decide(event, facts, &PURPOSE) {
            Progress::Decided(decision) => decision,
            Progress::Opened { .. } => Decision::Succeed,
            Progress::After(_) => out_of_step(),
        }
    }
}

/// Whether this card may get a new PIN by its PUK now: it is activated, and none of its certificates is suspended or
/// revoked, since a card in the wrong hands is barred in this way. Expired ones are no bar: what was encrypted is still
/// to be read.
///
/// # Errors
/// The refusal that the holder reads.
pub(super) fn check_unlocking_allowed(facts: &JobFacts<'_>) -> Result<(), Refusal> {
    facts.policy.offers(JobKind::Unlock)?;
    facts.in_use()?;
    for role in facts.policy.roles() {
        facts.certificate(role).ok_or_else(|| facts.barred(CertificateStatus::Revoked))?;
        if let Some(bars) = facts.barring_status(role) {
            return Err(facts.barred(bars));
        }
    }
    Ok(())
}
