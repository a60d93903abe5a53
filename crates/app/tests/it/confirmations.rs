//! The short code beside a link: few tries, and good once.

use kaika_app::access::confirmation::{self, NewConfirmation, Purpose};
use kaika_fixtures::{Running, Site};
use kaika_wire::{CardId, Code};
use serde_json::json;

const PURPOSE: Purpose = Purpose::ChangeContact;

async fn asked(running: &Running) -> (CardId, NewConfirmation) {
    let mut work = running.app.store.begin().await.unwrap();
    let card = work.card_by_number(&running.site.number).await.unwrap().unwrap();
    let payload = json!({ "what": "to be done" });
    let asked = confirmation::ask(&running.app, work.as_mut(), PURPOSE, card.id.into(), payload, true).await.unwrap();
    work.commit().await.unwrap();
    (card.id, asked)
}

fn is_over<T>(result: Result<T, kaika_app::Failure>) -> bool {
    matches!(result, Err(kaika_app::Failure::Refused(refusal)) if refusal.code == Code::LinkOver)
}

#[test]
fn a_short_code_is_as_good_as_its_link() {
    let running = Running::of(Site::ordered());
    running.wait(async {
        let (card, asked) = asked(&running).await;
        let code = asked.code.as_deref().unwrap();
        assert_eq!(code.len(), 8);
        // As people type it.
        let typed = format!("{}-{}", &code[..4].to_lowercase(), &code[4..]);
        let tested = confirmation::test_code(&running.app, PURPOSE, card.into(), &typed).await.unwrap();
        let mut work = running.app.store.begin().await.unwrap();
        let found = confirmation::follow_code(&running.app, work.as_mut(), &tested).await.unwrap();
        assert_eq!(found.payload["what"], "to be done");
        work.commit().await.unwrap();
        assert!(is_over(confirmation::look_at(&running.app, PURPOSE, &asked.token).await), "the link went with it");
        assert!(is_over(confirmation::test_code(&running.app, PURPOSE, card.into(), code).await));
        let mut work = running.app.store.begin().await.unwrap();
        assert!(is_over(confirmation::follow_code(&running.app, work.as_mut(), &tested).await), "good once");
    });
}

#[test]
fn wrong_codes_use_up_the_tries_and_not_the_link() {
    let running = Running::of(Site::ordered());
    running.wait(async {
        let (card, asked) = asked(&running).await;
        for _ in 0..5 {
            assert!(is_over(confirmation::test_code(&running.app, PURPOSE, card.into(), "AAAAAAAA").await));
        }
        let right = asked.code.as_deref().unwrap();
        assert!(is_over(confirmation::test_code(&running.app, PURPOSE, card.into(), right).await), "no try is left");
        assert!(is_over(confirmation::test_code(&running.app, Purpose::ResetUserCode, card.into(), right).await));
        let mut work = running.app.store.begin().await.unwrap();
        confirmation::follow(&running.app, work.as_mut(), PURPOSE, &asked.token).await.unwrap();
    });
}
