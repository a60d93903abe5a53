//! Mails that are due leave.

use crate::{Task, Worker};
use async_trait::async_trait;
use kaika_app::{Failure, mail::deliver_mails};
use std::time::Duration;

pub(crate) struct Deliver;

#[async_trait]
impl Task for Deliver {
    /// That no mail is sent twice does not hang on the lease.
    fn name(&self) -> &'static str {
        "mail"
    }

    fn every(&self, worker: &Worker) -> Duration {
        worker.mail_every
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// The mail that is on its way may still be heard of.
    fn grace(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    /// An idle outbox costs a look at an empty index.
    async fn is_due(&self, worker: &Worker) -> Result<bool, Failure> {
        let app = &worker.app;
        let counts = app.store.read().await?.count_mails().await?;
        for (state, mails) in [("waiting", counts.waiting), ("given_up", counts.given_up)] {
            // Exact up to 2⁵³.
            #[expect(clippy::cast_precision_loss, reason = "nobody has so many mails")]
            metrics::gauge!("kaika_mails", "state" => state).set(mails as f64);
        }
        Ok(worker.mailer.is_some()
            && counts.waiting > 0
            && !app.store.read().await?.due_mails(app.now(), 1).await?.is_empty())
    }

    async fn run(&self, worker: &Worker) -> Result<(), Failure> {
        let Some(mailer) = &worker.mailer else { return Ok(()) };
        let went = deliver_mails(&worker.app, mailer.as_ref(), worker.lease).await?;
        metrics::counter!("kaika_mails_sent_total").increment(went.sent.into());
        metrics::counter!("kaika_mail_failures_total").increment((went.failed + went.given_up).into());
        if went.failed + went.given_up > 0 {
            tracing::warn!(
                failed = went.failed,
                given_up = went.given_up,
                "mails were not taken; `kaika mail list` says why"
            );
        }
        Ok(())
    }
}
