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

/// The steps of a job, by the keys of their names; `writes`: the card window is needed a second time, to write to the card.
pub(crate) fn steps(writes: &bool) -> impl Iterator<Item = &'static str> {
    let write = writes.then_some("portal-step-write");
    ["portal-step-prepare", "portal-step-window"].into_iter().chain(write).chain(["portal-step-done"])
}

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
