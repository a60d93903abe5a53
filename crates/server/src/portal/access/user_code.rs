//! 用戶代碼重設: a link is asked for, and behind the link a new user code is set.

use crate::{
    http::{
        equal_time::{EQUAL_TIME, in_equal_time},
        errors::{fail, not_found, refuse},
    },
    portal::{
        fields::{Wrong, card_number, holder_name, wrong_with},
        page::{Page, View, authority, private},
    },
    site::Site,
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{
    Failure,
    access::{ask_user_code_reset, card_of_reset, reset_user_code},
};
use kaika_domain::authorities::Policy;
use kaika_web::html;
use kaika_wire::{CardNumber, Code, Refusal, UserCode};
use serde::Deserialize;
use zeroize::Zeroizing;

/// The form as it was sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) number: String,
    pub(crate) name: String,
}

#[derive(Template)]
#[template(path = "access/user-code.html")]
pub(crate) struct AskPage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) asked: Asked,
    pub(crate) wrong: Vec<Wrong>,
}

impl AskPage<'_> {
    fn wrong_with(&self, field: &str) -> Option<&'static str> {
        wrong_with(&self.wrong, field)
    }
}

pub(crate) fn ask_page<'a>(view: View<'a>, policy: &'a Policy, asked: Asked, wrong: Vec<Wrong>) -> AskPage<'a> {
    let mut page = Page::new(view, "user-code").of_authority(policy);
    if !wrong.is_empty() {
        page.asked = vec![("number", asked.number.clone()), ("name", asked.name.clone())];
    }
    AskPage { page, policy, asked, wrong }
}

/// A mail was sent, if there is somebody to send it to.
#[derive(Template)]
#[template(path = "access/user-code-sent.html")]
pub(crate) struct SentPage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    /// In the demo.
    pub(crate) has_mailbox: bool,
}

/// Behind the link.
pub(crate) enum Link {
    /// For this card.
    Good {
        number: CardNumber,
        wrong: Vec<Wrong>,
    },
    Over,
    Done,
}

#[derive(Template)]
#[template(path = "access/user-code-new.html")]
pub(crate) struct NewPage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) link: Link,
}

impl NewPage<'_> {
    fn wrong(&self) -> &[Wrong] {
        match &self.link {
            Link::Good { wrong, .. } => wrong,
            _ => &[],
        }
    }

    fn wrong_with(&self, field: &str) -> Option<&'static str> {
        wrong_with(self.wrong(), field)
    }
}

pub(crate) fn new_page<'a>(view: View<'a>, policy: &'a Policy, link: Link) -> NewPage<'a> {
    let title = match link {
        Link::Good { .. } => "user-code-new",
        Link::Over => "user-code-over",
        Link::Done => "user-code-done",
    };
    NewPage { page: Page::new(view, title).of_authority(policy), policy, link }
}

/// Authorities without user codes have no such page.
fn with_user_codes<'a>(site: &'a Site, id: &str) -> Option<&'a Policy> {
    authority(&site.app, id).filter(|policy| policy.user_code.is_some())
}

pub(crate) async fn form(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = with_user_codes(&site, &id) else { return not_found(headers).await };
    html(&ask_page(site.view(&headers), policy, Asked::default(), Vec::new()))
}

/// One answer, in the same time, whether there is such a card or not.
pub(crate) async fn ask(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
    asked: Result<Form<Asked>, FormRejection>,
) -> Response {
    let Some(policy) = with_user_codes(&site, &id) else { return not_found(headers).await };
    let Ok(Form(asked)) = asked else { return unreadable(&headers) };
    let (number, name) = match (card_number(policy, &asked.number), holder_name(&asked.name)) {
        (Ok(number), Ok(name)) => (number, name),
        (number, name) => {
            let wrong = [number.err(), name.err()].into_iter().flatten().collect();
            return private(StatusCode::BAD_REQUEST, &ask_page(site.view(&headers), policy, asked, wrong));
        }
    };
    match in_equal_time(EQUAL_TIME, ask_user_code_reset(&site.app, &policy.id, &number, &name)).await {
        Ok(()) => Redirect::to(&format!("/{}/user-code/sent", policy.id)).into_response(),
        Err(failure) => fail(failure, &headers),
    }
}

