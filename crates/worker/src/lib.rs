//! What happens by the clock: a file for each task, and one list of them.

mod anchor;
mod deliver;
mod forget;
mod lease;
mod sweep;
mod task;

use kaika_app::{App, audit::Anchors, kernel::Lease, mail::Mailer};
use std::{sync::Arc, time::Duration};
use task::{Task, repeat};
use time::Duration as Span;
use tokio::{sync::watch, task::JoinSet};

/// A new task is a file, and a line here.
fn tasks() -> [Box<dyn Task>; 4] {
    [Box::new(sweep::Sweep), Box::new(forget::Forget), Box::new(deliver::Deliver), Box::new(anchor::Anchor::default())]
}

/// What tasks need.
pub struct Worker {
    pub app: Arc<App>,
    pub anchors: Arc<dyn Anchors>,
    /// Names this process among those that share the database.
    pub owner: String,
    /// Of what one process does for all.
    pub lease: Lease,
    /// How often cards are looked at that are overdue, and what is old is deleted.
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
pub async fn run(worker: Worker, stop: watch::Receiver<bool>) {
    let worker = Arc::new(worker);
    if let Err(error) = lease::take_over(&worker).await {
        tracing::warn!(%error, "what an earlier server left is taken over later");
    }
    // None waits for another: a long sweep keeps no head from being anchored.
    let mut running = JoinSet::new();
    for task in tasks() {
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        running.spawn(async move { repeat(task.as_ref(), &worker, stop).await });
    }
    let keeping = tokio::spawn({
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        async move { lease::keep(&worker, stop).await }
    });
    running.join_all().await;
    let _ = keeping.await;
}
