//! Runs a card job: the server decides, this carries out, batch by batch.
//!
//! One session with one card serves the whole job; each batch is one transaction. The server's word is checked where it
//! touches the card: a batch belongs to the job, the card and the portal that it was started with, or nothing is signed.

mod faults;

pub(crate) use faults::{lost, not_ours, refusal};

use crate::{
    mailer,
    portal::{Portal, Station, Target, same_origin},
    readers::{CardSession, exclusively},
};
use kaika_card::{Detected, Run, Secrets, Transport};
use kaika_wire::{
    AuthorityId, Batch, BatchReport, CardFault, CardNumber, Code, Input, JobDetails, JobId, JobKind, JobState,
    PinDigits, Refusal, StartJob, Succeeded, UserCode,
};
use std::{path::PathBuf, sync::mpsc, thread, time::Duration};

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
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The server knows the card.
    Started { card: CardNumber },
    /// A batch begins on the card.
    Batch { sequence: u32, commands: usize },
    /// So many of its commands are done.
    Step { done: usize },
    /// The server is asked again, since it did not answer.
    Waiting,
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

/// Runs a job to its end. The card is reset at its begin and, whatever becomes of it, at its end.
///
/// # Errors
/// What the server refused; what became of the card ([`Code::CardRemoved`], [`Code::OtherCard`], [`Code::CardFault`] …),
/// after the server was told; [`Code::ServerUnreachable`]; [`Code::SecretMissing`]; [`Code::NotKaikaCard`],
/// [`Code::WrongAuthority`].
pub fn run_job(
    session: &mut dyn CardSession,
    target: &Target,
    order: &Order,
    inputs: Inputs,
    pauses: &[Duration],
    progress: &mut dyn FnMut(Progress),
) -> Result<Finished, Refusal> {
    run_job_on(session, None, target, order, inputs, pauses, progress)
}

/// As [`run_job`], for the card of this number; another one is left alone.
///
/// # Errors
/// As [`run_job`], and [`Code::OtherCard`].
pub(crate) fn run_job_on(
    session: &mut dyn CardSession,
    chosen: Option<&CardNumber>,
    target: &Target,
    order: &Order,
    inputs: Inputs,
    pauses: &[Duration],
    progress: &mut dyn FnMut(Progress),
) -> Result<Finished, Refusal> {
    for input in order.kind.inputs() {
        let given = match input {
            Input::UserCode => inputs.user_code.is_some(),
            Input::Pin => inputs.secrets.current_pin.is_some(),
            Input::NewPin => inputs.secrets.new_pin.is_some(),
        };
        if !given {
            return Err(Code::SecretMissing.into());
        }
    }
    session.reset().map_err(lost)?;
    let result = Job { session, chosen, target, order, inputs, pauses, progress }.run();
    // A card that is gone has no verified PIN left either.
    let _ = session.reset();
    result
}

struct Job<'a> {
    session: &'a mut dyn CardSession,
    chosen: Option<&'a CardNumber>,
    target: &'a Target,
    order: &'a Order,
    inputs: Inputs,
    pauses: &'a [Duration],
    progress: &'a mut dyn FnMut(Progress),
}

/// What all batches of a job have to agree with.
struct Bounds {
    job: JobId,
    token: String,
    card: CardNumber,
}

