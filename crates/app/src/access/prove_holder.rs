//! Without a card in a reader, a holder is known by card number, name and user code.
//!
//! Whoever fails learns nothing: an unknown card, another holder's name, a wrong code and a locked way get the same
//! answer after the same work. The tries have a counter of their own, so that nobody who has read a card's number locks
//! the code that its holder needs with the card; and only who names its holder spends any.

use crate::{
    App, Failure,
    access::{CardPrincipal, has_user_codes},
    audit::{Action, Event, Through},
    store::holder_of,
};
use kaika_domain::{audit::Actor, authorities::Policy, cards::Card};
use kaika_wire::{AuthorityId, CardNumber, Code, Refusal, UserCode};

/// How the holder was known, for the audit log.
pub(crate) const WITHOUT_CARD: &str = "without_card";

/// That somebody has shown to be the holder of this card: by the user code, or by a login with it. Nothing else makes one.
pub struct HolderProved {
    card: Card,
}

impl HolderProved {
    pub fn card(&self) -> &Card {
        &self.card
    }
}

impl From<CardPrincipal> for HolderProved {
    fn from(who: CardPrincipal) -> Self {
        Self { card: who.card }
    }
}

/// A try is debited and committed before the code is tested, and given back when it was right. `name`: of the holder, as
/// [`Holder::is_called`](kaika_domain::holders::Holder::is_called) takes it.
///
/// # Errors
/// [`Code::DetailsWrong`] for everything that a stranger may be guessing at.
#[crate::use_case]
pub async fn prove_holder(
    app: &App,
    authority: &AuthorityId,
    number: &CardNumber,
    name: &str,
    code: &UserCode,
) -> Result<HolderProved, Failure> {
    has_user_codes(app, authority)?;
    let policy = app.policy(authority)?;
    let right = match named_card(app, policy, number, name).await? {
        Some(card) => test_user_code(app, policy, &card, code).await?.then_some(card),
        None => {
            same_work(app, code).await?;
            None
        }
    };
    right.map(|card| HolderProved { card }).ok_or_else(|| {
        let contact = Some(policy.contact.telephone.clone());
        Refusal { authority: Some(policy.id.clone()), contact, ..Code::DetailsWrong.into() }.into()
    })
}

/// The card, where it is this authority's and its holder is called so.
async fn named_card(app: &App, policy: &Policy, number: &CardNumber, name: &str) -> Result<Option<Card>, Failure> {
    let mut reader = app.store.read().await?;
    let card = reader.card_by_number(number).await?.filter(|card| card.authority == policy.id);
    let Some(card) = card else { return Ok(None) };
    let holder = holder_of(reader.as_mut(), &card).await?;
    Ok(holder.is_called(name).then_some(card))
}

async fn test_user_code(app: &App, policy: &Policy, card: &Card, code: &UserCode) -> Result<bool, Failure> {
    let limit = policy.user_code_tries();
    let mut work = app.store.begin().await?;
    let Some(record) = work.debit_user_code_without_card(card.id, limit).await? else {
        drop(work);
        same_work(app, code).await?;
        return Ok(false);
    };
    let through = || Through::Way { way: WITHOUT_CARD };
    work.audit(event(app, card, Action::TryUserCode { card: card.number.clone(), through: through() }));
    work.commit().await?;
    let right = app.user_codes.verify(&record.hash, code).await?;
    let mut work = app.store.begin().await?;
    match right {
        true => work.credit_user_code_without_card(card.id, &record.hash).await?,
        false => {
            let tries_left = limit.saturating_sub(record.fails_without_card);
            let action = Action::WrongUserCode { card: card.number.clone(), through: through(), tries_left };
            work.audit(event(app, card, action));
        }
    }
    work.commit().await?;
    Ok(right)
}

/// Where no code can be tested, the work of testing one is done: by the time it takes nobody tells one from the other.
async fn same_work(app: &App, code: &UserCode) -> Result<(), Failure> {
    app.user_codes.hash(code).await?;
    Ok(())
}

fn event(app: &App, card: &Card, action: Action) -> Event {
    Event { at: app.now(), actor: Actor::Holder(card.number.clone()), action }
}
