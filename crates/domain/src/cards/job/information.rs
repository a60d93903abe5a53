//! 檢視憑證IC卡資訊: the card proves itself, then the server tells what it knows of it.

use super::{Checked, Decision, Event, JobFacts, Step, fault, out_of_step};
use kaika_wire::Code;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Information;

impl Information {
    pub(super) fn decide(&mut self, event: Event, _facts: &JobFacts<'_>) -> Decision {
        match event {
            Event::Started => Decision::Run(vec![Step::ProveCard]),
            Event::Reported { fault: Some(reason), .. } => fault(&reason),
            Event::Reported { checked, .. } => match checked.as_slice() {
                [Checked::Signature(Some(_))] => Decision::Succeed,
                [Checked::Signature(None)] => Decision::fail(Code::NotKaikaCard),
                _ => out_of_step(),
            },
            Event::Performed(_) => out_of_step(),
        }
    }
}
