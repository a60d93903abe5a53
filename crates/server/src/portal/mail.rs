//! The demo's mailbox.

pub(crate) mod mails;

use crate::site::Site;
use axum::{Router, routing::get};

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/mails", get(mails::mails))
}
