//! Generations of authorities and their revocation lists.

use crate::sample::{assert_stale, days, generation, made, read, write};
use kaika_app::{Store, StoreError, authorities::Generation, status::Crl};
use std::sync::Arc;

on_both! {
    generations_come_back_oldest_first,
    an_ordinal_is_taken_once_per_owner,
    the_latest_list_is_the_one_with_the_highest_number,
    every_shard_has_its_own_numbers,
    a_number_is_signed_once,
    no_list_takes_the_place_of_one_of_a_newer_state,
    a_long_list_comes_back_whole,
}

async fn generations_come_back_oldest_first(store: Arc<dyn Store>) {
    assert_eq!(read(&*store).await.generations().await.unwrap(), []);
    let root = Generation { is_root: true, owner: "grca".parse().unwrap(), ..generation(1) };
    let first = Generation { issuer: root.id, founded_at: days(1), revision: 41, ..generation(9) };
    let second = Generation { issuer: root.id, founded_at: days(2), ..generation(2) };
    // In the same second the ids tell, which are made in order: a root comes before what it certifies.
    let younger = Generation { owner: "aca".parse().unwrap(), founded_at: days(2), ..generation(3) };
    for generation in [&younger, &second, &root, &first] {
        write(&*store, async |work| work.insert_generation(generation).await).await.unwrap();
    }
    assert_eq!(read(&*store).await.generations().await.unwrap(), [root, first, second, younger]);
}

async fn an_ordinal_is_taken_once_per_owner(store: Arc<dyn Store>) {
    let first = generation(1);
    let twin = Generation { ordinal: 1, ..generation(2) };
    let elsewhere = Generation { ordinal: 1, owner: "moica".parse().unwrap(), ..generation(3) };
    write(&*store, async |work| work.insert_generation(&first).await).await.unwrap();
    assert_stale(write(&*store, async |work| work.insert_generation(&twin).await).await);
    write(&*store, async |work| work.insert_generation(&elsewhere).await).await.unwrap();
    assert_eq!(read(&*store).await.generations().await.unwrap(), [first, elsewhere]);
}

fn crl(generation: &Generation, number: i64) -> Crl {
    Crl {
        generation: generation.id,
        shard: None,
        number,
        revision: number * 10,
        signed_at: days(number),
        next_update: days(number + 7),
        der: number.to_be_bytes().to_vec(),
    }
}

async fn with_two_generations(store: &dyn Store) -> (Generation, Generation) {
    let (one, other) = (generation(1), generation(2));
    for generation in [&one, &other] {
        write(store, async |work| work.insert_generation(generation).await).await.unwrap();
    }
    (one, other)
}

async fn the_latest_list_is_the_one_with_the_highest_number(store: Arc<dyn Store>) {
    let (one, other) = with_two_generations(&*store).await;
    assert_eq!(read(&*store).await.latest_crl(one.id, None).await.unwrap(), None);
    for (generation, number) in [(&one, 1), (&other, 5), (&one, 2), (&one, 10)] {
        let crl = crl(generation, number);
        write(&*store, async |work| work.insert_crl(&crl).await).await.unwrap();
        assert_eq!(read(&*store).await.latest_crl(generation.id, None).await.unwrap(), Some(crl));
    }
    assert_eq!(read(&*store).await.latest_crl(other.id, None).await.unwrap(), Some(crl(&other, 5)));
}

async fn every_shard_has_its_own_numbers(store: Arc<dyn Store>) {
    let (one, _) = with_two_generations(&*store).await;
    let lists = [None, Some(0), Some(1), Some(17)].map(|shard| Crl { shard, ..crl(&one, 1) });
    for crl in &lists {
        write(&*store, async |work| work.insert_crl(crl).await).await.unwrap();
    }
    let later = Crl { shard: Some(1), ..crl(&one, 2) };
    write(&*store, async |work| work.insert_crl(&later).await).await.unwrap();
    for crl in [&lists[0], &lists[1], &later, &lists[3]] {
        assert_eq!(read(&*store).await.latest_crl(one.id, crl.shard).await.unwrap().as_ref(), Some(crl));
    }
}

