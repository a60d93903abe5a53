//! Pages about holders: who is written to.

pub(crate) mod contact;

use crate::{http::limits, site::Site};
use axum::{Router, middleware::from_fn_with_state, routing::get};

pub(crate) fn routes(site: &Site) -> Router<Site> {
    // Each of these forms may send a mail.
    let mails = from_fn_with_state(site.clone(), limits::mails);
    let links = from_fn_with_state(site.clone(), limits::queries);
    Router::new()
        .route("/{authority}/contact", get(contact::form).post(contact::ask).layer(mails.clone()))
        .route("/{authority}/contact/sent", get(contact::sent))
        .route("/{authority}/contact/done", get(contact::done))
        .route("/{authority}/contact/{token}", get(contact::link).post(contact::confirm).layer(links))
        .route("/{authority}/my-card/contact", get(contact::own_form).post(contact::ask_own).layer(mails))
}
