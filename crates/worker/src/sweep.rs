//! Cards that were not activated in time.

use crate::{Task, Worker};
use async_trait::async_trait;
use kaika_app::{Failure, cards::sweep};
use kaika_domain::audit::Actor;
use std::time::Duration;

pub(crate) struct Sweep;

#[async_trait]
impl Task for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    fn every(&self, worker: &Worker) -> Duration {
        worker.sweep_every
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn run(&self, worker: &Worker) -> Result<(), Failure> {
        let swept = sweep(&worker.app, false, &Actor::Scheduler).await?;
        if !swept.is_empty() {
            tracing::info!(cards = swept.len(), "swept cards that were not activated in time");
        }
        Ok(())
    }
}
