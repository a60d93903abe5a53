//! `GET /cards`: the readers and the cards in them, for a permitted site's page, or for a program with the token.
//!
//! It tells what is on a card for everybody to read, and whether the card is of the portal that asks.

use super::{
    Agent,
    guard::{Site, refused},
    tool::authorised,
};
use crate::{
    portal::Target,
    seats::{Seat, Seated},
};
use axum::{
    Extension, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use kaika_texts::{Language, explain};
use kaika_web::LanguageQuery;
use kaika_wire::{AuthorityId, CardNumber, Code, Refusal, said_name};
use serde::Serialize;
use std::sync::Arc;
use time::OffsetDateTime;

pub(super) fn routes() -> Router<Arc<Agent>> {
    Router::new().route("/cards", get(cards))
}

#[derive(Serialize)]
struct Cards {
    /// For `GET /changes?since=`.
    changes: u64,
    readers: Vec<ReaderView>,
}

#[derive(Serialize)]
struct ReaderView {
    reader: String,
    /// Whether a card is in it.
    card: bool,
    /// None for a card that says none, or that another program has for itself.
    number: Option<CardNumber>,
    /// Why a card that is in cannot be read now.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<Refusal>,
    /// None for a card that is not of this portal's.
    authority: Option<AuthorityId>,
    /// The subject of the holder's certificate, C first.
    holder: Option<String>,
    /// As people say it.
    holder_name: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    not_before: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    not_after: Option<OffsetDateTime>,
}

async fn cards(
    State(agent): State<Arc<Agent>>,
    site: Option<Extension<Site>>,
    Query(wish): Query<LanguageQuery>,
    headers: HeaderMap,
) -> Response {
    let language = wish.language(&headers);
    if site.is_none() && !authorised(&agent, &headers) {
        return refused(StatusCode::UNAUTHORIZED, language, Code::AgentToken.into());
    }
    let looked =
        tokio::task::spawn_blocking(move || look(&agent, site.as_ref().map(|Extension(Site(site))| &**site), language));
    match looked.await {
        Ok(Ok(cards)) => Json(cards).into_response(),
        Ok(Err(refusal)) => refused(StatusCode::CONFLICT, language, refusal),
        Err(_) => refused(StatusCode::INTERNAL_SERVER_ERROR, language, Code::Internal.into()),
    }
}

fn look(agent: &Agent, portal: Option<&str>, language: Language) -> Result<Cards, Refusal> {
    let target = portal.map(|portal| Target::find(&*agent.portals, portal)).transpose()?;
    let (changes, seats) = agent.seats.look()?;
    let readers = seats.into_iter().map(|seat| view(seat, target.as_ref(), language)).collect();
    Ok(Cards { changes, readers })
}

fn view(seat: Seat, target: Option<&Target>, language: Language) -> ReaderView {
    let face = match &seat.card {
        Seated::Card(face) => Some(face),
        Seated::Nothing | Seated::Unread(_) => None,
    };
    let unread = seat.card.unread().map(|refusal| explain(language, refusal.clone()));
    let own = face.and_then(|face| face.own.as_ref());
    let authority = target.zip(own).and_then(|(target, certificate)| target.authority_of(certificate));
    let validity = face.and_then(|face| face.validity);
    ReaderView {
        card: !matches!(seat.card, Seated::Nothing),
        unread,
        number: face.and_then(|face| face.number.clone()),
        authority: authority.map(|authority| authority.id.clone()),
        holder_name: face.and_then(|face| face.holder.as_deref()).map(said_name),
        holder: face.and_then(|face| face.holder.clone()),
        not_before: validity.map(|(first, _)| first),
        not_after: validity.map(|(_, last)| last),
        reader: seat.reader,
    }
}
