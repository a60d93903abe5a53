//! Card jobs as pure state machines.
//!
//! The server drives one like this: `decide` is given an [`Event`] and the [`JobFacts`], and answers a [`Decision`]:
//! an [`Effect`] to be performed (whose outcome is the next event), a batch of [`Step`]s for the card, or the end.
//! Steps name secrets by reference ("PUK version 7"), so that a job can be written down as it stands.

mod activate;
mod card_facts;
mod change_status;
mod check;
mod information;
mod login;
mod opening;
mod personalise;
mod rewrite;
mod set_email;
mod test;
mod unlock;

pub use activate::{Activate, check_activation_allowed};
pub use card_facts::CardFacts;
pub use change_status::ChangeStatus;
pub use check::{Check, OnCard};
pub use information::Information;
pub use login::{Login, check_login_allowed};
pub use personalise::{Personalise, TRIES};
pub use rewrite::Rewrite;
pub use set_email::SetEmail;
pub use test::{RoleTest, Test};
pub use unlock::Unlock;

use crate::cards::{CardState, PukLedger, PukVersion};
use kaika_wire::{
    Aftermath, Capabilities, CardFault, CertificateId, CertificateRole, Code, EmailAddress, EmailWrite, Guid,
    JobDetails, JobKind, JobResult, KeyAlgorithm, Lack, Leaves, PinSource, Refusal, SecretKind, Slot, StatusChange,
    StatusChangeKind,
};
use serde::{Deserialize, Serialize};

/// What the server knows, read in the transaction that writes the decision down: the card's facts, which it is read like,
/// and what changing the card takes.
pub struct JobFacts<'a> {
    pub of_card: CardFacts<'a>,
    pub puk: &'a PukLedger,
    /// A GUID to use where a new one is needed.
    pub fresh_guid: Guid,
}

impl<'a> std::ops::Deref for JobFacts<'a> {
    type Target = CardFacts<'a>;

    fn deref(&self) -> &CardFacts<'a> {
        &self.of_card
    }
}

/// One command for the card, with its secrets by reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    ReadRetries,
    ProveCard,
    SignAcceptance {
        pin: PinSource,
        certificates: Vec<CertificateId>,
    },
    ProveHolder {
        pin: PinSource,
    },
    ProvePossession {
        slot: Slot,
        algorithm: KeyAlgorithm,
    },
    Agree {
        slot: Slot,
        algorithm: KeyAlgorithm,
    },
    ResetRetryCounter {
        puk: PukVersion,
        #[serde(default)]
        pin: PinSource,
    },
    ChangePuk {
        from: PukVersion,
        to: PukVersion,
    },
    BlockPin,
    OpenManagement,
    /// The holder lets the card be written to; with certificates that name this address, if one is given.
    AllowWriting {
        pin: PinSource,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<EmailAddress>,
    },
    /// The last step of a batch.
    ChallengeManagement,
    /// The first step of the next.
    AnswerManagement {
        challenge: Vec<u8>,
    },
    /// The key of this role does what it is for, with the holder's PIN.
    TestKey {
        role: CertificateRole,
        #[serde(default = "holders_pin")]
        pin: PinSource,
    },
    /// PIN and PUK, the factory's both, get as many tries as cards have here.
    SetTries,
    /// The card refuses to sign without the PIN, right after a signature with it.
    TestPinEachTime,
    /// The card forgets the PIN when it is told to.
    TestPinForgotten,
    /// The objects of all certificates hold the largest one.
    PrepareObjects,
    /// What is in the holder's slot of this role, whatever it is.
    Inspect {
        role: CertificateRole,
    },
    GenerateKey {
        slot: Slot,
        algorithm: KeyAlgorithm,
    },
    Attest {
        slot: Slot,
    },
    ReadKey {
        slot: Slot,
    },
    WriteCertificate {
        certificate: CertificateId,
    },
    ReadCertificate {
        certificate: CertificateId,
    },
    WriteIdentity {
        guid: Guid,
    },
    ReadIdentity {
        guid: Guid,
    },
}

fn holders_pin() -> PinSource {
    PinSource::Current
}

impl Step {
    /// The PUK that this step sends to the card, if any.
    pub fn tries(&self) -> Option<PukVersion> {
        match self {
            Self::ResetRetryCounter { puk, .. } => Some(*puk),
            Self::ChangePuk { from, .. } => Some(*from),
            _ => None,
        }
    }

    /// The PUK that this step shows to a person, if any.
    pub fn shows(&self) -> Option<PukVersion> {
        match self {
            Self::ResetRetryCounter { puk, pin: PinSource::Keypad } => Some(*puk),
            _ => None,
        }
    }

    /// Where it makes a new key, in place of the one that is there.
    pub fn generates_in(&self) -> Option<Slot> {
        match self {
            Self::GenerateKey { slot, .. } => Some(*slot),
            _ => None,
        }
    }

