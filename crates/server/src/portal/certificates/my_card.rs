//! What somebody who has logged in sees of the card, and whether others find its certificates.

use crate::{
    http::{
        errors::{fail, not_found, refuse},
        session::{self, Destination},
    },
    portal::{
        access::session::Session,
        page::{Page, View, authority, private},
    },
    site::Site,
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State, rejection::FormRejection, rejection::QueryRejection},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::certificates::{MyCard, set_publication};
use kaika_domain::{authorities::Policy, cards::CardRank};
use kaika_wire::{Code, Refusal};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "certificates/my-card.html")]
pub(crate) struct MyCardPage<'a> {
    page: Page<'a>,
    policy: &'a Policy,
    session: Session,
    card: MyCard,
    /// It was decided just now.
    changed: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    changed: Option<String>,
}

/// The form as it was sent.
#[derive(Deserialize)]
pub(crate) struct Decided {
    published: Published,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Published {
    Yes,
    No,
}

pub(crate) fn page<'a>(
    view: View<'a>,
    policy: &'a Policy,
    session: Session,
    card: MyCard,
    changed: bool,
) -> MyCardPage<'a> {
    let page = Page::new(view, "my-card").of_authority(policy);
    MyCardPage { page, policy, session, card, changed }
}

pub(crate) async fn my_card(
    State(site): State<Site>,
    Path(id): Path<String>,
    shown: Result<Query<Shown>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    let who = match session::required(&site, policy, &Method::GET, &headers, Destination::MyCard).await {
        Ok(who) => who,
        Err(response) => return response,
    };
    let card = match kaika_app::certificates::my_card(&site.app, &who).await {
        Ok(card) => card,
        Err(failure) => return fail(failure, &headers),
    };
    let changed = shown.is_ok_and(|Query(shown)| shown.changed.is_some());
    private(StatusCode::OK, &page(site.view(&headers), policy, Session::of(&who), card, changed))
}

pub(crate) async fn publish(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
    decided: Result<Form<Decided>, FormRejection>,
) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    let Ok(Form(decided)) = decided else {
        return refuse(Refusal::new(Code::BadRequest).detail("the form could not be read"), &headers);
    };
    let who = match session::required(&site, policy, &Method::POST, &headers, Destination::MyCard).await {
        Ok(who) => who,
        Err(response) => return response,
    };
    match set_publication(&site.app, &who, decided.published == Published::Yes).await {
        Ok(()) => Redirect::to(&format!("/{}/my-card?changed=yes", policy.id)).into_response(),
        Err(failure) => fail(failure, &headers),
    }
}
