//! What did not go as planned, as a page.

use crate::portal::{
    links::LinkedText,
    page::{Page, View},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use kaika_web::html_with_status;
use kaika_wire::{Code, Refusal};

#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'a> {
    page: Page<'a>,
    message: String,
    next_step: LinkedText,
}

impl<'a> ErrorPage<'a> {
    /// `refusal` with its words. These speak of cards; what can happen to a page as well has words of its own.
    pub(crate) fn new(view: View<'a>, refusal: Refusal) -> Self {
        let title = match refusal.code {
            Code::NotFound => "portal-error-not-found",
            Code::ForeignPage => "portal-error-foreign",
            Code::TooManyRequests => "portal-error-many",
            Code::Busy => "portal-error-busy",
            Code::Internal => "portal-error-internal",
            _ => {
                let page = Page::new(view, "portal-error-other");
                let next_step = LinkedText::next_step(&refusal, None);
                return Self { page, message: refusal.message, next_step };
            }
        };
        let page = Page::new(view, title);
        let (message, next_step) = (page.t(&format!("{title}.message")), page.t(&format!("{title}.next")));
        Self { page, message, next_step: LinkedText::new(next_step) }
    }
}

/// `refusal` with its words.
pub(crate) fn error(status: StatusCode, view: View<'_>, refusal: Refusal) -> Response {
    html_with_status(status, &ErrorPage::new(view, refusal))
}
