//! By the holder without a card at hand: it is lost, or lies at home. He is known by the card's number, the name of its
//! holder, and the user code.
//!
//! Whoever fails learns nothing: an unknown card, another holder's name, a wrong code and a locked way get the same
//! answer after the same work. The tries have a counter of their own, so that nobody who has read a card's number locks
//! the code that its holder needs with the card; and only who names its holder spends any.

use super::{Asked, apply_change, helped_by, outcome};
use crate::{App, Failure, audit::Event, captcha::check_captcha};
use kaika_domain::{Actor, Card, HoldBy, Policy, may_change};
use kaika_wire::{AuthorityId, CardNumber, Code, StatusChange, UserCode};
use serde_json::json;

const WAY: &str = "without_card";

/// What the holder fills in.
#[derive(Clone)]
pub struct WithoutCard {
    pub number: CardNumber,
    /// Of the holder, as [`Holder::is_called`](kaika_domain::Holder::is_called) takes it.
    pub name: String,
    pub user_code: UserCode,
    pub change: StatusChange,
    /// Token and answer of a [`Captcha`](crate::Captcha).
    pub captcha: String,
    pub answer: String,
}

/// Gives the token under which [`change_outcome`](super::change_outcome) tells what became of it.
///
/// # Errors
/// [`Code::ChangedElsewhere`], [`Code::CaptchaWrong`]; [`Code::DetailsWrong`] for everything that a stranger may be
/// guessing at. Who has given all three right is told why nothing changes.
pub async fn change_status_without_card(
    app: &App,
    authority: &AuthorityId,
    form: WithoutCard,
) -> Result<String, Failure> {
    let policy = app.policies.get(authority).ok_or(Code::NotFound)?;
    may_change(policy, form.change, HoldBy::Holder)?;
    check_captcha(app, &form.captcha, &form.answer).await?;
    let known = named_card(app, policy, &form).await?;
    let right = match &known {
        Some(card) => test_user_code(app, policy, card, &form.user_code).await?,
        None => {
            same_work(app, &form.user_code).await?;
            None
        }
    };
    let (Some(card), Some(hash)) = (known, right) else {
        return Err(helped_by(Code::DetailsWrong.into(), policy).into());
    };
    // Somebody else may change the same certificates at this moment; the code was right all the same.
    for _ in 0..3 {
        match change(app, policy, &card, &hash, form.change).await {
            Err(Failure::Refused(refusal)) if refusal.code == Code::Stale => {}
            done => return done,
        }
    }
    Err(Code::Busy.into())
}

/// The card, where it is this authority's and its holder is called so.
async fn named_card(app: &App, policy: &Policy, form: &WithoutCard) -> Result<Option<Card>, Failure> {
    let mut reader = app.store.read().await?;
    let card = reader.card_by_number(&form.number).await?.filter(|card| card.authority == policy.id);
    let Some(card) = card else { return Ok(None) };
    let holder = reader.holder(card.holder).await?;
    let holder = holder.ok_or_else(|| Failure::Inconsistent(format!("card {} has no holder", card.number)))?;
    Ok(holder.is_called(&form.name).then_some(card))
}

/// The try is debited and committed before the code is tested. Gives the hash of a right one: with it the tries are given
/// back.
async fn test_user_code(app: &App, policy: &Policy, card: &Card, code: &UserCode) -> Result<Option<String>, Failure> {
    let limit = policy.user_code_tries();
    let mut work = app.store.begin().await?;
    let Some(record) = work.debit_user_code_without_card(card.id, limit).await? else {
        drop(work);
        same_work(app, code).await?;
        return Ok(None);
    };
    work.audit(event(app, card, "user_code.try", json!({})));
    work.commit().await?;
    if app.user_codes.verify(&record.hash, code).await? {
        return Ok(Some(record.hash));
    }
    let tries_left = limit.saturating_sub(record.fails_without_card);
    let mut work = app.store.begin().await?;
    work.audit(event(app, card, "user_code.wrong", json!({"tries_left": tries_left})));
    work.commit().await?;
    Ok(None)
}

/// Where no code can be tested, the work of testing one is done: by the time it takes nobody tells one from the other.
async fn same_work(app: &App, code: &UserCode) -> Result<(), Failure> {
    app.user_codes.hash(code).await?;
    Ok(())
}

/// The tries are given back, whether or not there is something to change.
async fn change(app: &App, policy: &Policy, card: &Card, hash: &str, change: StatusChange) -> Result<String, Failure> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    work.credit_user_code_without_card(card.id, hash).await?;
    let mut certificates = work.certificates_of_card(card.id).await?;
    let actor = Actor::Holder(card.number.clone());
    let asked = Asked { change, by: HoldBy::Holder, actor, way: WAY, now };
    match apply_change(work.as_mut(), policy, &asked, Some(card), &mut certificates).await {
        Ok(_) => {
            work.commit().await?;
            outcome::seal_outcome(app, card.id, change.kind(), now)
        }
        Err(Failure::Refused(refusal)) if refusal.code != Code::Stale => {
            // It was refused before anything was written.
            work.commit().await?;
            Err(refusal.into())
        }
        Err(other) => Err(other),
    }
}

fn event(app: &App, card: &Card, action: &'static str, mut payload: serde_json::Value) -> Event {
    if let Some(fields) = payload.as_object_mut() {
        fields.insert("card".into(), json!(card.number));
        fields.insert("way".into(), json!(WAY));
    }
    Event { at: app.now(), actor: Actor::Holder(card.number.clone()), action, payload }
}