pub(crate) async fn sent(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = with_user_codes(&site, &id) else { return not_found(headers).await };
    let page = Page::new(site.view(&headers), "user-code-sent").of_authority(policy);
    html(&SentPage { page, policy, has_mailbox: site.settings.mailbox.is_some() })
}

pub(crate) async fn done(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = with_user_codes(&site, &id) else { return not_found(headers).await };
    html(&new_page(site.view(&headers), policy, Link::Done))
}

/// Programs that scan mails open links, too: nothing is used up here.
pub(crate) async fn link(
    State(site): State<Site>,
    Path((id, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(policy) = with_user_codes(&site, &id) else { return not_found(headers).await };
    match card_of_reset(&site.app, &policy.id, &token).await {
        Ok(number) => {
            let link = Link::Good { number, wrong: Vec::new() };
            private(StatusCode::OK, &new_page(site.view(&headers), policy, link))
        }
        Err(failure) => over(failure, &site, policy, &headers),
    }
}

/// No `Debug`: user codes.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Chosen {
    code: Zeroizing<String>,
    again: Zeroizing<String>,
}

pub(crate) async fn set(
    State(site): State<Site>,
    Path((id, token)): Path<(String, String)>,
    headers: HeaderMap,
    chosen: Result<Form<Chosen>, FormRejection>,
) -> Response {
    let Some(policy) = with_user_codes(&site, &id) else { return not_found(headers).await };
    let Ok(Form(chosen)) = chosen else { return unreadable(&headers) };
    let number = match card_of_reset(&site.app, &policy.id, &token).await {
        Ok(number) => number,
        Err(failure) => return over(failure, &site, policy, &headers),
    };
    let code = match code(&chosen) {
        Ok(code) => code,
        Err(wrong) => {
            let link = Link::Good { number, wrong: vec![wrong] };
            return private(StatusCode::BAD_REQUEST, &new_page(site.view(&headers), policy, link));
        }
    };
    match reset_user_code(&site.app, &policy.id, &token, &code).await {
        Ok(_) => Redirect::to(&format!("/{}/user-code/done", policy.id)).into_response(),
        Err(failure) => over(failure, &site, policy, &headers),
    }
}

fn code(chosen: &Chosen) -> Result<UserCode, Wrong> {
    if chosen.code.is_empty() {
        return Err(Wrong { field: "code", text: "user-code-missing" });
    }
    let code = UserCode::parse(&chosen.code).map_err(|_| Wrong { field: "code", text: "user-code-form" })?;
    if *chosen.again != *chosen.code {
        return Err(Wrong { field: "again", text: "user-code-differ" });
    }
    Ok(code)
}

fn over(failure: Failure, site: &Site, policy: &Policy, headers: &HeaderMap) -> Response {
    match failure {
        Failure::Refused(refusal) if refusal.code == Code::LinkOver => {
            private(StatusCode::GONE, &new_page(site.view(headers), policy, Link::Over))
        }
        other => fail(other, headers),
    }
}

fn unreadable(headers: &HeaderMap) -> Response {
    refuse(Refusal::new(Code::BadRequest).detail("the form could not be read"), headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_code_is_checked_before_anything_is_used_up() {
        for (typed, again, expected) in [
            ("", "", Some(("code", "user-code-missing"))),
            ("short", "short", Some(("code", "user-code-form"))),
            ("with space", "with space", Some(("code", "user-code-form"))),
            ("longer than 10", "longer than 10", Some(("code", "user-code-form"))),
            ("Abc12345", "abc12345", Some(("again", "user-code-differ"))),
            ("Abc12345", "", Some(("again", "user-code-differ"))),
            ("Abc12345", "Abc12345", None),
        ] {
            let chosen = Chosen { code: typed.to_owned().into(), again: again.to_owned().into() };
            let wrong = code(&chosen).err().map(|wrong| (wrong.field, wrong.text));
            assert_eq!(wrong, expected, "{typed}");
        }
    }
}
