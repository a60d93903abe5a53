//! Personalising: a blank card becomes an ordered one.
//!
//! read what is there │ open management · make the missing keys · attest · prove possession │ issue │ write · read back │
//! new PUK · the card is tested · PIN made unknown and blocked, or – where it is delivered – set and the certificates accepted │ done.
//!
//! A job that takes up where another stopped finds the certificates already issued and asks the card which of their
//! keys it has; what fits is kept, what does not is made again. Of a card that cannot tell its keys, the certificates are
//! read back instead.

use super::{
    Checked, Decision, Effect, Event, JobFacts, KeyToCertify, Performed, Step, fault, fault_at, out_of_step,
    refused_secret,
};
use crate::cards::{CardState, Choice, PukVersion};
use kaika_wire::{
    Capabilities, CardFault, CertificateRole, Code, KeyAlgorithm, Lack, PinSource, Refusal, SecretKind, Slot,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Personalise {
    phase: Phase,
    puk_tries_left: Option<u8>,
    wrong_puk: bool,
    /// The card has more tries than ours have: they are set where PIN and PUK are the factory's.
    #[serde(default)]
    sets_tries: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    #[default]
    Surveying,
    MakingKeys {
        roles: Vec<CertificateRole>,
    },
    Issuing,
    Writing,
    Sealing,
    Completing,
}

impl Personalise {
    pub(super) fn new(card: &Capabilities) -> Self {
        let more = card.pin_tries.max(card.puk_tries).is_some_and(|tries| tries > TRIES);
        Self { puk_tries_left: card.puk_tries, sets_tries: more, ..Self::default() }
    }

    pub(super) fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match (&self.phase, event) {
            (_, Event::Performed(Performed::Refused(refusal))) => Decision::Fail(refusal),
            (_, Event::Reported { steps, checked, fault: Some(reason) }) => match steps.get(checked.len()) {
                Some(Step::Agree { .. }) if is_answer(&reason) => {
                    Decision::Fail(Refusal::unsuitable(vec![Lack::KeyAgreement]))
                }
                Some(Step::TestKey { .. }) if is_answer(&reason) => {
                    Decision::Fail(Refusal::unsuitable(vec![Lack::KeysOutliveReset]))
                }
                step => fault_at(step, &reason),
            },
            (Phase::Surveying, Event::Started) => Self::survey(facts),
            (Phase::Surveying, Event::Reported { steps, checked, .. }) => self.surveyed(&steps, &checked, facts),
            (Phase::MakingKeys { .. }, Event::Reported { checked, .. }) => self.keys_made(&checked),
            (Phase::Issuing, Event::Performed(Performed::Done)) => self.write(facts),
            (Phase::Writing, Event::Reported { steps, checked, .. }) => self.written(&steps, &checked, facts),
            (Phase::Sealing, Event::Reported { checked, .. }) => self.sealed(&checked, facts),
            (Phase::Completing, Event::Performed(Performed::Done)) => Decision::Succeed,
            _ => out_of_step(),
        }
    }

    fn survey(facts: &JobFacts<'_>) -> Decision {
        if !matches!(facts.card.state, CardState::Ordered) {
            return Decision::fail(Code::CardNotBlank);
        }
        let mut steps: Vec<_> = facts.policy.roles().map(|role| Step::ReadKey { slot: role.slot() }).collect();
        let written = facts.contents().filter(|certificate| certificate.is_written());
        steps.extend(written.map(|certificate| Step::ReadCertificate { certificate: certificate.id }));
        Decision::Run(steps)
    }

    fn surveyed(&mut self, steps: &[Step], checked: &[Checked], facts: &JobFacts<'_>) -> Decision {
        if checked.len() != steps.len() {
            return refusal_or_out_of_step(checked);
        }
        let checked = match checked {
            // As the release before has asked.
            [Checked::Done, Checked::Retries { pin, puk }, rest @ ..] => {
                self.puk_tries_left = *puk;
                self.sets_tries = pin.max(puk).is_some_and(|tries| tries > TRIES);
                rest
            }
            checked => checked,
        };
        let Some((keys, certificates)) = checked.split_at_checked(facts.policy.roles().count()) else {
            return out_of_step();
        };
        // A card that tells no key at all cannot. Its certificates were written beside their keys, and a certificate whose
        // key is made anew is revoked before.
        let tells = keys.iter().any(|key| matches!(key, Checked::Same(_)));
        let is_there = |role: CertificateRole| {
            let steps = steps[steps.len() - certificates.len()..].iter();
            let of_role = facts.certificate(role).map(|c| Step::ReadCertificate { certificate: c.id });
            steps.zip(certificates).any(|(step, read)| Some(step) == of_role.as_ref() && *read == Checked::Same(true))
        };
        // A certificate is kept where the card has its key.
        let missing: Vec<_> = facts
            .policy
            .roles()
            .zip(keys)
            .filter(|(role, key)| match key {
                Checked::Same(same) => !same,
                _ => tells || !is_there(*role),
            })
            .map(|(role, _)| role)
            .collect();
        if missing.is_empty() {
            return self.write(facts);
        }
        let algorithm = facts.policy.card.key;
        let mut steps = vec![Step::OpenManagement];
        steps.extend(missing.iter().map(|role| Step::GenerateKey { slot: role.slot(), algorithm }));
        steps.extend(missing.iter().map(|role| Step::Attest { slot: role.slot() }));
        steps.extend(missing.iter().map(|role| possession(role.slot(), algorithm)));
        self.phase = Phase::MakingKeys { roles: missing };
        Decision::Run(steps)
    }

    fn keys_made(&mut self, checked: &[Checked]) -> Decision {
        let Phase::MakingKeys { roles } = &self.phase else {
            return out_of_step();
        };
        let count = roles.len();
        let [Checked::Done, rest @ ..] = checked else {
            return refusal_or_out_of_step(checked);
        };
        if rest.len() != 3 * count {
            return refusal_or_out_of_step(checked);
        }
        let (keys, rest) = rest.split_at(count);
        let (attestations, proofs) = rest.split_at(count);
        if attestations.contains(&Checked::Attested(Some(false))) {
            return Decision::Fail(Refusal::new(Code::CardFault).detail("the device attests another key than it gave"));
        }
        let proved = |proof: &Checked| matches!(proof, Checked::Signature(Some(_)) | Checked::Same(true));
        if !proofs.iter().all(proved) {
            return Decision::Fail(Refusal::new(Code::CardFault).detail("a new key did not prove itself"));
        }
        let to_certify: Option<Vec<_>> = roles
            .iter()
            .zip(keys)
            .map(|(role, key)| match key {
                Checked::Key(Some(public_key)) => Some(KeyToCertify { role: *role, public_key: public_key.clone() }),
                _ => None,
            })
            .collect();
        let Some(to_certify) = to_certify else {
            return out_of_step();
        };
        self.phase = Phase::Issuing;
        Decision::Perform(Effect::Issue(to_certify))
    }

    fn write(&mut self, facts: &JobFacts<'_>) -> Decision {
        self.phase = Phase::Writing;
        let guid = facts.card.guid.unwrap_or(facts.fresh_guid);
        let mut steps = vec![Step::OpenManagement];
        let of_factory = facts.puk.settled() == Some(PukVersion::FACTORY);
        steps.extend((self.sets_tries && of_factory).then_some(Step::SetTries));
        steps.push(Step::PrepareObjects);
        steps.extend(facts.contents().map(|c| Step::WriteCertificate { certificate: c.id }));
        steps.push(Step::WriteIdentity { guid });
        steps.extend(facts.contents().map(|c| Step::ReadCertificate { certificate: c.id }));
        steps.push(Step::ReadIdentity { guid });
        Decision::Run(steps)
    }

    fn written(&mut self, steps: &[Step], checked: &[Checked], facts: &JobFacts<'_>) -> Decision {
        if checked.len() != steps.len() {
            return refusal_or_out_of_step(checked);
        }
        if checked.contains(&Checked::Same(false)) {
            return Decision::Fail(Refusal::new(Code::CardFault).detail("what was read back is not what was written"));
        }
        self.seal(facts)
    }

    fn seal(&mut self, facts: &JobFacts<'_>) -> Decision {
        self.phase = Phase::Sealing;
        let (puk, certain) = match facts.puk.choose(self.puk_tries_left) {
            Choice::Certain(puk) => (puk, true),
            Choice::Try(puk) if !self.wrong_puk => (puk, false),
            Choice::Try(_) | Choice::None => return Decision::fail(Code::PukBlocked),
        };
        // A PUK of our own is shown to be the card's by setting it to itself.
        let to = match puk {
            PukVersion::FACTORY if certain => facts.puk.next_version(),
            PukVersion::FACTORY => {
                return Decision::Run(vec![Step::ChangePuk { from: puk, to: puk }]);
            }
            ours => ours,
        };
        let mut steps = vec![Step::ChangePuk { from: puk, to }];
        if certain {
            steps.extend(self_test(to, facts));
            if facts.policy.delivers_pin() {
                steps.push(Step::ResetRetryCounter { puk: to, pin: PinSource::New });
                steps.push(Step::SignAcceptance { pin: PinSource::New, certificates: facts.holders_certificates() });
            } else {
                steps.push(Step::BlockPin);
            }
        }
        Decision::Run(steps)
    }

    fn sealed(&mut self, checked: &[Checked], facts: &JobFacts<'_>) -> Decision {
        let certificates = facts.holders_certificates();
        let receipt = match checked {
            // The PUK alone was settled.
            [Checked::Done] => return self.seal(facts),
            [Checked::Refused { secret: SecretKind::Puk, tries_left }] if !self.wrong_puk => {
                self.wrong_puk = true;
                self.puk_tries_left = tries_left.or(self.puk_tries_left.map(|left| left.saturating_sub(1)));
                return match facts.puk.settled() {
                    Some(_) => self.seal(facts),
                    None => Decision::fail(Code::PukBlocked),
                };
            }
            [Checked::Done, rest @ ..] => {
                let Some((tests, sealed)) = rest.split_at_checked(self_test(PukVersion::FACTORY, facts).len()) else {
                    return refusal_or_out_of_step(checked);
                };
                if tests.iter().any(|test| matches!(test, Checked::Signature(None) | Checked::Same(false))) {
                    return Decision::Fail(Refusal::unsuitable(vec![Lack::KeysOutliveReset]));
                }
                match sealed {
                    [Checked::Done] if !facts.policy.delivers_pin() => None,
                    [Checked::Done, Checked::Signature(Some(receipt))] => Some(receipt.clone()),
                    _ => return refusal_or_out_of_step(checked),
                }
            }
            _ => return refusal_or_out_of_step(checked),
        };
        self.phase = Phase::Completing;
        Decision::Perform(Effect::Personalised { receipt, certificates })
    }
}

