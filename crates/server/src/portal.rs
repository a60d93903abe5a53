//! The portal's pages.

pub(crate) mod access;
pub(crate) mod assets;
pub(crate) mod cards;
pub(crate) mod certificates;
mod error;
pub(crate) mod fields;
pub(crate) mod holders;
pub(crate) mod home;
pub(crate) mod links;
pub(crate) mod mail;
pub(crate) mod page;
pub(crate) mod privacy;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use error::error;

use crate::site::Site;
use axum::{Router, routing::get};

/// Each context has routes of its own.
pub(crate) fn routes(site: &Site) -> Router<Site> {
    Router::new()
        .route("/", get(home::start))
        .route("/{authority}", get(home::with_slash))
        .route("/{authority}/", get(home::home))
        .route("/{authority}/accent.css", get(assets::accent))
        .route("/privacy", get(privacy::privacy))
        .merge(mail::routes())
        .merge(access::routes(site))
        .merge(holders::routes(site))
        .merge(certificates::routes(site))
        .merge(cards::routes(site))
        .merge(assets::routes())
}
