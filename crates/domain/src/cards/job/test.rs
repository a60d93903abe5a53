//! 憑證測試: each of the holder's keys does once what it is for, with the PIN. It changes nothing.
//!
//! prove card (9E) · read the slots · sign with 9C and 9A, agree or decrypt with 9D.

use super::{
    Checked, Decision, Event, JobFacts, Step,
    check::{Found, found, inspections},
    fault, out_of_step, refused_secret,
};
use kaika_wire::{CertificateRole, Code, PinSource};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Test {
    found: Vec<Found>,
    /// Roles whose key did what it is for.
    work: Vec<CertificateRole>,
}

/// What the test came to for one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleTest {
    pub role: CertificateRole,
    /// The card holds the very certificate that the database has.
    pub on_card: bool,
    pub works: bool,
}

impl Test {
    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match event {
            Event::Started => {
                let mut steps = vec![Step::ProveCard];
                steps.extend(inspections(facts));
                steps.extend(facts.policy.card.roles.iter().map(|role| match role {
                    CertificateRole::Signature => Step::ProveHolder { pin: PinSource::Current },
                    role => Step::TestKey { role: *role, pin: PinSource::Current },
                }));
                Decision::Run(steps)
            }
            Event::Reported { fault: Some(reason), .. } => fault(&reason),
            Event::Reported { steps, checked, .. } => self.tested(&steps, &checked, facts),
            Event::Performed(_) => out_of_step(),
        }
    }

    fn tested(&mut self, steps: &[Step], checked: &[Checked], facts: &JobFacts<'_>) -> Decision {
        match checked.first() {
            Some(Checked::Signature(Some(_))) => {}
            Some(Checked::Signature(None)) => return Decision::fail(Code::NotKaikaCard),
            _ => return out_of_step(),
        }
        if let Some(Checked::Refused { secret, tries_left }) = checked.last() {
            return refused_secret(*secret, *tries_left);
        }
        if let Err(refusal) = facts.in_use() {
            return Decision::Fail(refusal);
        }
        if checked.len() != steps.len() {
            return out_of_step();
        }
        self.found = found(steps, checked);
        let works = |checked: &Checked| matches!(checked, Checked::Signature(Some(_)) | Checked::Same(true));
        let tested = steps.iter().zip(checked).filter_map(|(step, checked)| match step {
            Step::ProveHolder { .. } => Some((CertificateRole::Signature, checked)),
            Step::TestKey { role, .. } => Some((*role, checked)),
            _ => None,
        });
        self.work = tested.filter(|(_, checked)| works(checked)).map(|(role, _)| role).collect();
        Decision::Succeed
    }

    pub fn results(&self, facts: &JobFacts<'_>) -> Vec<RoleTest> {
        let result = |found: &Found| RoleTest {
            role: found.role,
            on_card: found.on_card.as_ref().map(|on_card| on_card.sha256)
                == facts.latest(found.role).map(|certificate| certificate.sha256),
            works: self.work.contains(&found.role),
        };
        self.found.iter().map(result).collect()
    }
}
