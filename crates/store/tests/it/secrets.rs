//! User codes and PUKs.

use crate::sample::{assert_stale, days, read, with_card, write};
use kaika_app::{Store, access::UserCodeRecord, cards::StoredPuk};
use kaika_domain::cards::{Card, PukRecord, PukState, PukVersion};
use std::sync::Arc;

on_both! {
    a_user_code_comes_back,
    a_debit_takes_one_try_until_none_is_left,
    a_credit_is_for_the_code_that_was_tested,
    a_new_user_code_forgives_all_tries,
    parallel_debits_never_pass_the_limit,
    tries_without_the_card_have_a_counter_of_their_own,
    parallel_debits_without_the_card_never_pass_the_limit,
    puks_come_back_in_every_state,
    a_puks_ciphertext_is_never_changed,
}

const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
const LIMIT: u8 = 5;

async fn with_user_code(store: &dyn Store) -> Card {
    let card = with_card(store).await;
    write(store, async |work| work.upsert_user_code(card.id, HASH, days(1)).await).await.unwrap();
    card
}

/// Fails, or none where no code is on record.
async fn fails(store: &dyn Store, card: &Card) -> Option<u8> {
    read(store).await.user_code(card.id).await.unwrap().map(|code| code.fails)
}

async fn debit(store: &dyn Store, card: &Card) -> Option<u8> {
    let debited = write(store, async |work| work.debit_user_code(card.id, LIMIT).await).await.unwrap();
    debited.map(|code| code.fails)
}

async fn a_user_code_comes_back(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    assert_eq!(fails(&*store, &card).await, None);
    assert_eq!(debit(&*store, &card).await, None, "there is none to debit");
    write(&*store, async |work| work.upsert_user_code(card.id, HASH, days(1)).await).await.unwrap();
    let expected = UserCodeRecord { hash: HASH.into(), fails: 0, fails_without_card: 0, set_at: days(1) };
    assert!(read(&*store).await.user_code(card.id).await.unwrap() == Some(expected));
}

async fn a_debit_takes_one_try_until_none_is_left(store: Arc<dyn Store>) {
    let card = with_user_code(&*store).await;
    for fails in 1..=LIMIT {
        assert_eq!(debit(&*store, &card).await, Some(fails));
    }
    assert_eq!(debit(&*store, &card).await, None);
    assert_eq!(fails(&*store, &card).await, Some(LIMIT));
}

async fn a_credit_is_for_the_code_that_was_tested(store: Arc<dyn Store>) {
    let card = with_user_code(&*store).await;
    for _ in 0..LIMIT {
        debit(&*store, &card).await;
    }
    write(&*store, async |work| work.credit_user_code(card.id, "another hash").await).await.unwrap();
    assert_eq!(fails(&*store, &card).await, Some(LIMIT));
    write(&*store, async |work| work.credit_user_code(card.id, HASH).await).await.unwrap();
    assert_eq!(fails(&*store, &card).await, Some(0));
    assert_eq!(debit(&*store, &card).await, Some(1));
}

async fn a_new_user_code_forgives_all_tries(store: Arc<dyn Store>) {
    let card = with_user_code(&*store).await;
    debit(&*store, &card).await;
    write(&*store, async |work| work.upsert_user_code(card.id, "newer", days(2)).await).await.unwrap();
    let expected = UserCodeRecord { hash: "newer".into(), fails: 0, fails_without_card: 0, set_at: days(2) };
    assert!(read(&*store).await.user_code(card.id).await.unwrap() == Some(expected));
}

/// Fifty at once, on one of the two counters: what each that got a try found there.
async fn fifty_tries(store: &Arc<dyn Store>, card: &Card, with_card: bool) -> Vec<u8> {
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (store, card) = (Arc::clone(store), card.id);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                let debited = match with_card {
                    true => work.debit_user_code(card, LIMIT).await.unwrap().map(|code| code.fails),
                    false => {
                        let debited = work.debit_user_code_without_card(card, LIMIT).await.unwrap();
                        debited.map(|code| code.fails_without_card)
                    }
                };
                work.commit().await.unwrap();
                debited
            })
        })
        .collect();
    let mut tries = Vec::new();
    for task in tasks {
        tries.extend(task.await.unwrap());
    }
    tries.sort_unstable();
    tries
}

