//! 用戶代碼重設: who knows card number and holder's name has a link sent to the contact on record, and by the link a new
//! user code is set.

use crate::{
    App, Failure,
    access::{
        confirmation::{self, Purpose},
        has_user_codes, is_in_use,
        user_code::write_user_code,
    },
    audit::{Action, Event},
    mail::{Letter, post},
    store::holder_of,
};
use kaika_domain::audit::Actor;
use kaika_wire::{AuthorityId, CardNumber, Code, UserCode};
use serde_json::Value;

/// Sends a link, where there is such a card with a contact, and not several were sent just now. Nobody is told which of
/// it was so: a stranger does not learn who has a card.
///
/// # Errors
/// The authority has no user codes, or the store failed.
#[crate::use_case]
pub async fn ask_user_code_reset(
    app: &App,
    authority: &AuthorityId,
    number: &CardNumber,
    name: &str,
) -> Result<(), Failure> {
    has_user_codes(app, authority)?;
    let mut work = app.store.begin().await?;
    let card = work.card_by_number(number).await?.filter(|card| card.authority == *authority && is_in_use(card));
    let Some(card) = card else { return Ok(()) };
    let holder = holder_of(work.as_mut(), &card).await?;
    if !holder.is_called(name) {
        return Ok(());
    }
    work.lock_card(card.id).await?;
    let Some(contact) = work.contact(card.id).await? else { return Ok(()) };
    let purpose = Purpose::ResetUserCode;
    if !confirmation::may_ask(app, work.as_mut(), purpose, card.id.into()).await? {
        return Ok(());
    }
    let asked = confirmation::ask(app, work.as_mut(), purpose, card.id.into(), Value::Null, false).await?;
    let now = app.now();
    let link = format!("{}/{authority}/user-code/{}", app.origin, *asked.token);
    let letter = Letter::UserCodeLink { number: card.number.clone(), link, minutes: asked.minutes(now) };
    post(app, work.as_mut(), authority, &contact.email, &letter, Some(asked.expires_at)).await?;
    work.audit(Event {
        at: now,
        // Who asked is not known; that the contact was written to is.
        actor: Actor::Authority(authority.clone()),
        action: Action::SendUserCodeLink { card: card.number.clone() },
    });
    work.commit().await?;
    Ok(())
}

/// Which card a link is for; looking uses nothing up.
///
/// # Errors
/// [`Code::LinkOver`].
#[crate::use_case]
pub async fn card_of_reset(app: &App, authority: &AuthorityId, token: &str) -> Result<CardNumber, Failure> {
    let found = confirmation::look_at(app, Purpose::ResetUserCode, token).await?;
    let card = app.store.read().await?.card(found.card()?).await?;
    let card = card.filter(|card| card.authority == *authority && is_in_use(card)).ok_or(Code::LinkOver)?;
    Ok(card.number)
}

/// Sets the user code, forgives all tries, and tells the contact.
///
/// # Errors
/// [`Code::LinkOver`].
#[crate::use_case]
pub async fn reset_user_code(
    app: &App,
    authority: &AuthorityId,
    token: &str,
    code: &UserCode,
) -> Result<CardNumber, Failure> {
    // Before the hash, which costs work.
    card_of_reset(app, authority, token).await?;
    let hash = app.user_codes.hash(code).await?;
    let mut work = app.store.begin().await?;
    let confirmed = confirmation::follow(app, work.as_mut(), Purpose::ResetUserCode, token).await?;
    let card = work.card(confirmed.card()?).await?;
    let card = card.filter(|card| card.authority == *authority && is_in_use(card)).ok_or(Code::LinkOver)?;
    write_user_code(app, work.as_mut(), &card, &hash, Actor::Holder(card.number.clone()), "mail").await?;
    work.commit().await?;
    Ok(card.number)
}
