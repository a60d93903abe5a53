//! What is seen of a transaction, and when.

use crate::sample::{
    assert_stale, card, certificate, days, event, gca, holder, made, read, with_card, with_generation, with_holder,
    write,
};
use kaika_app::{Store, StoreError, audit::Head};
use kaika_domain::{cards::CardState, certificates::Certificate};
use kaika_testkit::{ports::PortPair, postgres::TestPostgres};
use kaika_wire::StationId;
use sqlx::{Connection, PgConnection};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

on_both! {
    dropped_a_transaction_leaves_nothing,
    a_transaction_sees_its_own_writes,
    a_failed_write_spoils_its_transaction,
    a_reader_keeps_to_its_snapshot,
    reading_does_not_wait_for_a_writer,
    writing_does_not_wait_for_a_reader,
    parallel_updates_of_one_row_all_count_once,
    a_locked_card_is_as_it_was,
}

/// Long enough for any machine; what waits for a lock would wait for ever.
const PATIENCE: Duration = Duration::from_secs(20);

async fn dropped_a_transaction_leaves_nothing(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let holder = holder(1);
    work.insert_holder(&holder).await.unwrap();
    work.insert_card(&card(1, &holder)).await.unwrap();
    work.audit(event(1));
    drop(work);
    let mut reader = read(&*store).await;
    assert_eq!(reader.holder(holder.id).await.unwrap(), None);
    assert_eq!(reader.cards(&gca()).await.unwrap(), []);
    assert_eq!(reader.audit_head().await.unwrap(), Head::EMPTY);

    // Nor does it leave a lock behind.
    timeout(PATIENCE, with_card(&*store)).await.unwrap();
}

async fn a_transaction_sees_its_own_writes(store: Arc<dyn Store>) {
    let holder = with_holder(&*store).await;
    let mut work = store.begin().await.unwrap();
    let mut card = card(1, &holder);
    work.insert_card(&card).await.unwrap();
    card.state = CardState::Personalised { at: days(1) };
    work.update_card(&mut card).await.unwrap();
    assert_eq!(work.card(card.id).await.unwrap().as_ref(), Some(&card));
    assert_eq!(card.version, 2);
    work.commit().await.unwrap();
    assert_eq!(read(&*store).await.card(card.id).await.unwrap(), Some(card));
}

/// PostgreSQL rolls such a transaction back at its commit, and says so to nobody.
async fn a_failed_write_spoils_its_transaction(store: Arc<dyn Store>) {
    let first = with_card(&*store).await;
    for with_event in [false, true] {
        let mut work = store.begin().await.unwrap();
        work.insert_holder(&holder(2)).await.unwrap();
        assert_stale(work.insert_card(&first).await);
        if with_event {
            work.audit(event(1));
        }
        let refused = work.commit().await;
        assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
        assert_eq!(read(&*store).await.holder(holder(2).id).await.unwrap(), None);
        assert_eq!(read(&*store).await.audit_head().await.unwrap(), Head::EMPTY);
    }

    // The same for a version that is no longer there.
    let mut work = store.begin().await.unwrap();
    work.insert_holder(&holder(2)).await.unwrap();
    let mut old = kaika_domain::cards::Card { version: 0, ..first };
    assert_stale(work.update_card(&mut old).await);
    work.commit().await.unwrap_err();
    assert_eq!(read(&*store).await.holder(holder(2).id).await.unwrap(), None);
}

/// A failed read ends the transaction in PostgreSQL as well. Somebody else's lock makes it fail here.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_read_spoils_its_transaction_in_postgres() {
    let url = kaika_testkit::postgres::fresh_database();
    let store = made(&format!("{url}&options=-c%20lock_timeout%3D50ms")).await;
    let mut other = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE station IN ACCESS EXCLUSIVE MODE").execute(&mut other).await.unwrap();

    let mut work = store.begin().await.unwrap();
    work.insert_holder(&holder(1)).await.unwrap();
    let failed = work.station(StationId::new(days(0), [1; 10])).await;
    assert!(matches!(failed, Err(StoreError::Database(_))), "{failed:?}");
    let refused = work.commit().await;
    assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
    assert_eq!(read(&*store).await.holder(holder(1).id).await.unwrap(), None);
}

async fn a_locked_card_is_as_it_was(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    write(&*store, async |work| work.lock_card(card.id).await).await.unwrap();
    assert_eq!(read(&*store).await.card(card.id).await.unwrap(), Some(card));
}

/// In SQLite everybody who writes waits. Here who locks the same card does, and who issues for it does not.
#[tokio::test(flavor = "multi_thread")]
async fn who_locks_a_card_holds_off_whoever_locks_it_in_postgres() {
    let url = kaika_testkit::postgres::fresh_database();
    let store = made(&format!("{url}&options=-c%20lock_timeout%3D50ms")).await;
    let (generation, holder) = with_generation(&*store).await;
    let (first, second) = (card(1, &holder), card(2, &holder));
    for card in [&first, &second] {
        write(&*store, async |work| work.insert_card(card).await).await.unwrap();
    }
    let mut one = store.begin().await.unwrap();
    one.lock_card(first.id).await.unwrap();
    let refused = write(&*store, async |work| work.lock_card(first.id).await).await;
    assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
    write(&*store, async |work| work.lock_card(second.id).await).await.unwrap();
    let issued = Certificate { card: Some(first.id), ..certificate(1, &generation, &holder) };
    write(&*store, async |work| work.insert_certificates(&[issued]).await).await.unwrap();
    one.commit().await.unwrap();
    write(&*store, async |work| work.lock_card(first.id).await).await.unwrap();
}

