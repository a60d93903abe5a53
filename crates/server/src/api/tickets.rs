//! `POST /{authority}/{kind}/tickets`, with what the page's form has: what a portal's page hands to the card window.

use crate::{
    http::{
        errors::{Stop, bad_json},
        extract::Named,
        guard, limits, session,
    },
    portal::fields::card_digits,
    site::Site,
};
use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::{HeaderMap, header},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};
use kaika_app::{
    App,
    cards::{LoginTicket, ask_login, issue_ticket},
};
use kaika_wire::{
    AuthorityId, Code, IssuedTicket, JobDetails, JobKind, Refusal, StatusChange, StatusChangeKind, ValueError,
};
use serde::Deserialize;

pub(crate) fn routes(site: &Site) -> Router<Site> {
    Router::new()
        .route("/{authority}/{kind}/tickets", post(issue))
        .layer(middleware::from_fn_with_state(site.clone(), limits::tickets))
        .layer(middleware::from_fn_with_state(site.clone(), guard::own_pages_only))
        .layer(middleware::from_fn_with_state(site.clone(), guard::own_host))
}

async fn issue(
    State(site): State<Site>,
    Named((authority, kind)): Named<(AuthorityId, JobKind)>,
    headers: HeaderMap,
    typed: Result<Option<Json<TicketForm>>, JsonRejection>,
) -> Result<Response, Stop> {
    let typed = typed.map_err(|rejection| bad_json(&rejection))?;
    let typed = typed.map(|Json(typed)| typed).unwrap_or_default();
    if kind != JobKind::Login {
        return Ok(answer(
            &issue_ticket(
                &site.app,
                &authority,
                kind,
                typed.details(&site.app, &authority, kind)?,
                typed.follow_up.as_deref(),
            )
            .await?,
        ));
    }
    let LoginTicket { ticket, browser } = ask_login(&site.app, &authority, session::browser(&headers)).await?;
    let mut answer = answer(&ticket);
    session::keep_browser(&site, &authority, &browser, &mut answer);
    Ok(answer)
}

fn answer(ticket: &IssuedTicket) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(ticket)).into_response()
}

/// The page's form, as it was filled in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TicketForm {
    email: Option<String>,
    /// Of the card number.
    digits: Option<String>,
    reason: Option<String>,
    /// The box that says that a revocation is final.
    sure: Option<String>,
    /// Of the page that leads on with the card of an earlier job.
    follow_up: Option<String>,
}

impl TicketForm {
    fn details(&self, app: &App, authority: &AuthorityId, kind: JobKind) -> Result<JobDetails, Refusal> {
        let policy = app.policies.get(authority).ok_or(Code::NotFound)?;
        let wrong = |field: &str, what: String| Refusal::new(Code::BadRequest).detail(format!("{field}: {what}"));
        let email = self.email.as_deref().map(str::parse).transpose();
        let email = email.map_err(|error: ValueError| wrong("email", error.to_string()))?;
        let change = match (kind.status_change(), &self.reason) {
            (Some(StatusChangeKind::Revoke), _) if self.sure.is_none() => {
                return Err(wrong("sure", "it is final, and that has to be said".to_owned()));
            }
            (Some(change), Some(reason)) => {
                Some(StatusChange::parse(change, reason).map_err(|error| wrong("reason", error.to_string()))?)
            }
            _ => None,
        };
        let digits = self.digits.as_deref().map(|typed| {
            card_digits(policy, typed).ok_or_else(|| wrong("digits", "not those of a card number".to_owned()))
        });
        Ok(JobDetails { change, email, digits: digits.transpose()?, of_card: None })
    }
}
