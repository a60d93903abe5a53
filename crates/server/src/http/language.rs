//! In which language a person reads: as the switch of the page says (`?lang=`), as it said before (the cookie `lang`),
//! as the browser says (`Accept-Language`).

use axum::{
    extract::{Query, Request, State},
    http::{
        HeaderMap, HeaderValue,
        header::{ACCEPT_LANGUAGE, CONTENT_TYPE, SET_COOKIE, VARY},
    },
    middleware::Next,
    response::Response,
};
use kaika_texts::Language;
use kaika_web::LanguageQuery;

use crate::{
    http::cookies::{SameSite, cookie, set_cookie},
    site::Site,
};

const COOKIE_NAME: &str = "lang";
/// A year, in seconds: people come once a year.
const REMEMBERED: u32 = 365 * 24 * 60 * 60;

/// Puts the one language into `Accept-Language`: whatever answers further in has to look nowhere else. A switch is
/// remembered where a page answers.
pub(crate) async fn one_language(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let wish = Query::<LanguageQuery>::try_from_uri(request.uri()).map(|Query(wish)| wish).unwrap_or_default();
    let wished = wish.is_named().then(|| wish.language(request.headers()));
    if let Some(language) = wished.or_else(|| remembered(request.headers())) {
        request.headers_mut().insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language.tag()));
    }
    let mut response = next.run(request).await;
    let page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if page {
        response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
        if let Some(cookie) = wished.and_then(|language| remember(&site, language)) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

fn remember(site: &Site, language: Language) -> Option<HeaderValue> {
    set_cookie(site, COOKIE_NAME, language.tag(), "/", REMEMBERED, SameSite::Lax)
}

fn remembered(headers: &HeaderMap) -> Option<Language> {
    cookie(headers, COOKIE_NAME).and_then(Language::from_tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::COOKIE;

    #[test]
    fn a_cookie_remembers_the_language() {
        for (cookie, expected) in [
            ("lang=en", Some(Language::En)),
            ("other=1; lang=zh-TW", Some(Language::ZhTw)),
            ("lang=fr", None),
            ("language=en; xlang=en", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static(cookie));
            assert_eq!(remembered(&headers), expected, "{cookie}");
        }
    }
}
