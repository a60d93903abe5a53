//! The stations where cards are made, and the leases under which background work runs.

use crate::sample::{NOW, days, read, seconds, write};
use kaika_app::{Store, UnitOfWork, access::Station};
use kaika_wire::StationId;
use std::sync::Arc;

on_both! {
    stations_come_back,
    a_lease_is_taken_kept_refused_and_taken_over,
    a_lease_is_given_back_by_its_owner,
    of_many_at_once_one_takes_the_lease,
    an_owner_keeps_all_its_leases,
}

async fn stations_come_back(store: Arc<dyn Store>) {
    let station = |n: u8, withdrawn_at| Station {
        id: StationId::new(NOW, [n; 10]),
        name: format!("臺北 {n}"),
        token_sha256: [n; 32].into(),
        enrolled_at: NOW,
        withdrawn_at,
    };
    let stations = [station(1, None), station(2, Some(days(1)))];
    for station in &stations {
        write(&*store, async |work| work.insert_station(station).await).await.unwrap();
    }
    for station in stations {
        assert_eq!(read(&*store).await.station(station.id).await.unwrap(), Some(station));
    }
    assert_eq!(read(&*store).await.station(StationId::new(NOW, [3; 10])).await.unwrap(), None);
}

async fn a_lease_is_taken_kept_refused_and_taken_over(store: Arc<dyn Store>) {
    // Who asks at which second, until when, and whether it is given.
    let table = [
        ("sweep", "one", 0, 30, true),
        ("sweep", "two", 10, 40, false),
        ("audit", "two", 10, 40, true),
        ("sweep", "one", 20, 50, true),
        ("sweep", "two", 49, 90, false),
        ("sweep", "two", 50, 80, true),
        ("sweep", "one", 51, 90, false),
        ("audit", "one", 39, 90, false),
        ("sweep", "one", 80, 90, true),
    ];
    for (name, owner, now, until, expected) in table {
        let taken = write(&*store, async |work| work.take_lease(name, owner, seconds(now), seconds(until)).await);
        assert_eq!(taken.await.unwrap(), expected, "{owner} asks for {name} at {now}");
    }
}

async fn a_lease_is_given_back_by_its_owner(store: Arc<dyn Store>) {
    let take = async |owner: &str| {
        write(&*store, async |work| work.take_lease("sweep", owner, NOW, seconds(30)).await).await.unwrap()
    };
    let release =
        async |owner: &str| write(&*store, async |work| work.release_lease("sweep", owner).await).await.unwrap();
    assert!(take("one").await);
    release("two").await;
    assert!(!take("two").await, "only its owner gives it back");
    release("one").await;
    assert!(take("two").await);
}

async fn an_owner_keeps_all_its_leases(store: Arc<dyn Store>) {
    let take = async |name: &str, owner: &str, now| {
        let take =
            async |work: &mut dyn UnitOfWork| work.take_lease(name, owner, seconds(now), seconds(now + 60)).await;
        write(&*store, take).await.unwrap()
    };
    for (name, owner) in [("sweep", "one"), ("mail", "one"), ("forget", "two")] {
        assert!(take(name, owner, 0).await);
    }
    assert_eq!(write(&*store, async |work| work.renew_leases("one", seconds(80)).await).await.unwrap(), 2);
    assert!(!take("sweep", "two", 79).await);
    assert!(take("forget", "one", 60).await, "that of another who was not heard of");
    assert!(take("sweep", "two", 80).await);
    write(&*store, async |work| work.release_leases().await).await.unwrap();
    assert!(take("sweep", "one", 0).await && take("forget", "two", 0).await);
}

async fn of_many_at_once_one_takes_the_lease(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                let taken = work.take_lease("sweep", &format!("server {n}"), NOW, seconds(30)).await.unwrap();
                work.commit().await.unwrap();
                taken
            })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        taken += usize::from(task.await.unwrap());
    }
    assert_eq!(taken, 1);
}
