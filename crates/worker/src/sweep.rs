//! Cards that were not activated in time.

use crate::{Task, Worker};
use async_trait::async_trait;
use kaika_app::{Failure, cards::sweep};
use kaika_domain::audit::Actor;
use std::time::Duration;
use time::Duration as Span;

pub(crate) struct Sweep;

#[async_trait]
impl Task for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    fn every(&self, worker: &Worker) -> Duration {
        worker.sweep_every
    }

    fn lease(&self, worker: &Worker) -> Option<Span> {
        Some(Span::try_from(worker.sweep_every * 2).unwrap_or(Span::HOUR))
    }

    async fn run(&self, worker: &Worker) -> Result<(), Failure> {
        let swept = sweep(&worker.app, false, &Actor::Scheduler).await?;
        if !swept.is_empty() {
            tracing::info!(cards = swept.len(), "swept cards that were not activated in time");
        }
        Ok(())
    }
}