    /// Whether the card may be another one after it: what it holds, or how it is opened. The factory's management key
    /// gives way to ours where it is opened.
    pub fn changes_card(&self) -> bool {
        match self {
            Self::ResetRetryCounter { .. }
            | Self::ChangePuk { .. }
            | Self::BlockPin
            | Self::OpenManagement
            | Self::SetTries
            | Self::PrepareObjects
            | Self::GenerateKey { .. }
            | Self::WriteCertificate { .. }
            | Self::WriteIdentity { .. } => true,
            Self::ReadRetries
            | Self::ProveCard
            | Self::SignAcceptance { .. }
            | Self::ProveHolder { .. }
            | Self::ProvePossession { .. }
            | Self::Agree { .. }
            | Self::AllowWriting { .. }
            | Self::ChallengeManagement
            | Self::AnswerManagement { .. }
            | Self::TestKey { .. }
            | Self::TestPinEachTime
            | Self::TestPinForgotten
            | Self::Inspect { .. }
            | Self::Attest { .. }
            | Self::ReadKey { .. }
            | Self::ReadCertificate { .. }
            | Self::ReadIdentity { .. } => false,
        }
    }

    pub fn leaves(&self) -> Leaves {
        let new_pin = matches!(self, Self::ResetRetryCounter { pin: PinSource::New | PinSource::Keypad, .. });
        Leaves { new_pin, changes: self.changes_card() }
    }

    /// Whether a secret of the card goes to the agent with it.
    fn releases(&self) -> bool {
        self.tries().is_some() || matches!(self, Self::OpenManagement | Self::AnswerManagement { .. })
    }
}

/// What one step came to, after the server has checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    Done,
    Retries {
        pin: Option<u8>,
        puk: Option<u8>,
    },
    /// The signature over the step's document, where it verified.
    Signature(Option<Vec<u8>>),
    /// The card's challenge to the management key.
    Challenge(Vec<u8>),
    /// Whether the card's objects grow.
    Objects {
        grow: bool,
    },
    /// What an inspected slot holds.
    OnCard(Option<OnCard>),
    /// A public key (SubjectPublicKeyInfo) made in the slot; none where a slot is empty, or the card cannot tell.
    Key(Option<Vec<u8>>),
    /// What was read back equals what the database has.
    Same(bool),
    /// Whether the device's word that the key was made in it is right; none where the device gives none.
    Attested(Option<bool>),
    Refused {
        secret: SecretKind,
        tries_left: Option<u8>,
    },
}

/// How many of a batch's steps were carried out.
fn carried_out(checked: &[Checked]) -> usize {
    checked.len() - usize::from(matches!(checked.last(), Some(Checked::Refused { .. })))
}

/// What a decision answers to.
#[derive(Clone, Debug)]
pub enum Event {
    Started,
    /// The report of the last batch; `steps` are those of the batch, `checked` has one entry per step carried out.
    Reported {
        steps: Vec<Step>,
        checked: Vec<Checked>,
        fault: Option<CardFault>,
    },
    Performed(Performed),
}

/// What the server does itself, through its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Test the user code that came with the report.
    TestUserCode,
    /// Certify these keys; idempotent by job and role.
    Issue(Vec<KeyToCertify>),
    /// Certificates valid, receipt kept, card activated: in one transaction.
    Activate { receipt: Vec<u8>, certificates: Vec<CertificateId> },
    /// The holder's certificates once more, for the same keys, naming this address; idempotent by job and role.
    Reissue { email: EmailAddress },
    /// By the mailed code that came with the report; where none did, a mail is sent.
    ConfirmEmail(EmailAddress),
    /// These certificates are accepted with this receipt: those held become valid, what they replace is revoked, and the
    /// address that they name is the card's, in one transaction.
    Accept { receipt: Vec<u8>, certificates: Vec<CertificateId> },
    /// By the holder, as far as the certificates let it.
    ChangeStatus(StatusChange),
    /// The card is as ordered; where its PIN is delivered, it is activated with this receipt.
    Personalised { receipt: Option<Vec<u8>>, certificates: Vec<CertificateId> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyToCertify {
    pub role: CertificateRole,
    /// SubjectPublicKeyInfo (DER).
    pub public_key: Vec<u8>,
}

#[derive(Clone, Debug)]
pub enum Performed {
    Done,
    UserCodeRight,
    UserCodeWrong {
        tries_left: u8,
    },
    UserCodeLocked,
    /// The policy has no user code, or none is on record.
    UserCodeAbsent,
    MailSent,
    Refused(Refusal),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Perform(Effect),
    Run(Vec<Step>),
    Succeed,
    Fail(Refusal),
}

impl Decision {
    fn fail(code: Code) -> Self {
        Self::Fail(code.into())
    }
}

/// A job as it stands, of any kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CardJob {
    Personalise(Personalise),
    Activate(Activate),
    Information(Information),
    Unlock(Unlock),
    Check(Check),
    Rewrite(Rewrite),
    ChangeStatus(ChangeStatus),
    Test(Test),
    SetEmail(SetEmail),
    Login(Login),
}

