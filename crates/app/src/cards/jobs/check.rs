//! What came back from the card, checked: signatures verified, what was read compared with what is on record.

use super::View;
use crate::{App, Failure, cards::JobRecord};
use kaika_domain::{
    cards::job::{Checked, OnCard, Step},
    certificates::Certificate,
};
use kaika_pki::{CertificateDigest, KeyFingerprint, PublicKey, SignatureAlgorithm};
use kaika_wire::{
    CardFault, CertificateReference, CertificateRole, Code, Context, Document, KeyAlgorithm, Outcome, Refusal,
    SerialNumber, Slot,
};

/// A report after its check; `checked` has one entry per step carried out.
pub(crate) struct Report {
    pub(crate) steps: Vec<Step>,
    pub(crate) checked: Vec<Checked>,
    pub(crate) fault: Option<CardFault>,
}

/// # Errors
/// [`Code::BadRequest`] where an outcome cannot be that of its step.
pub(crate) fn check_report(
    app: &App,
    job: &JobRecord,
    view: &View<'_>,
    outcomes: &[Outcome],
    fault: Option<CardFault>,
) -> Result<Report, Failure> {
    if outcomes.len() > job.steps.len() || (fault.is_none() && cut_short(job, outcomes)) {
        return Err(out_of_step());
    }
    let checker = Checker { app, job, view, context: context(job, view), outcomes };
    let checked =
        job.steps.iter().zip(outcomes).map(|(step, outcome)| checker.check(step, outcome)).collect::<Result<_, _>>()?;
    Ok(Report { steps: job.steps.clone(), checked, fault })
}

/// Fewer outcomes than steps need a reason: a refused secret or a fault.
fn cut_short(job: &JobRecord, outcomes: &[Outcome]) -> bool {
    outcomes.len() < job.steps.len() && !matches!(outcomes.last(), Some(Outcome::Refused { .. }))
}

pub(crate) fn context(job: &JobRecord, view: &View<'_>) -> Context {
    Context { job: job.id, nonce: job.nonce, origin: job.origin.clone(), card: view.card.number.clone() }
}

pub(crate) fn references(certificates: &[&Certificate]) -> Vec<CertificateReference> {
    certificates.iter().filter_map(|certificate| certificate.reference()).collect()
}

/// Of a certificate of this card.
pub(crate) fn reference(certificate: &Certificate) -> Result<CertificateReference, Failure> {
    let none = || Failure::Inconsistent(format!("certificate {} is on no card", certificate.id));
    certificate.reference().ok_or_else(none)
}

struct Checker<'a> {
    app: &'a App,
    job: &'a JobRecord,
    view: &'a View<'a>,
    context: Context,
    outcomes: &'a [Outcome],
}

