//! Runs a card job: the server decides, this carries out, batch by batch.
//!
//! One session with one card serves the whole job; each batch is one transaction, or goes on in the one before it. The
//! server's word is checked where it touches the card: a batch belongs to the job, the card and the portal that it was
//! started with, or nothing is signed.

mod faults;
mod server;

pub(crate) use faults::{lost, not_ours, refusal};
pub use server::HoldTimes;

use crate::{
    mailer, new_pin,
    portal::{Portal, Station, Target, same_origin},
    readers::{CardSession, exclusively, leave},
};
use kaika_card::{Retries, Run, Secrets, Transport};
use kaika_wire::{
    Aftermath, AuthorityId, Batch, BatchReport, CardFault, CardNumber, Code, Command, Expectation, Guid, Hold, Input,
    JobDetails, JobId, JobKind, JobStarted, JobState, Outcome, PinAfter, PortalAuthority, PresentedCard, Protocol,
    Refusal, SecretKind, StartJob, Succeeded, UserCode,
};
use server::{PendingAnswer, Server};
use std::{path::PathBuf, thread, time::Duration};

/// What is to be done.
pub struct Order {
    pub kind: JobKind,
    /// For personalising: which ordered card this is to become; none: the oldest order.
    pub number: Option<CardNumber>,
    /// For personalising: on whose credential.
    pub station: Option<Station>,
    pub details: JobDetails,
    /// From the portal's page that asked for the job.
    pub ticket: Option<String>,
    /// For personalising: where a PIN that is delivered to the holder is written.
    pub mailer: Option<PathBuf>,
}

impl Order {
    /// A job without any of the station's things.
    pub fn new(kind: JobKind) -> Self {
        Self { kind, number: None, station: None, details: JobDetails::default(), ticket: None, mailer: None }
    }
}

/// What the person gave. No `Debug`.
#[derive(Default)]
pub struct Inputs {
    pub user_code: Option<UserCode>,
    /// From the mail that proves an address, where one came.
    pub mail_code: Option<String>,
    pub secrets: Secrets,
}

/// A job that succeeded.
#[derive(Debug)]
pub struct Finished {
    pub job: JobId,
    pub authority: AuthorityId,
    pub card: CardNumber,
    pub succeeded: Succeeded,
    /// The certificate in 9E (DER), as it was read.
    pub card_certificate: Option<Vec<u8>>,
    /// Tries left, where the job had them read: as they were then.
    pub retries: Option<Retries>,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The server knows the card.
    Started { card: CardNumber },
    /// A batch begins on the card.
    Batch { sequence: u32, commands: usize },
    /// The number of its commands that are done.
    Step { done: usize },
    /// The server is asked again: it did not answer, or said that it could not.
    Waiting { why: Code },
}

/// The pauses before a report is sent again that got no answer.
pub const PAUSES: &[Duration] = &[
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// More than any job has batches; a server that goes on and on is no server of ours.
const MOST_BATCHES: u32 = 64;

/// How long a server is waited for.
#[derive(Clone, Copy)]
pub struct Patience<'p> {
    /// Between a report and the same report once more.
    pub pauses: &'p [Duration],
    pub hold: HoldTimes,
}

impl<'p> From<&'p [Duration]> for Patience<'p> {
    fn from(pauses: &'p [Duration]) -> Self {
        Self { pauses, hold: HoldTimes::USUAL }
    }
}

impl<'p, const N: usize> From<&'p [Duration; N]> for Patience<'p> {
    fn from(pauses: &'p [Duration; N]) -> Self {
        Self::from(pauses.as_slice())
    }
}

/// Runs a job to its end. The card is reset at its begin and, whatever becomes of it, at its end.
///
/// # Errors
/// What the server refused; what became of the card ([`Code::CardRemoved`], [`Code::OtherCard`], [`Code::CardFault`] …),
/// after the server was told; [`Code::ServerUnreachable`]; [`Code::ServerTooOld`], before the card is touched;
/// [`Code::SecretMissing`]; [`Code::NotKaikaCard`], [`Code::WrongAuthority`].
pub fn run_job<'p>(
    session: &mut dyn CardSession,
    target: &Target,
    order: &Order,
    inputs: Inputs,
    patience: impl Into<Patience<'p>>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Finished, Refusal> {
    run_job_on(session, None, target, order, inputs, patience, progress)
}

