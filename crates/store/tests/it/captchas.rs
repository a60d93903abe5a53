//! Captchas: each is answered once.

use crate::sample::{seconds, write};
use kaika_app::Store;
use std::sync::Arc;

on_both! {
    a_captcha_is_answered_once,
    of_many_at_once_one_answers_it,
    old_captchas_are_deleted,
}

async fn answer(store: &dyn Store, id: u8, expires: i64) -> bool {
    write(store, async |work| work.use_captcha(&[id; 16], seconds(expires)).await).await.unwrap()
}

async fn a_captcha_is_answered_once(store: Arc<dyn Store>) {
    assert!(answer(&*store, 1, 600).await);
    assert!(!answer(&*store, 1, 600).await);
    assert!(!answer(&*store, 1, 900).await, "whatever it says of its end");
    assert!(answer(&*store, 2, 600).await);
}

async fn of_many_at_once_one_answers_it(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                let first = work.use_captcha(&[1; 16], seconds(600)).await.unwrap();
                work.commit().await.unwrap();
                first
            })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        answered += usize::from(task.await.unwrap());
    }
    assert_eq!(answered, 1);
}

async fn old_captchas_are_deleted(store: Arc<dyn Store>) {
    answer(&*store, 1, 600).await;
    answer(&*store, 2, 900).await;
    let deleted = write(&*store, async |work| work.delete_captchas(seconds(601)).await).await.unwrap();
    assert_eq!(deleted, 1);
    assert!(!answer(&*store, 2, 900).await, "it is still remembered");
}
