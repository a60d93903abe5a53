//! Which process of those that share the database does what one of them does. Whoever has a lease keeps it until it ends,
//! so others look in vain; of one that died it is over soon.

use crate::{Worker, task::stopped};
use kaika_app::Failure;
use tokio::{sync::watch, time::sleep};

/// Where no other process can be at work, what an earlier one had not given back is nobody's: its leases, and the mails
/// that it was sending.
pub(crate) async fn take_over(worker: &Worker) -> Result<(), Failure> {
    let store = &worker.app.store;
    if !store.take_alone().await? {
        return Ok(());
    }
    let mut work = store.begin().await?;
    work.release_leases().await?;
    let mails = work.release_claims(worker.app.now()).await?;
    work.commit().await?;
    if mails > 0 {
        tracing::info!(mails, "mails that were being sent when the server was last ended are due again");
    }
    Ok(())
}

pub(crate) async fn take(worker: &Worker, name: &str) -> Result<bool, Failure> {
    let now = worker.app.now();
    let mut work = worker.app.store.begin().await?;
    let taken = work.take_lease(name, &worker.owner, now, now + worker.lease.lasts).await?;
    work.commit().await?;
    Ok(taken)
}

pub(crate) async fn release(worker: &Worker, name: &str) -> Result<(), Failure> {
    let mut work = worker.app.store.begin().await?;
    work.release_lease(name, &worker.owner).await?;
    work.commit().await?;
    Ok(())
}

/// Keeps what this process has until `stop` turns true, be its tasks at work or not.
pub(crate) async fn keep(worker: &Worker, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = sleep(worker.lease.renewed_every) => {}
            () = stopped(&mut stop) => return,
        }
        if let Err(error) = renew(worker).await {
            tracing::warn!(%error, "leases could not be renewed");
        }
    }
}

async fn renew(worker: &Worker) -> Result<(), Failure> {
    let mut work = worker.app.store.begin().await?;
    work.renew_leases(&worker.owner, worker.app.now() + worker.lease.lasts).await?;
    work.commit().await?;
    Ok(())
}
