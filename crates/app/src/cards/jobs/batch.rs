//! From the steps on record to the batch that an agent gets: secrets are opened here, and only here.

use super::{View, check::context, check::reference, check::wire_algorithm, drive::helped_by};
use crate::{App, Failure, cards::JobRecord, store::holder_of};
use kaika_domain::cards::{
    CardState, PukVersion,
    job::{Finding, JobFacts, RoleTest, Step, TRIES},
};
use kaika_wire::{
    Batch, CardInformation, CardTest, CertificateRole, CertificateTest, Command, EmailState, EmailWrite, GenerationId,
    HeldCard, Hold, IssuedCertificate, JobKind, JobResult, PinPolicy, PinSource, Protocol, Puk, Slot, Succeeded,
};

/// The management keys of this installation are of the first version.
const MANAGEMENT_KEY_VERSION: u32 = 1;

/// The batch that is out, built again from the record: the same each time.
pub(crate) fn current_batch(app: &App, job: &JobRecord, view: &View<'_>) -> Result<Batch, Failure> {
    let commands = job.steps.iter().map(|step| command(app, job, view, step)).collect::<Result<_, _>>()?;
    let (card, hold) = (job.expectation, hold(job));
    Ok(Batch { sequence: job.sequence, card, context: context(job, view), commands, hold })
}

/// Whether another batch follows in the same card session.
fn hold(job: &JobRecord) -> Hold {
    let ends = |step: &Step| matches!(step, Step::ChangePuk { .. } | Step::SignAcceptance { .. });
    match job.steps.last() {
        Some(Step::ChallengeManagement) => Hold::Challenged,
        _ if job.state.keeps_session() && !job.steps.iter().any(ends) => Hold::Open,
        _ => Hold::None,
    }
}

fn command(app: &App, job: &JobRecord, view: &View<'_>, step: &Step) -> Result<Command, Failure> {
    Ok(match step {
        Step::ReadRetries => Command::ReadRetries,
        Step::ProveCard => Command::ProveCard { algorithm: role_algorithm(view, CertificateRole::CardAuthentication)? },
        Step::SignAcceptance { pin, certificates } => Command::SignAcceptance {
            pin: *pin,
            algorithm: role_algorithm(view, CertificateRole::Signature)?,
            certificates: certificates
                .iter()
                .map(|id| view.certificate(*id).and_then(reference))
                .collect::<Result<_, _>>()?,
        },
        Step::ProveHolder { pin } => {
            Command::ProveHolder { pin: *pin, algorithm: role_algorithm(view, CertificateRole::Signature)? }
        }
        Step::AllowWriting { pin, email } => Command::AllowWriting {
            pin: *pin,
            algorithm: role_algorithm(view, CertificateRole::Signature)?,
            email: email.clone(),
        },
        Step::ChallengeManagement => Command::ChallengeManagement,
        Step::AnswerManagement { challenge } => {
            let response = app.secrets.answer_management(&view.card.number, MANAGEMENT_KEY_VERSION, challenge)?;
            Command::AnswerManagement { response: response.into() }
        }
        Step::TestKey { role, pin } => {
            let (slot, algorithm, pin) = (role.slot(), role_algorithm(view, *role)?, *pin);
            match test_by_agreement(*role, algorithm) {
                true => {
                    let peer = app.secrets.agreement_peer(job.id, slot, algorithm)?.into();
                    Command::Agree { slot, algorithm, peer, pin }
                }
                false => {
                    let public_key = Some(view.role(*role)?.public_key().spki_der().to_vec().into());
                    Command::ProvePossession { slot, algorithm, pin, public_key }
                }
            }
        }
        Step::TestPinEachTime => {
            Command::TestPinEachTime { algorithm: role_algorithm(view, CertificateRole::Signature)? }
        }
        Step::TestPinForgotten => Command::TestPinForgotten,
        Step::SetTries => Command::SetPinRetries { pin: TRIES, puk: TRIES },
        Step::PrepareObjects => {
            Command::PrepareObjects { slots: view.policy.roles().map(|role| role.slot()).collect() }
        }
        Step::Inspect { role } => Command::ReadCertificate { slot: role.slot() },
        Step::ProvePossession { slot, algorithm } => {
            Command::ProvePossession { slot: *slot, algorithm: *algorithm, pin: PinSource::Factory, public_key: None }
        }
        Step::Agree { slot, algorithm } => Command::Agree {
            slot: *slot,
            algorithm: *algorithm,
            peer: app.secrets.agreement_peer(job.id, *slot, *algorithm)?.into(),
            pin: PinSource::Factory,
        },
        Step::ResetRetryCounter { puk, pin } => {
            Command::ResetRetryCounter { puk: open_puk(app, view, *puk)?, pin: *pin }
        }
        Step::ChangePuk { from, to } => Command::ChangePuk {
            from: match *from {
                PukVersion::FACTORY => None,
                ours => Some(open_puk(app, view, ours)?),
            },
            to: match *to {
                PukVersion::FACTORY => Puk::parse("12345678").expect("eight digits are a PUK"),
                ours => open_puk(app, view, ours)?,
            },
        },
        Step::BlockPin => Command::BlockPin,
        Step::OpenManagement => {
            Command::OpenManagement { key: app.secrets.management_key(&view.card.number, MANAGEMENT_KEY_VERSION)? }
        }
        Step::GenerateKey { slot, algorithm } => {
            Command::GenerateKey { slot: *slot, algorithm: *algorithm, pin_policy: pin_policy(*slot) }
        }
        Step::Attest { slot } => Command::Attest { slot: *slot },
        Step::ReadKey { slot } => Command::ReadKey { slot: *slot },
        Step::WriteCertificate { certificate } => {
            let certificate = view.certificate(*certificate)?;
            Command::WriteCertificate {
                slot: reference(certificate)?.role.slot(),
                certificate: certificate.certificate.clone().into(),
            }
        }
        Step::ReadCertificate { certificate } => {
            Command::ReadCertificate { slot: reference(view.certificate(*certificate)?)?.role.slot() }
        }
        Step::WriteIdentity { guid } => {
            let identity = view.facts().certificate(CertificateRole::CardAuthentication).map(|c| c.not_after);
            let end = identity.unwrap_or(view.card.ordered_at).date();
            let expires = format!("{:04}{:02}{:02}", end.year(), u8::from(end.month()), end.day());
            Command::WriteIdentity { guid: *guid, expires }
        }
        Step::ReadIdentity { .. } => Command::ReadIdentity,
    })
}

