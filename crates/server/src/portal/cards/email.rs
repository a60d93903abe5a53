//! 寫入安全電子郵件信箱, behind the mailed link: first the address is confirmed, then it is written to the card.

use crate::{
    http::errors::{fail, not_found},
    portal::{
        cards::card_job::CardJob,
        page::{Page, View, authority, private},
    },
    site::Site,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{
    Failure,
    cards::{EmailLink, email_of_link, prove_email},
};
use kaika_domain::authorities::Policy;
use kaika_wire::{CardNumber, Code, EmailAddress, EmailState, JobKind};

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
        job: impl FnOnce(JobKind) -> CardJob<'a>,
    ) -> Self {
        let link = match link {
            None => Link::Over,
            Some(EmailLink { number, address, state }) => match state {
                EmailState::AwaitingConfirmation => Link::Confirm { number, address },
                EmailState::Confirmed => {
                    let job = CardJob { brief: true, address: Some(address.clone()), ..job(JobKind::SetEmail) };
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
        Self { page: Page::new(view, title).of_authority(policy), policy, link }
    }
}

fn offering<'a>(site: &'a Site, id: &str) -> Option<&'a Policy> {
    authority(&site.app, id).filter(|policy| policy.offers(JobKind::SetEmail).is_ok())
}

/// Nothing is used up by looking; what was confirmed goes on from the same address.
pub(crate) async fn link(
    State(site): State<Site>,
    Path((id, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(policy) = offering(&site, &id) else { return not_found(headers).await };
    match email_of_link(&site.app, &policy.id, &token).await {
        Ok(found) => answer(&site, policy, &headers, StatusCode::OK, Some(found)),
        Err(failure) => over(failure, &site, policy, &headers),
    }
}

pub(crate) async fn confirm(
    State(site): State<Site>,
    Path((id, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(policy) = offering(&site, &id) else { return not_found(headers).await };
    match prove_email(&site.app, &policy.id, &token).await {
        Ok(()) => {
            let kind = JobKind::SetEmail.as_str();
            Redirect::to(&format!("/{}/{kind}/link/{token}", policy.id)).into_response()
        }
        Err(failure) => over(failure, &site, policy, &headers),
    }
}

fn over(failure: Failure, site: &Site, policy: &Policy, headers: &HeaderMap) -> Response {
    match failure {
        Failure::Refused(refusal) if refusal.code == Code::LinkOver => {
            answer(site, policy, headers, StatusCode::GONE, None)
        }
        other => fail(other, headers),
    }
}

fn answer(site: &Site, policy: &Policy, headers: &HeaderMap, status: StatusCode, found: Option<EmailLink>) -> Response {
    let view = site.view(headers);
    let job = |kind| CardJob::at(site, view, policy, kind);
    private(status, &LinkPage::new(view, policy, found, job))
}