impl CardJob {
    /// `found`: what a card can do that is to be made. None for a kind that has no server, and where the details are not this
    /// kind's.
    pub fn new(kind: JobKind, details: &JobDetails, found: Option<&Capabilities>) -> Option<Self> {
        Some(match kind {
            JobKind::Personalise => Self::Personalise(Personalise::new(found?)),
            JobKind::Activate => Self::Activate(Activate::default()),
            JobKind::Information => Self::Information(Information),
            JobKind::Unlock => Self::Unlock(Unlock::default()),
            JobKind::Check => Self::Check(Check::default()),
            JobKind::Rewrite => Self::Rewrite(Rewrite::default()),
            JobKind::Suspend | JobKind::Resume | JobKind::Revoke => {
                let change = details.change.filter(|change| Some(change.kind()) == kind.status_change())?;
                Self::ChangeStatus(ChangeStatus::new(change))
            }
            JobKind::Test => Self::Test(Test::default()),
            JobKind::SetEmail => Self::SetEmail(SetEmail::new(details.email.clone()?)),
            JobKind::Login => Self::Login(Login::default()),
            JobKind::ChangePin => return None,
        })
    }

    pub fn kind(&self) -> JobKind {
        match self {
            Self::Personalise(_) => JobKind::Personalise,
            Self::Activate(_) => JobKind::Activate,
            Self::Information(_) => JobKind::Information,
            Self::Unlock(_) => JobKind::Unlock,
            Self::Check(_) => JobKind::Check,
            Self::Rewrite(_) => JobKind::Rewrite,
            Self::Test(_) => JobKind::Test,
            Self::SetEmail(_) => JobKind::SetEmail,
            Self::Login(_) => JobKind::Login,
            Self::ChangeStatus(job) => match job.change().kind() {
                StatusChangeKind::Suspend => JobKind::Suspend,
                StatusChangeKind::Resume => JobKind::Resume,
                StatusChangeKind::Revoke => JobKind::Revoke,
            },
        }
    }

    /// What it would leave if it ended now: after what is on record of it, and this event.
    pub fn aftermath(&self, event: Option<&Event>) -> Aftermath {
        let left = match self {
            Self::Activate(job) => job.left(),
            Self::Unlock(job) => job.left(),
            _ => Aftermath::nothing(self.kind()),
        };
        match event {
            Some(Event::Reported { steps, checked, fault }) => {
                left.after_batch(steps.iter().map(Step::leaves), carried_out(checked), fault.as_ref())
            }
            Some(Event::Started | Event::Performed(_)) | None => left,
        }
    }

    pub fn decide(&mut self, event: Event, facts: &JobFacts<'_>) -> Decision {
        match self {
            Self::Personalise(job) => job.decide(event, facts),
            Self::Activate(job) => job.decide(event, facts),
            Self::Information(job) => job.decide(event, facts),
            Self::Unlock(job) => job.decide(event, facts),
            Self::Check(job) => job.decide(event, facts),
            Self::Rewrite(job) => job.decide(event, facts),
            Self::ChangeStatus(job) => job.decide(event, facts),
            Self::Test(job) => job.decide(event, facts),
            Self::SetEmail(job) => job.decide(event, facts),
            Self::Login(job) => job.decide(event, facts),
        }
    }

    /// Asked in the transaction that records a batch, on facts read in it: may these steps still be sent? Secrets are
    /// released only when they are due.
    ///
    /// # Errors
    /// The refusal that the person reads.
    pub fn check_secrets_allowed(&self, steps: &[Step], facts: &JobFacts<'_>) -> Result<(), Refusal> {
        if !steps.iter().any(Step::releases) {
            return Ok(());
        }
        match self {
            Self::Information(_) | Self::Check(_) | Self::ChangeStatus(_) | Self::Test(_) | Self::Login(_) => {
                Err(Refusal::new(Code::Internal).detail("no secret is due in this job"))
            }
            Self::Personalise(_) | Self::Activate(_) | Self::Unlock(_) | Self::Rewrite(_) | Self::SetEmail(_) => {
                check_job_allowed(self.kind(), facts)
            }
        }
    }