/// Asked for, since a card may have another idea of what goes without saying (SP 800-73-4 part 1 table 4b).
fn pin_policy(slot: Slot) -> PinPolicy {
    match slot {
        Slot::Signature => PinPolicy::Always,
        Slot::CardAuthentication => PinPolicy::Never,
        Slot::Authentication | Slot::KeyManagement | Slot::Retired(_) => PinPolicy::Once,
    }
}

/// An elliptic-curve key for encryption agrees on secrets. An RSA key recovers one by the very operation by which it signs.
fn test_by_agreement(role: CertificateRole, algorithm: kaika_wire::KeyAlgorithm) -> bool {
    role == CertificateRole::Encryption && algorithm != kaika_wire::KeyAlgorithm::Rsa2048
}

fn role_algorithm(view: &View<'_>, role: CertificateRole) -> Result<kaika_wire::KeyAlgorithm, Failure> {
    let certificate = view.role(role)?;
    wire_algorithm(certificate.public_key())
        .ok_or_else(|| Failure::Inconsistent("a card's certificate has a key that no card has".into()))
}

fn open_puk(app: &App, view: &View<'_>, version: PukVersion) -> Result<Puk, Failure> {
    let stored = view.puks.iter().find(|puk| puk.record.version == version);
    let stored = stored.ok_or_else(|| Failure::Inconsistent(format!("no PUK version {}", version.0)))?;
    Ok(app.secrets.open_puk(view.card.id, version, &stored.ciphertext)?)
}

/// What the holder is told at the end, drawn up from the present state; `protocol`: of whoever reads it.
pub(crate) async fn succeeded(
    app: &App,
    job: &JobRecord,
    view: &View<'_>,
    protocol: Protocol,
) -> Result<Succeeded, Failure> {
    let now = app.now();
    let facts = view.facts();
    let certificates = CertificateRole::ALL
        .into_iter()
        .filter_map(|role| Some((role, facts.latest(role)?)))
        .map(|(role, certificate)| {
            Ok(IssuedCertificate {
                role,
                slot: role.slot(),
                serial: certificate.serial.clone(),
                status: Some(certificate.status(now)),
                pem: super::view::parse(&certificate.certificate)?.to_pem(),
            })
        })
        .collect::<Result<_, Failure>>()?;
    let result = match job.state.finding(&facts) {
        Finding::Result(result) => result,
        Finding::OnRecord => JobResult::Information(information(app, view, protocol).await?),
        Finding::Tests(tests) => JobResult::Test(card_test(app, &tests, &facts).await?),
        Finding::Address(email) => JobResult::Email(email_now(email, view)?),
    };
    Ok(Succeeded { number: view.card.number.clone(), certificates, result })
}

