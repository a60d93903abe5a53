//! 停用, 復用, 廢止 with the card at hand: it proves itself, the user code is tested, and its certificates' status changes.
//! The card itself stays as it is.

use super::{
    Checked, Decision, Effect, Event, JobFacts, Performed, Step, fault, opening::user_code_refused, out_of_step,
};
use crate::certificates::HoldBy;
use crate::certificates::check_change_allowed;
use kaika_wire::{Code, StatusChange};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeStatus {
    change: StatusChange,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Proving,
    TestingUserCode,
    Changing,
}

impl ChangeStatus {
    pub(super) fn new(change: StatusChange) -> Self {
        Self { change, phase: Phase::Proving }
    }

    pub fn change(&self) -> StatusChange {
        self.change
    }

    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match (&self.phase, event) {
            (_, Event::Performed(Performed::Refused(refusal))) => Decision::Fail(refusal),
            (_, Event::Reported { fault: Some(reason), .. }) => fault(&reason),
            (Phase::Proving, Event::Started) => Decision::Run(vec![Step::ProveCard]),
            (Phase::Proving, Event::Reported { checked, .. }) => match checked.as_slice() {
                [Checked::Signature(Some(_))] => {
                    if let Err(refusal) = check_change_allowed(facts.policy, self.change, HoldBy::Holder) {
                        return Decision::Fail(refusal);
                    }
                    self.phase = Phase::TestingUserCode;
                    Decision::Perform(Effect::TestUserCode)
                }
                [Checked::Signature(None)] => Decision::fail(Code::NotKaikaCard),
                _ => out_of_step(),
            },
            (Phase::TestingUserCode, Event::Performed(outcome)) => match user_code_refused(outcome) {
                Some(refused) => refused,
                None => {
                    self.phase = Phase::Changing;
                    Decision::Perform(Effect::ChangeStatus(self.change))
                }
            },
            (Phase::Changing, Event::Performed(Performed::Done)) => Decision::Succeed,
            _ => out_of_step(),
        }
    }
}
