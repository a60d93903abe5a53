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

use self::{
    access::{captcha, user_code},
    cards::{card_job, email, login, outcome},
    certificates::{find, list, my_card, status_change},
    holders::contact,
    mail::mails,
};
use crate::{http::limits, site::Site};
use axum::{
    Router, middleware,
    routing::{get, post},
};

pub(crate) fn routes(site: &Site) -> Router<Site> {
    let queries = get(find::form).post(find::find).layer(middleware::from_fn_with_state(site.clone(), limits::queries));
    // Each of these forms may send a mail.
    let mails = middleware::from_fn_with_state(site.clone(), limits::mails);
    let links = middleware::from_fn_with_state(site.clone(), limits::queries);
    // By a form come codes, with few tries for each.
    let outcome = get(outcome::outcome).merge(post(outcome::confirm).layer(links.clone()));
    Router::new()
        .route("/", get(home::start))
        .route("/{authority}", get(home::with_slash))
        .route("/{authority}/", get(home::home))
        .route("/{authority}/accent.css", get(assets::accent))
        .route("/{authority}/{kind}", get(card_job::card_job))
        .route("/{authority}/{kind}/card", get(card_job::status_change))
        .route("/{authority}/{kind}/outcome/{token}", outcome)
        .route("/{authority}/set_email/link/{token}", get(email::link).post(email::confirm).layer(links.clone()))
        .route("/{authority}/login/outcome/{token}", get(login::outcome))
        .route("/{authority}/logout", post(login::log_out))
        .route("/{authority}/my-card", get(my_card::my_card))
        .route("/{authority}/my-card/contact", get(contact::own_form).post(contact::ask_own).layer(mails.clone()))
        .route("/{authority}/my-card/publication", post(my_card::publish))
        .route("/{authority}/certificates", queries)
        .route("/{authority}/certificates/{file}", get(find::download))
        .route("/{authority}/user-code", get(user_code::form).post(user_code::ask).layer(mails.clone()))
        .route("/{authority}/user-code/sent", get(user_code::sent))
        .route("/{authority}/user-code/done", get(user_code::done))
        .route("/{authority}/user-code/{token}", get(user_code::link).post(user_code::set).layer(links.clone()))
        .route("/{authority}/contact", get(contact::form).post(contact::ask).layer(mails))
        .route("/{authority}/contact/sent", get(contact::sent))
        .route("/{authority}/contact/done", get(contact::done))
        .route("/{authority}/contact/{token}", get(contact::link).post(contact::confirm).layer(links))
        .route("/mails", get(mails::mails))
        .route("/privacy", get(privacy::privacy))
        .merge(list::routes())
        .merge(status_change::routes(site))
        .merge(captcha::routes(site))
        .merge(assets::routes())
}
