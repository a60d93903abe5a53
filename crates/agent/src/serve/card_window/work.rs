//! Runs the window's job at the card.

use super::{
    CardWindow,
    holder::AtWindow,
    state::{Assignment, How},
};
use crate::{
    change_pin::change_pin,
    engine::{Order, PAUSES, Progress, run_job_on},
    seats::{Seated, Seats},
    serve::Agent,
};
use kaika_wire::{CardNumber, Code, JobResult, Refusal};
use std::{sync::Arc, time::Instant};

/// Begins the job; it goes on whatever becomes of the page.
pub(super) fn begin(agent: &Arc<Agent>, window: &Arc<CardWindow>, assignment: Assignment) {
    let (agent, window) = (agent.clone(), window.clone());
    tokio::spawn(async move {
        let work = tokio::task::spawn_blocking({
            let window = window.clone();
            move || {
                let result = perform(&agent, &window, assignment, &mut |progress| {
                    window.change(|state| state.progressed(&progress));
                });
                agent.seats.forget_all();
                result
            }
        });
        let result = work.await.unwrap_or_else(|_| Err(Refusal::new(Code::Internal).detail("the work ended early")));
        window.change(|state| state.finished(result, Instant::now()));
    });
}

fn perform(
    agent: &Agent,
    window: &Arc<CardWindow>,
    assignment: Assignment,
    progress: &mut dyn FnMut(Progress),
) -> Result<(CardNumber, JobResult), Refusal> {
    let Assignment { kind, how, card, given } = assignment;
    let reader = reader_of(&agent.seats, &card)?;
    let mut session = agent.tool.readers().connect(&reader)?;
    match how {
        How::Portal { target, ticket } => {
            let order = Order { ticket: Some(ticket.to_string()), ..Order::new(kind) };
            let mut inputs = given.inputs();
            inputs.secrets.holder = Some(Arc::new(AtWindow { window: window.clone(), reader }));
            let finished = run_job_on(&mut *session, Some(&card), &target, &order, inputs, PAUSES, progress)?;
            Ok((finished.card, finished.succeeded.result))
        }
        How::Alone { resumes } => {
            let secrets = given.inputs().secrets;
            let number = change_pin(&mut *session, Some(&card), &secrets, &mut |_| resumes, progress)?;
            Ok((number, JobResult::Done))
        }
    }
}

/// Where the card is now: it may have been put into another reader.
fn reader_of(seats: &Seats, card: &CardNumber) -> Result<String, Refusal> {
    let (_, all) = seats.look()?;
    let mut otherwise = Code::NoReader;
    for seat in all {
        match seat.card {
            Seated::Card(face) if face.number.as_ref() == Some(card) => return Ok(seat.reader),
            Seated::Unread(refusal) => return Err(refusal),
            Seated::Card(_) => otherwise = Code::OtherCard,
            Seated::Nothing if otherwise == Code::NoReader => otherwise = Code::NoCard,
            Seated::Nothing => {}
        }
    }
    Err(otherwise.into())
}
