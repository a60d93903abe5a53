//! `/mails`, in the demo alone: what was sent, as its receivers would read it.

use crate::{
    http::errors::{fail, not_found},
    portal::page::{Page, private},
    site::Site,
};
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use kaika_app::{Failure, mail::DeliveredMail};

#[derive(Template)]
#[template(path = "mail/mails.html")]
pub(crate) struct Mails<'a> {
    pub(crate) page: Page<'a>,
    /// The newest first.
    pub(crate) mails: Vec<DeliveredMail>,
}

impl Mails<'_> {
    /// Lines, and whether each is a link of ours by itself.
    fn lines<'m>(&self, mail: &'m DeliveredMail) -> Vec<(&'m str, bool)> {
        let link = |line: &str| line.starts_with("http") && !line.contains(char::is_whitespace);
        mail.text.lines().map(|line| (line, link(line))).collect()
    }
}

pub(crate) async fn mails(State(site): State<Site>, headers: HeaderMap) -> Response {
    let Some(mailbox) = site.settings.mailbox.clone() else { return not_found(headers).await };
    match mailbox.delivered().await {
        Ok(mails) => private(StatusCode::OK, &Mails { page: Page::new(site.view(&headers), "mailbox"), mails }),
        Err(error) => fail(Failure::Inconsistent(format!("the mailbox cannot be read: {error}")), &headers),
    }
}