impl Checker<'_> {
    fn check(&self, step: &Step, outcome: &Outcome) -> Result<Checked, Failure> {
        if let Outcome::Refused { secret, tries_left } = outcome {
            return Ok(Checked::Refused { secret: *secret, tries_left: *tries_left });
        }
        Ok(match (step, outcome) {
            (Step::ReadRetries, Outcome::Retries { pin, puk }) => Checked::Retries { pin: *pin, puk: *puk },
            (Step::ProveCard, Outcome::Signature { signature }) => {
                let card = self.view.role(CertificateRole::CardAuthentication)?;
                verified(card.public_key(), &Document::CardProof(&self.context), signature)
            }
            (Step::SignAcceptance { certificates, .. }, Outcome::Signature { signature }) => {
                let accepted: Vec<_> =
                    certificates.iter().map(|id| self.view.certificate(*id)).collect::<Result<_, _>>()?;
                let holder = self.view.role(CertificateRole::Signature)?;
                let certificates = references(&accepted);
                let document = Document::Acceptance { context: &self.context, certificates: &certificates };
                verified(holder.public_key(), &document, signature)
            }
            (Step::ProveHolder { .. }, Outcome::Signature { signature }) => {
                let holder = self.view.role(CertificateRole::Signature)?;
                verified(holder.public_key(), &Document::HolderProof(&self.context), signature)
            }
            (Step::AllowWriting { email, .. }, Outcome::Signature { signature }) => {
                let holder = self.view.role(CertificateRole::Signature)?;
                let document = Document::ManagementProof { context: &self.context, email: email.as_ref() };
                verified(holder.public_key(), &document, signature)
            }
            (Step::ChallengeManagement, Outcome::Challenge { challenge }) => Checked::Challenge(challenge.to_vec()),
            (Step::TestKey { role, .. }, Outcome::Signature { signature }) => {
                let certificate = self.view.role(*role)?;
                let (slot, key) = (role.slot(), certificate.public_key());
                let document = Document::Possession { context: &self.context, slot, public_key: key.spki_der() };
                verified(key, &document, signature)
            }
            (Step::TestKey { role, .. }, Outcome::Agreed { secret }) => {
                let certificate = self.view.role(*role)?;
                let key = certificate.public_key();
                let algorithm = wire_algorithm(key).ok_or_else(out_of_step)?;
                Checked::Same(self.agrees(role.slot(), algorithm, key.spki_der(), secret)?)
            }
            (Step::Inspect { .. }, Outcome::Certificate { certificate }) => {
                Checked::OnCard(certificate.as_ref().map(|der| on_card(der)))
            }
            (Step::ProvePossession { slot, .. }, Outcome::Signature { signature }) => {
                let Some(public_key) = self.generated(*slot) else { return Err(out_of_step()) };
                let document = Document::Possession { context: &self.context, slot: *slot, public_key };
                match PublicKey::from_spki(public_key) {
                    Ok(key) => verified(&key, &document, signature),
                    Err(_) => Checked::Signature(None),
                }
            }
            (Step::Agree { slot, algorithm }, Outcome::Agreed { secret }) => {
                let Some(public_key) = self.generated(*slot) else { return Err(out_of_step()) };
                Checked::Same(self.agrees(*slot, *algorithm, public_key, secret)?)
            }
            (Step::GenerateKey { .. }, Outcome::Key { public_key }) => {
                Checked::Key(public_key.as_ref().map(|key| key.to_vec()))
            }
            (Step::Attest { slot }, Outcome::Attestation { certificate, issuer }) => {
                let Some(public_key) = self.generated(*slot) else { return Err(out_of_step()) };
                Checked::Attested(attested(public_key, certificate.as_deref(), issuer.as_deref()))
            }
            (Step::ReadKey { slot }, Outcome::Key { public_key }) => {
                match public_key.as_ref().map(|key| KeyFingerprint::of(key.as_ref())) {
                    Some(fingerprint) => Checked::Same(Some(fingerprint) == self.certified_key(*slot)),
                    None => Checked::Key(None),
                }
            }
            (Step::ReadCertificate { certificate }, Outcome::Certificate { certificate: read }) => {
                let on_record = &self.view.certificate(*certificate)?.certificate;
                Checked::Same(read.as_deref() == Some(on_record.as_slice()))
            }
            (Step::PrepareObjects, Outcome::Objects { grow }) => Checked::Objects { grow: *grow },
            (Step::ReadIdentity { guid }, Outcome::Identity { guid: read }) => {
                Checked::Same(read.as_ref() == Some(guid))
            }
            (
                Step::ResetRetryCounter { .. }
                | Step::ChangePuk { .. }
                | Step::BlockPin
                | Step::SetTries
                | Step::TestPinEachTime
                | Step::TestPinForgotten
                | Step::OpenManagement
                | Step::AnswerManagement { .. }
                | Step::WriteCertificate { .. }
                | Step::WriteIdentity { .. },
                Outcome::Done,
            ) => Checked::Done,
            _ => return Err(out_of_step()),
        })
    }

    /// The public key that this batch made in the slot.
    fn generated(&self, slot: Slot) -> Option<&[u8]> {
        self.job.steps.iter().zip(self.outcomes).find_map(|(step, outcome)| match (step, outcome) {
            (Step::GenerateKey { slot: made, .. }, Outcome::Key { public_key: Some(key) }) if *made == slot => {
                Some(key.as_ref())
            }
            _ => None,
        })
    }

    /// The fingerprint of the key that is certified for this slot.
    fn certified_key(&self, slot: Slot) -> Option<KeyFingerprint> {
        self.view
            .facts()
            .contents()
            .find(|c| c.card_role().is_some_and(|role| role.slot() == slot))
            .map(|c| c.key_fingerprint)
    }

    fn agrees(&self, slot: Slot, algorithm: KeyAlgorithm, public_key: &[u8], secret: &[u8]) -> Result<bool, Failure> {
        let Ok(key) = PublicKey::from_spki(public_key) else { return Ok(false) };
        if wire_algorithm(&key) != Some(algorithm) {
            return Ok(false);
        }
        let expected = self.app.secrets.agreement_secret(self.job.id, slot, algorithm, key.key_bytes());
        Ok(expected.is_ok_and(|expected| expected == secret))
    }
}

/// What the card holds, be it a certificate or not.
fn on_card(der: &[u8]) -> OnCard {
    let certificate = kaika_pki::Certificate::from_der(der).ok();
    let serial = certificate.and_then(|certificate| SerialNumber::from_be_bytes(certificate.serial().as_bytes()).ok());
    OnCard { serial, sha256: CertificateDigest::of(der) }
}

fn verified(key: &PublicKey, document: &Document<'_>, signature: &[u8]) -> Checked {
    let right = key.verify(SignatureAlgorithm::for_key(key.algorithm()), &document.to_bytes(), signature);
    Checked::Signature(right.is_ok().then(|| signature.to_vec()))
}

/// Whether the attestation is for this key and signed by the device's own attestation key. One that cannot be read says
/// nothing.
fn attested(public_key: &[u8], certificate: Option<&[u8]>, issuer: Option<&[u8]>) -> Option<bool> {
    let certificate = kaika_pki::Certificate::from_der(certificate?).ok()?;
    let issuer = kaika_pki::Certificate::from_der(issuer?).ok()?;
    Some(certificate.public_key().spki_der() == public_key && certificate.verify_issued_by(&issuer).is_ok())
}

/// The card's word for a certificate's key algorithm; none for one that no card here has.
pub(crate) fn wire_algorithm(key: &PublicKey) -> Option<KeyAlgorithm> {
    use kaika_pki::KeyAlgorithm as Pki;
    match key.algorithm() {
        Pki::P256 => Some(KeyAlgorithm::P256),
        Pki::P384 => Some(KeyAlgorithm::P384),
        Pki::Rsa2048 => Some(KeyAlgorithm::Rsa2048),
        Pki::Rsa3072 | Pki::Rsa4096 => None,
    }
}

fn out_of_step() -> Failure {
    Refusal::new(Code::BadRequest).detail("the report does not fit the batch").into()
}
