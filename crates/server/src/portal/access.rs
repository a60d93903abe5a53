//! Pages by which somebody is known: user codes, captchas, and who is logged in.

pub(crate) mod captcha;
pub(crate) mod session;
pub(crate) mod user_code;

use crate::{http::limits, site::Site};
use axum::{Router, middleware::from_fn_with_state, routing::get};

pub(crate) fn routes(site: &Site) -> Router<Site> {
    // The form may send a mail.
    let mails = from_fn_with_state(site.clone(), limits::mails);
    let links = from_fn_with_state(site.clone(), limits::queries);
    Router::new()
        .route("/{authority}/user-code", get(user_code::form).post(user_code::ask).layer(mails))
        .route("/{authority}/user-code/sent", get(user_code::sent))
        .route("/{authority}/user-code/done", get(user_code::done))
        .route("/{authority}/user-code/{token}", get(user_code::link).post(user_code::set).layer(links))
        .merge(captcha::routes(site))
}
