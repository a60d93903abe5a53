//! The outbox: a mail is there if what it tells of is, and is tried by one at a time.

use crate::sample::{NOW, days, gca, read, seconds, write};
use kaika_app::{
    Store,
    mail::{MailCounts, MailRecord, MailState},
};
use kaika_wire::MailId;
use std::sync::Arc;

on_both! {
    a_mail_is_there_if_what_it_tells_of_is,
    due_ones_come_in_their_order,
    of_many_at_once_one_claims_it,
    who_lost_a_claim_settles_nothing,
    retried_are_all_that_are_of_use,
    what_is_being_sent_is_not_retried,
    a_claim_is_kept_by_whoever_has_it,
    what_a_dead_process_sent_is_due,
    old_ones_are_deleted,
}

fn mail(n: u8) -> MailRecord {
    MailRecord {
        id: MailId::new(NOW, [n; 10]),
        authority: gca(),
        to: format!("desk{n}@agency.example").parse().unwrap(),
        letter: "user_code_changed".into(),
        sealed: Some(vec![n; 40]),
        state: MailState::Waiting,
        attempts: 0,
        queued_at: seconds(n.into()),
        due_at: seconds(n.into()),
        useless_at: None,
        failure: None,
    }
}

async fn with(store: &dyn Store, mails: &[MailRecord]) {
    write(store, async |work| {
        for mail in mails {
            work.insert_mail(mail).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

fn sent(mail: &MailRecord) -> MailRecord {
    MailRecord { state: MailState::Sent, sealed: None, failure: None, ..mail.clone() }
}

fn given_up(mail: &MailRecord) -> MailRecord {
    MailRecord { state: MailState::GivenUp, failure: Some("no such mailbox".into()), ..mail.clone() }
}

async fn a_mail_is_there_if_what_it_tells_of_is(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_mail(&mail(1)).await.unwrap();
    drop(work);
    assert_eq!(read(&*store).await.mails(true, 10).await.unwrap(), []);
    let whole = MailRecord { useless_at: Some(days(1)), failure: Some("測試".into()), attempts: 3, ..mail(1) };
    with(&*store, std::slice::from_ref(&whole)).await;
    assert_eq!(read(&*store).await.mails(true, 10).await.unwrap(), [whole]);
}

async fn due_ones_come_in_their_order(store: Arc<dyn Store>) {
    let early = MailRecord { due_at: seconds(0), ..mail(3) };
    with(&*store, &[mail(1), mail(2), early.clone(), sent(&mail(4)), given_up(&mail(5))]).await;
    let mut reader = read(&*store).await;
    assert_eq!(reader.due_mails(seconds(1), 10).await.unwrap(), [early.clone(), mail(1)]);
    assert_eq!(reader.due_mails(days(1), 10).await.unwrap(), [early.clone(), mail(1), mail(2)]);
    assert_eq!(reader.due_mails(days(1), 1).await.unwrap(), std::slice::from_ref(&early));
    assert_eq!(reader.mails(false, 10).await.unwrap(), [mail(1), mail(2), early, given_up(&mail(5))]);
    assert_eq!(reader.mails(true, 10).await.unwrap().len(), 5);
    assert_eq!(reader.count_mails().await.unwrap(), MailCounts { waiting: 3, given_up: 1 });
}

async fn of_many_at_once_one_claims_it(store: Arc<dyn Store>) {
    with(&*store, &[mail(1)]).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                let mut mail = mail(1);
                // One that lost against another at the same moment is told that something changed.
                work.claim_mail(&mut mail, seconds(600)).await.unwrap_or(false) && work.commit().await.is_ok()
            })
        })
        .collect();
    let mut claimed = 0;
    for task in tasks {
        claimed += usize::from(task.await.unwrap());
    }
    assert_eq!(claimed, 1);
    let [now] = read(&*store).await.mails(false, 10).await.unwrap().try_into().unwrap();
    assert_eq!(now, MailRecord { attempts: 1, due_at: seconds(600), ..mail(1) });
}

async fn who_lost_a_claim_settles_nothing(store: Arc<dyn Store>) {
    with(&*store, &[mail(1)]).await;
    let (mut slow, mut quick) = (mail(1), mail(1));
    assert!(write(&*store, async |work| work.claim_mail(&mut slow, seconds(600)).await).await.unwrap());
    assert!(!write(&*store, async |work| work.claim_mail(&mut quick, seconds(600)).await).await.unwrap());
    // The first is not heard of any more, and another takes it when it is due again.
    let [mut again] = read(&*store).await.due_mails(seconds(600), 1).await.unwrap().try_into().unwrap();
    assert!(write(&*store, async |work| work.claim_mail(&mut again, seconds(1200)).await).await.unwrap());
    assert!(!write(&*store, async |work| work.settle_mail(&slow, &given_up(&slow)).await).await.unwrap());
    let done = MailRecord { due_at: seconds(700), ..sent(&again) };
    assert!(write(&*store, async |work| work.settle_mail(&again, &done).await).await.unwrap());
    assert!(!write(&*store, async |work| work.settle_mail(&again, &done).await).await.unwrap());
    assert_eq!(read(&*store).await.mails(true, 10).await.unwrap(), [done]);
}

