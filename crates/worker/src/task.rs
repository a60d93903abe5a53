//! What a task is, and how each of them is done again and again: by one process of many where it has a lease.

use crate::{Worker, lease};
use async_trait::async_trait;
use kaika_app::Failure;
use std::{future::pending, time::Duration};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, sleep},
};

#[async_trait]
pub(crate) trait Task: Send + Sync {
    /// For logs, and of the lease.
    fn name(&self) -> &'static str;

    fn every(&self, worker: &Worker) -> Duration;

    /// Whether one process does it for all that share the database.
    fn is_shared(&self) -> bool {
        false
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
    if leads && let Err(error) = lease::release(worker, task.name()).await {
        tracing::warn!(%error, task = task.name(), "a lease could not be given back");
    }
}

async fn go(task: &dyn Task, worker: &Worker, leads: &mut bool) -> Result<(), Failure> {
    if !task.is_due(worker).await? {
        return Ok(());
    }
    if task.is_shared() {
        if !lease::take(worker, task.name()).await? {
            return Ok(());
        }
        *leads = true;
    }
    task.run(worker).await
}

pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Nobody left to say it means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}
