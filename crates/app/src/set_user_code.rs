//! A counter officer sets a user code, for a holder who is there in person.

use crate::{
    App, Failure, Letter, Station, UnitOfWork,
    audit::Event,
    draw_user_code,
    mail::post,
    reset_user_code::{has_user_codes, is_in_use},
};
use kaika_domain::{Actor, Card};
use kaika_wire::{CardNumber, Code, Refusal, UserCode};
use serde_json::json;

pub struct SetUserCode {
    pub card: Card,
    /// Told once, where it was drawn.
    pub drawn: Option<UserCode>,
}

/// Without a `code` one is drawn. All tries are forgiven, and the contact is told.
///
/// # Errors
/// [`Code::NotFound`] for a card that there is not, or whose authority has no user codes; [`Code::CardBarred`] for a
/// terminated one.
#[crate::use_case]
pub async fn set_user_code(
    app: &App,
    station: &Station,
    number: &CardNumber,
    code: Option<UserCode>,
) -> Result<SetUserCode, Failure> {
    let card = app.store.read().await?.card_by_number(number).await?.ok_or(Code::NotFound)?;
    has_user_codes(app, &card.authority)?;
    if !is_in_use(&card) {
        return Err(Refusal::new(Code::CardBarred).detail("the card is terminated").into());
    }
    let drawn = code.is_none().then(|| draw_user_code(app));
    let hash = match code.as_ref().or(drawn.as_ref()) {
        Some(code) => app.user_codes.hash(code).await?,
        None => return Err(Code::SecretMissing.into()),
    };
    let mut work = app.store.begin().await?;
    put(app, work.as_mut(), &card, &hash, Actor::Station(station.id), "counter").await?;
    work.commit().await?;
    Ok(SetUserCode { card, drawn })
}

/// What every way to a new user code does: links that are out are good no more, also those that somebody asked for who
/// knew the old code.
pub(crate) async fn put(
    app: &App,
    work: &mut dyn UnitOfWork,
    card: &Card,
    hash: &str,
    actor: Actor,
    by: &'static str,
) -> Result<(), Failure> {
    let now = app.now();
    work.lock_card(card.id).await?;
    work.put_user_code(card.id, hash, now).await?;
    work.void_confirmations(card.id, None, now).await?;
    work.audit(Event { at: now, actor, action: "user_code.set", payload: json!({"card": card.number, "by": by}) });
    if let Some(contact) = work.contact(card.holder).await? {
        let letter = Letter::UserCodeChanged { number: card.number.clone() };
        post(app, work, &card.authority, &contact.email, &letter, None).await?;
    }
    Ok(())
}