async fn retried_are_all_that_are_of_use(store: Arc<dyn Store>) {
    let useless = MailRecord { useless_at: Some(seconds(100)), ..mail(1) };
    let later = MailRecord { due_at: days(1), useless_at: Some(days(2)), ..mail(3) };
    with(&*store, &[useless.clone(), given_up(&mail(2)), later, sent(&mail(4))]).await;
    let now = seconds(100);
    assert_eq!(write(&*store, async |work| work.retry_mails(Some(mail(2).id), now).await).await.unwrap(), 1);
    assert_eq!(write(&*store, async |work| work.retry_mails(Some(mail(1).id), now).await).await.unwrap(), 0);
    assert_eq!(write(&*store, async |work| work.retry_mails(Some(mail(4).id), now).await).await.unwrap(), 0);
    assert_eq!(write(&*store, async |work| work.retry_mails(None, now).await).await.unwrap(), 2);
    let due: Vec<_> = read(&*store).await.due_mails(now, 10).await.unwrap().iter().map(|mail| mail.id).collect();
    assert_eq!(due, [useless.id, mail(2).id, mail(3).id]);
}

async fn what_is_being_sent_is_not_retried(store: Arc<dyn Store>) {
    with(&*store, &[mail(1)]).await;
    let mut claimed = mail(1);
    assert!(write(&*store, async |work| work.claim_mail(&mut claimed, seconds(600)).await).await.unwrap());
    let retried = async |now| {
        let only = write(&*store, async |work| work.retry_mails(Some(mail(1).id), now).await).await.unwrap();
        only + write(&*store, async |work| work.retry_mails(None, now).await).await.unwrap()
    };
    assert_eq!(retried(seconds(599)).await, 0);
    assert_eq!(read(&*store).await.due_mails(seconds(599), 1).await.unwrap(), []);
    // It was put off: now it may be.
    let put_off = MailRecord { due_at: days(1), failure: Some("not now".into()), ..claimed.clone() };
    assert!(write(&*store, async |work| work.settle_mail(&claimed, &put_off).await).await.unwrap());
    assert_eq!(retried(seconds(30)).await, 2);
    let [mut again] = read(&*store).await.due_mails(seconds(30), 1).await.unwrap().try_into().unwrap();
    // An attempt of which nothing more was heard may be, too; should it end after all, it is the same attempt.
    assert!(write(&*store, async |work| work.claim_mail(&mut again, seconds(600)).await).await.unwrap());
    assert_eq!(retried(seconds(600)).await, 2);
    assert!(write(&*store, async |work| work.settle_mail(&again, &sent(&again)).await).await.unwrap());
    assert_eq!(retried(seconds(601)).await, 0);
}

async fn a_claim_is_kept_by_whoever_has_it(store: Arc<dyn Store>) {
    with(&*store, &[mail(1)]).await;
    let keep = async |mail: &MailRecord, until| {
        write(&*store, async |work| work.keep_claim(mail, seconds(until)).await).await.unwrap()
    };
    assert!(write(&*store, async |work| work.claim_mail(&mut mail(1), seconds(60)).await).await.unwrap());
    let [slow] = read(&*store).await.mails(false, 1).await.unwrap().try_into().unwrap();
    assert!(keep(&slow, 80).await);
    assert_eq!(read(&*store).await.due_mails(seconds(79), 1).await.unwrap(), []);
    let [mut again] = read(&*store).await.due_mails(seconds(80), 1).await.unwrap().try_into().unwrap();
    assert!(write(&*store, async |work| work.claim_mail(&mut again, seconds(140)).await).await.unwrap());
    assert!(!keep(&slow, 200).await, "it is another's");
    assert!(keep(&again, 160).await);
    assert!(write(&*store, async |work| work.settle_mail(&again, &sent(&again)).await).await.unwrap());
    assert!(!keep(&again, 200).await, "it was sent");
}

async fn what_a_dead_process_sent_is_due(store: Arc<dyn Store>) {
    let later = MailRecord { due_at: days(1), failure: Some("not now".into()), ..mail(2) };
    with(&*store, &[mail(1), later.clone()]).await;
    assert!(write(&*store, async |work| work.claim_mail(&mut mail(1), seconds(600)).await).await.unwrap());
    assert_eq!(write(&*store, async |work| work.release_claims(seconds(10)).await).await.unwrap(), 1);
    let [due] = read(&*store).await.due_mails(seconds(10), 2).await.unwrap().try_into().unwrap();
    assert_eq!((due.id, due.attempts), (mail(1).id, 1));
    assert!(read(&*store).await.mails(false, 2).await.unwrap().contains(&later), "one that was put off stays so");
}

async fn old_ones_are_deleted(store: Arc<dyn Store>) {
    let of_day = |mail: MailRecord, day| MailRecord { due_at: days(day), ..mail };
    with(
        &*store,
        &[
            of_day(sent(&mail(1)), 1),
            of_day(sent(&mail(2)), 20),
            of_day(given_up(&mail(3)), 1),
            of_day(given_up(&mail(4)), 5),
            of_day(mail(5), 0),
        ],
    )
    .await;
    assert_eq!(write(&*store, async |work| work.delete_mails(days(10), days(3)).await).await.unwrap(), 2);
    let left: Vec<_> = read(&*store).await.mails(true, 10).await.unwrap().iter().map(|mail| mail.id).collect();
    assert_eq!(left, [mail(2).id, mail(4).id, mail(5).id]);
}
