//! What happens by the clock: the sweep of overdue cards and of what is old, the anchors of the audit log, and the mails
//! that are due.

use kaika_app::{
    App, Failure,
    access::{forget_captchas, forget_confirmations, forget_sessions},
    audit::{Anchors, Head, anchor_audit},
    cards::{forget_jobs, forget_tickets, sweep},
    mail::{Mailer, deliver_mails, forget_mails},
};
use std::{sync::Arc, time::Duration};
use time::Duration as Span;
use tokio::sync::watch;

/// The lease under which one server of many sweeps.
const SWEEP: &str = "sweep";
/// The lease under which one server of many sends mails. That none is sent twice does not hang on it.
const MAIL: &str = "mail";
/// Longer than one go, mostly.
const MAIL_LEASE: Span = Span::minutes(10);
/// Once it is time to stop, the mail that is on its way may still be heard of.
const LAST_MAIL: Duration = Duration::from_secs(1);

pub struct Scheduler {
    pub app: Arc<App>,
    pub anchors: Arc<dyn Anchors>,
    /// Names this process among those that share the database.
    pub owner: String,
    /// How often the sweep runs.
    pub sweep_every: Duration,
    /// How long card jobs are kept after they were last heard of.
    pub jobs_kept: Span,
    /// How often the audit log's head is looked at.
    pub anchor_every: Duration,
    /// None: mails wait.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// How often the outbox is looked into.
    pub mail_every: Duration,
}

/// Runs until `stop` turns true; the last head is anchored before it returns.
pub async fn run_scheduler(scheduler: Scheduler, stop: watch::Receiver<bool>) {
    // A long sweep keeps no head from being anchored.
    tokio::join!(
        scheduler.sweep_until(stop.clone()),
        scheduler.deliver_until(stop.clone()),
        scheduler.anchor_until(stop)
    );
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Nobody left to say it means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

impl Scheduler {
    async fn sweep_until(&self, mut stop: watch::Receiver<bool>) {
        let mut due = tokio::time::interval(self.sweep_every);
        loop {
            tokio::select! {
                _ = due.tick() => {}
                () = stopped(&mut stop) => break,
            }
            tokio::select! {
                () = self.sweep() => {}
                () = stopped(&mut stop) => break,
            }
        }
        // Another server need not wait until it runs out.
        if let Err(error) = self.release_lease(SWEEP).await {
            tracing::warn!(%error, "the scheduler's lease could not be given back");
        }
    }

    async fn deliver_until(&self, mut stop: watch::Receiver<bool>) {
        let mut due = tokio::time::interval(self.mail_every);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut leads = false;
        loop {
            tokio::select! {
                _ = due.tick() => {}
                () = stopped(&mut stop) => break,
            }
            tokio::select! {
                went = self.deliver() => match went {
                    Ok(led) => leads |= led,
                    Err(error) => tracing::error!(%error, "mails could not be sent"),
                },
                () = async { stopped(&mut stop).await; tokio::time::sleep(LAST_MAIL).await } => break,
            }
        }
        if leads && let Err(error) = self.release_lease(MAIL).await {
            tracing::warn!(%error, "the lease for mails could not be given back");
        }
    }

    async fn anchor_until(&self, mut stop: watch::Receiver<bool>) {
        let mut due = tokio::time::interval(self.anchor_every);
        let mut anchored = None;
        loop {
            let last = tokio::select! {
                _ = due.tick() => false,
                () = stopped(&mut stop) => true,
            };
            anchored = self.anchor(anchored).await;
            if last {
                return;
            }
        }
    }

    /// Under a lease, so that one process of many does it.
    async fn sweep(&self) {
        match self.take_lease(SWEEP, self.sweep_lease()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::error!(%error, "the scheduler's lease could not be taken");
                return;
            }
        }
        match sweep(&self.app, false).await {
            Ok(swept) if swept.is_empty() => {}
            Ok(swept) => tracing::info!(cards = swept.len(), "swept cards that were not activated in time"),
            Err(error) => tracing::error!(%error, "the sweep failed"),
        }
        if let Err(error) = forget_tickets(&self.app).await {
            tracing::error!(%error, "old tickets could not be deleted");
        }
        match forget_jobs(&self.app, self.jobs_kept).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "deleted old card jobs"),
            Err(error) => tracing::error!(%error, "old card jobs could not be deleted"),
        }
        if let Err(error) = forget_sessions(&self.app).await {
            tracing::error!(%error, "old sessions could not be deleted");
        }
        if let Err(error) = forget_captchas(&self.app).await {
            tracing::error!(%error, "old captchas could not be deleted");
        }
        if let Err(error) = forget_confirmations(&self.app).await {
            tracing::error!(%error, "old confirmations could not be deleted");
        }
        if let Err(error) = forget_mails(&self.app).await {
            tracing::error!(%error, "old mails could not be deleted");
        }
    }

    /// One go at what is due; whether it was ours to do. An idle outbox costs a look at an empty index.
    async fn deliver(&self) -> Result<bool, Failure> {
        let counts = self.app.store.read().await?.count_mails().await?;
        for (state, mails) in [("waiting", counts.waiting), ("given_up", counts.given_up)] {
            // Exact up to 2⁵³.
            #[expect(clippy::cast_precision_loss, reason = "nobody has so many mails")]
            metrics::gauge!("kaika_mails", "state" => state).set(mails as f64);
        }
        let Some(mailer) = &self.mailer else { return Ok(false) };
        let is_due = counts.waiting > 0 && !self.app.store.read().await?.due_mails(self.app.now(), 1).await?.is_empty();
        if !is_due || !self.take_lease(MAIL, MAIL_LEASE).await? {
            return Ok(false);
        }
        let went = deliver_mails(&self.app, mailer.as_ref()).await?;
        metrics::counter!("kaika_mails_sent_total").increment(went.sent.into());
        metrics::counter!("kaika_mail_failures_total").increment((went.failed + went.given_up).into());
        if went.failed + went.given_up > 0 {
            tracing::warn!(
                failed = went.failed,
                given_up = went.given_up,
                "mails were not taken; `kaika mail list` says why"
            );
        }
        Ok(true)
    }

    fn sweep_lease(&self) -> Span {
        Span::try_from(self.sweep_every * 2).unwrap_or(Span::HOUR)
    }

    async fn take_lease(&self, name: &str, lasting: Span) -> Result<bool, Failure> {
        let now = self.app.now();
        let mut work = self.app.store.begin().await?;
        let taken = work.take_lease(name, &self.owner, now, now + lasting).await?;
        work.commit().await?;
        Ok(taken)
    }

    async fn release_lease(&self, name: &str) -> Result<(), Failure> {
        let mut work = self.app.store.begin().await?;
        work.release_lease(name, &self.owner).await?;
        work.commit().await?;
        Ok(())
    }

    async fn anchor(&self, last: Option<Head>) -> Option<Head> {
        match anchor_audit(&self.app, self.anchors.as_ref(), last).await {
            Ok(head) => Some(head),
            Err(error) => {
                tracing::error!(%error, "the audit log's head could not be anchored");
                last
            }
        }
    }
}
