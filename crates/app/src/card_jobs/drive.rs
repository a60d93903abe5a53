//! Lets the rules decide, again and again, until the card is to do something or the job is over.

use super::{View, batch::current_batch, perform::end, perform::perform, record::record_batch, succeeded};
use crate::{App, Ended, Failure, JobRecord, card_jobs::record::event};
use kaika_domain::job::{Decision, Event};
use kaika_wire::{JobState, UserCode};
use serde_json::json;

/// Decides on the view that the last transaction has left; whatever acts on a decision looks again in its own.
pub(crate) async fn drive<'a>(
    app: &'a App,
    job: &mut JobRecord,
    mut happened: Event,
    user_code: Option<&UserCode>,
    mut view: View<'a>,
) -> Result<JobState, Failure> {
    loop {
        let refusal = match job.state.decide(happened, &view.facts()) {
            Decision::Perform(effect) => {
                let performed;
                (performed, view) = perform(app, job, effect, user_code, view).await?;
                happened = Event::Performed(performed);
                continue;
            }
            Decision::Run(steps) => match record_batch(app, job, steps).await {
                Ok(view) => return Ok(JobState::Running { batch: current_batch(app, job, &view)? }),
                Err(Failure::Refused(refusal)) if refusal.code != kaika_wire::Code::Stale => refusal,
                Err(other) => return Err(other),
            },
            Decision::Succeed => {
                if job.ended.is_none() {
                    finish(app, job, Ended::Succeeded, &view).await?;
                }
                return Ok(JobState::Succeeded(succeeded(app, job, &view).await?));
            }
            Decision::Fail(refusal) => refusal,
        };
        let refusal = helped_by(refusal, &view);
        finish(app, job, Ended::Failed(refusal.clone()), &view).await?;
        return Ok(JobState::Failed { error: refusal });
    }
}

/// Says who helps: the authority whose card it is.
pub(super) fn helped_by(mut refusal: kaika_wire::Refusal, view: &View<'_>) -> kaika_wire::Refusal {
    refusal.authority = Some(view.card.authority.clone());
    refusal.contact = Some(view.policy.contact.telephone.clone());
    refusal
}

async fn finish(app: &App, job: &mut JobRecord, ended: Ended, view: &View<'_>) -> Result<(), Failure> {
    let mut work = app.store.begin().await?;
    match &ended {
        Ended::Failed(refusal) => work.audit(event(app, job, view, "card_job.fail", json!({"code": refusal.code}))),
        Ended::Succeeded => work.audit(event(app, job, view, "card_job.succeed", json!({}))),
        Ended::Fenced => {}
    }
    end(job, ended, app.now());
    work.update_job(job).await?;
    work.commit().await?;
    Ok(())
}
