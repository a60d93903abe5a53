//! A counter officer sets a user code, for a holder who is there in person.

use crate::{
    App, Failure,
    access::{Station, draw_user_code, has_user_codes, is_in_use, user_code::write_user_code},
};
use kaika_domain::{audit::Actor, cards::Card};
use kaika_wire::{CardNumber, Code, Refusal, UserCode};

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
    write_user_code(app, work.as_mut(), &card, &hash, Actor::Station(station.id), "counter").await?;
    work.commit().await?;
    Ok(SetUserCode { card, drawn })
}
