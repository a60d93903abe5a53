//! 憑證登入: the card proves itself, and its holder signs with 9C and the PIN, for the portal's origin and this job alone.
//! Its outcome opens a session for the browser that asked.

use super::{CardFacts, Checked, Decision, Event, JobFacts, Step, fault, not_signed, out_of_step, refused_secret};
use kaika_wire::{CertificateRole, CertificateStatus, Code, PinSource, Refusal};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// The time within which what is to be signed comes back: a card takes a second or two, and the PIN was typed before.
const ANSWERED_WITHIN: Duration = Duration::seconds(60);

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Login {
    #[serde(default, with = "time::serde::timestamp::option")]
    asked_at: Option<OffsetDateTime>,
}

impl Login {
    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match event {
            Event::Started => {
                self.asked_at = Some(facts.now);
                Decision::Run(vec![Step::ProveCard, Step::ProveHolder { pin: PinSource::Current }])
            }
            Event::Reported { fault: Some(reason), .. } => fault(&reason),
            Event::Reported { checked, .. } => self.proved(&checked, facts),
            Event::Performed(_) => out_of_step(),
        }
    }

    fn proved(&self, checked: &[Checked], facts: &JobFacts<'_>) -> Decision {
        let [Checked::Signature(card), holder] = checked else { return out_of_step() };
        if card.is_none() {
            return Decision::fail(Code::NotKaikaCard);
        }
        // Before its tries are told: of a card that cannot log in, that is to be known first.
        if let Err(refusal) = check_login_allowed(facts) {
            return Decision::Fail(refusal);
        }
        match holder {
            Checked::Refused { secret, tries_left } => refused_secret(*secret, *tries_left),
            Checked::Signature(Some(_)) if self.is_late(facts.now) => Decision::fail(Code::Stale),
            Checked::Signature(Some(_)) => Decision::Succeed,
            Checked::Signature(None) => not_signed(),
            _ => out_of_step(),
        }
    }

    fn is_late(&self, now: OffsetDateTime) -> bool {
        self.asked_at.is_none_or(|asked| now - asked > ANSWERED_WITHIN)
    }
}

/// The card is in use, and one certificate for its signature is valid.
///
/// # Errors
/// The refusal that the person reads.
pub fn check_login_allowed(facts: &CardFacts<'_>) -> Result<(), Refusal> {
    facts.in_use()?;
    if let Some(bars) = facts.barring_status(CertificateRole::Signature) {
        return Err(facts.barred(bars));
    }
    let statuses = || {
        let signature = facts.certificates.iter().filter(|c| c.role == CertificateRole::Signature);
        signature.map(|certificate| certificate.status(facts.now))
    };
    match statuses().any(|status| status == CertificateStatus::Valid) {
        true => Ok(()),
        false => Err(facts.barred(statuses().next_back().unwrap_or(CertificateStatus::Revoked))),
    }
}
