//! 用戶代碼重設: a link is asked for, and behind the link a new user code is set.

use crate::{
    http::{
        equal_time::{EQUAL_TIME, in_equal_time},
        errors::Stop,
        extract::{Authority, Check, Checked, Named, UserCodes, Visit},
    },
    portal::{
        fields::{FieldError, card_number, field_or_error, holder_name, wrong_with},
        page::{Page, View, private},
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{
    Failure,
    access::{ask_user_code_reset, card_of_reset, reset_user_code},
};
use kaika_domain::authorities::Policy;
use kaika_web::html;
use kaika_wire::{AuthorityId, CardNumber, Code, UserCode, typed};
use serde::Deserialize;
use zeroize::Zeroizing;

/// The form as it was sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ResetForm {
    pub(crate) number: String,
    pub(crate) name: String,
}

#[derive(Template)]
#[template(path = "access/user-code.html")]
pub(crate) struct AskPage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) form: ResetForm,
    pub(crate) wrong: Vec<FieldError>,
}

impl AskPage<'_> {
    fn wrong_with(&self, field: &str) -> Option<&'static str> {
        wrong_with(&self.wrong, field)
    }
}

pub(crate) fn ask_page<'a>(view: View<'a>, policy: &'a Policy, form: ResetForm, wrong: Vec<FieldError>) -> AskPage<'a> {
    let mut page = Page::new(view, "user-code").of_authority(policy);
    if !wrong.is_empty() {
        page.asked = vec![("number", form.number.clone()), ("name", form.name.clone())];
    }
    AskPage { page, policy, form, wrong }
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
        wrong: Vec<FieldError>,
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
    fn wrong(&self) -> &[FieldError] {
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

impl Check for ResetForm {
    type Checked = (CardNumber, String);

    fn check(&self, policy: &Policy) -> Result<Self::Checked, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let number = field_or_error(&mut wrong, card_number(policy, &self.number));
        let name = field_or_error(&mut wrong, holder_name(&self.name));
        number.zip(name).ok_or(wrong)
    }
}

pub(crate) async fn form(visit: Visit, policy: Authority<UserCodes>) -> Response {
    html(&ask_page(visit.view(), &policy, ResetForm::default(), Vec::new()))
}

/// One answer, in the same time, whether there is such a card or not.
pub(crate) async fn ask(
    visit: Visit,
    policy: Authority<UserCodes>,
    Checked { form, outcome }: Checked<ResetForm>,
) -> Result<Response, Stop> {
    let (number, name) = match outcome {
        Ok(named) => named,
        Err(wrong) => {
            return Ok(private(StatusCode::BAD_REQUEST, &ask_page(visit.view(), &policy, form, wrong)));
        }
    };
    in_equal_time(EQUAL_TIME, ask_user_code_reset(&visit.app, &policy.id, &number, &name)).await?;
    Ok(Redirect::to(&format!("/{}/user-code/sent", policy.id)).into_response())
}

pub(crate) async fn sent(visit: Visit, policy: Authority<UserCodes>) -> Response {
    let page = Page::new(visit.view(), "user-code-sent").of_authority(&policy);
    html(&SentPage { page, policy: &policy, has_mailbox: visit.settings.mailbox.is_some() })
}

pub(crate) async fn done(visit: Visit, policy: Authority<UserCodes>) -> Response {
    html(&new_page(visit.view(), &policy, Link::Done))
}

/// Programs that scan mails open links, too: nothing is used up here.
pub(crate) async fn link(
    visit: Visit,
    policy: Authority<UserCodes>,
    Named((_, token)): Named<(AuthorityId, String)>,
) -> Result<Response, Stop> {
    match card_of_reset(&visit.app, &policy.id, &token).await {
        Ok(number) => {
            let link = Link::Good { number, wrong: Vec::new() };
            Ok(private(StatusCode::OK, &new_page(visit.view(), &policy, link)))
        }
        Err(failure) => over(failure, &visit, &policy),
    }
}

/// No `Debug`: user codes.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewCodeForm {
    code: Zeroizing<String>,
    again: Zeroizing<String>,
}

impl Check for NewCodeForm {
    type Checked = UserCode;

    fn check(&self, _: &Policy) -> Result<UserCode, Vec<FieldError>> {
        let wrong = |field, text| vec![FieldError::new(field, text)];
        if typed(&self.code).is_empty() {
            return Err(wrong("code", "user-code-missing"));
        }
        let code = UserCode::parse(&self.code).map_err(|_| wrong("code", "user-code-form"))?;
        match UserCode::parse(&self.again).is_ok_and(|again| again == code) {
            true => Ok(code),
            false => Err(wrong("again", "user-code-differ")),
        }
    }
}

pub(crate) async fn set(
    visit: Visit,
    policy: Authority<UserCodes>,
    Named((_, token)): Named<(AuthorityId, String)>,
    Checked { outcome, .. }: Checked<NewCodeForm>,
) -> Result<Response, Stop> {
    let number = match card_of_reset(&visit.app, &policy.id, &token).await {
        Ok(number) => number,
        Err(failure) => return over(failure, &visit, &policy),
    };
    let code = match outcome {
        Ok(code) => code,
        Err(wrong) => {
            let link = Link::Good { number, wrong };
            return Ok(private(StatusCode::BAD_REQUEST, &new_page(visit.view(), &policy, link)));
        }
    };
    match reset_user_code(&visit.app, &policy.id, &token, &code).await {
        Ok(_) => Ok(Redirect::to(&format!("/{}/user-code/done", policy.id)).into_response()),
        Err(failure) => over(failure, &visit, &policy),
    }
}

fn over(failure: Failure, visit: &Visit, policy: &Policy) -> Result<Response, Stop> {
    match failure {
        Failure::Refused(refusal) if refusal.code == Code::LinkOver => {
            Ok(private(StatusCode::GONE, &new_page(visit.view(), policy, Link::Over)))
        }
        other => Err(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::tests::policy;

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
            let form = NewCodeForm { code: typed.to_owned().into(), again: again.to_owned().into() };
            let wrong = form.check(&policy("TC")).err().unwrap_or_default();
            let wrong: Vec<_> = wrong.into_iter().map(|wrong| (wrong.field, wrong.text)).collect();
            assert_eq!(wrong, Vec::from_iter(expected), "{typed}");
        }
    }
}
