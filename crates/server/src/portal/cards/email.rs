//! 寫入安全電子郵件信箱, behind the mailed link: first the address is confirmed, then it is written to the card.

use crate::{
    http::{
        errors::Stop,
        extract::{Authority, Emails, Named, Visit},
    },
    portal::{
        cards::card_job::{CardJob, Place},
        page::{Page, View, private},
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{
    Failure,
    cards::{EmailLink, email_of_link, prove_email},
};
use kaika_domain::authorities::Policy;
use kaika_wire::{AuthorityId, CardNumber, Code, EmailAddress, EmailState, JobKind};

#[derive(Template)]
#[template(path = "cards/email-link.html")]
pub(crate) struct LinkPage<'a> {
    page: Page<'a>,
    policy: &'a Policy,
    link: Link<'a>,
}

enum Link<'a> {
    Confirm { number: CardNumber, address: EmailAddress },
    Write { number: CardNumber, address: EmailAddress, job: Box<CardJob<'a>> },
    Written,
    Over,
}

impl<'a> LinkPage<'a> {
    /// `link`: none where it is over. `job`: how the write is offered on a page.
    pub(crate) fn new(
        view: View<'a>,
        policy: &'a Policy,
        link: Option<EmailLink>,
        job: impl FnOnce(JobKind, &CardNumber) -> Result<CardJob<'a>, Failure>,
    ) -> Result<Self, Failure> {
        let link = match link {
            None => Link::Over,
            Some(EmailLink { number, address, state }) => match state {
                EmailState::AwaitingConfirmation => Link::Confirm { number, address },
                EmailState::Confirmed => {
                    let job = job(JobKind::SetEmail, &number)?;
                    let job = CardJob { place: Place::LastStep, address: Some(address.clone()), ..job };
                    Link::Write { number, address, job: Box::new(job) }
                }
                EmailState::Written => Link::Written,
            },
        };
        let title = match link {
            Link::Confirm { .. } => "portal-email-confirm",
            Link::Write { .. } => "portal-email-confirmed",
            Link::Written => "portal-job-set_email.done",
            Link::Over => "portal-email-over",
        };
        Ok(Self { page: Page::new(view, title).of_authority(policy), policy, link })
    }
}

/// Nothing is used up by looking; what was confirmed goes on from the same address.
pub(crate) async fn link(
    visit: Visit,
    policy: Authority<Emails>,
    Named((_, token)): Named<(AuthorityId, String)>,
) -> Result<Response, Stop> {
    match email_of_link(&visit.app, &policy.id, &token).await {
        Ok(found) => Ok(answer(&visit, &policy, StatusCode::OK, Some(found))?),
        Err(failure) => over(failure, &visit, &policy),
    }
}

pub(crate) async fn confirm(
    visit: Visit,
    policy: Authority<Emails>,
    Named((_, token)): Named<(AuthorityId, String)>,
) -> Result<Response, Stop> {
    match prove_email(&visit.app, &policy.id, &token).await {
        Ok(()) => {
            let kind = JobKind::SetEmail.as_str();
            Ok(Redirect::to(&format!("/{}/{kind}/link/{token}", policy.id)).into_response())
        }
        Err(failure) => over(failure, &visit, &policy),
    }
}

fn over(failure: Failure, visit: &Visit, policy: &Policy) -> Result<Response, Stop> {
    match failure {
        Failure::Refused(refusal) if refusal.code == Code::LinkOver => {
            Ok(answer(visit, policy, StatusCode::GONE, None)?)
        }
        other => Err(other.into()),
    }
}

fn answer(visit: &Visit, policy: &Policy, status: StatusCode, found: Option<EmailLink>) -> Result<Response, Failure> {
    let view = visit.view();
    let job = |kind, number: &CardNumber| CardJob::at(visit, view, policy, kind).after(&visit.app, number);
    Ok(private(status, &LinkPage::new(view, policy, found, job)?))
}