/// As [`run_job`], for the card of this number; another one is left alone.
///
/// # Errors
/// As [`run_job`], and [`Code::OtherCard`].
pub(crate) fn run_job_on<'p>(
    session: &mut dyn CardSession,
    chosen: Option<&CardNumber>,
    target: &Target,
    order: &Order,
    inputs: Inputs,
    patience: impl Into<Patience<'p>>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Finished, Refusal> {
    target.well_known.protocol.suffices(order.kind, Code::ServerTooOld)?;
    // Before anything happens, as far as it is clear what an authority asks for; and again when it is known which.
    let named = |authority: &&PortalAuthority| target.named.as_ref().is_none_or(|named| *named == authority.id);
    let authorities = target.well_known.authorities.iter().filter(named);
    let lacking = authorities.map(|authority| lacks(authority, order.kind, &inputs)).reduce(|one, other| one && other);
    if lacking == Some(true) {
        return Err(Code::SecretMissing.into());
    }
    let is_pin = |input: &Input| matches!(input, Input::Pin | Input::NewPin);
    let verifies = order.kind == JobKind::Personalise || order.kind.inputs().iter().any(is_pin);
    session.reset().map_err(lost)?;
    let patience = patience.into();
    let mut left = Aftermath::nothing(order.kind);
    let result = thread::scope(|scope| {
        Job {
            server: Server { scope, portal: &*target.portal, patience },
            chosen,
            target,
            order,
            inputs,
            progress,
            sequence: 0,
            card_certificate: None,
            retries: None,
            left: &mut left,
        }
        .run(session)
    });
    let result = result.map_err(|refusal| Refusal { aftermath: Some(left), ..refusal });
    match verifies {
        true => leave(session),
        // A card that is gone has nothing left to forget.
        false => drop(session.reset()),
    }
    result
}

struct Job<'a, 'scope, 'env> {
    server: Server<'scope, 'env>,
    chosen: Option<&'a CardNumber>,
    target: &'env Target,
    order: &'env Order,
    inputs: Inputs,
    progress: &'a mut dyn FnMut(Progress),
    /// The batch that was carried out last.
    sequence: u32,
    card_certificate: Option<Vec<u8>>,
    retries: Option<Retries>,
    /// What it would leave if it ended now.
    left: &'a mut Aftermath,
}

/// The card that the server knows, and what all batches of the job have to agree with.
struct Bounds {
    job: JobId,
    token: String,
    authority: AuthorityId,
    card: CardNumber,
}

/// What the transaction came to in which the card was looked at.
enum Begun {
    Started(Box<(Bounds, Turn)>),
    /// The number on the card; the server has not answered in time.
    Late(Option<CardNumber>, PendingAnswer<JobStarted>),
}

/// What one transaction on the card came to.
enum Turn {
    /// Still to be sent.
    Report(BatchReport),
    Answered(JobState),
    /// The report is on its way, and the card is no longer kept waiting for the answer; and whether it may be the last.
    Late(PendingAnswer<JobState>, bool),
}

