//! What was of use for a while only is deleted.

use crate::{Task, Worker};
use async_trait::async_trait;
use kaika_app::{
    Failure,
    access::{forget_captchas, forget_confirmations, forget_sessions},
    cards::{forget_jobs, forget_tickets},
    mail::forget_mails,
};
use std::time::Duration;

pub(crate) struct Forget;

#[async_trait]
impl Task for Forget {
    fn name(&self) -> &'static str {
        "forget"
    }

    fn every(&self, worker: &Worker) -> Duration {
        worker.sweep_every
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn run(&self, worker: &Worker) -> Result<(), Failure> {
        let app = &worker.app;
        // Each although another fails.
        for (what, done) in [
            ("card jobs", forget_jobs(app, worker.jobs_kept).await.map(drop)),
            ("tickets", forget_tickets(app).await.map(drop)),
            ("sessions", forget_sessions(app).await.map(drop)),
            ("captchas", forget_captchas(app).await.map(drop)),
            ("confirmations", forget_confirmations(app).await.map(drop)),
            ("mails", forget_mails(app).await.map(drop)),
        ] {
            if let Err(error) = done {
                tracing::error!(%error, what, "what is old could not be deleted");
            }
        }
        Ok(())
    }
}
