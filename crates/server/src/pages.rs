//! The portal's pages.

mod assets;
mod captcha;
mod card_job;
mod certificates;
mod contact;
mod email;
mod error;
mod fields;
mod home;
mod links;
mod login;
mod mails;
mod my_card;
mod organisation;
mod outcome;
mod page;
mod status_change;
#[cfg(test)]
mod tests;
mod user_code;

pub(crate) use error::error;

use crate::{limits, site::Site};
use axum::{
    Router, middleware,
    routing::{get, post},
};

pub(crate) fn routes(site: &Site) -> Router<Site> {
    let queries = get(certificates::form)
        .post(certificates::find)
        .layer(middleware::from_fn_with_state(site.clone(), limits::queries));
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
        .route("/{authority}/certificates/{file}", get(certificates::download))
        .route("/{authority}/user-code", get(user_code::form).post(user_code::ask).layer(mails.clone()))
        .route("/{authority}/user-code/sent", get(user_code::sent))
        .route("/{authority}/user-code/done", get(user_code::done))
        .route("/{authority}/user-code/{token}", get(user_code::link).post(user_code::set).layer(links.clone()))
        .route("/{authority}/contact", get(contact::form).post(contact::ask).layer(mails))
        .route("/{authority}/contact/sent", get(contact::sent))
        .route("/{authority}/contact/done", get(contact::done))
        .route("/{authority}/contact/{token}", get(contact::link).post(contact::confirm).layer(links))
        .route("/mails", get(mails::mails))
        .merge(organisation::routes())
        .merge(status_change::routes(site))
        .merge(captcha::routes(site))
        .merge(assets::routes())
}