impl Job<'_, '_, '_> {
    fn run(mut self, session: &mut dyn CardSession) -> Result<Finished, Refusal> {
        let begun = exclusively(session, |transport| self.begin(transport)).map_err(lost)??;
        let (bounds, turn) = match begun {
            Begun::Started(started) => *started,
            Begun::Late(own_number, asked) => {
                let started = asked.wait(self.progress)?;
                let (bounds, state) = self.started(started, own_number)?;
                (bounds, Turn::Answered(state))
            }
        };
        let succeeded = self.batches(session, &bounds, turn)?;
        let Bounds { job, authority, card, .. } = bounds;
        let (card_certificate, retries) = (self.card_certificate, self.retries);
        Ok(Finished { job, authority, card, succeeded, card_certificate, retries })
    }

    /// Looks at the card and starts the job. Where the server answers soon, the first batch goes on in the same session:
    /// what was selected and read is not read again.
    fn begin(&mut self, transport: &mut dyn Transport) -> Result<Begun, Refusal> {
        let card = match self.order.kind {
            JobKind::Personalise => kaika_card::survey(transport, &mut crate::random),
            _ => kaika_card::recognise(transport),
        };
        let card = card.map_err(not_ours)?;
        self.card_certificate = card.certificate.as_ref().map(|certificate| certificate.to_vec());
        let own_number = self.own_number(&card)?;
        let asked = self.server.start(
            StartJob {
                protocol: Protocol::OURS,
                kind: self.order.kind,
                authority: self.target.named.clone(),
                card: card.clone(),
                number: self.order.number.clone(),
                details: self.order.details.clone(),
                ticket: self.order.ticket.clone(),
            },
            self.order.station.as_ref(),
        );
        let Some(answer) = asked.held(transport, self.server.patience.hold, false, self.progress) else {
            return Ok(Begun::Late(own_number, asked));
        };
        let (bounds, state) = self.started(answer?, own_number)?;
        let turn = match state {
            JobState::Running { batch } if is_card(batch.card, &card) => {
                self.carry_out(transport, &bounds, batch, Some(card.guid))?
            }
            state => Turn::Answered(state),
        };
        Ok(Begun::Started(Box::new((bounds, turn))))
    }

    fn started(&mut self, started: JobStarted, own_number: Option<CardNumber>) -> Result<(Bounds, JobState), Refusal> {
        if own_number.is_some_and(|own| own != started.card) {
            return Err(Refusal::new(Code::NotAPortal).detail("it speaks of another card"));
        }
        (self.progress)(Progress::Started { card: started.card.clone() });
        if started.delivers_pin {
            let mailer = self.order.mailer.as_deref().ok_or_else(|| {
                Refusal::new(Code::SecretMissing).detail("this card's PIN is delivered: a mailer file is needed")
            })?;
            self.inputs.secrets.new_pin = Some(mailer::pin_for(mailer, &started.card)?);
        }
        let JobStarted { job, token, authority, card, state, .. } = started;
        Ok((Bounds { job, token, authority, card }, state))
    }

    /// The number on the card, where the job is for a card of this portal and what it needs was given; a blank card has
    /// none.
    fn own_number(&mut self, card: &PresentedCard) -> Result<Option<CardNumber>, Refusal> {
        if self.order.kind == JobKind::Personalise {
            return Ok(None);
        }
        let certificate = card.certificate.as_deref();
        let authority = self.target.accept(certificate)?;
        if lacks(authority, self.order.kind, &self.inputs) {
            return Err(Code::SecretMissing.into());
        }
        self.inputs.secrets.pin_digits = authority.pin_digits;
        if let Some(pin) = &self.inputs.secrets.new_pin {
            new_pin::check(pin, &authority.pin_form())?;
        }
        let number = certificate
            .and_then(crate::certificate::CardCertificate::parse)
            .and_then(|certificate| certificate.card_number());
        let number = number.ok_or(Code::NotKaikaCard)?;
        match self.chosen {
            Some(chosen) if *chosen != number => Err(Code::OtherCard.into()),
            _ => Ok(Some(number)),
        }
    }

    fn batches(&mut self, session: &mut dyn CardSession, bounds: &Bounds, first: Turn) -> Result<Succeeded, Refusal> {
        let mut turn = first;
        let mut fault: Option<CardFault> = None;
        loop {
            let state = match turn {
                Turn::Answered(state) => state,
                Turn::Late(asked, may_end) => {
                    let answer = asked.wait(self.progress);
                    self.answered(may_end, answer)?
                }
                Turn::Report(report) => {
                    fault.clone_from(&report.fault);
                    let may_end = self.may_end_with(&report);
                    let answer = self.server.report(bounds, report).wait(self.progress);
                    // The person first has to put the card back, whatever else is wrong.
                    self.answered(may_end, answer).map_err(|unanswered| faults::after(fault.clone(), unanswered))?
                }
            };
            let batch = match state {
                JobState::Succeeded(succeeded) => return Ok(succeeded),
                JobState::Failed { error } => return Err(faults::after(fault, error)),
                JobState::Running { batch } => batch,
            };
            if let Some(fault) = fault.take_if(|fault| faults::ends_job(fault)) {
                return Err(refusal(fault));
            }
            let sequence = batch.sequence;
            let carried_out = exclusively(session, |transport| self.carry_out(transport, bounds, batch, None));
            turn = carried_out.unwrap_or_else(|error| {
                let run = Run { outcomes: Vec::new(), fault: Some(CardFault::from(error)) };
                Ok(Turn::Report(self.reported(sequence, run)))
            })?;
        }
    }

    /// Carries a batch out, and in the same transaction those that go on from it. `open`: the card session is open, and
    /// this is the GUID that was read in it, if it was.
    fn carry_out(
        &mut self,
        transport: &mut dyn Transport,
        bounds: &Bounds,
        first: Batch,
        open: Option<Option<Guid>>,
    ) -> Result<Turn, Refusal> {
        let (mut batch, mut open) = (first, open);
        loop {
            check(&batch, self.sequence + 1, bounds, self.server.portal)?;
            self.sequence = batch.sequence;
            (self.progress)(Progress::Batch { sequence: batch.sequence, commands: batch.commands.len() });
            if open.is_none() && answers(&batch) {
                // The session in which the card was challenged is over.
                return Ok(Turn::Report(self.reported(batch.sequence, challenge_lost())));
            }
            let step = &mut |done| (self.progress)(Progress::Step { done });
            let (secrets, random) = (&self.inputs.secrets, &mut crate::random);
            let run = match open {
                None => kaika_card::run(transport, &batch, secrets, random, step),
                Some(guid) => kaika_card::go_on(transport, &batch, guid, secrets, random, step),
            };
            self.retries = run.outcomes.iter().find_map(retries).or(self.retries);
            let carried_out = run.outcomes.len() - usize::from(ends_refused(&run.outcomes));
            let leaves = batch.commands.iter().map(Command::leaves);
            *self.left = self.left.after_batch(leaves, carried_out, run.fault.as_ref());
            let report = self.reported(batch.sequence, run);
            // A challenge that was asked for last is the only one that waits for its answer.
            let challenged = batch.hold == Hold::Challenged;
            if batch.hold.is_none() || report.fault.is_some() {
                return Ok(Turn::Report(report));
            }
            let may_end = self.may_end_with(&report);
            let asked = self.server.report(bounds, report);
            match asked.held(transport, self.server.patience.hold, challenged, self.progress) {
                None => return Ok(Turn::Late(asked, may_end)),
                Some(answer) => match self.answered(may_end, answer)? {
                    JobState::Running { batch: next } => (batch, open) = (next, Some(None)),
                    ended => return Ok(Turn::Answered(ended)),
                },
            }
        }
    }

    /// Whether the server may find the job done with this report.
    fn may_end_with(&self, report: &BatchReport) -> bool {
        report.fault.is_none()
            && !ends_refused(&report.outcomes)
            && match self.order.kind {
                JobKind::Activate | JobKind::Unlock => self.left.pin == PinAfter::New,
                _ => true,
            }
    }

    fn answered<T>(&mut self, may_end: bool, answer: Result<T, Refusal>) -> Result<T, Refusal> {
        let missing =
            [Code::ServerUnreachable, Code::NotAPortal, Code::Internal, Code::Busy, Code::Stale, Code::TooManyRequests];
        if may_end && answer.as_ref().is_err_and(|refusal| missing.contains(&refusal.code)) {
            self.left.maybe_done = true;
        }
        answer
    }

    fn reported(&self, sequence: u32, run: Run) -> BatchReport {
        let wants_user_code = sequence == 1 && self.order.kind.inputs().contains(&Input::UserCode);
        let user_code = self.inputs.user_code.clone().filter(|_| wants_user_code);
        let mail_code = self.inputs.mail_code.clone().filter(|_| sequence == 1);
        BatchReport {
            protocol: Protocol::OURS,
            sequence,
            outcomes: run.outcomes,
            fault: run.fault,
            user_code,
            mail_code,
        }
    }
}

