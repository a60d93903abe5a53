//! Cookies: read by name, and written so that no script and no other site gets them.

use crate::site::Site;
use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(one, _)| *one == name).map(|(_, value)| value)
}

/// Where a cookie goes with a request that another site has caused.
#[derive(Clone, Copy)]
pub(crate) enum SameSite {
    Lax,
    Strict,
}

/// `Set-Cookie` for so many seconds; none where the value cannot stand there.
pub(crate) fn set_cookie(
    site: &Site,
    name: &str,
    value: &str,
    path: &str,
    seconds: u32,
    same_site: SameSite,
) -> Option<HeaderValue> {
    let secure = if site.app.origin.starts_with("https:") { "; Secure" } else { "" };
    let same_site = match same_site {
        SameSite::Lax => "Lax",
        SameSite::Strict => "Strict",
    };
    format!("{name}={value}; Path={path}; Max-Age={seconds}; SameSite={same_site}; HttpOnly{secure}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        for (cookies, expected) in [
            ("lang=en", Some("en")),
            ("other=1; lang=zh-TW", Some("zh-TW")),
            ("language=en; xlang=en", None),
            ("lang=", Some("")),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static(cookies));
            assert_eq!(cookie(&headers, "lang"), expected, "{cookies}");
        }
    }
}
