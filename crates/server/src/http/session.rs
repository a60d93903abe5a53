//! The session of somebody who has logged in with a card: a cookie for one authority's pages, kept from scripts and from
//! requests that other sites cause.

use crate::{
    http::{
        cookies::{SameSite, cookie, set_cookie},
        errors::Stop,
    },
    site::Site,
};
use axum::{
    http::{HeaderMap, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{
    Failure,
    access::{BegunSession, LoggedIn, logged_in},
};
use kaika_domain::authorities::Policy;
use kaika_wire::{AuthorityId, Code};
use serde::Deserialize;

const SESSION: &str = "session";
/// Of the browser that asks for a login.
const BROWSER: &str = "login";
/// A ticket is good for five minutes, a job and its page take some more.
const BROWSER_SECONDS: u32 = 15 * 60;

/// Where somebody wants to be who is to log in first: the path of a page, below an authority's.
///
/// Words in small letters, so that it leads to no other site and names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Destination(String);

impl TryFrom<String> for Destination {
    type Error = &'static str;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        let is_word =
            |word: &str| !word.is_empty() && word.chars().all(|char| char.is_ascii_lowercase() || char == '-');
        let is_path = path.len() <= Self::LONGEST && path.split('/').all(is_word);
        is_path.then_some(Self(path)).ok_or("not a page's path")
    }
}

impl Destination {
    const LONGEST: usize = 64;

    /// The page at an address below an authority's, or that of which it is a file; none where nobody can come back to it.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let (_, below) = path.trim_start_matches('/').split_once('/')?;
        let page = below.split_once('.').map_or(below, |(page, _)| page);
        page.to_owned().try_into().ok()
    }

    pub(crate) fn path(&self) -> &str {
        &self.0
    }
}

/// What the address of a login's page says: how it was come to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoginQuery {
    /// None for somebody who came to the login by itself.
    pub(crate) to: Option<Destination>,
    /// The session that there was is over.
    pub(crate) over: Option<Over>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Over {
    /// By itself.
    Yes,
    LoggedOut,
}

impl LoginQuery {
    /// As the language switch keeps it.
    pub(crate) fn kept(&self) -> String {
        self.to.as_ref().map(|to| format!("&to={}", to.path())).unwrap_or_default()
    }
}

pub(crate) fn browser(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, BROWSER)
}

/// Puts what the browser keeps until its login is done into the answer.
pub(crate) fn keep_browser(site: &Site, authority: &AuthorityId, browser: &str, response: &mut Response) {
    let path = format!("/{authority}/login/");
    let cookie = set_cookie(site, BROWSER, browser, &path, BROWSER_SECONDS, SameSite::Strict);
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
}

pub(crate) fn begin(site: &Site, authority: &AuthorityId, session: &BegunSession, response: &mut Response) {
    let seconds = (session.expires_at - site.app.now()).whole_seconds();
    set(site, authority, &session.token, u32::try_from(seconds).unwrap_or_default(), response);
}

pub(crate) fn forget(site: &Site, authority: &AuthorityId, response: &mut Response) {
    set(site, authority, "", 0, response);
}

fn set(site: &Site, authority: &AuthorityId, token: &str, seconds: u32, response: &mut Response) {
    let cookie = set_cookie(site, SESSION, token, &format!("/{authority}/"), seconds, SameSite::Strict);
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
}

pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION).filter(|token| !token.is_empty())
}

/// Who asks; none for somebody who has not logged in.
pub(crate) async fn who(site: &Site, policy: &Policy, headers: &HeaderMap) -> Result<Option<LoggedIn>, Stop> {
    let Some(token) = token(headers) else { return Ok(None) };
    match logged_in(&site.app, &policy.id, token).await {
        Ok(who) => Ok(Some(who)),
        Err(Failure::Refused(refusal)) if refusal.code == Code::NotLoggedIn => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// The way to a login; `is_over`: of a session that there was.
pub(crate) fn log_in_first(site: &Site, policy: &Policy, login: &str, to: &str, is_over: bool) -> Response {
    let over = if is_over { "&over=yes" } else { "" };
    let login = format!("/{}/{login}?to={to}{over}", policy.id);
    let mut response = Redirect::to(&login).into_response();
    if is_over {
        forget(site, &policy.id, &mut response);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_behind_a_login_is_found_again_by_its_address() {
        for (path, expected) in [
            ("/gca/my-card", Some("my-card")),
            ("/gca/my-card/contact", Some("my-card/contact")),
            ("/gca/organisation.csv", Some("organisation")),
            ("/gca/organisation/expiring.csv", Some("organisation/expiring")),
            ("/gca/", None),
            ("/gca", None),
            ("/gca/my-card/GC00000000000017", None),
        ] {
            assert_eq!(Destination::of(path).as_ref().map(Destination::path), expected, "{path}");
        }
    }

    #[test]
    fn nothing_but_words_is_a_destination() {
        let query = |query: &str| {
            let address = format!("/gca/login?{query}").parse().unwrap();
            axum::extract::Query::<LoginQuery>::try_from_uri(&address).ok().map(|query| query.0.to.is_some())
        };
        assert_eq!(query("to=my-card%2Fcontact&over=yes"), Some(true));
        assert_eq!(query("over=yes"), Some(false));
        for to in [
            "",
            "/",
            "//evil.example",
            "%2F%2Fevil.example",
            "my-card/",
            "a/../b",
            "login?to=a",
            "a%0d%0ab",
            "a:b",
            "@evil",
        ] {
            assert_eq!(query(&format!("to={to}")), None, "{to}");
        }
        assert_eq!(query(&format!("to={}", "a".repeat(65))), None);
    }
}
