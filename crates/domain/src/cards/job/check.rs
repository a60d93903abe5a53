//! 檢測: what the card holds beside what the database has. It changes nothing; what it finds in its place goes on record.

use super::{Checked, Decision, Event, JobFacts, Step, fault, out_of_step};
use crate::certificates::{Certificate, CertificateState, standing};
use kaika_pki::CertificateDigest;
use kaika_wire::{CardCheck, CertificateRole, CertificateStatus, CheckResult, Code, JobKind, SerialNumber, SlotCheck};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Check {
    /// What lies in the holder's slots, once the card was read.
    found: Vec<Found>,
}

/// A certificate found on a card, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) role: CertificateRole,
    pub(super) on_card: Option<OnCard>,
}

/// A certificate as the card holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCard {
    /// None where it cannot be read as a certificate.
    pub serial: Option<SerialNumber>,
    pub sha256: CertificateDigest,
}

impl Check {
    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match event {
            Event::Started => {
                let mut steps = vec![Step::ProveCard];
                steps.extend(inspections(facts));
                // Told at the reader, beside what the server says.
                steps.push(Step::ReadRetries);
                Decision::Run(steps)
            }
            Event::Reported { fault: Some(reason), .. } => fault(&reason),
            Event::Reported { steps, checked, .. } => match checked.as_slice() {
                [Checked::Signature(Some(_)), rest @ ..] => {
                    if let Err(refusal) = facts.in_use() {
                        return Decision::Fail(refusal);
                    }
                    self.found = found(&steps[1..], rest);
                    Decision::Succeed
                }
                [Checked::Signature(None), ..] => Decision::fail(Code::NotKaikaCard),
                _ => out_of_step(),
            },
            Event::Performed(_) => out_of_step(),
        }
    }

    pub fn report(&self, facts: &JobFacts<'_>) -> CardCheck {
        report(&self.found, facts, CheckResult::Differs)
    }
}

/// What an earlier job left open: a PUK of which it is not known whether the card has it, certificates that were issued and
/// not written or not accepted.
fn unfinished(facts: &JobFacts<'_>) -> Vec<JobKind> {
    let open = |certificate: &Certificate| {
        !certificate.is_written() || matches!(certificate.state, CertificateState::Held { .. })
    };
    let certificates = facts.contents().any(open).then_some(JobKind::Rewrite);
    let puk = facts.puk.settled().is_none().then_some(JobKind::Unlock);
    puk.into_iter().chain(certificates).collect()
}

/// Reads the slots of all certificates that are the holder's.
pub(super) fn inspections(facts: &JobFacts<'_>) -> impl Iterator<Item = Step> {
    facts.policy.card.roles.iter().map(|role| Step::Inspect { role: *role })
}

/// What these inspections came to.
pub(super) fn found(steps: &[Step], checked: &[Checked]) -> Vec<Found> {
    let inspected = steps.iter().zip(checked).filter_map(|(step, checked)| match (step, checked) {
        (Step::Inspect { role }, Checked::OnCard(on_card)) => Some(Found { role: *role, on_card: on_card.clone() }),
        _ => None,
    });
    inspected.collect()
}

/// `differs`: what it comes to where card and database are not the same.
pub(super) fn report(found: &[Found], facts: &JobFacts<'_>, differs: CheckResult) -> CardCheck {
    let standing = standing(facts.certificates, facts.now);
    let slots: Vec<_> = found
        .iter()
        .map(|Found { role, on_card }| {
            let record = facts.latest(*role);
            SlotCheck {
                role: *role,
                slot: role.slot(),
                on_card: on_card.as_ref().and_then(|on_card| on_card.serial.clone()),
                in_database: record.map(|record| record.serial.clone()),
                status: standing.iter().find(|told| told.role == *role).map(|told| told.status),
                same: on_card.as_ref().map(|on_card| on_card.sha256) == record.map(|record| record.sha256),
            }
        })
        .collect();
    let status = facts.status();
    let result = match status {
        CertificateStatus::Suspended | CertificateStatus::Revoked | CertificateStatus::Expired => CheckResult::NotValid,
        CertificateStatus::Valid if slots.iter().all(|slot| slot.same) => CheckResult::Same,
        // Issued, and its holder has not accepted it yet: that is finished as a difference is.
        CertificateStatus::Valid | CertificateStatus::Held => differs,
    };
    // The one before it is good as long as the new one was not accepted.
    let status = if status == CertificateStatus::Held { CertificateStatus::Valid } else { status };
    CardCheck { result, status, slots, unfinished: unfinished(facts) }
}
