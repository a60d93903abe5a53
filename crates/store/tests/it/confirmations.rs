//! Confirmations: good once, for one purpose, until they run out; and contacts.

use crate::sample::{assert_stale, read, seconds, with_card, write};
use kaika_app::{
    Store,
    access::confirmation::{ConfirmationRecord, Purpose},
};
use kaika_domain::{cards::Card, holders::Contact};
use kaika_wire::CardId;
use serde_json::json;
use std::sync::Arc;

on_both! {
    a_confirmation_is_good_once_and_for_one_purpose,
    of_many_at_once_one_uses_it_up,
    a_short_code_has_so_many_tries,
    open_ones_are_counted_and_voided,
    old_confirmations_are_deleted,
    a_contact_is_replaced,
}

fn confirmation(n: u8, card: CardId) -> ConfirmationRecord {
    ConfirmationRecord {
        token_sha256: [n; 32].into(),
        purpose: Purpose::ChangeContact,
        subject: card.into(),
        payload: json!({ "email": "測試@agency.example", "n": n }),
        code_sha256: Some([n + 100; 32]),
        code_tries_left: 3,
        asked_at: seconds(n.into()),
        expires_at: seconds(300),
        used_at: None,
    }
}

async fn with(store: &dyn Store, numbers: &[u8]) -> Card {
    let card = with_card(store).await;
    write(store, async |work| {
        for n in numbers {
            work.insert_confirmation(&confirmation(*n, card.id)).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    card
}

async fn a_confirmation_is_good_once_and_for_one_purpose(store: Arc<dyn Store>) {
    let card = with(&*store, &[1]).await;
    let own = confirmation(1, card.id);
    assert_stale(write(&*store, async |work| work.insert_confirmation(&own).await).await);
    assert_eq!(read(&*store).await.confirmation(&[1; 32].into()).await.unwrap(), Some(own.clone()));
    assert_eq!(read(&*store).await.confirmation(&[2; 32].into()).await.unwrap(), None);
    for (token, purpose, at, expected) in [
        ([2; 32], Purpose::ChangeContact, 0, false),
        ([1; 32], Purpose::ResetUserCode, 0, false),
        ([1; 32], Purpose::ChangeContact, 300, false),
        ([1; 32], Purpose::ChangeContact, 299, true),
        ([1; 32], Purpose::ChangeContact, 299, false),
    ] {
        let used = write(&*store, async |work| work.use_confirmation(&token.into(), purpose, seconds(at)).await).await;
        assert_eq!(used.unwrap(), expected, "{purpose:?}, second {at}");
    }
    let used = ConfirmationRecord { used_at: Some(seconds(299)), ..own };
    assert_eq!(read(&*store).await.confirmation(&[1; 32].into()).await.unwrap(), Some(used));
}

async fn of_many_at_once_one_uses_it_up(store: Arc<dyn Store>) {
    with(&*store, &[1]).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                let used = work.use_confirmation(&[1; 32].into(), Purpose::ChangeContact, seconds(0)).await;
                used.unwrap_or(false) && work.commit().await.is_ok()
            })
        })
        .collect();
    let mut used = 0;
    for task in tasks {
        used += usize::from(task.await.unwrap());
    }
    assert_eq!(used, 1);
}

async fn a_short_code_has_so_many_tries(store: Arc<dyn Store>) {
    with(&*store, &[1]).await;
    let debit =
        async |at| write(&*store, async |work| work.debit_confirmation(&[1; 32].into(), seconds(at)).await).await;
    assert!(!debit(300).await.unwrap(), "it ran out");
    let mut debited = Vec::new();
    for _ in 0..5 {
        debited.push(debit(299).await.unwrap());
    }
    assert_eq!(debited, [true, true, true, false, false]);
    let left = read(&*store).await.confirmation(&[1; 32].into()).await.unwrap().unwrap();
    assert_eq!(left.code_tries_left, 0);
    assert!(left.is_open(seconds(299)), "its link is still good");
}

async fn open_ones_are_counted_and_voided(store: Arc<dyn Store>) {
    let card = with(&*store, &[1, 2]).await;
    let other = ConfirmationRecord { purpose: Purpose::ResetUserCode, ..confirmation(3, card.id) };
    write(&*store, async |work| work.insert_confirmation(&other).await).await.unwrap();
    let open = async |purpose, at| {
        let found = read(&*store).await.open_confirmation(purpose, card.id.into(), seconds(at)).await.unwrap();
        found.map(|found| found.token_sha256.to_vec()[0])
    };
    assert_eq!(open(Purpose::ChangeContact, 10).await, Some(2), "the newest");
    assert_eq!(open(Purpose::ChangeContact, 300).await, None);
    let mut reader = read(&*store).await;
    for (since, expected) in [(0, 2), (1, 1), (2, 0)] {
        let counted = reader.count_confirmations(Purpose::ChangeContact, card.id.into(), seconds(since)).await.unwrap();
        assert_eq!(counted, expected, "since {since}");
    }
    drop(reader);
    let void = async |purpose| {
        write(&*store, async |work| work.void_confirmations(card.id.into(), purpose, seconds(10)).await).await.unwrap()
    };
    assert_eq!(void(Some(Purpose::ChangeContact)).await, 2);
    assert_eq!(open(Purpose::ChangeContact, 10).await, None);
    assert_eq!(open(Purpose::ResetUserCode, 10).await, Some(3));
    assert_eq!(void(None).await, 1);
    assert_eq!(open(Purpose::ResetUserCode, 10).await, None);
}

async fn old_confirmations_are_deleted(store: Arc<dyn Store>) {
    let card = with(&*store, &[1]).await;
    let late = ConfirmationRecord { expires_at: seconds(900), ..confirmation(2, card.id) };
    write(&*store, async |work| work.insert_confirmation(&late).await).await.unwrap();
    assert_eq!(write(&*store, async |work| work.delete_confirmations(seconds(301)).await).await.unwrap(), 1);
    assert_eq!(read(&*store).await.confirmation(&[1; 32].into()).await.unwrap(), None);
    assert_eq!(read(&*store).await.confirmation(&[2; 32].into()).await.unwrap(), Some(late));
}

async fn a_contact_is_replaced(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let contact = |email: &str, name: Option<&str>| Contact {
        email: email.parse().unwrap(),
        name: name.map(str::to_owned),
        telephone: name.map(|_| "02-0000-0000".to_owned()),
    };
    assert_eq!(read(&*store).await.contact(card.id).await.unwrap(), None);
    for contact in [contact("one@agency.example", Some("王小明")), contact("two@agency.example", None)] {
        write(&*store, async |work| work.upsert_contact(card.id, &contact, seconds(1)).await).await.unwrap();
        assert_eq!(read(&*store).await.contact(card.id).await.unwrap(), Some(contact));
    }
}
