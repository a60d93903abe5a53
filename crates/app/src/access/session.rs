//! Who is logged in, in one browser. What opens a session is a login with the card.

use crate::{App, Failure, audit::Event, kernel::sha256};
use kaika_domain::{
    audit::Actor,
    cards::{
        Card,
        job::{CardFacts, may_login},
    },
    holders::Holder,
};
use kaika_wire::{AuthorityId, CardId, Code, JobId};
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// Longer than a login's ticket: as long as that is remembered, so is that it was used.
const REMEMBERED: Duration = Duration::days(2);

/// Somebody who has logged in with a card, in one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    pub token_sha256: [u8; 32],
    /// The login: it opens one session.
    pub job: JobId,
    pub card: CardId,
    pub authority: AuthorityId,
    pub begun_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    /// Logged out.
    pub ended_at: Option<OffsetDateTime>,
}

/// That somebody has logged in with this card; only [`logged_in`] makes one.
pub struct LoggedIn {
    pub(crate) card: Card,
    pub(crate) holder: Holder,
    expires_at: OffsetDateTime,
}

impl LoggedIn {
    pub fn card(&self) -> &Card {
        &self.card
    }

    pub fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }
}

/// Who has the session with this token, at this authority. It ends with what it rests on: a card whose certificates are
/// suspended, revoked or expired has none any more.
///
/// # Errors
/// [`Code::NotLoggedIn`].
#[crate::use_case]
pub async fn logged_in(app: &App, authority: &AuthorityId, token: &str) -> Result<LoggedIn, Failure> {
    let mut reader = app.store.read().await?;
    let session = reader.session(&sha256(token)).await?.filter(|session| {
        session.authority == *authority && session.ended_at.is_none() && app.now() < session.expires_at
    });
    let session = session.ok_or(Code::NotLoggedIn)?;
    let gone = || Failure::Inconsistent(format!("no card {}", session.card));
    let card = reader.card(session.card).await?.ok_or_else(gone)?;
    let certificates = reader.certificates_of_card(card.id).await?;
    let policy = app.policy(&card.authority)?;
    may_login(&CardFacts { policy, card: &card, certificates: &certificates, now: app.now() })
        .map_err(|_| Code::NotLoggedIn)?;
    let holder = reader.holder(card.holder).await?;
    let holder = holder.ok_or_else(|| Failure::Inconsistent(format!("card {} has no holder", card.number)))?;
    Ok(LoggedIn { card, holder, expires_at: session.expires_at })
}

/// Logs out. Who is not logged in is so already.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn end_session(app: &App, authority: &AuthorityId, token: &str) -> Result<(), Failure> {
    let mut work = app.store.begin().await?;
    let token = sha256(token);
    let Some(session) = work.session(&token).await?.filter(|session| session.authority == *authority) else {
        return Ok(());
    };
    if work.end_session(&token, app.now()).await? {
        let card = work.card(session.card).await?;
        let card = card.ok_or_else(|| Failure::Inconsistent(format!("no card {}", session.card)))?;
        work.audit(session_event(app, &card, "session.end"));
        work.commit().await?;
    }
    Ok(())
}

/// Deletes sessions that ran out long ago; how many they were.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn forget_sessions(app: &App) -> Result<u64, Failure> {
    let mut work = app.store.begin().await?;
    let forgotten = work.delete_sessions(app.now() - REMEMBERED).await?;
    work.commit().await?;
    Ok(forgotten)
}

pub(crate) fn session_event(app: &App, card: &Card, action: &'static str) -> Event {
    Event {
        at: app.now(),
        actor: Actor::Holder(card.number.clone()),
        action,
        payload: json!({"card": card.number, "authority": card.authority}),
    }
}
