//! The session of somebody who has logged in with a card: a cookie for one authority's pages, kept from scripts and from
//! requests that other sites cause.

use crate::{
    http::{
        cookies::{SameSite, cookie, set_cookie},
        errors::{accepts_page, fail, refuse},
    },
    site::Site,
};
use axum::{
    http::{HeaderMap, Method, header::SET_COOKIE},
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

/// How a page of the login was come to.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Way {
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

impl Way {
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
pub(crate) async fn who(site: &Site, policy: &Policy, headers: &HeaderMap) -> Result<Option<LoggedIn>, Failure> {
    let Some(token) = token(headers) else { return Ok(None) };
    match logged_in(&site.app, &policy.id, token).await {
        Ok(who) => Ok(Some(who)),
        Err(Failure::Refused(refusal)) if refusal.code == Code::NotLoggedIn => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Who asks, or the answer to somebody who has not logged in: a person is shown how to, a program is told.
pub(crate) async fn required(
    site: &Site,
    policy: &Policy,
    method: &Method,
    headers: &HeaderMap,
    to: Destination,
) -> Result<LoggedIn, Response> {
    match who(site, policy, headers).await {
        Ok(Some(who)) => Ok(who),
        Ok(None) if accepts_page(headers) || *method == Method::POST => {
            let over = if token(headers).is_some() { "&over=yes" } else { "" };
            let login = format!("/{}/login?to={}{over}", policy.id, to.name());
            let mut response = Redirect::to(&login).into_response();
            forget(site, &policy.id, &mut response);
            Err(response)
        }
        Ok(None) => Err(refuse(Code::NotLoggedIn.into(), headers)),
        Err(failure) => Err(fail(failure, headers)),
    }
}
