//! 憑證登入: from the ticket for one browser to its session, and who is logged in.
//!
//! The card job `login` proves card and holder. Its outcome opens one session, within a minute, in the browser that
//! asked for it; whoever else learns the outcome's address gets nothing.

use crate::{
    App, Ended, Failure, SessionRecord, StoreError,
    audit::Event,
    card_jobs::{View, token},
    issue_ticket::{REMEMBERED, issue},
};
use kaika_domain::{Actor, Card, Holder, job::may};
use kaika_wire::{AuthorityId, Code, IssuedTicket, JobDetails, JobKind};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

/// Once the card has proved itself, its page comes for the session so soon.
const TAKEN_WITHIN: Duration = Duration::seconds(60);
/// Long enough to read a list, and short where somebody goes away and leaves the page open.
const LASTS: Duration = Duration::minutes(30);

pub struct AskedLogin {
    pub ticket: IssuedTicket,
    /// What the browser keeps and no script of it reads.
    pub browser: String,
}

/// A ticket for a login in this browser. `browser`: what it keeps already, from another page that asked.
///
/// # Errors
/// [`Code::NotFound`] for an unknown authority.
#[crate::use_case]
pub async fn ask_login(app: &App, authority: &AuthorityId, browser: Option<&str>) -> Result<AskedLogin, Failure> {
    let browser = match browser {
        Some(kept) if is_token(kept) => kept.to_owned(),
        _ => token(app.rng.as_ref()),
    };
    let ticket = issue(app, authority, JobKind::Login, JobDetails::default(), Some(sha256(&browser))).await?;
    Ok(AskedLogin { ticket, browser })
}

pub struct BegunSession {
    pub token: String,
    pub expires_at: OffsetDateTime,
}

/// Opens the session that a login has earned. `outcome`: the secret of its ticket.
///
/// # Errors
/// [`Code::NotLoggedIn`] where there was no such login, in this browser and just now, or its session was opened before;
/// why the card may not log in.
#[crate::use_case]
pub async fn begin_session(
    app: &App,
    authority: &AuthorityId,
    outcome: &str,
    browser: &str,
) -> Result<BegunSession, Failure> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    let ticket = work.ticket_by_outcome(&sha256(outcome)).await?.filter(|ticket| {
        let this_browser = ticket.browser_sha256 == Some(sha256(browser));
        ticket.kind == JobKind::Login && ticket.authority == *authority && this_browser
    });
    let job = ticket.and_then(|ticket| ticket.job).ok_or(Code::NotLoggedIn)?;
    let job = work.job(job).await?.filter(|job| {
        job.state.kind() == JobKind::Login
            && job.ended == Some(Ended::Succeeded)
            && now - job.updated_at <= TAKEN_WITHIN
    });
    let job = job.ok_or(Code::NotLoggedIn)?;
    let view = View::load(app, work.as_mut(), job.card).await?;
    may(JobKind::Login, &view.facts())?;
    let token = token(app.rng.as_ref());
    let session = SessionRecord {
        token_sha256: sha256(&token),
        job: job.id,
        card: job.card,
        authority: authority.clone(),
        begun_at: now,
        expires_at: now + LASTS,
        ended_at: None,
    };
    match work.insert_session(&session).await {
        Ok(()) => {}
        Err(StoreError::Stale) => return Err(Code::NotLoggedIn.into()),
        Err(error) => return Err(error.into()),
    }
    work.audit(event(app, &view.card, "session.begin"));
    work.commit().await?;
    Ok(BegunSession { token, expires_at: session.expires_at })
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
    let view = View::load(app, reader.as_mut(), session.card).await?;
    may(JobKind::Login, &view.facts()).map_err(|_| Code::NotLoggedIn)?;
    let holder = reader.holder(view.card.holder).await?;
    let holder = holder.ok_or_else(|| Failure::Inconsistent(format!("card {} has no holder", view.card.number)))?;
    Ok(LoggedIn { card: view.card, holder, expires_at: session.expires_at })
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
        work.audit(event(app, &card, "session.end"));
        work.commit().await?;
    }
    Ok(())
}

/// Deletes sessions that ran out long ago; how many they were. As long as a login's ticket is remembered, so is that it
/// was used.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn forget_sessions(app: &App) -> Result<u64, Failure> {
    let mut work = app.store.begin().await?;
    let forgotten = work.delete_sessions(app.now() - 2 * REMEMBERED).await?;
    work.commit().await?;
    Ok(forgotten)
}

fn event(app: &App, card: &Card, action: &'static str) -> Event {
    Event {
        at: app.now(),
        actor: Actor::Holder(card.number.clone()),
        action,
        payload: json!({"card": card.number, "authority": card.authority}),
    }
}

fn sha256(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Of the form of those that are drawn here.
fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