/// The last that is done to a card before it leaves the station: the PUK sets a PIN that nobody knows, and with it each of
/// the holder's keys does what it is for; 9C asks for the PIN each time, and a PIN is forgotten.
fn self_test(puk: PukVersion, facts: &JobFacts<'_>) -> Vec<Step> {
    let pin = PinSource::Drawn;
    let mut steps = vec![Step::ResetRetryCounter { puk, pin }];
    steps.push(Step::TestKey { role: CertificateRole::Signature, pin });
    steps.push(Step::TestPinEachTime);
    let others = facts.policy.card.roles.iter().filter(|role| **role != CertificateRole::Signature);
    steps.extend(others.map(|role| Step::TestKey { role: *role, pin }));
    steps.push(Step::TestPinForgotten);
    steps
}

/// Whether the card itself said that it does not do this.
fn is_answer(fault: &CardFault) -> bool {
    matches!(fault, CardFault::Status { .. } | CardFault::Unsupported)
}

/// Of PIN and PUK.
pub const TRIES: u8 = 3;

/// How a key in this slot shows that it works: a signature, and for the elliptic-curve key that only agrees, agreement.
fn possession(slot: Slot, algorithm: KeyAlgorithm) -> Step {
    match (slot, algorithm) {
        (Slot::KeyManagement, KeyAlgorithm::P256 | KeyAlgorithm::P384) => Step::Agree { slot, algorithm },
        _ => Step::ProvePossession { slot, algorithm },
    }
}

fn refusal_or_out_of_step(checked: &[Checked]) -> Decision {
    match checked.last() {
        // The factory's key was tried, too.
        Some(Checked::Refused { secret: SecretKind::ManagementKey, .. }) => Decision::fail(Code::CardNotBlank),
        Some(Checked::Refused { secret, tries_left }) => refused_secret(*secret, *tries_left),
        Some(Checked::Signature(None)) => fault(&CardFault::Malformed),
        _ => out_of_step(),
    }
}
