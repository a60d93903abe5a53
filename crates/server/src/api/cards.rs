//! The API for counter officers, who are known by a station's key: `Authorization: Station <id>:<token>`.

use crate::{
    api::stations::station,
    http::{errors::Stop, extract::Document, limits},
    site::Site,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};
use kaika_app::{App, access::set_user_code};
use kaika_wire::{CardNumber, Code, NewUserCode, UserCodeSet};
use std::sync::Arc;

pub(crate) fn routes(site: &Site) -> Router<Site> {
    let limited = middleware::from_fn_with_state(site.clone(), limits::jobs);
    Router::new().route("/api/cards/{number}/user-code", post(new_user_code).layer(limited))
}

async fn new_user_code(
    State(app): State<Arc<App>>,
    Path(number): Path<String>,
    headers: HeaderMap,
    wish: Result<Document<NewUserCode>, Stop>,
) -> Result<Response, Stop> {
    let station = station(&app, &headers).await?;
    let number: CardNumber = number.parse().map_err(|_| Code::NotFound)?;
    let Document(NewUserCode { user_code }) = wish?;
    let set = set_user_code(&app, &station, &number, user_code).await?;
    let answer = Json(UserCodeSet { number: set.card.number, user_code: set.drawn });
    Ok(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}
