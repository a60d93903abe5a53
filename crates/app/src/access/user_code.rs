//! User codes: who has them, and what every way to a new one does.

use crate::{
    App, Failure, UnitOfWork,
    audit::{Action, Event},
    kernel::draw,
    mail::{Letter, post},
};
use kaika_domain::{
    audit::Actor,
    cards::{Card, CardState},
};
use kaika_wire::{AuthorityId, Code, UserCode};
use time::OffsetDateTime;

#[derive(Clone, PartialEq, Eq)]
pub struct UserCodeRecord {
    /// argon2id in PHC string format.
    pub hash: String,
    /// Wrong tries since it was set or last right; debited before a try is tested.
    pub fails: u8,
    /// The same, of the pages that ask for no card.
    pub fails_without_card: u8,
    pub set_at: OffsetDateTime,
}

/// Eight signs that are not taken for one another when they are read from paper.
pub fn draw_user_code(app: &App) -> UserCode {
    let text =
        zeroize::Zeroizing::new(draw(app.rng.as_ref(), 8, b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"));
    UserCode::parse(&text).expect("eight visible characters are a user code")
}

/// What every way to a new user code does: links that are out are good no more, also those that somebody asked for who
/// knew the old code.
pub(super) async fn write_user_code(
    app: &App,
    work: &mut dyn UnitOfWork,
    card: &Card,
    hash: &str,
    actor: Actor,
    by: &'static str,
) -> Result<(), Failure> {
    let now = app.now();
    work.lock_card(card.id).await?;
    work.upsert_user_code(card.id, hash, now).await?;
    work.void_confirmations(card.id.into(), None, now).await?;
    work.audit(Event { at: now, actor, action: Action::SetUserCode { card: card.number.clone(), by } });
    if let Some(contact) = work.contact(card.id).await? {
        let letter = Letter::UserCodeChanged { number: card.number.clone() };
        post(app, work, &card.authority, &contact.email, &letter, None).await?;
    }
    Ok(())
}

pub(crate) fn has_user_codes(app: &App, authority: &AuthorityId) -> Result<(), Failure> {
    let policy = app.policies.get(authority).ok_or(Code::NotFound)?;
    policy.user_code.is_some().then_some(()).ok_or_else(|| Code::NotFound.into())
}

/// A terminated card needs no user code any more.
pub(crate) fn is_in_use(card: &Card) -> bool {
    !matches!(card.state, CardState::Terminated { .. })
}