/// RFC 5280 §5.2.3: the number grows with every list of an issuer. A server that was slow comes with one long passed.
async fn a_number_is_signed_once(store: Arc<dyn Store>) {
    let (one, _) = with_two_generations(&*store).await;
    for number in 1..=3 {
        let crl = crl(&one, number);
        write(&*store, async |work| work.insert_crl(&crl).await).await.unwrap();
    }
    for number in 1..=3 {
        let rival = Crl { der: vec![0xff], ..crl(&one, number) };
        assert_stale(write(&*store, async |work| work.insert_crl(&rival).await).await);
    }
    assert_eq!(read(&*store).await.latest_crl(one.id, None).await.unwrap(), Some(crl(&one, 3)));

    let tasks: Vec<_> = (0..20)
        .map(|byte| {
            let (store, rival) = (Arc::clone(&store), Crl { der: vec![byte], ..crl(&one, 4) });
            tokio::spawn(async move {
                let mut work = store.begin().await?;
                work.insert_crl(&rival).await?;
                work.commit().await.map(|()| rival)
            })
        })
        .collect();
    let mut signed = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(crl) => signed.push(crl),
            refused => assert_stale(refused),
        }
    }
    assert_eq!(signed.len(), 1);
    assert_eq!(read(&*store).await.latest_crl(one.id, None).await.unwrap(), signed.pop());
}

/// Two servers whose clocks differ: the one that is ahead gives the higher number to what it read before.
async fn no_list_takes_the_place_of_one_of_a_newer_state(store: Arc<dyn Store>) {
    let (one, _) = with_two_generations(&*store).await;
    let newer = crl(&one, 5);
    write(&*store, async |work| work.insert_crl(&newer).await).await.unwrap();
    let older = Crl { number: 900, revision: 49, ..crl(&one, 5) };
    assert_stale(write(&*store, async |work| work.insert_crl(&older).await).await);
    assert_eq!(read(&*store).await.latest_crl(one.id, None).await.unwrap(), Some(newer));
    // Of another shard it says nothing, and the same state may be signed again.
    for same in [Crl { shard: Some(1), ..older.clone() }, Crl { number: 6, revision: 50, ..older }] {
        write(&*store, async |work| work.insert_crl(&same).await).await.unwrap();
        assert_eq!(read(&*store).await.latest_crl(one.id, same.shard).await.unwrap(), Some(same));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_a_generation_wait_for_one_another_in_postgres() {
    let url = kaika_testkit::postgres::fresh_database();
    let store = made(&format!("{url}&options=-c%20lock_timeout%3D50ms")).await;
    let (one, other) = with_two_generations(&*store).await;
    let mut work = store.begin().await.unwrap();
    work.insert_crl(&crl(&one, 5)).await.unwrap();
    let older = Crl { number: 900, revision: 49, ..crl(&one, 5) };
    let waits = write(&*store, async |work| work.insert_crl(&older).await).await;
    assert!(matches!(waits, Err(StoreError::Database(_))), "{waits:?}");
    write(&*store, async |work| work.insert_crl(&crl(&other, 1)).await).await.unwrap();
    work.commit().await.unwrap();
    assert_stale(write(&*store, async |work| work.insert_crl(&older).await).await);
}

/// It is kept in parts of a mebibyte.
async fn a_long_list_comes_back_whole(store: Arc<dyn Store>) {
    let (one, _) = with_two_generations(&*store).await;
    for (number, length) in (1..).zip([(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20, 0]) {
        let der = (0..=250).cycle().take(length).collect();
        let crl = Crl { der, ..crl(&one, number) };
        write(&*store, async |work| work.insert_crl(&crl).await).await.unwrap();
        assert!(read(&*store).await.latest_crl(one.id, None).await.unwrap() == Some(crl), "{length} octets");
    }
}
