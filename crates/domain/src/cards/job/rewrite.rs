//! 重寫: certificates that the card should hold and does not are written to it, and those that their holder has not
//! accepted yet are accepted. What was issued and never written (憑證下載) is the same. Where certificates are to name
//! another e-mail address, they are issued anew before.
//!
//! prove card (9E) · read the slots · the holder allows writing (9C) · a management challenge │ response · write · new GUID ·
//! read back │ sign the acceptance (9C), where one is due │ accepted certificates valid, the ones before them revoked.
//! Where certificates are issued, that comes before the challenge, which is a batch of its own then.
//!
//! A card need keep its challenge no longer than to its next command: it is the last step of a batch, and the answer the
//! first of the next. An answer that the card does not take, or that came too late, has it asked for another.
//! A PUK that a person has seen is replaced before the acceptance.

use super::{
    Checked, Decision, Effect, Event, JobFacts, Performed, Step,
    check::{Found, found, inspections, report},
    fault, not_signed, out_of_step, refused_secret, replace,
};
use kaika_wire::{
    CardCheck, CertificateId, CertificateStatus, CheckResult, Code, EmailAddress, PinSource, Refusal, SecretKind,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rewrite {
    phase: Phase,
    found: Vec<Found>,
    /// To be named in certificates that are issued for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<EmailAddress>,
    /// A person has seen the card's PUK, and the card still takes it: it gets another.
    #[serde(default)]
    replaces_puk: bool,
    /// Certificates were written, and a cut came before the identity that tells of it.
    #[serde(default)]
    unfinished: bool,
    /// How many challenges the card was asked for.
    #[serde(default)]
    challenges: u8,
}

/// So many answers to its challenges may come too late, or be lost by the card.
const MOST_CHALLENGES: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    #[default]
    Proving,
    /// With braces, since the release before kept something here; jobs that ended so are still read.
    Issuing {},
    Challenging,
    Writing,
    ReplacingPuk,
    Accepting,
    Completing,
}

