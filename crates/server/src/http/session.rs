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
use serde::{Deserialize, Serialize};

const SESSION: &str = "session";
/// Of the browser that asks for a login.
const BROWSER: &str = "login";
/// A ticket is good for five minutes, a job and its page take some more.
const BROWSER_SECONDS: u32 = 15 * 60;

/// Where somebody wants to be who is to log in first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Destination {
    #[default]
    MyCard,
    Contact,
    Organisation,
    Expiring,
}

impl Destination {
    /// The longer before what they begin with.
    const ALL: [Self; 4] = [Self::Contact, Self::MyCard, Self::Expiring, Self::Organisation];

    /// Which one an address of an authority leads to, or something that belongs to it.
    pub(crate) fn of(path: &str) -> Self {
        let below = path.trim_start_matches('/').split_once('/').map_or("", |(_, below)| below);
        let found = Self::ALL.into_iter().find(|one| {
            let rest = below.strip_prefix(one.path());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
        });
        found.unwrap_or_default()
    }

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::MyCard => "my-card",
            Self::Contact => "my-card/contact",
            Self::Organisation => "organisation",
            Self::Expiring => "organisation/expiring",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::MyCard => "my_card",
            Self::Contact => "contact",
            Self::Organisation => "organisation",
            Self::Expiring => "expiring",
        }
    }
}

/// What the address of a login's page says: how it was come to.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoginQuery {
    pub(crate) to: Destination,
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
    pub(crate) fn kept(self) -> String {
        format!("&to={}", self.to.name())
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
pub(crate) fn log_in_first(site: &Site, policy: &Policy, login: &str, to: Destination, is_over: bool) -> Response {
    let over = if is_over { "&over=yes" } else { "" };
    let login = format!("/{}/{login}?to={}{over}", policy.id, to.name());
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
            ("/gca/my-card", Destination::MyCard),
            ("/gca/my-card/publication", Destination::MyCard),
            ("/gca/my-card/contact", Destination::Contact),
            ("/gca/organisation", Destination::Organisation),
            ("/gca/organisation.csv", Destination::Organisation),
            ("/gca/organisation/expiring", Destination::Expiring),
            ("/gca/organisation/expiring.csv", Destination::Expiring),
            ("/gca/anything", Destination::MyCard),
        ] {
            assert_eq!(Destination::of(path), expected, "{path}");
        }
    }
}
