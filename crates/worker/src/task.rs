//! What a task is, and how each of them is done again and again: by one process of many where it has a lease.

use crate::Worker;
use async_trait::async_trait;
use kaika_app::Failure;
use std::{future::pending, time::Duration};
use time::Duration as Span;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, sleep},
};

#[async_trait]
pub(crate) trait Task: Send + Sync {
    /// For logs, and of the lease.
    fn name(&self) -> &'static str;

    fn every(&self, worker: &Worker) -> Duration;

    /// For how long a process takes the task for itself. None: each process does its own.
    fn lease(&self, _worker: &Worker) -> Option<Span> {
        None
    }

    /// What is under way when it is time to stop may go on for so long. None: to its end, and it is done once more.
    fn grace(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }

    /// Whether there is anything to do; asked before the lease is taken, by every process.
    async fn is_due(&self, _worker: &Worker) -> Result<bool, Failure> {
        Ok(true)
    }

    async fn run(&self, worker: &Worker) -> Result<(), Failure>;
}

/// Until `stop` turns true.
pub(crate) async fn repeat(task: &dyn Task, worker: &Worker, mut stop: watch::Receiver<bool>) {
    let mut due = interval(task.every(worker));
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut leads = false;
    loop {
        let is_last = tokio::select! {
            _ = due.tick() => false,
            () = stopped(&mut stop) => true,
        };
        if is_last && task.grace().is_some() {
            break;
        }
        let cut = async {
            match task.grace() {
                Some(grace) => {
                    stopped(&mut stop).await;
                    sleep(grace).await;
                }
                None => pending().await,
            }
        };
        tokio::select! {
            done = go(task, worker, &mut leads) => if let Err(error) = done {
                tracing::error!(%error, task = task.name(), "what is done by the clock failed");
            },
            () = cut => break,
        }
        if is_last {
            break;
        }
    }
    // Another process need not wait until it runs out.
    if leads && let Err(error) = release_lease(worker, task.name()).await {
        tracing::warn!(%error, task = task.name(), "a lease could not be given back");
    }
}

async fn go(task: &dyn Task, worker: &Worker, leads: &mut bool) -> Result<(), Failure> {
    if !task.is_due(worker).await? {
        return Ok(());
    }
    if let Some(lasting) = task.lease(worker) {
        if !take_lease(worker, task.name(), lasting).await? {
            return Ok(());
        }
        *leads = true;
    }
    task.run(worker).await
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Nobody left to say it means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn take_lease(worker: &Worker, name: &str, lasting: Span) -> Result<bool, Failure> {
    let now = worker.app.now();
    let mut work = worker.app.store.begin().await?;
    let taken = work.take_lease(name, &worker.owner, now, now + lasting).await?;
    work.commit().await?;
    Ok(taken)
}

async fn release_lease(worker: &Worker, name: &str) -> Result<(), Failure> {
    let mut work = worker.app.store.begin().await?;
    work.release_lease(name, &worker.owner).await?;
    work.commit().await?;
    Ok(())
}
