//! `/privacy`: what becomes of what is learnt of people, in the site's own words.

use crate::{
    about::{Line, Privacy, lines},
    http::{errors::Stop, extract::Visit},
    portal::page::Page,
};
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use kaika_domain::authorities::policy::Text;
use kaika_web::html;
use kaika_wire::Code;

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

pub(crate) async fn privacy(visit: Visit) -> Result<Response, Stop> {
    let page = Page::new(visit.view(), "portal-privacy");
    match visit.settings.about.privacy.as_ref().ok_or(Code::NotFound)? {
        Privacy::Notice(notice) => Ok(html(&PrivacyPage { page, notice })),
        Privacy::Elsewhere(address) => Ok(Redirect::to(page.of(address)).into_response()),
    }
}
