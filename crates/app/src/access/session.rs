//! Who is logged in, in one browser.

use crate::{
    App, Failure, Reader, StoreError, UnitOfWork,
    audit::{Action, Event},
    kernel::{SessionHash, token},
    store::holder_of,
};
use kaika_domain::{
    access::Subject,
    audit::Actor,
    cards::{
        Card,
        job::{CardFacts, check_login_allowed},
    },
    holders::Holder,
};
use kaika_wire::{AccountId, AuthorityId, CardId, CardNumber, ClientId, Code, JobId, OfficerId};
use time::{Duration, OffsetDateTime};

/// Longer than a login's ticket: as long as that is remembered, so is that it was used.
const REMEMBERED: Duration = Duration::days(2);

/// Somebody who has logged in, in one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    pub token_sha256: SessionHash,
    /// Who.
    pub subject: Subject,
    pub authority: AuthorityId,
    /// The card job that it began with, where there was one: that opens one session.
    pub job: Option<JobId>,
    pub begun_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    /// Logged out.
    pub ended_at: Option<OffsetDateTime>,
}

/// That somebody has logged in; only [`logged_in`] makes one.
pub struct LoggedIn {
    principal: Principal,
    expires_at: OffsetDateTime,
}

/// Who has logged in.
pub enum Principal {
    Card(Box<CardPrincipal>),
    Account(AccountId),
    Officer(OfficerId),
    Client(ClientId),
}

/// That somebody has logged in with this card; only [`logged_in`] makes one.
pub struct CardPrincipal {
    pub(crate) card: Card,
    pub(crate) holder: Holder,
}

impl LoggedIn {
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn into_principal(self) -> Principal {
        self.principal
    }

    pub fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }
}

impl CardPrincipal {
    pub fn card(&self) -> &Card {
        &self.card
    }
}

pub struct BegunSession {
    pub token: String,
    pub expires_at: OffsetDateTime,
}

/// Opens a session in this transaction, whichever way it was that somebody has shown who it is.
///
/// # Errors
/// [`Code::NotLoggedIn`] where this job has opened one before.
pub(crate) async fn begin(
    app: &App,
    work: &mut dyn UnitOfWork,
    subject: Subject,
    authority: &AuthorityId,
    job: Option<JobId>,
    lasts: Duration,
) -> Result<BegunSession, Failure> {
    let (now, token) = (app.now(), token(app.rng.as_ref()));
    let session = SessionRecord {
        token_sha256: SessionHash::of(&token),
        subject,
        authority: authority.clone(),
        job,
        begun_at: now,
        expires_at: now + lasts,
        ended_at: None,
    };
    match work.insert_session(&session).await {
        Ok(()) => {}
        Err(StoreError::Stale) => return Err(Code::NotLoggedIn.into()),
        Err(error) => return Err(error.into()),
    }
    let (actor, card) = who(work, subject).await?;
    work.audit(Event { at: now, actor, action: Action::BeginSession { card, authority: authority.clone() } });
    Ok(BegunSession { token, expires_at: session.expires_at })
}

/// The session with this token, at this authority, where it is neither over nor ended.
///
/// # Errors
/// [`Code::NotLoggedIn`].
async fn open_session(
    app: &App,
    reader: &mut dyn Reader,
    authority: &AuthorityId,
    token: &str,
) -> Result<SessionRecord, Failure> {
    let session = reader.session(&SessionHash::of(token)).await?.filter(|session| {
        session.authority == *authority && session.ended_at.is_none() && app.now() < session.expires_at
    });
    session.ok_or_else(|| Code::NotLoggedIn.into())
}

/// Who has the session with this token, at this authority. It ends with what it rests on: a card whose certificates are
/// suspended, revoked or expired has none any more.
///
/// # Errors
/// [`Code::NotLoggedIn`].
#[crate::use_case]
pub async fn logged_in(app: &App, authority: &AuthorityId, token: &str) -> Result<LoggedIn, Failure> {
    let mut reader = app.store.read().await?;
    let session = open_session(app, reader.as_mut(), authority, token).await?;
    let principal = match session.subject {
        Subject::Card(card) => Principal::Card(Box::new(with_card(app, reader.as_mut(), card).await?)),
        Subject::Account(account) => Principal::Account(account),
        Subject::Officer(officer) => Principal::Officer(officer),
        Subject::Client(client) => Principal::Client(client),
    };
    Ok(LoggedIn { principal, expires_at: session.expires_at })
}

async fn with_card(app: &App, reader: &mut dyn Reader, card: CardId) -> Result<CardPrincipal, Failure> {
    let card = reader.card(card).await?.ok_or_else(|| Failure::Inconsistent(format!("no card {card}")))?;
    let certificates = reader.certificates_of_card(card.id).await?;
    let policy = app.policy(&card.authority)?;
    check_login_allowed(&CardFacts { policy, card: &card, certificates: &certificates, now: app.now() })
        .map_err(|_| Code::NotLoggedIn)?;
    let holder = holder_of(reader, &card).await?;
    Ok(CardPrincipal { card, holder })
}

/// Logs out; who that was. Who is not logged in is so already.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn end_session(app: &App, authority: &AuthorityId, token: &str) -> Result<Option<Subject>, Failure> {
    let mut work = app.store.begin().await?;
    let token = SessionHash::of(token);
    let Some(session) = work.session(&token).await?.filter(|session| session.authority == *authority) else {
        return Ok(None);
    };
    if work.end_session(&token, app.now()).await? {
        let (actor, card) = who(work.as_mut(), session.subject).await?;
        let action = Action::EndSession { card, authority: authority.clone() };
        work.audit(Event { at: app.now(), actor, action });
        work.commit().await?;
    }
    Ok(Some(session.subject))
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

/// As the audit log names them.
async fn who(reader: &mut dyn Reader, subject: Subject) -> Result<(Actor, Option<CardNumber>), Failure> {
    Ok(match subject {
        Subject::Card(card) => {
            let card = reader.card(card).await?.ok_or_else(|| Failure::Inconsistent(format!("no card {card}")))?;
            (Actor::Holder(card.number.clone()), Some(card.number))
        }
        Subject::Account(account) => (Actor::Account(account), None),
        Subject::Officer(officer) => (Actor::Officer(officer), None),
        Subject::Client(client) => (Actor::Client(client), None),
    })
}