    /// Whether the card's session is kept open from one batch to the next, apart from a challenge, which is answered in the
    /// session that gave it: where somebody waits at a reader, the card is not selected and told from others anew for each batch.
    pub fn keeps_session(&self) -> bool {
        match self {
            Self::Activate(_) | Self::Unlock(_) | Self::Rewrite(_) | Self::SetEmail(_) => true,
            Self::Personalise(_)
            | Self::Information(_)
            | Self::Check(_)
            | Self::ChangeStatus(_)
            | Self::Test(_)
            | Self::Login(_) => false,
        }
    }

    /// What a job that succeeded came to.
    pub fn finding(&self, facts: &JobFacts<'_>) -> Finding {
        match self {
            Self::Personalise(_) | Self::Activate(_) | Self::Unlock(_) | Self::ChangeStatus(_) | Self::Login(_) => {
                Finding::Result(JobResult::Done)
            }
            Self::Check(job) => Finding::Result(JobResult::Check(job.report(facts))),
            Self::Rewrite(job) => Finding::Result(JobResult::Check(job.report(facts))),
            Self::Information(_) => Finding::OnRecord,
            Self::Test(job) => Finding::Tests(job.results(facts)),
            Self::SetEmail(job) => Finding::Address(job.outcome()),
        }
    }
}

/// What a job has found out, with what is still the server's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// There is no more to say.
    Result(JobResult),
    /// Whatever is on record of the card.
    OnRecord,
    /// What the card has shown; chain and status are to be added.
    Tests(Vec<RoleTest>),
    /// How far an address was at the end; it may have come on.
    Address(EmailWrite),
}

/// Whether a job of this kind may be done with this card now.
///
/// # Errors
/// The refusal that the person reads.
pub fn check_job_allowed(kind: JobKind, facts: &JobFacts<'_>) -> Result<(), Refusal> {
    match kind {
        JobKind::Activate => check_activation_allowed(facts),
        JobKind::Unlock => unlock::check_unlocking_allowed(facts),
        JobKind::Rewrite | JobKind::SetEmail => rewrite::check_rewriting_allowed(facts),
        JobKind::Check | JobKind::Test => facts.in_use(),
        JobKind::Login => login::check_login_allowed(facts),
        JobKind::Personalise => match facts.card.state {
            CardState::Ordered => Ok(()),
            _ => Err(Code::CardNotBlank.into()),
        },
        JobKind::Suspend | JobKind::Resume | JobKind::Revoke => facts.policy.offers(kind),
        JobKind::Information | JobKind::ChangePin => Ok(()),
    }
}

/// The refusal that a card's fault comes to.
fn fault(fault: &CardFault) -> Decision {
    Decision::Fail(match fault {
        CardFault::Removed => Code::CardRemoved.into(),
        CardFault::OtherCard => Code::OtherCard.into(),
        CardFault::Unsupported => Code::CardUnsuitable.into(),
        CardFault::Unsuitable { missing } => Refusal::unsuitable(missing.clone()),
        // Not enough memory space: an object that does not grow.
        CardFault::Status { status } if status == "6a84" => Refusal::unsuitable(vec![Lack::ObjectSize]),
        CardFault::Status { status } => Refusal::new(Code::CardFault).detail(format!("status word {status}")),
        CardFault::Malformed => Refusal::new(Code::CardFault).detail("unreadable answer"),
        CardFault::Reader { detail } => Refusal::new(Code::CardFault).detail(detail.clone()),
        CardFault::NotTyped { why } => why.code().into(),
    })
}

/// The fault at a step: what the card thinks of a new PIN that a person has chosen is told as that.
fn fault_at(step: Option<&Step>, reason: &CardFault) -> Decision {
    match step {
        Some(Step::ResetRetryCounter { pin: PinSource::New | PinSource::Keypad, .. }) if reason.refuses_new_pin() => {
            Decision::fail(Code::PinNotTaken)
        }
        _ => fault(reason),
    }
}

/// Another PUK in the place of one that a person has seen.
fn replace(puk: PukVersion, facts: &JobFacts<'_>) -> Step {
    Step::ChangePuk { from: puk, to: facts.puk.next_version() }
}

/// The refusal that a refused secret comes to.
fn refused_secret(secret: SecretKind, tries_left: Option<u8>) -> Decision {
    let code = match (secret, tries_left) {
        (SecretKind::Pin, Some(0)) => Code::PinLocked,
        (SecretKind::Pin, _) => Code::PinWrong,
        (SecretKind::Puk, _) => Code::PukBlocked,
        (SecretKind::ManagementKey, _) => Code::ManagementKeyRefused,
    };
    Decision::Fail(Refusal { tries_left, ..code.into() })
}

fn not_signed() -> Decision {
    Decision::Fail(Refusal::new(Code::CardFault).detail("the signature is not by the card's 9C key"))
}

/// An answer that the server's own steps cannot have.
fn out_of_step() -> Decision {
    Decision::Fail(Refusal::new(Code::CardFault).detail("the report does not fit the batch"))
}