impl Job<'_> {
    fn run(mut self) -> Result<Finished, Refusal> {
        let detected =
            exclusively(self.session, |transport| kaika_card::detect(transport)).map_err(lost)?.map_err(not_ours)?;
        let own_number = self.own_number(&detected)?;
        let start = StartJob {
            kind: self.order.kind,
            authority: self.target.named.clone(),
            card: detected.presented,
            number: self.order.number.clone(),
            details: self.order.details.clone(),
            ticket: self.order.ticket.clone(),
        };
        let portal = &*self.target.portal;
        let started = portal.start(&start, self.order.station.as_ref())?;
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
        let bounds = Bounds { job: started.job, token: started.token, card: started.card };
        let succeeded = self.batches(portal, &bounds, started.state)?;
        Ok(Finished { job: bounds.job, authority: started.authority, card: bounds.card, succeeded })
    }

    /// The number on the card, where the job is for a card of this portal; a blank card has none.
    fn own_number(&self, detected: &Detected) -> Result<Option<CardNumber>, Refusal> {
        if self.order.kind == JobKind::Personalise {
            return Ok(None);
        }
        let certificate = detected.presented.certificate.as_deref();
        let authority = self.target.accept(certificate)?;
        if let Some(pin) = &self.inputs.secrets.new_pin {
            let PinDigits { min, max } = authority.pin_digits;
            if !(usize::from(min)..=usize::from(max)).contains(&pin.expose().len()) {
                let digits = if min == max { min.to_string() } else { format!("{min}–{max}") };
                return Err(Refusal::new(Code::PinForm).detail(digits));
            }
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

    fn batches(&mut self, portal: &dyn Portal, bounds: &Bounds, mut state: JobState) -> Result<Succeeded, Refusal> {
        let mut fault: Option<CardFault> = None;
        let mut sequence = 0;
        while sequence < MOST_BATCHES {
            let batch = match state {
                JobState::Succeeded(succeeded) => return Ok(succeeded),
                JobState::Failed { error } => return Err(faults::after(fault, error)),
                JobState::Running { batch } => batch,
            };
            if let Some(fault) = fault.take_if(|fault| faults::ends_job(fault)) {
                return Err(refusal(fault));
            }
            check(&batch, sequence + 1, bounds, portal)?;
            let report = match self.carry_out(portal, bounds, batch)? {
                Turn::Ended(ended) => {
                    state = ended;
                    continue;
                }
                Turn::Report(report) => report,
            };
            sequence = report.sequence;
            fault.clone_from(&report.fault);
            let waiting = &mut || (self.progress)(Progress::Waiting);
            state = match send(portal, bounds, &report, self.pauses, waiting) {
                Ok(state) => state,
                // The person first has to put the card back, whatever else is wrong.
                Err(unanswered) => return Err(faults::after(fault, unanswered)),
            };
        }
        Err(Refusal::new(Code::NotAPortal).detail("the job does not end"))
    }

    /// Carries a batch out, and in the same transaction those that go on from it.
    fn carry_out(&mut self, portal: &dyn Portal, bounds: &Bounds, first: Batch) -> Result<Turn, Refusal> {
        let Self { session, inputs, progress, order, pauses, .. } = self;
        let sequence = first.sequence;
        let wants_user_code = order.kind.inputs().contains(&Input::UserCode);
        let reported = |sequence: u32, run: Run| BatchReport {
            sequence,
            outcomes: run.outcomes,
            fault: run.fault,
            user_code: (wants_user_code && sequence == 1).then(|| inputs.user_code.clone()).flatten(),
            mail_code: (sequence == 1).then(|| inputs.mail_code.clone()).flatten(),
        };
        let turn = exclusively(&mut **session, |transport| {
            let mut batch = first;
            let mut run_batch: RunBatch = kaika_card::run;
            loop {
                progress(Progress::Batch { sequence: batch.sequence, commands: batch.commands.len() });
                let step = &mut |done| progress(Progress::Step { done });
                let run = run_batch(transport, &batch, &inputs.secrets, &mut crate::random, step);
                let report = reported(batch.sequence, run);
                if !batch.hold || report.fault.is_some() {
                    return Ok(Turn::Report(report));
                }
                match send_beside(transport, portal, bounds, &report, pauses, *progress)? {
                    JobState::Running { batch: next } => {
                        check(&next, batch.sequence + 1, bounds, portal)?;
                        batch = next;
                        run_batch = kaika_card::go_on;
                    }
                    ended => return Ok(Turn::Ended(ended)),
                }
            }
        });
        turn.unwrap_or_else(|error| {
            let run = Run { outcomes: Vec::new(), fault: Some(CardFault::from(error)) };
            Ok(Turn::Report(reported(sequence, run)))
        })
    }
}

type RunBatch = fn(&mut dyn Transport, &Batch, &Secrets, &mut kaika_card::Random<'_>, &mut dyn FnMut(usize)) -> Run;

/// What one transaction on the card came to.
enum Turn {
    /// Still to be sent.
    Report(BatchReport),
    Ended(JobState),
}

/// Signs nothing that names another job, card or portal than this job's.
fn check(batch: &Batch, sequence: u32, bounds: &Bounds, portal: &dyn Portal) -> Result<(), Refusal> {
    let context = &batch.context;
    let wrong = if batch.sequence != sequence {
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

/// Sends the report, and again where no answer came: the server gives the same answer to the same report.
fn send(
    portal: &dyn Portal,
    bounds: &Bounds,
    report: &BatchReport,
    pauses: &[Duration],
    waiting: &mut dyn FnMut(),
) -> Result<JobState, Refusal> {
    let mut pauses = pauses.iter();
    loop {
        match portal.report(bounds.job, &bounds.token, report) {
            // The server answers a report that is sent again as it did, or would have, the first time.
            Err(refused) if matches!(refused.code, Code::ServerUnreachable | Code::Busy | Code::Internal) => {
                let Some(pause) = pauses.next() else {
                    return Err(refused);
                };
                waiting();
                thread::sleep(*pause);
            }
            answer => return answer,
        }
    }
}

/// Windows resets a card that is idle in a transaction for five seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// A card session is held open no longer than 20 seconds; after that the card refuses what comes, and the job is begun
/// anew.
const MOST_KEPT_ALIVE: u32 = 10;

/// As [`send`], while the card's session is held open.
fn send_beside(
    transport: &mut dyn Transport,
    portal: &dyn Portal,
    bounds: &Bounds,
    report: &BatchReport,
    pauses: &[Duration],
    progress: &mut dyn FnMut(Progress),
) -> Result<JobState, Refusal> {
    enum Told {
        Waiting,
        Answer(Box<Result<JobState, Refusal>>),
    }
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            // Whoever asked waits for the answer.
            let answer = send(portal, bounds, report, pauses, &mut || drop(tell.send(Told::Waiting)));
            let _ = tell.send(Told::Answer(Box::new(answer)));
        });
        let mut kept = 0;
        loop {
            match told.recv_timeout(KEEP_ALIVE) {
                Ok(Told::Answer(answer)) => return *answer,
                Ok(Told::Waiting) => progress(Progress::Waiting),
                Err(mpsc::RecvTimeoutError::Timeout) if kept < MOST_KEPT_ALIVE => {
                    kept += 1;
                    // A card that is gone is told by the next batch.
                    let _ = kaika_card::keep_alive(transport);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(Code::Internal.into()),
            }
        }
    })
}
