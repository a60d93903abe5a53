//! The portal's pages.

mod assets;
mod captcha;
mod card_job;
mod certificates;
mod error;
mod form;
mod home;
mod outcome;
mod page;
mod status_change;
#[cfg(test)]
mod tests;

pub(crate) use error::error;

use crate::{limits, site::Site};
use axum::{Router, middleware, routing::get};

pub(crate) fn routes(site: &Site) -> Router<Site> {
    let queries = get(certificates::form)
        .post(certificates::find)
        .layer(middleware::from_fn_with_state(site.clone(), limits::queries));
    Router::new()
        .route("/", get(home::start))
        .route("/{authority}", get(home::with_slash))
        .route("/{authority}/", get(home::home))
        .route("/{authority}/accent.css", get(assets::accent))
        .route("/{authority}/{kind}", get(card_job::card_job))
        .route("/{authority}/{kind}/outcome/{token}", get(outcome::outcome))
        .route("/{authority}/certificates", queries)
        .route("/{authority}/certificates/{file}", get(certificates::download))
        .merge(status_change::routes(site))
        .merge(captcha::routes(site))
        .merge(assets::routes())
}
