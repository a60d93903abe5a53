//! The API for counter officers, who are known by a station's key: `Authorization: Station <id>:<token>`.

use crate::{
    api::stations::station,
    http::{
        errors::{bad_json, fail, refuse},
        limits,
    },
    site::Site,
};
use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
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
    wish: Result<Json<NewUserCode>, JsonRejection>,
) -> Response {
    let station = match station(&app, &headers).await {
        Ok(station) => station,
        Err(failure) => return fail(failure, &headers),
    };
    let Ok(number) = number.parse::<CardNumber>() else { return refuse(Code::NotFound.into(), &headers) };
    let Json(wish) = match wish {
        Ok(wish) => wish,
        Err(rejection) => return bad_json(&rejection, &headers),
    };
    match set_user_code(&app, &station, &number, wish.user_code).await {
        Ok(set) => {
            let answer = Json(UserCodeSet { number: set.card.number, user_code: set.drawn });
            ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
        }
        Err(failure) => fail(failure, &headers),
    }
}
