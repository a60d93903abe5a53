//! What somebody who has logged in sees of the card, and whether others find its certificates.

use crate::{
    http::{
        errors::Stop,
        extract::{Authority, Filled, Visit, Who},
    },
    portal::{
        access::session::Session,
        page::{Page, View, private},
    },
};
use askama::Template;
use axum::{
    extract::{Query, rejection::QueryRejection},
    http::StatusCode,
    response::{Redirect, Response},
};
use kaika_app::{
    access::CardPrincipal,
    certificates::{MyCard, set_publication},
};
use kaika_domain::{authorities::Policy, cards::CardRank};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "certificates/my-card.html")]
pub(crate) struct MyCardPage<'a> {
    page: Page<'a>,
    policy: &'a Policy,
    session: Session,
    mine: MyCard,
    /// It was decided just now.
    changed: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct MyCardQuery {
    changed: Option<String>,
}

/// The form as it was sent.
#[derive(Deserialize)]
pub(crate) struct PublicationForm {
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
    mine: MyCard,
    changed: bool,
) -> MyCardPage<'a> {
    let page = Page::new(view, "my-card").of_authority(policy);
    MyCardPage { page, policy, session, mine, changed }
}

pub(crate) async fn my_card(
    visit: Visit,
    policy: Authority,
    who: Who<CardPrincipal>,
    query: Result<Query<MyCardQuery>, QueryRejection>,
) -> Result<Response, Stop> {
    let mine = kaika_app::certificates::my_card(&visit.app, &who.principal).await?;
    let changed = query.is_ok_and(|Query(query)| query.changed.is_some());
    Ok(private(StatusCode::OK, &page(visit.view(), &policy, who.session, mine, changed)))
}

pub(crate) async fn publish(
    visit: Visit,
    policy: Authority,
    who: Who<CardPrincipal>,
    Filled(form): Filled<PublicationForm>,
) -> Result<Redirect, Stop> {
    set_publication(&visit.app, &who.principal, form.published == Published::Yes).await?;
    Ok(Redirect::to(&format!("/{}/my-card?changed=yes", policy.id)))
}