/// What was awaited may have come meanwhile.
fn email_now(at_the_end: EmailWrite, view: &View<'_>) -> Result<EmailWrite, Failure> {
    let state = match at_the_end.state {
        EmailState::Written => EmailState::Written,
        EmailState::AwaitingConfirmation | EmailState::Confirmed => view.email_state(&at_the_end.address)?,
    };
    Ok(EmailWrite { state, ..at_the_end })
}

/// What the card has shown, with what only the server knows: chain and status.
async fn card_test(app: &App, results: &[RoleTest], facts: &JobFacts<'_>) -> Result<CardTest, Failure> {
    let generations = app.store.read().await?.generations().await?;
    let issued_by = |der: &[u8], issuer: GenerationId| -> Result<bool, Failure> {
        let issuer = generations.iter().find(|generation| generation.id == issuer);
        let issuer = issuer.ok_or_else(|| Failure::Inconsistent("a certificate without its issuer".into()))?;
        let issuer = super::view::parse(&issuer.certificate)?;
        Ok(super::view::parse(der)?.verify_issued_by(&issuer).is_ok())
    };
    let mut tests = Vec::new();
    for result in results {
        let Some(certificate) = facts.latest(result.role) else { continue };
        let authority = generations.iter().find(|generation| generation.id == certificate.generation);
        let chain = match authority {
            Some(authority) => {
                issued_by(&certificate.certificate, authority.id)?
                    && issued_by(&authority.certificate, authority.issuer)?
            }
            None => false,
        };
        tests.push(CertificateTest {
            role: result.role,
            slot: result.role.slot(),
            serial: certificate.serial.clone(),
            on_card: result.on_card,
            key: result.works,
            chain,
            status: certificate.status(facts.now),
        });
    }
    Ok(CardTest { passed: !tests.is_empty() && tests.iter().all(CertificateTest::passed), tests })
}

async fn information(app: &App, view: &View<'_>, protocol: Protocol) -> Result<CardInformation, Failure> {
    let mut reader = app.store.read().await?;
    let holder = holder_of(reader.as_mut(), &view.card).await?;
    // A card all of whose certificates were revoked still shows the validity it had.
    let shown = |c: &&kaika_domain::certificates::Certificate| c.role == CertificateRole::Signature;
    let signature = view.certificates.iter().rev().find(shown);
    let (not_before, not_after) =
        signature.map_or((view.card.ordered_at, view.card.ordered_at), |c| (c.not_before, c.not_after));
    // Whoever asks has the card: it has proved itself.
    let cards = match view.policy.card.by_number {
        true => reader.cards_of_holder(holder.id).await?,
        false => Vec::new(),
    };
    let sent_out = |card: &kaika_domain::cards::Card| {
        matches!(card.state, CardState::Dispatched { .. } | CardState::Activated { .. })
    };
    let (this, others): (Vec<_>, Vec<_>) =
        cards.into_iter().filter(sent_out).partition(|card| card.number == view.card.number);
    let cards = this
        .into_iter()
        .chain(others)
        .map(|card| HeldCard { activated: card.state.is_activated(), number: card.number })
        .collect();
    let facts = view.facts();
    let known = |kind: &JobKind| kind.is_for_holders() && kind.protocol() <= protocol;
    let not_now = JobKind::ALL.into_iter().filter(known).filter_map(|kind| {
        let refusal = kaika_domain::cards::job::check_job_allowed(kind, &facts).err()?;
        Some((kind, helped_by(refusal, view)))
    });
    Ok(CardInformation {
        activated: view.card.state.is_activated(),
        not_now: not_now.collect(),
        cards,
        holder: holder.subject.to_string(),
        not_before,
        not_after,
        activate_by: facts.activate_by(),
        contact: Some(view.policy.contact.telephone.clone()),
    })
}
