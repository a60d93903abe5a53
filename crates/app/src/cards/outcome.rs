//! What became of the job that a page asked for. The page knows no more of it than a secret address.

use crate::{
    App, Failure, Reader,
    cards::{
        Ended, JobRecord, TicketRecord,
        jobs::{PATIENCE, View, succeeded},
    },
    certificates::standing,
    kernel::OutcomeHash,
    store::holder_of,
};
use kaika_domain::cards::job::Step;
use kaika_wire::{
    AuthorityId, CardNumber, CertificateOutcome, CertificateRole, CertificateStatus, Code, JobKind, JobOutcome,
    Protocol,
};

/// # Errors
/// [`Code::NotFound`] for a token that is not one, or is of another authority or kind of job.
#[crate::use_case]
pub async fn job_outcome(
    app: &App,
    authority: &AuthorityId,
    kind: JobKind,
    token: &str,
) -> Result<JobOutcome, Failure> {
    let mut reader = app.store.read().await?;
    let (ticket, job) = of_page(reader.as_mut(), authority, kind, token).await?;
    let Some(job) = job else {
        let over = JobOutcome::Over { aftermath: None, number: None };
        return Ok(if app.now() < ticket.expires_at { JobOutcome::Waiting } else { over });
    };
    match &job.ended {
        Some(Ended::Succeeded) => {}
        Some(Ended::Failed(error)) => {
            let number = number_of(reader.as_mut(), &job).await?;
            return Ok(JobOutcome::Failed { error: error.clone(), number });
        }
        // What the newer one leaves is its own to tell.
        Some(Ended::Fenced) => {
            return Ok(JobOutcome::Over { aftermath: None, number: number_of(reader.as_mut(), &job).await? });
        }
        None if app.now() - job.updated_at > PATIENCE => return over(reader.as_mut(), &job).await,
        None => return Ok(JobOutcome::Running),
    }
    let view = View::load(app, reader.as_mut(), job.card).await?;
    let holder = holder_of(reader.as_mut(), &view.card).await?;
    drop(reader);
    let facts = view.facts();
    let standing = standing(&view.card, CertificateRole::ALL.into_iter().filter_map(|role| facts.latest(role)));
    let succeeded = succeeded(app, &job, &view, Protocol::OURS).await?;
    Ok(JobOutcome::Succeeded {
        number: succeeded.number,
        holder: holder.subject.to_string(),
        certificates: succeeded
            .certificates
            .into_iter()
            .map(|certificate| CertificateOutcome {
                role: certificate.role,
                serial: certificate.serial,
                status: certificate.status.unwrap_or(CertificateStatus::Held),
            })
            .collect(),
        standing,
        ended_at: job.updated_at,
        result: succeeded.result,
    })
}

/// Of a job of which nothing more is heard: its last batch may have been carried out.
async fn over(reader: &mut dyn Reader, job: &JobRecord) -> Result<JobOutcome, Failure> {
    let aftermath = job.state.aftermath(None).while_out(job.steps.iter().map(Step::leaves));
    Ok(JobOutcome::Over { aftermath: Some(aftermath), number: number_of(reader, job).await? })
}

async fn number_of(reader: &mut dyn Reader, job: &JobRecord) -> Result<Option<CardNumber>, Failure> {
    Ok(reader.card(job.card).await?.map(|card| card.number))
}

/// The job that a page asked for.
///
/// # Errors
/// [`Code::NotFound`] for a token that is not one, or whose job was not started.
pub(crate) async fn job_of_page(
    reader: &mut dyn Reader,
    authority: &AuthorityId,
    kind: JobKind,
    token: &str,
) -> Result<JobRecord, Failure> {
    let (_, job) = of_page(reader, authority, kind, token).await?;
    job.ok_or_else(|| Code::NotFound.into())
}

async fn of_page(
    reader: &mut dyn Reader,
    authority: &AuthorityId,
    kind: JobKind,
    token: &str,
) -> Result<(TicketRecord, Option<JobRecord>), Failure> {
    let ticket = reader.ticket_by_outcome(&OutcomeHash::of(token)).await?;
    let ticket = ticket.filter(|ticket| ticket.authority == *authority && ticket.kind == kind);
    let ticket = ticket.ok_or(Code::NotFound)?;
    let Some(job) = ticket.job else { return Ok((ticket, None)) };
    let job = reader.job(job).await?.ok_or_else(|| Failure::Inconsistent(format!("no job {job}")))?;
    Ok((ticket, Some(job)))
}
