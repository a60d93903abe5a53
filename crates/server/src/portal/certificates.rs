//! Pages about certificates: found, listed, changed in their status.

pub(crate) mod afterwards;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod my_card;
pub(crate) mod status_change;

use crate::{http::limits, site::Site};
use axum::{Router, middleware::from_fn_with_state, routing::get};

pub(crate) fn routes(site: &Site) -> Router<Site> {
    let queries = from_fn_with_state(site.clone(), limits::queries);
    let my_card = get(my_card::my_card).post(my_card::publish);
    Router::new()
        .route("/{authority}/my-card", my_card.clone())
        // Where pages of 0.1 send their form.
        .route("/{authority}/my-card/publication", my_card)
        .route("/{authority}/certificates", get(find::form).post(find::find).layer(queries.clone()))
        .route("/{authority}/certificates/{file}", get(find::download).layer(queries))
        .merge(list::routes())
        .merge(status_change::routes(site))
}