impl Rewrite {
    pub(super) fn naming(email: EmailAddress) -> Self {
        Self { email: Some(email), ..Self::default() }
    }

    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match (&self.phase, event) {
            (_, Event::Performed(Performed::Refused(refusal))) => Decision::Fail(refusal),
            (_, Event::Reported { fault: Some(reason), .. }) => fault(&reason),
            (Phase::Proving, Event::Started) => {
                let mut steps = vec![Step::ProveCard];
                steps.extend(facts.puk.exposed().map(|_| Step::ReadRetries));
                steps.extend(inspections(facts));
                steps.extend(facts.card.guid.map(|guid| Step::ReadIdentity { guid }));
                steps.push(Step::AllowWriting { pin: PinSource::Current, email: self.email.clone() });
                if self.email.is_none() {
                    self.challenges = 1;
                    steps.push(Step::ChallengeManagement);
                }
                Decision::Run(steps)
            }
            (Phase::Proving, Event::Reported { steps, checked, .. }) => self.proved(&steps, &checked, facts),
            (Phase::Issuing {}, Event::Performed(Performed::Done)) => self.write(None, facts),
            (Phase::Challenging, Event::Reported { checked, .. }) => match checked.as_slice() {
                [Checked::Challenge(challenge)] => self.write(Some(challenge), facts),
                _ => refusal_or_out_of_step(&checked),
            },
            (Phase::Writing, Event::Reported { steps, checked, .. }) => self.written(&steps, &checked, facts),
            // Whatever it came to, it is on record.
            (Phase::ReplacingPuk, Event::Reported { .. }) => self.accept(facts),
            (Phase::Accepting, Event::Reported { checked, .. }) => match checked.as_slice() {
                [Checked::Signature(Some(receipt))] => {
                    self.phase = Phase::Completing;
                    Decision::Perform(Effect::Accept {
                        receipt: receipt.clone(),
                        certificates: facts.holders_certificates(),
                    })
                }
                [Checked::Signature(None)] => Decision::Fail(
                    Refusal::new(Code::CardFault).detail("the acceptance is not signed by the card's 9C key"),
                ),
                _ => refusal_or_out_of_step(&checked),
            },
            (Phase::Completing, Event::Performed(Performed::Done)) => Decision::Succeed,
            _ => out_of_step(),
        }
    }

    fn proved(&mut self, steps: &[Step], checked: &[Checked], facts: &JobFacts<'_>) -> Decision {
        let (Some(allowed), [Checked::Signature(proof), rest @ ..]) =
            (steps.iter().position(|step| matches!(step, Step::AllowWriting { .. })), checked)
        else {
            return refusal_or_out_of_step(checked);
        };
        if proof.is_none() {
            return Decision::fail(Code::NotKaikaCard);
        }
        match checked.get(allowed) {
            Some(Checked::Signature(Some(_))) => {}
            Some(Checked::Signature(None)) => return not_signed(),
            _ => return refusal_or_out_of_step(checked),
        }
        if let Err(refusal) = check_rewriting_allowed(facts) {
            return Decision::Fail(refusal);
        }
        self.found = found(&steps[1..], rest);
        self.replaces_puk = rest.iter().any(|one| matches!(one, Checked::Retries { puk, .. } if *puk != Some(0)));
        self.unfinished = rest.contains(&Checked::Same(false));
        match (&self.email, checked.last()) {
            (Some(email), _) => {
                let effect = Effect::Reissue { email: email.clone() };
                self.phase = Phase::Issuing {};
                Decision::Perform(effect)
            }
            (None, Some(Checked::Challenge(challenge))) => self.write(Some(challenge), facts),
            (None, _) if self.missing(facts).is_empty() && !self.unfinished => self.written_all(facts),
            (None, _) => refusal_or_out_of_step(checked),
        }
    }

    /// What the card should hold and does not.
    fn missing(&self, facts: &JobFacts<'_>) -> Vec<CertificateId> {
        let check = report(&self.found, facts, CheckResult::Differs);
        let differing = check.slots.iter().filter(|slot| !slot.same);
        differing.filter_map(|slot| facts.latest(slot.role).map(|certificate| certificate.id)).collect()
    }

    /// Without a challenge, the card is first asked for one.
    fn write(&mut self, challenge: Option<&Vec<u8>>, facts: &JobFacts<'_>) -> Decision {
        let missing = self.missing(facts);
        if missing.is_empty() && !self.unfinished {
            return self.written_all(facts);
        }
        let Some(challenge) = challenge.cloned() else { return self.challenge() };
        let mut steps = vec![Step::AnswerManagement { challenge }];
        steps.extend(missing.iter().map(|certificate| Step::WriteCertificate { certificate: *certificate }));
        // Windows keeps what it knows of a card by its GUID.
        steps.push(Step::WriteIdentity { guid: facts.fresh_guid });
        steps.extend(inspections(facts));
        steps.push(Step::ReadIdentity { guid: facts.fresh_guid });
        self.phase = Phase::Writing;
        Decision::Run(steps)
    }

    fn challenge(&mut self) -> Decision {
        if self.challenges >= MOST_CHALLENGES {
            return Decision::fail(Code::ManagementKeyRefused);
        }
        self.challenges += 1;
        self.phase = Phase::Challenging;
        Decision::Run(vec![Step::ChallengeManagement])
    }

    fn written(&mut self, steps: &[Step], checked: &[Checked], facts: &JobFacts<'_>) -> Decision {
        if let [Checked::Refused { secret: SecretKind::ManagementKey, .. }] = checked {
            return self.challenge();
        }
        if checked.len() < steps.len() {
            return refusal_or_out_of_step(checked);
        }
        self.found = found(steps, checked);
        let differs = report(&self.found, facts, CheckResult::Differs).slots.iter().any(|slot| !slot.same);
        if differs || checked.last() != Some(&Checked::Same(true)) {
            return Decision::Fail(Refusal::new(Code::CardFault).detail("what was read back is not what was written"));
        }
        self.written_all(facts)
    }

    /// All is in its place on the card.
    fn written_all(&mut self, facts: &JobFacts<'_>) -> Decision {
        match facts.puk.exposed() {
            Some(puk) if self.replaces_puk => {
                self.phase = Phase::ReplacingPuk;
                Decision::Run(vec![replace(puk, facts)])
            }
            _ => self.accept(facts),
        }
    }

    fn accept(&mut self, facts: &JobFacts<'_>) -> Decision {
        if facts.status() != CertificateStatus::Held {
            return Decision::Succeed;
        }
        self.phase = Phase::Accepting;
        Decision::Run(vec![Step::SignAcceptance {
            pin: PinSource::Current,
            certificates: facts.holders_certificates(),
        }])
    }

    pub fn report(&self, facts: &JobFacts<'_>) -> CardCheck {
        let result = match self.phase {
            // It went no further than to look.
            Phase::Proving => CheckResult::Same,
            _ => CheckResult::Rewritten,
        };
        CardCheck { result, ..report(&self.found, facts, CheckResult::Differs) }
    }
}

/// Whether this card's certificates may be written to it now: those of a card that is suspended, revoked or expired need
/// it not, since they cannot be used.
///
/// # Errors
/// The refusal that the holder reads.
pub(super) fn check_rewriting_allowed(facts: &JobFacts<'_>) -> Result<(), Refusal> {
    facts.in_use()?;
    match facts.status() {
        CertificateStatus::Valid | CertificateStatus::Held => Ok(()),
        bars => Err(facts.barred(bars)),
    }
}

fn refusal_or_out_of_step(checked: &[Checked]) -> Decision {
    match checked.last() {
        Some(Checked::Refused { secret, tries_left }) => refused_secret(*secret, *tries_left),
        _ => out_of_step(),
    }
}
