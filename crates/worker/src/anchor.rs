//! The audit log's head goes into a file outside the database, whenever it has moved.

use crate::{Task, Worker};
use async_trait::async_trait;
use kaika_app::{
    Failure,
    audit::{Head, anchor_audit},
};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

#[derive(Default)]
pub(crate) struct Anchor {
    last: Mutex<Option<Head>>,
}

#[async_trait]
impl Task for Anchor {
    fn name(&self) -> &'static str {
        "anchor"
    }

    fn every(&self, worker: &Worker) -> Duration {
        worker.anchor_every
    }

    fn grace(&self) -> Option<Duration> {
        None
    }

    async fn run(&self, worker: &Worker) -> Result<(), Failure> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let head = anchor_audit(&worker.app, worker.anchors.as_ref(), last).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
        Ok(())
    }
}
