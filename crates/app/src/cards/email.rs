//! 寫入安全電子郵件信箱: that an address is its owner's, shown by the link in a mail or by the code beside it. What is
//! proved counts for a day, in which the holder has certificates written that name it.

use crate::{
    App, Failure, UnitOfWork,
    access::confirmation::{self, Purpose},
    audit::{Action, Event},
    cards::{Ended, jobs::View},
    mail::{Letter, post},
};
use kaika_domain::{
    audit::Actor,
    cards::{Card, ProvedEmail, job::CardJob},
};
use kaika_wire::{AuthorityId, CardId, CardNumber, Code, EmailAddress, EmailState, JobKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
struct EmailRequest {
    email: EmailAddress,
}

/// Which card a mailed link is for, and how far it is with the address.
pub struct EmailLink {
    pub number: CardNumber,
    pub address: EmailAddress,
    pub state: EmailState,
}

/// Sends a mail with a link and a code to the address: its holder has proved to have the card.
///
/// # Errors
/// [`Code::TooManyRequests`] where several were sent just now.
pub(crate) async fn ask_email_proof(app: &App, card: &Card, address: &EmailAddress) -> Result<(), Failure> {
    let purpose = Purpose::WriteEmail;
    let mut work = app.store.begin().await?;
    work.lock_card(card.id).await?;
    if !confirmation::may_ask(app, work.as_mut(), purpose, card.id.into()).await? {
        return Err(Code::TooManyRequests.into());
    }
    let payload = json!(EmailRequest { email: address.clone() });
    let asked = confirmation::ask(app, work.as_mut(), purpose, card.id.into(), payload, true).await?;
    let (now, authority) = (app.now(), &card.authority);
    let kind = JobKind::SetEmail.as_str();
    let letter = Letter::EmailProof {
        number: card.number.clone(),
        link: format!("{}/{authority}/{kind}/link/{}", app.origin, *asked.token),
        code: asked.code.as_deref().cloned().unwrap_or_default(),
        minutes: asked.minutes(now),
    };
    post(app, work.as_mut(), authority, address, &letter, Some(asked.expires_at)).await?;
    work.audit(event(app, card, Action::AskEmailProof { card: card.number.clone() }));
    work.commit().await?;
    Ok(())
}

/// # Errors
/// [`Code::LinkOver`] where nothing is open, no try is left, or the code is another or for another address.
pub(crate) async fn prove_email_by_code(
    app: &App,
    card: CardId,
    address: &EmailAddress,
    code: &str,
) -> Result<(), Failure> {
    let tested = confirmation::test_code(app, Purpose::WriteEmail, card.into(), code).await?;
    let mut work = app.store.begin().await?;
    let confirmed = confirmation::follow_code(app, work.as_mut(), &tested).await?;
    if confirmed.payload::<EmailRequest>()?.email != *address {
        return Err(Code::LinkOver.into());
    }
    let card = work.card(card).await?.ok_or(Code::LinkOver)?;
    proved(app, work.as_mut(), card, address.clone()).await?;
    work.commit().await?;
    Ok(())
}

/// The code typed on the page that tells how the job ended which asked for it: `outcome` is its secret.
///
/// # Errors
/// As [`prove_email_by_code`]; [`Code::NotFound`] for a page that waits for no code.
#[crate::use_case]
pub async fn prove_email_on_page(app: &App, authority: &AuthorityId, outcome: &str, code: &str) -> Result<(), Failure> {
    let mut reader = app.store.read().await?;
    let job = crate::cards::job_of_page(reader.as_mut(), authority, JobKind::SetEmail, outcome).await?;
    drop(reader);
    let (card, written) = match &job.state {
        CardJob::SetEmail(set_email) if job.ended == Some(Ended::Succeeded) => (job.card, set_email.outcome()),
        _ => return Err(Code::NotFound.into()),
    };
    if written.state != EmailState::AwaitingConfirmation {
        return Err(Code::NotFound.into());
    }
    prove_email_by_code(app, card, &written.address, code).await
}

/// Looking uses nothing up; a link that was followed tells how it went on.
///
/// # Errors
/// [`Code::LinkOver`].
#[crate::use_case]
pub async fn email_of_link(app: &App, authority: &AuthorityId, token: &str) -> Result<EmailLink, Failure> {
    let found = confirmation::look_back(app, Purpose::WriteEmail, token).await?;
    let mut reader = app.store.read().await?;
    let view = View::load(app, reader.as_mut(), found.card()?).await?;
    if view.card.authority != *authority {
        return Err(Code::LinkOver.into());
    }
    let address = found.payload::<EmailRequest>()?.email;
    let state = match found.is_open(app.now()) {
        true => EmailState::AwaitingConfirmation,
        false => view.email_state(&address)?,
    };
    match state {
        EmailState::AwaitingConfirmation if !found.is_open(app.now()) => Err(Code::LinkOver.into()),
        state => Ok(EmailLink { number: view.card.number.clone(), address, state }),
    }
}

/// # Errors
/// [`Code::LinkOver`].
#[crate::use_case]
pub async fn prove_email(app: &App, authority: &AuthorityId, token: &str) -> Result<(), Failure> {
    let mut work = app.store.begin().await?;
    let confirmed = confirmation::follow(app, work.as_mut(), Purpose::WriteEmail, token).await?;
    let card = work.card(confirmed.card()?).await?.filter(|card| card.authority == *authority).ok_or(Code::LinkOver)?;
    let address = confirmed.payload::<EmailRequest>()?.email;
    proved(app, work.as_mut(), card, address).await?;
    work.commit().await?;
    Ok(())
}

async fn proved(app: &App, work: &mut dyn UnitOfWork, mut card: Card, address: EmailAddress) -> Result<(), Failure> {
    card.proved_email = Some(ProvedEmail { address, at: app.now() });
    work.update_card(&mut card).await?;
    work.audit(event(app, &card, Action::ProveEmail { card: card.number.clone() }));
    Ok(())
}

fn event(app: &App, card: &Card, action: Action) -> Event {
    Event { at: app.now(), actor: Actor::Holder(card.number.clone()), action }
}
