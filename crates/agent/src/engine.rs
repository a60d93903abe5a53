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
use kaika_card::{Detected, Run, Secrets};
use kaika_wire::{
    AuthorityId, Batch, BatchReport, CardFault, CardNumber, Code, Input, JobId, JobKind, JobState, PinDigits, Refusal,
    StartJob, Succeeded, UserCode,
};
use std::{path::PathBuf, thread, time::Duration};

/// What is to be done.
pub struct Order {
    pub kind: JobKind,
    /// For personalising: which ordered card this is to become; none: the oldest order.
    pub number: Option<CardNumber>,
    /// For personalising: on whose credential.
    pub station: Option<Station>,
    /// From the portal's page that asked for the job.
    pub ticket: Option<String>,
    /// For personalising: where a PIN that is delivered to the holder is written.
    pub mailer: Option<PathBuf>,
}

impl Order {
    /// A job without any of the station's things.
    pub fn new(kind: JobKind) -> Self {
        Self { kind, number: None, station: None, ticket: None, mailer: None }
    }
}

/// What the person gave. No `Debug`.
#[derive(Default)]
pub struct Inputs {
    pub user_code: Option<UserCode>,
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
        let mut fault = None;
        for sequence in 1..=MOST_BATCHES {
            let batch = match state {
                JobState::Succeeded(succeeded) => return Ok(succeeded),
                JobState::Failed { error } => return Err(faults::after(fault, error)),
                JobState::Running { batch } => batch,
            };
            if let Some(fault) = fault.take_if(|fault| faults::ends_job(fault)) {
                return Err(refusal(fault));
            }
            self.check(&batch, sequence, bounds)?;
            let run = self.carry_out(&batch);
            fault.clone_from(&run.fault);
            let wants_user_code = sequence == 1 && self.order.kind.inputs().contains(&Input::UserCode);
            let report = BatchReport {
                sequence,
                outcomes: run.outcomes,
                fault: run.fault,
                user_code: wants_user_code.then(|| self.inputs.user_code.clone()).flatten(),
            };
            state = match self.report(portal, bounds, &report) {
                Ok(state) => state,
                // The person first has to put the card back, whatever else is wrong.
                Err(unanswered) => return Err(faults::after(fault, unanswered)),
            };
        }
        Err(Refusal::new(Code::NotAPortal).detail("the job does not end"))
    }

    /// Signs nothing that names another job, card or portal than this job's.
    fn check(&self, batch: &Batch, sequence: u32, bounds: &Bounds) -> Result<(), Refusal> {
        let context = &batch.context;
        let wrong = if batch.sequence != sequence {
            "its batches are out of order"
        } else if context.job != bounds.job {
            "a batch of another job"
        } else if context.card != bounds.card {
            "a batch for another card"
        } else if !same_origin(&context.origin, self.target.portal.origin()) {
            "a batch of another portal"
        } else {
            return Ok(());
        };
        Err(Refusal::new(Code::NotAPortal).detail(wrong))
    }

    fn carry_out(&mut self, batch: &Batch) -> Run {
        let Self { session, inputs, progress, .. } = self;
        progress(Progress::Batch { sequence: batch.sequence, commands: batch.commands.len() });
        let run = exclusively(&mut **session, |transport| {
            kaika_card::run(transport, batch, &inputs.secrets, &mut crate::random, &mut |done| {
                progress(Progress::Step { done })
            })
        });
        run.unwrap_or_else(|error| Run { outcomes: Vec::new(), fault: Some(CardFault::from(error)) })
    }

    /// Sends the report, and again where no answer came: the server gives the same answer to the same report.
    fn report(&mut self, portal: &dyn Portal, bounds: &Bounds, report: &BatchReport) -> Result<JobState, Refusal> {
        let mut pauses = self.pauses.iter();
        loop {
            match portal.report(bounds.job, &bounds.token, report) {
                // The server answers a report that is sent again as it did, or would have, the first time.
                Err(refused) if matches!(refused.code, Code::ServerUnreachable | Code::Busy | Code::Internal) => {
                    let Some(pause) = pauses.next() else {
                        return Err(refused);
                    };
                    (self.progress)(Progress::Waiting);
                    thread::sleep(*pause);
                }
                answer => return answer,
            }
        }
    }
}
