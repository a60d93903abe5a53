//! `/privacy`: what becomes of what is learnt of people, in the site's own words.

use crate::{
    about::{Line, Privacy, lines},
    http::errors::not_found,
    portal::page::Page,
    site::Site,
};
use askama::Template;
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use kaika_domain::authorities::policy::Text;
use kaika_web::html;

#[derive(Template)]
#[template(path = "privacy.html")]
pub(crate) struct PrivacyPage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) notice: &'a Text,
}

impl PrivacyPage<'_> {
    fn lines(&self) -> Vec<Line<'_>> {
        lines(self.page.of(self.notice))
    }
}

pub(crate) async fn privacy(State(site): State<Site>, headers: HeaderMap) -> Response {
    let page = Page::new(site.view(&headers), "portal-privacy");
    match &site.settings.about.privacy {
        Some(Privacy::Notice(notice)) => html(&PrivacyPage { page, notice }),
        Some(Privacy::Elsewhere(address)) => Redirect::to(page.of(address)).into_response(),
        None => not_found(headers).await,
    }
}
