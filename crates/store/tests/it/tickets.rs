//! Tickets: good once, for one kind of job at one authority, and for some minutes.

use crate::sample::{assert_stale, gca, job_id, read, seconds, write};
use kaika_app::{Store, cards::TicketRecord};
use kaika_wire::{JobDetails, JobKind};
use std::sync::Arc;

on_both! {
    a_ticket_is_good_once_and_for_what_it_was_given,
    of_many_at_once_one_uses_it,
    old_ones_are_deleted,
}

fn ticket(n: u8) -> TicketRecord {
    TicketRecord {
        ticket_sha256: [n; 32].into(),
        outcome_sha256: [n + 100; 32].into(),
        kind: JobKind::Activate,
        details: JobDetails::email("desk@agency.example".parse().unwrap()),
        authority: gca(),
        expires_at: seconds(300),
        job: None,
        browser_sha256: None,
    }
}

async fn a_ticket_is_good_once_and_for_what_it_was_given(store: Arc<dyn Store>) {
    let own = ticket(1);
    write(&*store, async |work| work.insert_ticket(&own).await).await.unwrap();
    assert_stale(write(&*store, async |work| work.insert_ticket(&own).await).await);
    assert_eq!(read(&*store).await.ticket_by_outcome(&[101; 32].into()).await.unwrap(), Some(own.clone()));
    assert_eq!(read(&*store).await.ticket_by_outcome(&[1; 32].into()).await.unwrap(), None);
    assert_eq!(read(&*store).await.ticket(&[1; 32].into()).await.unwrap(), Some(own.clone()));
    assert_eq!(read(&*store).await.ticket(&[101; 32].into()).await.unwrap(), None);
    let other = "xca".parse().unwrap();
    for (secret, kind, authority, at, expected) in [
        ([2; 32], JobKind::Activate, gca(), 0, false),
        ([101; 32], JobKind::Activate, gca(), 0, false),
        ([1; 32], JobKind::Information, gca(), 0, false),
        ([1; 32], JobKind::Activate, other, 0, false),
        ([1; 32], JobKind::Activate, gca(), 300, false),
        ([1; 32], JobKind::Activate, gca(), 299, true),
        ([1; 32], JobKind::Activate, gca(), 299, false),
    ] {
        let used = write(&*store, async |work| {
            work.redeem_ticket(&secret.into(), kind, &authority, job_id(1), seconds(at)).await
        });
        assert_eq!(used.await.unwrap(), expected.then(|| own.details.clone()), "{kind:?} at {authority}, second {at}");
    }
    let used = read(&*store).await.ticket_by_outcome(&[101; 32].into()).await.unwrap();
    assert_eq!(used, Some(TicketRecord { job: Some(job_id(1)), ..own }));
}

async fn of_many_at_once_one_uses_it(store: Arc<dyn Store>) {
    write(&*store, async |work| work.insert_ticket(&ticket(1)).await).await.unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                let used = work.redeem_ticket(&[1; 32].into(), JobKind::Activate, &gca(), job_id(n), seconds(0)).await;
                // One that lost against another at the same moment is told that something changed.
                used.is_ok_and(|used| used.is_some()) && work.commit().await.is_ok()
            })
        })
        .collect();
    let mut used = 0;
    for task in tasks {
        used += usize::from(task.await.unwrap());
    }
    assert_eq!(used, 1);
}

async fn old_ones_are_deleted(store: Arc<dyn Store>) {
    let late = TicketRecord { expires_at: seconds(900), ..ticket(2) };
    write(&*store, async |work| {
        work.insert_ticket(&ticket(1)).await?;
        work.insert_ticket(&late).await
    })
    .await
    .unwrap();
    let deleted = write(&*store, async |work| work.delete_tickets(seconds(301)).await).await.unwrap();
    assert_eq!(deleted, 1);
    assert_eq!(read(&*store).await.ticket_by_outcome(&[101; 32].into()).await.unwrap(), None);
    assert!(read(&*store).await.ticket_by_outcome(&[102; 32].into()).await.unwrap().is_some());
}
