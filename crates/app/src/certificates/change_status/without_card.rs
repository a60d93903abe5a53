//! By the holder without a card at hand: it is lost, or lies at home ([`prove_holder`]).

use super::{StatusChangeRequest, apply_change, outcome};
use crate::{
    App, Failure,
    access::{WITHOUT_CARD, check_captcha, prove_holder},
    kernel::retried,
};
use kaika_domain::{
    audit::Actor,
    authorities::Policy,
    cards::Card,
    certificates::{HoldBy, check_change_allowed},
};
use kaika_wire::{AuthorityId, CardNumber, Code, StatusChange, UserCode};

/// What the holder fills in.
#[derive(Clone)]
pub struct WithoutCard {
    pub number: CardNumber,
    pub name: String,
    pub user_code: UserCode,
    pub change: StatusChange,
    /// Token and answer of a [`Captcha`](crate::access::Captcha).
    pub captcha: String,
    pub answer: String,
}

/// Gives the token under which [`change_outcome`](super::change_outcome) tells what became of it.
///
/// # Errors
/// [`Code::ChangedElsewhere`], [`Code::CaptchaWrong`], [`Code::DetailsWrong`]. Who has given all three right is told why
/// nothing changes.
#[crate::use_case]
pub async fn change_status_without_card(
    app: &App,
    authority: &AuthorityId,
    form: WithoutCard,
) -> Result<String, Failure> {
    let policy = app.policies.get(authority).ok_or(Code::NotFound)?;
    check_change_allowed(policy, form.change, HoldBy::Holder)?;
    check_captcha(app, &form.captcha, &form.answer).await?;
    let proved = prove_holder(app, authority, &form.number, &form.name, &form.user_code).await?;
    // Somebody else may change the same certificates at this moment; the code was right all the same.
    retried(|| change(app, policy, proved.card(), form.change)).await
}

async fn change(app: &App, policy: &Policy, card: &Card, change: StatusChange) -> Result<String, Failure> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    let mut certificates = work.certificates_of_card(card.id).await?;
    let actor = Actor::Holder(card.number.clone());
    let asked = StatusChangeRequest { change, by: HoldBy::Holder, actor, way: WITHOUT_CARD, now };
    apply_change(work.as_mut(), policy, &asked, Some(card), &mut certificates).await?;
    work.commit().await?;
    outcome::seal_outcome(app, card.id, change, now)
}