/// Two that wait for one another: one has to give way, and is told what it was.
#[tokio::test(flavor = "multi_thread")]
async fn who_gives_way_in_postgres_is_told_so() {
    let url = kaika_testkit::postgres::fresh_database();
    let store = made(&format!("{url}&options=-c%20deadlock_timeout%3D10ms")).await;
    let first = with_card(&*store).await;
    let second = card(2, &holder(1));
    write(&*store, async |work| work.insert_card(&second).await).await.unwrap();
    let (mut one, mut other) = (store.begin().await.unwrap(), store.begin().await.unwrap());
    one.lock_card(first.id).await.unwrap();
    other.lock_card(second.id).await.unwrap();
    let crosswise = [(one, second.id), (other, first.id)].map(|(mut work, card)| {
        tokio::spawn(async move {
            work.lock_card(card).await?;
            work.commit().await
        })
    });
    let mut gave_way = 0;
    for done in crosswise {
        match done.await.unwrap() {
            Err(StoreError::Conflict) => gave_way += 1,
            done => done.unwrap(),
        }
    }
    assert_eq!(gave_way, 1);
}

async fn a_reader_keeps_to_its_snapshot(store: Arc<dyn Store>) {
    let mut card = with_card(&*store).await;
    let before = card.clone();
    let mut reader = read(&*store).await;
    assert_eq!(reader.card(card.id).await.unwrap().as_ref(), Some(&before));
    card.state = CardState::Personalised { at: days(1) };
    write(&*store, async |work| {
        work.update_card(&mut card).await?;
        work.insert_holder(&holder(2)).await?;
        work.audit(event(1));
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(reader.card(card.id).await.unwrap(), Some(before));
    assert_eq!(reader.holder(holder(2).id).await.unwrap(), None);
    assert_eq!(reader.audit_head().await.unwrap(), Head::EMPTY);

    let mut later = read(&*store).await;
    assert_eq!(later.card(card.id).await.unwrap(), Some(card));
    assert_eq!(later.holder(holder(2).id).await.unwrap(), Some(holder(2)));
    assert_eq!(later.audit_head().await.unwrap().sequence, 1);
}

async fn reading_does_not_wait_for_a_writer(store: Arc<dyn Store>) {
    let mut card = with_card(&*store).await;
    let before = card.clone();
    let mut work = store.begin().await.unwrap();
    card.device = Some(7);
    work.update_card(&mut card).await.unwrap();
    let seen = timeout(PATIENCE, async { read(&*store).await.card(card.id).await.unwrap() }).await.unwrap();
    assert_eq!(seen, Some(before));
    work.commit().await.unwrap();
    assert_eq!(read(&*store).await.card(card.id).await.unwrap(), Some(card));
}

async fn writing_does_not_wait_for_a_reader(store: Arc<dyn Store>) {
    let mut card = with_card(&*store).await;
    let mut reader = read(&*store).await;
    reader.card(card.id).await.unwrap();
    card.device = Some(7);
    timeout(PATIENCE, write(&*store, async |work| work.update_card(&mut card).await)).await.unwrap().unwrap();
    assert_eq!(reader.card(card.id).await.unwrap().unwrap().device, None);
}

/// Every task reads, changes and, refused as stale, begins again: no change is lost, none is made twice.
async fn parallel_updates_of_one_row_all_count_once(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (store, id) = (Arc::clone(&store), card.id);
            tokio::spawn(async move {
                loop {
                    let mut work = store.begin().await.unwrap();
                    let mut card = work.card(id).await.unwrap().unwrap();
                    card.device = Some(card.device.unwrap_or(0) + 1);
                    match work.update_card(&mut card).await {
                        Err(StoreError::Stale) => continue,
                        done => done.unwrap(),
                    }
                    return work.commit().await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let card = read(&*store).await.card(card.id).await.unwrap().unwrap();
    assert_eq!((card.device, card.version), (Some(20), 21));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_postgresql_is_told_and_taken_up_again() {
    let mut server = TestPostgres::start_lasting();
    let store = made(&server.fresh_database()).await;
    server.stop();
    let told = timeout(PATIENCE, store.begin()).await.unwrap();
    assert!(matches!(told, Err(StoreError::Database(_))));
    server.start_again();
    with_card(&*store).await;
}

/// It is asked again for 5 seconds. Four times as long is the machine's affair; sqlx would by itself ask for 30.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_is_told_before_anybody_gives_up() {
    let closed = PortPair::claim().unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{}/kaika", closed.first);
    let told = timeout(PATIENCE, kaika_store::open(&url)).await.expect("told sooner");
    assert!(told.err().unwrap().to_string().contains("it does not run"));
}
