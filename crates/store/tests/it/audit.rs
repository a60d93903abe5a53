//! The audit log: one chain, whoever writes.

use crate::sample::{NOW, event, holder, operator, read, seconds, write};
use kaika_app::{
    Store, StoreError,
    audit::{Action, Chained, Event, Head},
};
use kaika_domain::audit::Actor;
use kaika_wire::StationId;
use std::{collections::BTreeSet, sync::Arc};

on_both! {
    an_empty_log_has_an_empty_head,
    events_come_back_as_they_were_written,
    events_are_paged,
    a_transaction_without_events_adds_none,
    rolled_back_events_leave_no_gap,
    parallel_commits_make_one_chain,
}

async fn all(store: &dyn Store) -> Vec<Chained> {
    read(store).await.audit_events(0, u32::MAX).await.unwrap()
}

/// Numbers without gaps, every hash right, and the head is the last event's.
async fn assert_chained(store: &dyn Store) -> Vec<Chained> {
    let (events, mut head) = (all(store).await, Head::EMPTY);
    for event in &events {
        assert_eq!(event.sequence, head.sequence + 1);
        assert_eq!(event.hash, event.expected_hash(&head.hash), "event {}", event.sequence);
        head = event.head();
    }
    assert_eq!(read(store).await.audit_head().await.unwrap(), head);
    events
}

async fn an_empty_log_has_an_empty_head(store: Arc<dyn Store>) {
    assert_eq!(assert_chained(&*store).await, []);
    assert_eq!(read(&*store).await.audit_head().await.unwrap(), Head::EMPTY);
}

async fn events_come_back_as_they_were_written(store: Arc<dyn Store>) {
    let actors = [
        operator(),
        Actor::Holder("GC00000000000001".parse().unwrap()),
        Actor::Station(StationId::new(NOW, [1; 10])),
        Actor::Scheduler,
    ];
    let texts = ["", "測試\u{20bb7} ' \" \\ \u{0} \n", "[1, [2], {}]", "null"];
    let named = |(actor, name): (Actor, &str)| Event {
        at: seconds(1),
        actor,
        action: Action::EnrolStation { station: StationId::new(NOW, [2; 10]), name: name.to_owned() },
    };
    let events: Vec<_> = actors.into_iter().zip(texts).map(named).collect();
    write(&*store, async |work| {
        for event in &events {
            work.audit(event.clone());
        }
        Ok(())
    })
    .await
    .unwrap();
    let stored = assert_chained(&*store).await;
    let mut head = Head::EMPTY;
    for (event, stored) in events.iter().zip(&stored) {
        assert_eq!(*stored, head.chain(event));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&stored.payload).unwrap(), event.action.payload());
        head = stored.head();
    }
    assert_eq!(stored.len(), events.len());
}

async fn events_are_paged(store: Arc<dyn Store>) {
    for n in 0..3 {
        write(&*store, async |work| {
            (n * 4..n * 4 + 4).for_each(|n| work.audit(event(n)));
            Ok(())
        })
        .await
        .unwrap();
    }
    let all = assert_chained(&*store).await;
    assert_eq!(all.len(), 12);
    let mut reader = read(&*store).await;
    assert_eq!(reader.audit_events(0, 5).await.unwrap(), all[..5]);
    assert_eq!(reader.audit_events(5, 5).await.unwrap(), all[5..10]);
    assert_eq!(reader.audit_events(10, 5).await.unwrap(), all[10..]);
    assert_eq!(reader.audit_events(12, 5).await.unwrap(), []);
    assert_eq!(reader.audit_events(0, 0).await.unwrap(), []);
}

async fn a_transaction_without_events_adds_none(store: Arc<dyn Store>) {
    write(&*store, async |work| work.insert_holder(&holder(1)).await).await.unwrap();
    assert_eq!(assert_chained(&*store).await, []);
}

async fn rolled_back_events_leave_no_gap(store: Arc<dyn Store>) {
    for n in 0..6 {
        let done = write(&*store, async |work| {
            work.audit(event(n));
            work.insert_holder(&holder(1)).await
        });
        match done.await {
            Ok(()) => assert_eq!(n, 0),
            refused => assert!(matches!(refused, Err(StoreError::Stale))),
        }
        let mut dropped = store.begin().await.unwrap();
        dropped.audit(event(100));
        drop(dropped);
        write(&*store, async |work| {
            work.audit(event(n + 10));
            Ok(())
        })
        .await
        .unwrap();
    }
    assert_eq!(assert_chained(&*store).await.len(), 7);
}

async fn parallel_commits_make_one_chain(store: Arc<dyn Store>) {
    const TASKS: u8 = 40;
    // Task n writes a holder and n % 3 + 1 events; every fourth gives up before its commit.
    let gives_up = |n: u8| n.is_multiple_of(4);
    let events_of = |n: u8| i64::from(n % 3 + 1);
    let tasks: Vec<_> = (0..TASKS)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                work.insert_holder(&holder(n)).await.unwrap();
                for i in 0..events_of(n) {
                    work.audit(event(i64::from(n) * 10 + i));
                }
                if !gives_up(n) {
                    work.commit().await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }

    let events = assert_chained(&*store).await;
    // An event's number is its second.
    let numbers: Vec<i64> = events.iter().map(|event| event.at - NOW.unix_timestamp()).collect();
    // One transaction's events stand together, in their order.
    for pair in numbers.windows(2) {
        let goes_on = pair[1] == pair[0] + 1;
        let last = pair[0] % 10 == events_of((pair[0] / 10) as u8) - 1;
        assert!(if last { pair[1] % 10 == 0 } else { goes_on }, "{pair:?}");
    }
    let expected: BTreeSet<i64> = (0..TASKS)
        .filter(|n| !gives_up(*n))
        .flat_map(|n| (0..events_of(n)).map(move |i| i64::from(n) * 10 + i))
        .collect();
    assert_eq!(numbers.len(), expected.len());
    assert_eq!(numbers.into_iter().collect::<BTreeSet<_>>(), expected);
    for n in 0..TASKS {
        let found = read(&*store).await.holder(holder(n).id).await.unwrap();
        assert_eq!(found.is_none(), gives_up(n));
    }
}
