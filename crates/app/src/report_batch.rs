//! Takes in what became of a batch and says how the job goes on.

use crate::{
    App, Ended, Failure, JobRecord,
    card_jobs::{View, check_report, current_batch, drive, record_report, succeeded},
};
use kaika_domain::job::Event;
use kaika_wire::{BatchReport, Code, JobId, JobState};
use sha2::{Digest, Sha256};
use time::Duration;

/// A job that nobody has reported on for so long is over: its card may be in other hands.
pub(crate) const PATIENCE: Duration = Duration::minutes(10);
/// So long the answer to a report can be asked for again.
const REPEATABLE: Duration = Duration::minutes(2);

/// A report that is sent again gets the same answer again.
///
/// # Errors
/// [`Code::Stale`] for a job that is over, fenced, or at another batch; [`Code::NotFound`] for an unknown job or a wrong
/// token.
pub async fn report_batch(app: &App, id: JobId, token: &str, report: BatchReport) -> Result<JobState, Failure> {
    let _one_at_a_time = app.busy.lock(id).await;
    let job = app.store.read().await?.job(id).await?;
    let presented: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let mut job = job.filter(|job| job.token_sha256 == presented).ok_or(Code::NotFound)?;

    let age = app.now() - job.updated_at;
    if let Some(ended) = job.ended.clone() {
        return match ended {
            _ if age > REPEATABLE => Err(Code::Stale.into()),
            Ended::Succeeded => Ok(JobState::Succeeded(succeeded(app, &job).await?)),
            Ended::Failed(error) => Ok(JobState::Failed { error }),
            Ended::Fenced => Err(Code::Stale.into()),
        };
    }
    if report.sequence.checked_add(1) == Some(job.sequence) && age <= REPEATABLE {
        return repeated(app, &job).await;
    }
    if report.sequence != job.sequence || age > PATIENCE {
        return Err(Code::Stale.into());
    }
    let checked = {
        let view = View::of_job(app, &job).await?;
        check_report(app, &job, &view, &report.outcomes, report.fault)?
    };
    record_report(app, &mut job, &checked).await?;
    let happened = Event::Reported { steps: checked.steps, checked: checked.checked, fault: checked.fault };
    drive(app, &mut job, happened, report.user_code.as_ref()).await
}

async fn repeated(app: &App, job: &JobRecord) -> Result<JobState, Failure> {
    let view = View::of_job(app, job).await?;
    job.state.may_send(&job.steps, &view.facts())?;
    Ok(JobState::Running { batch: current_batch(app, job, &view)? })
}