async fn parallel_debits_never_pass_the_limit(store: Arc<dyn Store>) {
    let card = with_user_code(&*store).await;
    for _ in 0..2 {
        let tries = fifty_tries(&store, &card, true).await;
        assert_eq!(tries, [1, 2, 3, 4, 5], "five got a try, and no two the same");
        assert_eq!(fails(&*store, &card).await, Some(LIMIT));
        write(&*store, async |work| work.credit_user_code(card.id, HASH).await).await.unwrap();
    }
}

async fn parallel_debits_without_the_card_never_pass_the_limit(store: Arc<dyn Store>) {
    let card = with_user_code(&*store).await;
    for _ in 0..2 {
        let tries = fifty_tries(&store, &card, false).await;
        assert_eq!(tries, [1, 2, 3, 4, 5], "five got a try, and no two the same");
        assert_eq!(fails(&*store, &card).await, Some(0), "the card's own tries are all there");
        write(&*store, async |work| work.credit_user_code_without_card(card.id, HASH).await).await.unwrap();
    }
}

/// Fails with the card, and without it.
async fn both(store: &dyn Store, card: &Card) -> (u8, u8) {
    let code = read(store).await.user_code(card.id).await.unwrap().unwrap();
    (code.fails, code.fails_without_card)
}

async fn tries_without_the_card_have_a_counter_of_their_own(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let debit_without = async || {
        let debited = write(&*store, async |work| work.debit_user_code_without_card(card.id, LIMIT).await).await;
        debited.unwrap().map(|code| (code.hash, code.fails_without_card))
    };
    assert_eq!(debit_without().await, None, "there is none to debit");
    write(&*store, async |work| work.upsert_user_code(card.id, HASH, days(1)).await).await.unwrap();
    debit(&*store, &card).await;
    for fails in 1..=LIMIT {
        assert_eq!(debit_without().await, Some((HASH.to_owned(), fails)));
    }
    assert_eq!(debit_without().await, None);
    assert_eq!(both(&*store, &card).await, (1, LIMIT));
    assert_eq!(debit(&*store, &card).await, Some(2), "who has the card goes on");

    write(&*store, async |work| work.credit_user_code_without_card(card.id, "another hash").await).await.unwrap();
    write(&*store, async |work| work.credit_user_code(card.id, HASH).await).await.unwrap();
    assert_eq!(
        both(&*store, &card).await,
        (0, LIMIT),
        "a try with the card opens the other way no more than it locks it"
    );
    debit(&*store, &card).await;
    write(&*store, async |work| work.credit_user_code_without_card(card.id, HASH).await).await.unwrap();
    assert_eq!(both(&*store, &card).await, (1, 0));
    debit_without().await;
    write(&*store, async |work| work.upsert_user_code(card.id, "newer", days(2)).await).await.unwrap();
    assert_eq!(both(&*store, &card).await, (0, 0), "a new code begins anew on both ways");
}

fn puk(version: u32, state: PukState, unanswered: u32) -> StoredPuk {
    let ciphertext = if version == 0 { Vec::new() } else { vec![version as u8; 40] };
    StoredPuk {
        record: PukRecord { unanswered, exposed: version == 2, ..PukRecord::new(PukVersion(version), state) },
        ciphertext,
    }
}

async fn puks_come_back_in_every_state(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    assert_eq!(read(&*store).await.puks(card.id).await.unwrap(), []);
    let puks = [
        puk(0, PukState::Superseded, 0),
        puk(1, PukState::Superseded, 0),
        puk(2, PukState::Current, 1),
        puk(10, PukState::Candidate, 2),
    ];
    for puk in puks.iter().rev() {
        write(&*store, async |work| work.upsert_puk(card.id, puk).await).await.unwrap();
    }
    assert_eq!(read(&*store).await.puks(card.id).await.unwrap(), puks);
}

async fn a_puks_ciphertext_is_never_changed(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let first = puk(1, PukState::Candidate, 0);
    write(&*store, async |work| work.upsert_puk(card.id, &first).await).await.unwrap();
    for state in [PukState::Current, PukState::Superseded, PukState::Candidate] {
        let other = StoredPuk { ciphertext: vec![0xff; 40], ..puk(1, state, 3) };
        assert_stale(write(&*store, async |work| work.upsert_puk(card.id, &other).await).await);
        assert_eq!(read(&*store).await.puks(card.id).await.unwrap(), std::slice::from_ref(&first));
    }
}
