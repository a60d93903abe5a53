//! Gives a portal's page a ticket: with it the agent starts the job that the page asked for.

use crate::{
    App, Failure,
    cards::TicketRecord,
    kernel::{BrowserHash, OutcomeHash, TicketHash, sealed, token},
};
use kaika_domain::cards::job::CardJob;
use kaika_wire::{AuthorityId, CardNumber, Code, IssuedTicket, JobDetails, JobKind, Refusal, TicketFacts};
use time::Duration;

/// Long enough to put a card into a reader and to find the letter with the user code.
const GOOD_FOR: Duration = Duration::minutes(5);

/// More digits than any card number has.
const LONGEST_NUMBER: usize = 30;

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

const FOLLOW_UP: &str = "follow-up";

/// For a page that leads on with the same card: what it gives back with [`issue_ticket`], which settles the card.
///
/// # Errors
/// The seal failed.
pub fn follow_up(app: &App, card: &CardNumber) -> Result<String, Failure> {
    sealed::seal(app, FOLLOW_UP, &format!("{card}.{}", app.now().unix_timestamp()))
}

fn followed(app: &App, follow_up: &str) -> Result<CardNumber, Failure> {
    let text = sealed::open(app, FOLLOW_UP, follow_up)?.ok_or(Code::TicketOver)?;
    let (card, at) = text.rsplit_once('.').ok_or(Code::TicketOver)?;
    let at: i64 = at.parse().map_err(|_| Code::TicketOver)?;
    if app.now().unix_timestamp() - at > REMEMBERED.whole_seconds() {
        return Err(Code::TicketOver.into());
    }
    card.parse().map_err(|_| Code::TicketOver.into())
}

/// What a ticket is for; it stays as it is.
///
/// # Errors
/// [`Code::TicketOver`] for one that is none of ours, is over, or was used.
#[crate::use_case]
pub async fn look_at_ticket(app: &App, ticket: &str) -> Result<TicketFacts, Failure> {
    let mut reader = app.store.read().await?;
    let ticket = reader.ticket(&TicketHash::of(ticket)).await?;
    let good = |ticket: &TicketRecord| ticket.job.is_none() && app.now() < ticket.expires_at;
    let TicketRecord { kind, authority, details, .. } = ticket.filter(good).ok_or(Code::TicketOver)?;
    Ok(TicketFacts { kind, authority, number: details.of_card, digits: details.digits })
}

/// `follow_up`: of the page that leads on with the card of an earlier job. `outcome` is the path under which the page's
/// portal answers for the job.
///
/// # Errors
/// [`Code::NotFound`] for a kind of job that no page asks for, or that another use case asks for; the policy's refusal;
/// [`Code::BadRequest`] where such a job needs other details; [`Code::TicketOver`] for a follow-up of a day ago.
#[crate::use_case]
pub async fn issue_ticket(
    app: &App,
    authority: &AuthorityId,
    kind: JobKind,
    details: JobDetails,
    follow_up: Option<&str>,
) -> Result<IssuedTicket, Failure> {
    if kind == JobKind::Login {
        return Err(Code::NotFound.into());
    }
    let of_card = follow_up.map(|follow_up| followed(app, follow_up)).transpose()?;
    let details = JobDetails { of_card, ..details };
    issue(app, authority, kind, details, None).await
}

/// `browser_sha256`: where the job's outcome is for one browser alone.
pub(crate) async fn issue(
    app: &App,
    authority: &AuthorityId,
    kind: JobKind,
    details: JobDetails,
    browser_sha256: Option<BrowserHash>,
) -> Result<IssuedTicket, Failure> {
    let policy = app.policies.get(authority).ok_or(Code::NotFound)?;
    if !kind.needs_ticket() || !kind.is_for_holders() {
        return Err(Code::NotFound.into());
    }
    policy.offers(kind)?;
    CardJob::new(kind, &details, None).ok_or(Code::BadRequest)?;
    let of_form = |digits: &String| (1..=LONGEST_NUMBER).contains(&digits.len()) && digits.bytes().all(is_digit);
    let asks_number = policy.asks_number(kind) && details.of_card.is_none();
    if details.digits.is_some() != asks_number || !details.digits.iter().all(of_form) {
        return Err(Refusal::new(Code::BadRequest).detail("digits").into());
    }
    let (ticket, outcome) = (token(app.rng.as_ref()), token(app.rng.as_ref()));
    let record = TicketRecord {
        ticket_sha256: TicketHash::of(&ticket),
        outcome_sha256: OutcomeHash::of(&outcome),
        kind,
        details,
        authority: authority.clone(),
        expires_at: app.now() + GOOD_FOR,
        job: None,
        browser_sha256,
    };
    let mut work = app.store.begin().await?;
    work.insert_ticket(&record).await?;
    work.commit().await?;
    Ok(IssuedTicket {
        ticket,
        outcome: format!("/{authority}/{}/outcome/{outcome}", kind.as_str()),
        expires_in: u32::try_from(GOOD_FOR.whole_seconds()).unwrap_or_default(),
    })
}

/// The time for which a page may still ask how its job ended.
pub(crate) const REMEMBERED: Duration = Duration::days(1);

/// Deletes tickets that ran out long ago; how many they were.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn forget_tickets(app: &App) -> Result<u64, Failure> {
    let mut work = app.store.begin().await?;
    let forgotten = work.delete_tickets(app.now() - REMEMBERED).await?;
    work.commit().await?;
    Ok(forgotten)
}
