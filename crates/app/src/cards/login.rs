//! 憑證登入: from the ticket for one browser to its session.
//!
//! The card job `login` proves card and holder. Its outcome opens one session, within a minute, in the browser that
//! asked for it; whoever else learns the outcome's address gets nothing.

use crate::{
    App, Failure,
    access::{self, BegunSession},
    cards::{Ended, issue},
    kernel::{BrowserHash, OutcomeHash, is_token, token},
};
use kaika_domain::cards::job::{CardFacts, check_login_allowed};
use kaika_wire::{AuthorityId, Code, IssuedTicket, JobDetails, JobKind};
use time::Duration;

/// The time within which the page comes for its session, once the card has proved itself.
const TAKEN_WITHIN: Duration = Duration::seconds(60);
/// Long enough to read a list, and short where somebody goes away and leaves the page open.
const LASTS: Duration = Duration::minutes(30);

pub struct LoginTicket {
    pub ticket: IssuedTicket,
    /// What the browser keeps and no script of it reads.
    pub browser: String,
}

/// A ticket for a login in this browser. `browser`: what it keeps already, from another page that asked.
///
/// # Errors
/// [`Code::NotFound`] for an unknown authority.
#[crate::use_case]
pub async fn ask_login(app: &App, authority: &AuthorityId, browser: Option<&str>) -> Result<LoginTicket, Failure> {
    let browser = match browser {
        Some(kept) if is_token(kept) => kept.to_owned(),
        _ => token(app.rng.as_ref()),
    };
    let ticket = issue(app, authority, JobKind::Login, JobDetails::default(), Some(BrowserHash::of(&browser))).await?;
    Ok(LoginTicket { ticket, browser })
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
    let ticket = work.ticket_by_outcome(&OutcomeHash::of(outcome)).await?.filter(|ticket| {
        let this_browser = ticket.browser_sha256 == Some(BrowserHash::of(browser));
        ticket.kind == JobKind::Login && ticket.authority == *authority && this_browser
    });
    let job = ticket.and_then(|ticket| ticket.job).ok_or(Code::NotLoggedIn)?;
    let job = work.job(job).await?.filter(|job| {
        job.state.kind() == JobKind::Login
            && job.ended == Some(Ended::Succeeded)
            && now - job.updated_at <= TAKEN_WITHIN
    });
    let job = job.ok_or(Code::NotLoggedIn)?;
    let card = work.card(job.card).await?.ok_or_else(|| Failure::Inconsistent(format!("no card {}", job.card)))?;
    let certificates = work.certificates_of_card(card.id).await?;
    let policy = app.policy(&card.authority)?;
    check_login_allowed(&CardFacts { policy, card: &card, certificates: &certificates, now })?;
    let begun = access::begin(app, work.as_mut(), card.id.into(), authority, Some(job.id), LASTS).await?;
    work.commit().await?;
    Ok(begun)
}
