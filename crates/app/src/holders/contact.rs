//! 聯絡人修改: the old address is told, and the new one counts once its owner has followed a link sent there.

use crate::{
    App, Failure, UnitOfWork,
    access::{
        HolderProved,
        confirmation::{self, ConfirmationRecord, Purpose},
        is_in_use,
    },
    audit::{Action, Event},
    mail::{Letter, post},
};
use kaika_domain::{audit::Actor, cards::Card, holders::Contact};
use kaika_wire::{AuthorityId, CardNumber, Code, Refusal};
use serde_json::json;

/// Who is written to about this card, as its holder may read it.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn contact_of(app: &App, proved: &HolderProved) -> Result<Option<Contact>, Failure> {
    Ok(app.store.read().await?.contact(proved.card().id).await?)
}

/// What became of the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactChangeOutcome {
    /// A link was sent to the new address.
    LinkSent,
    /// The address stays; the rest is changed.
    Changed,
}

/// # Errors
/// [`Code::DetailsWrong`] for a card that is terminated; [`Code::TooManyRequests`] where several links were sent just now.
#[crate::use_case]
pub async fn ask_contact_change(
    app: &App,
    proved: &HolderProved,
    new: &Contact,
) -> Result<ContactChangeOutcome, Failure> {
    let new = &new.clone().checked().map_err(|error| Refusal::new(Code::BadRequest).detail(error.to_string()))?;
    let card = proved.card();
    if !is_in_use(card) {
        return Err(Code::DetailsWrong.into());
    }
    let mut work = app.store.begin().await?;
    work.lock_card(card.id).await?;
    let old = work.contact(card.id).await?;
    if let Some(old) = &old
        && old.email == new.email
    {
        write_contact(app, work.as_mut(), card, new, Some(old)).await?;
        work.commit().await?;
        return Ok(ContactChangeOutcome::Changed);
    }
    let purpose = Purpose::ChangeContact;
    if !confirmation::may_ask(app, work.as_mut(), purpose, card.id.into()).await? {
        return Err(Code::TooManyRequests.into());
    }
    let asked = confirmation::ask(app, work.as_mut(), purpose, card.id.into(), json!(new), false).await?;
    let (now, authority) = (app.now(), &card.authority);
    let link = format!("{}/{authority}/contact/{}", app.origin, *asked.token);
    let letter = Letter::ContactLink { number: card.number.clone(), link, minutes: asked.minutes(now) };
    post(app, work.as_mut(), authority, &new.email, &letter, Some(asked.expires_at)).await?;
    if let Some(old) = &old {
        let letter = Letter::ContactChangeAsked { number: card.number.clone(), new: new.email.masked() };
        post(app, work.as_mut(), authority, &old.email, &letter, None).await?;
    }
    work.audit(Event {
        at: now,
        actor: Actor::Holder(card.number.clone()),
        action: Action::AskContactChange { card: card.number.clone() },
    });
    work.commit().await?;
    Ok(ContactChangeOutcome::LinkSent)
}

/// Which card a link is for, and what its contact would be; looking uses nothing up.
///
/// # Errors
/// [`Code::LinkOver`].
#[crate::use_case]
pub async fn pending_contact(
    app: &App,
    authority: &AuthorityId,
    token: &str,
) -> Result<(CardNumber, Contact), Failure> {
    let found = confirmation::look_at(app, Purpose::ChangeContact, token).await?;
    let card = app.store.read().await?.card(found.card()?).await?;
    let card = belongs(card, authority)?;
    Ok((card.number, found.payload()?))
}

/// The new contact counts from now on, and the old one is told.
///
/// # Errors
/// [`Code::LinkOver`].
#[crate::use_case]
pub async fn change_contact(app: &App, authority: &AuthorityId, token: &str) -> Result<(CardNumber, Contact), Failure> {
    let mut work = app.store.begin().await?;
    let confirmed: ConfirmationRecord = confirmation::follow(app, work.as_mut(), Purpose::ChangeContact, token).await?;
    let card = belongs(work.card(confirmed.card()?).await?, authority)?;
    let new: Contact = confirmed.payload()?;
    let old = work.contact(card.id).await?;
    write_contact(app, work.as_mut(), &card, &new, old.as_ref()).await?;
    work.commit().await?;
    Ok((card.number, new))
}

fn belongs(card: Option<Card>, authority: &AuthorityId) -> Result<Card, Failure> {
    card.filter(|card| card.authority == *authority && is_in_use(card)).ok_or_else(|| Code::LinkOver.into())
}

/// Links for the user code that went to the old address are good no more.
async fn write_contact(
    app: &App,
    work: &mut dyn UnitOfWork,
    card: &Card,
    new: &Contact,
    old: Option<&Contact>,
) -> Result<(), Failure> {
    let now = app.now();
    work.upsert_contact(card.id, new, now).await?;
    work.void_confirmations(card.id.into(), Some(Purpose::ResetUserCode), now).await?;
    if let Some(old) = old {
        let letter = Letter::ContactChanged { number: card.number.clone(), new: new.email.masked() };
        post(app, work, &card.authority, &old.email, &letter, None).await?;
    }
    work.audit(Event {
        at: now,
        actor: Actor::Holder(card.number.clone()),
        action: Action::ChangeContact { card: card.number.clone() },
    });
    Ok(())
}
