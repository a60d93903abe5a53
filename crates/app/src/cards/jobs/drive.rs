//! Lets the rules decide, again and again, until the card is to do something or the job is over.

use super::{
    JobTransaction, View,
    batch::current_batch,
    perform::{Codes, end, perform},
    record::{actor, is_unproved, record_batch},
    succeeded,
};
use crate::{
    App, Failure,
    audit::Action,
    cards::{Ended, JobRecord, jobs::event, making},
};
use kaika_domain::cards::job::{Decision, Event};
use kaika_wire::{JobKind, JobState, Refusal};

/// Each decision is made on a view read in the transaction that writes it down; what the server does itself in between
/// ends that transaction and begins another.
pub(crate) async fn drive(
    app: &App,
    job: &mut JobRecord,
    mut happened: Event,
    codes: Codes<'_>,
    mut open: JobTransaction<'_>,
) -> Result<JobState, Failure> {
    // What becomes of a job in which no card has proved itself concerns nobody whose card it may be.
    let unproved = match &happened {
        Event::Started => true,
        Event::Reported { steps, checked, .. } => is_unproved(steps, checked),
        Event::Performed(_) => false,
    };
    let logged = job.station.is_some() || !unproved;
    let aftermath = job.state.aftermath(Some(&happened));
    loop {
        let refusal = match job.state.decide(happened, &open.view.facts()) {
            Decision::Perform(effect) => {
                let performed;
                (performed, open) = perform(app, job, effect, codes, open).await?;
                happened = Event::Performed(performed);
                continue;
            }
            Decision::Run(steps) => match record_batch(app, job, &mut open, steps).await {
                Ok(()) => {
                    let JobTransaction { work, view } = open;
                    work.commit().await?;
                    return Ok(JobState::Running { batch: current_batch(app, job, &view)? });
                }
                Err(Failure::Refused(refusal)) => refusal,
                Err(other) => return Err(other),
            },
            Decision::Succeed => {
                let view = match job.ended {
                    Some(_) => {
                        open.work.commit().await?;
                        open.view
                    }
                    None => finish(app, job, Ended::Succeeded, logged, open).await?,
                };
                return Ok(JobState::Succeeded(succeeded(app, job, &view, codes.protocol).await?));
            }
            Decision::Fail(refusal) => refusal,
        };
        let refusal = Refusal { aftermath: Some(aftermath), ..helped_by(refusal, &open.view) };
        finish(app, job, Ended::Failed(refusal.clone()), logged, open).await?;
        return Ok(JobState::Failed { error: refusal });
    }
}

/// Says who helps: the authority whose card it is.
pub(super) fn helped_by(mut refusal: kaika_wire::Refusal, view: &View<'_>) -> kaika_wire::Refusal {
    refusal.authority = Some(view.card.authority.clone());
    refusal.contact = Some(view.policy.contact.telephone.clone());
    refusal
}

async fn finish<'a>(
    app: &App,
    job: &mut JobRecord,
    ended: Ended,
    logged: bool,
    open: JobTransaction<'a>,
) -> Result<View<'a>, Failure> {
    let JobTransaction { mut work, mut view } = open;
    match &ended {
        Ended::Failed(refusal) if logged => {
            if job.state.kind() == JobKind::Personalise && !refusal.missing.is_empty() {
                let missing = refusal.missing.clone();
                making::find(work.as_mut(), &view.card, |found| found.missing.clone_from(&missing)).await?;
                work.audit(event(app, job, &view, |job| Action::FindLack { job, missing }));
            }
            work.audit(event(app, job, &view, |job| Action::FailJob { job, code: refusal.code }));
        }
        Ended::Succeeded => work.audit(event(app, job, &view, |job| Action::SucceedJob { job })),
        Ended::Failed(_) | Ended::Fenced => {}
    }
    let failed = matches!(ended, Ended::Failed(_));
    end(job, ended, app.now());
    work.update_job(job).await?;
    if failed && job.state.kind() == JobKind::Personalise {
        let actor = actor(job, &view);
        making::release_unchanged(app, work.as_mut(), &mut view.card, &actor).await?;
    }
    work.commit().await?;
    Ok(view)
}
