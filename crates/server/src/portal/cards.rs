//! Pages of the card jobs, and what became of them.

pub(crate) mod card_job;
pub(crate) mod email;
pub(crate) mod login;
pub(crate) mod outcome;

use crate::{http::limits, site::Site};
use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

pub(crate) fn routes(site: &Site) -> Router<Site> {
    // By a form come codes, with few tries for each.
    let links = from_fn_with_state(site.clone(), limits::queries);
    let outcome = get(outcome::outcome).merge(post(outcome::confirm).layer(links.clone()));
    Router::new()
        .route("/{authority}/{kind}", get(card_job::card_job))
        .route("/{authority}/{kind}/card", get(card_job::status_change))
        .route("/{authority}/{kind}/outcome/{token}", outcome)
        .route("/{authority}/set_email/link/{token}", get(email::link).post(email::confirm).layer(links))
        .route("/{authority}/login/outcome/{token}", get(login::outcome))
        .route("/{authority}/logout", post(login::log_out))
}
