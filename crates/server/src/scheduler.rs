//! What happens by the clock: the sweep of overdue cards, old tickets and captchas, and the anchors of the audit log.

use kaika_app::{Anchors, App, Failure, anchor_audit, audit::Head, forget_captchas, forget_tickets, sweep};
use std::{sync::Arc, time::Duration};
use time::Duration as Span;
use tokio::sync::watch;

/// The lease under which one server of many sweeps.
const SWEEP: &str = "sweep";

pub struct Scheduler {
    pub app: Arc<App>,
    pub anchors: Arc<dyn Anchors>,
    /// Names this process among those that share the database.
    pub owner: String,
    /// How often the sweep runs.
    pub sweep_every: Duration,
    /// How often the audit log's head is looked at.
    pub anchor_every: Duration,
}

/// Runs until `stop` turns true; the last head is anchored before it returns.
pub async fn run_scheduler(scheduler: Scheduler, stop: watch::Receiver<bool>) {
    // A long sweep keeps no head from being anchored.
    tokio::join!(scheduler.sweep_until(stop.clone()), scheduler.anchor_until(stop));
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
        if let Err(error) = self.release_lease().await {
            tracing::warn!(%error, "the scheduler's lease could not be given back");
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
        match self.take_lease().await {
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
        if let Err(error) = forget_captchas(&self.app).await {
            tracing::error!(%error, "old captchas could not be deleted");
        }
    }

    async fn take_lease(&self) -> Result<bool, Failure> {
        let now = self.app.now();
        let until = now + Span::try_from(self.sweep_every * 2).unwrap_or(Span::HOUR);
        let mut work = self.app.store.begin().await?;
        let taken = work.take_lease(SWEEP, &self.owner, now, until).await?;
        work.commit().await?;
        Ok(taken)
    }

    async fn release_lease(&self) -> Result<(), Failure> {
        let mut work = self.app.store.begin().await?;
        work.release_lease(SWEEP, &self.owner).await?;
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
