//! `/mails`, in the demo alone: what was sent, as its receivers would read it.

use crate::{
    http::{errors::Stop, extract::Visit},
    portal::page::{Page, private},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use kaika_app::{Failure, mail::DeliveredMail};
use kaika_wire::Code;

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

pub(crate) async fn mails(visit: Visit) -> Result<Response, Stop> {
    let mailbox = visit.settings.mailbox.as_ref().ok_or(Code::NotFound)?;
    let unreadable = |error| Failure::Inconsistent(format!("the mailbox cannot be read: {error}"));
    let mails = mailbox.delivered().await.map_err(unreadable)?;
    Ok(private(StatusCode::OK, &Mails { page: Page::new(visit.view(), "mailbox"), mails }))
}
