//! Takes in what became of a batch and says how the job goes on.

use crate::{
    App, Failure,
    cards::{
        Ended, JobRecord,
        jobs::{Codes, JobTransaction, View, check_report, current_batch, drive, record_report, succeeded},
    },
    kernel::{Conflict, JobHash},
};
use kaika_domain::cards::job::Event;
use kaika_wire::{BatchReport, Code, JobId, JobState};
use time::Duration;

/// A job that nobody has reported on for so long is over: its card may be in other hands.
pub(crate) const PATIENCE: Duration = Duration::minutes(10);
/// The time within which the answer to a report can be asked for again.
const REPEATABLE: Duration = Duration::minutes(2);
/// The time for which another process may work on a report; after that it has crashed, and whoever has the report goes on.
const AT_WORK: Duration = Duration::seconds(5);
/// How often it is asked whether it is done, and how many times.
const LOOK: std::time::Duration = std::time::Duration::from_millis(100);
const LOOKS: u32 = 60;

/// A report that is sent again gets the same answer again, also at another server on the same database.
///
/// # Errors
/// [`Code::Stale`] for a job that is over, fenced, or at another batch; [`Code::NotFound`] for an unknown job or a wrong
/// token; [`Code::Busy`] while another server works on the same report.
#[crate::use_case]
pub async fn report_batch(app: &App, id: JobId, token: &str, report: BatchReport) -> Result<JobState, Failure> {
    let _one_at_a_time = app.busy.lock(id).await;
    let presented = JobHash::of(token);
    for _ in 0..LOOKS {
        let mut work = app.store.begin().await?;
        let mut job = work.job(id).await?.filter(|job| job.token_sha256 == presented).ok_or(Code::NotFound)?;
        // Whoever had the card locked may have ended the job.
        if job.state.kind().changes_card() && work.lock_card(job.card).await? {
            job = work.job(id).await?.ok_or(Code::NotFound)?;
        }
        let view = View::load(app, work.as_mut(), job.card).await?;
        if let Some(answer) = answered(app, &job, &report, &view).await? {
            return Ok(answer);
        }
        // A job of before an update, of which this agent does not know how it goes on.
        report.protocol.suffices(job.state.kind(), Code::AgentTooOld)?;
        if elsewhere(app, &job) {
            drop(work);
        } else if let Some(answer) = take_in(app, job, &report, JobTransaction { work, view }).await? {
            return Ok(answer);
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Code::Busy.into())
}

/// The answer where the report was taken in before; none where it is still to be.
async fn answered(
    app: &App,
    job: &JobRecord,
    report: &BatchReport,
    view: &View<'_>,
) -> Result<Option<JobState>, Failure> {
    let age = app.now() - job.updated_at;
    if let Some(ended) = job.ended.clone() {
        return match ended {
            _ if age > REPEATABLE => Err(Code::Stale.into()),
            Ended::Succeeded => Ok(Some(JobState::Succeeded(succeeded(app, job, view, report.protocol).await?))),
            Ended::Failed(error) => Ok(Some(JobState::Failed { error })),
            Ended::Fenced => Err(Code::Stale.into()),
        };
    }
    if report.sequence.checked_add(1) == Some(job.sequence) && age <= REPEATABLE {
        return repeated(app, job, view).map(Some);
    }
    if report.sequence != job.sequence || age > PATIENCE {
        return Err(Code::Stale.into());
    }
    Ok(None)
}

/// Whether another process works on this batch's report. This one's own is done, or failed: the lock says so.
fn elsewhere(app: &App, job: &JobRecord) -> bool {
    let at_work = |worker: &crate::cards::Worker| worker.sequence == job.sequence && worker.process != app.process;
    job.worker.as_ref().is_some_and(at_work) && app.now() - job.updated_at <= AT_WORK
}

/// None where another process was quicker, be it at the report or at what is decided on it: what was committed until then
/// is taken in again as it stands.
async fn take_in(
    app: &App,
    mut job: JobRecord,
    report: &BatchReport,
    mut open: JobTransaction<'_>,
) -> Result<Option<JobState>, Failure> {
    let checked = check_report(app, &job, &open.view, &report.outcomes, report.fault.clone())?;
    match record_report(app, &mut job, &mut open, &checked).await {
        Err(Failure::Conflict(Conflict::Stale)) => return Ok(None),
        recorded => recorded?,
    }
    let happened = Event::Reported { steps: checked.steps, checked: checked.checked, fault: checked.fault };
    let codes = Codes {
        user_code: report.user_code.as_ref(),
        mail_code: report.mail_code.as_deref(),
        protocol: report.protocol,
    };
    match drive(app, &mut job, happened, codes, open).await {
        Err(Failure::Conflict(Conflict::Stale)) => Ok(None),
        driven => driven.map(Some),
    }
}

fn repeated(app: &App, job: &JobRecord, view: &View<'_>) -> Result<JobState, Failure> {
    job.state.check_secrets_allowed(&job.steps, &view.facts())?;
    Ok(JobState::Running { batch: current_batch(app, job, view)? })
}
