//! Sessions: one for each login; and which cards strangers do not find.

use crate::sample::{NOW, assert_stale, days, gca, job_id, read, seconds, with_card, write};
use kaika_app::{Store, access::SessionRecord};
use kaika_domain::{access::Subject, cards::Card};
use kaika_wire::{AccountId, CardId, ClientId, OfficerId};
use std::sync::Arc;

on_both! {
    a_login_opens_one_session,
    whoever_logs_in_has_a_session,
    of_many_at_once_one_opens_it,
    a_session_ends_once_and_is_forgotten,
    a_card_is_published_until_its_holder_decides,
}

fn session(n: u8, card: &Card) -> SessionRecord {
    SessionRecord {
        token_sha256: [n; 32].into(),
        subject: card.id.into(),
        authority: gca(),
        job: Some(job_id(n)),
        begun_at: seconds(0),
        expires_at: seconds(1800),
        ended_at: None,
    }
}

async fn a_login_opens_one_session(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let first = session(1, &card);
    write(&*store, async |work| work.insert_session(&first).await).await.unwrap();
    assert_eq!(read(&*store).await.session(&[1; 32].into()).await.unwrap(), Some(first.clone()));
    assert_eq!(read(&*store).await.session(&[2; 32].into()).await.unwrap(), None);
    let second = SessionRecord { job: first.job, ..session(2, &card) };
    assert_stale(write(&*store, async |work| work.insert_session(&second).await).await);
    write(&*store, async |work| work.insert_session(&session(2, &card)).await).await.unwrap();
}

/// Those that no card job has opened are as many as anybody opens.
async fn whoever_logs_in_has_a_session(store: Arc<dyn Store>) {
    let id = [7; 10];
    let subjects = [
        Subject::Card(CardId::new(NOW, id)),
        Subject::Account(AccountId::new(NOW, id)),
        Subject::Officer(OfficerId::new(NOW, id)),
        Subject::Client(ClientId::new(NOW, id)),
    ];
    let card = with_card(&*store).await;
    for (n, subject) in (1..).zip(subjects) {
        let opened = SessionRecord { subject, job: None, ..session(n, &card) };
        write(&*store, async |work| work.insert_session(&opened).await).await.unwrap();
        assert_eq!(read(&*store).await.session(&[n; 32].into()).await.unwrap(), Some(opened));
    }
}

async fn of_many_at_once_one_opens_it(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let tasks: Vec<_> = (1..20)
        .map(|n| {
            let (store, session) = (Arc::clone(&store), SessionRecord { job: Some(job_id(1)), ..session(n, &card) });
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                let opened = work.insert_session(&session).await;
                opened.is_ok() && work.commit().await.is_ok()
            })
        })
        .collect();
    let mut opened = 0;
    for task in tasks {
        opened += usize::from(task.await.unwrap());
    }
    assert_eq!(opened, 1);
}

async fn a_session_ends_once_and_is_forgotten(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    write(&*store, async |work| work.insert_session(&session(1, &card)).await).await.unwrap();
    let end =
        async |at| write(&*store, async |work| work.end_session(&[1; 32].into(), seconds(at)).await).await.unwrap();
    assert!(end(60).await);
    assert!(!end(61).await);
    let ended = read(&*store).await.session(&[1; 32].into()).await.unwrap().unwrap();
    assert_eq!(ended.ended_at, Some(seconds(60)));
    let forget = async |at| write(&*store, async |work| work.delete_sessions(at).await).await.unwrap();
    assert_eq!(forget(seconds(1800)).await, 0);
    assert_eq!(forget(seconds(1801)).await, 1);
    assert_eq!(read(&*store).await.session(&[1; 32].into()).await.unwrap(), None);
}

async fn a_card_is_published_until_its_holder_decides(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let set = async |on| write(&*store, async |work| work.set_published(card.id, on, days(0)).await).await.unwrap();
    let published = async || read(&*store).await.is_published(card.id).await.unwrap();
    assert!(published().await);
    assert!(!set(true).await, "it was already");
    assert!(set(false).await && !set(false).await);
    assert!(!published().await);
    assert!(set(true).await);
    assert!(published().await);
}