/// Whether the card refused a secret, where the batch stopped.
fn ends_refused(outcomes: &[Outcome]) -> bool {
    matches!(outcomes.last(), Some(Outcome::Refused { .. }))
}

/// Whether the batch begins with the answer to a challenge.
fn answers(batch: &Batch) -> bool {
    matches!(batch.commands.first(), Some(Command::AnswerManagement { .. }))
}

/// What comes of such a batch where the card is no longer waiting for the answer.
fn challenge_lost() -> Run {
    Run { outcomes: vec![Outcome::Refused { secret: SecretKind::ManagementKey, tries_left: None }], fault: None }
}

fn retries(outcome: &Outcome) -> Option<Retries> {
    match outcome {
        Outcome::Retries { pin, puk } => Some(Retries { pin: *pin, puk: *puk }),
        _ => None,
    }
}

/// Whether something is missing that a job with a card of this authority needs.
fn lacks(authority: &PortalAuthority, kind: JobKind, given: &Inputs) -> bool {
    authority.inputs(kind).iter().any(|input| match input {
        Input::UserCode => given.user_code.is_none(),
        Input::Pin => given.secrets.current_pin.is_none(),
        Input::NewPin => given.secrets.new_pin.is_none(),
    })
}

/// Whether this is the card that was looked at.
fn is_card(expected: Expectation, card: &PresentedCard) -> bool {
    match expected {
        Expectation::Identity(guid) => card.guid == Some(guid),
        Expectation::Device(serial) => card.device.as_ref().is_some_and(|device| device.serial == serial),
    }
}

/// Signs nothing that names another job, card or portal than this job's.
fn check(batch: &Batch, sequence: u32, bounds: &Bounds, portal: &dyn Portal) -> Result<(), Refusal> {
    let context = &batch.context;
    let wrong = if sequence > MOST_BATCHES {
        "the job does not end"
    } else if batch.sequence != sequence {
        "its batches are out of order"
    } else if context.job != bounds.job {
        "a batch of another job"
    } else if context.card != bounds.card {
        "a batch for another card"
    } else if !same_origin(&context.origin, portal.origin()) {
        "a batch of another portal"
    } else {
        return Ok(());
    };
    Err(Refusal::new(Code::NotAPortal).detail(wrong))
}
