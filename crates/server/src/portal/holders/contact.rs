//! 聯絡人修改: holders are known by a login with the card; or without it by card number, name and user code.

use crate::{
    http::{
        equal_time::{EQUAL_TIME, in_equal_time},
        errors::Stop,
        extract::{Authority, Check, Checked, Filled, Named, UserCodes, Visit, Who},
    },
    portal::{
        access::session::Session,
        fields::{FieldError, card_number, field_or_error, holder_name, narrow, wrong_with},
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
    access::{CardPrincipal, prove_holder},
    holders::{ContactChangeOutcome, ask_contact_change, change_contact as change, contact_of, pending_contact},
};
use kaika_domain::{
    authorities::Policy,
    holders::{Contact, ContactError},
};
use kaika_web::html;
use kaika_wire::{AuthorityId, CardNumber, Code, EmailAddress, UserCode, ValueError, typed};
use serde::Deserialize;
use zeroize::Zeroizing;

/// What was typed and may be shown again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContactFields {
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) person: String,
    pub(crate) telephone: String,
}

/// The form as it was sent. No `Debug`: a user code.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContactForm {
    number: String,
    name: String,
    email: String,
    person: String,
    telephone: String,
    user_code: Zeroizing<String>,
}

impl ContactForm {
    fn shown_again(self) -> ContactFields {
        let Self { number, name, email, person, telephone, user_code: _ } = self;
        ContactFields { number, name, email, person, telephone }
    }
}

#[derive(Template)]
#[template(path = "holders/contact-change.html")]
pub(crate) struct ChangePage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) form: ContactFields,
    pub(crate) wrong: Vec<FieldError>,
    /// Who has logged in; others are asked who they are.
    pub(crate) session: Option<Session>,
}

impl ChangePage<'_> {
    fn wrong_with(&self, field: &str) -> Option<&'static str> {
        wrong_with(&self.wrong, field)
    }

    fn wrong_person(&self) -> Option<&FieldError> {
        self.wrong.iter().find(|wrong| wrong.field == "person")
    }

    /// Whether the way by a new user code is shown: one answer, whichever of the three is wrong, or the way is locked.
    fn is_unproved(&self) -> bool {
        self.wrong_with("user_code") == Some(NOT_PROVED)
    }
}

const NOT_PROVED: &str = "contact-not-proved";

pub(crate) fn change_page<'a>(
    view: View<'a>,
    policy: &'a Policy,
    form: ContactFields,
    wrong: Vec<FieldError>,
) -> ChangePage<'a> {
    let page = Page::new(view, "contact-change").of_authority(policy);
    ChangePage { page, policy, form, wrong, session: None }
}

/// What became of it.
pub(crate) enum ContactChangeState {
    /// A link was sent to the new address.
    Sent {
        has_mailbox: bool,
    },
    /// Behind the link.
    Confirm {
        number: CardNumber,
        contact: Contact,
    },
    Over,
    Done,
}

#[derive(Template)]
#[template(path = "holders/contact-step.html")]
pub(crate) struct StepPage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) step: ContactChangeState,
}

pub(crate) fn step_page<'a>(view: View<'a>, policy: &'a Policy, step: ContactChangeState) -> StepPage<'a> {
    let title = match step {
        ContactChangeState::Sent { .. } => "contact-sent",
        ContactChangeState::Confirm { .. } => "contact-confirm",
        ContactChangeState::Over => "contact-over",
        ContactChangeState::Done => "contact-done",
    };
    StepPage { page: Page::new(view, title).of_authority(policy), policy, step }
}

pub(crate) async fn form(visit: Visit, policy: Authority<UserCodes>) -> Response {
    html(&change_page(visit.view(), &policy, ContactFields::default(), Vec::new()))
}

pub(crate) async fn ask(
    visit: Visit,
    policy: Authority<UserCodes>,
    Checked { form, outcome }: Checked<ContactForm>,
) -> Result<Response, Stop> {
    let again = |status, form: ContactForm, wrong| {
        Ok(private(status, &change_page(visit.view(), &policy, form.shown_again(), wrong)))
    };
    let request = match outcome {
        Ok(request) => request,
        Err(wrong) => return again(StatusCode::BAD_REQUEST, form, wrong),
    };
    let ContactRequest { number, name, user_code: code, contact } = &request;
    let work = async {
        let proved = prove_holder(&visit.app, &policy.id, number, name, code).await?;
        ask_contact_change(&visit.app, &proved, contact).await
    };
    match in_equal_time(EQUAL_TIME, work).await {
        Ok(asked) => Ok(asked_for(asked, &policy)),
        Err(Failure::Refused(refusal)) if refusal.code == Code::DetailsWrong => {
            again(StatusCode::FORBIDDEN, form, vec![user_code(NOT_PROVED)])
        }
        Err(failure) => Err(failure.into()),
    }
}

/// As [`form`], for somebody who has logged in, with what is on record.
pub(crate) async fn own_form(visit: Visit, policy: Authority, who: Who<CardPrincipal>) -> Result<Response, Stop> {
    let fields = match contact_of(&visit.app, &who.principal.into()).await? {
        Some(Contact { email, name, telephone }) => ContactFields {
            email: email.to_string(),
            person: name.unwrap_or_default(),
            telephone: telephone.unwrap_or_default(),
            ..ContactFields::default()
        },
        None => ContactFields::default(),
    };
    let page = change_page(visit.view(), &policy, fields, Vec::new());
    Ok(private(StatusCode::OK, &ChangePage { session: Some(who.session), ..page }))
}

pub(crate) async fn ask_own(
    visit: Visit,
    policy: Authority,
    who: Who<CardPrincipal>,
    Filled(form): Filled<ContactForm>,
) -> Result<Response, Stop> {
    let mut wrong = Vec::new();
    let Some(contact) = contact(&mut wrong, &form) else {
        let page = change_page(visit.view(), &policy, form.shown_again(), wrong);
        let page = ChangePage { session: Some(who.session), ..page };
        return Ok(private(StatusCode::BAD_REQUEST, &page));
    };
    let asked = ask_contact_change(&visit.app, &who.principal.into(), &contact).await?;
    Ok(asked_for(asked, &policy))
}

fn asked_for(asked: ContactChangeOutcome, policy: &Policy) -> Response {
    let path = match asked {
        ContactChangeOutcome::LinkSent => "sent",
        ContactChangeOutcome::Changed => "done",
    };
    Redirect::to(&format!("/{}/contact/{path}", policy.id)).into_response()
}

pub(crate) struct ContactRequest {
    number: CardNumber,
    name: String,
    user_code: UserCode,
    contact: Contact,
}

impl Check for ContactForm {
    type Checked = ContactRequest;

    fn check(&self, policy: &Policy) -> Result<ContactRequest, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let number = field_or_error(&mut wrong, card_number(policy, &self.number));
        let name = field_or_error(&mut wrong, holder_name(&self.name));
        let code = match typed(&self.user_code).is_empty() {
            true => Err(user_code("contact-code-missing")),
            false => UserCode::parse(&self.user_code).map_err(|_| user_code("user-code-form")),
        };
        let code = field_or_error(&mut wrong, code);
        match (number, name, code, contact(&mut wrong, self)) {
            (Some(number), Some(name), Some(user_code), Some(contact)) => {
                Ok(ContactRequest { number, name, user_code, contact })
            }
            _ => Err(wrong),
        }
    }
}

fn user_code(text: &'static str) -> FieldError {
    FieldError::new("user_code", text)
}

fn contact(wrong: &mut Vec<FieldError>, form: &ContactForm) -> Option<Contact> {
    let because = FieldError::new;
    let address = narrow(&form.email);
    let email = match address.is_empty() {
        true => Err(because("email", "contact-email-missing")),
        false => address.parse::<EmailAddress>().map_err(|error| match error {
            ValueError::EmailName => because("email", "contact-email-name"),
            _ => because("email", "contact-email-form"),
        }),
    };
    let email = field_or_error(wrong, email);
    let name = Contact::name(&form.person).map_err(|error| match error {
        ContactError::Unreadable(why) => FieldError { sign: why.sign(), ..because("person", "contact-person-sign") },
        _ => because("person", "contact-person-form"),
    });
    let name = field_or_error(wrong, name);
    let telephone = Contact::telephone(&narrow(&form.telephone));
    let telephone = field_or_error(wrong, telephone.map_err(|_| because("telephone", "contact-telephone-form")));
    match (email, name, telephone) {
        (Some(email), Some(name), Some(telephone)) => Some(Contact { email, name, telephone }),
        _ => None,
    }
}

pub(crate) async fn sent(visit: Visit, policy: Authority) -> Response {
    let step = ContactChangeState::Sent { has_mailbox: visit.settings.mailbox.is_some() };
    html(&step_page(visit.view(), &policy, step))
}

pub(crate) async fn done(visit: Visit, policy: Authority) -> Response {
    html(&step_page(visit.view(), &policy, ContactChangeState::Done))
}

/// Nothing is used up by looking.
pub(crate) async fn link(
    visit: Visit,
    policy: Authority,
    Named((_, token)): Named<(AuthorityId, String)>,
) -> Result<Response, Stop> {
    match pending_contact(&visit.app, &policy.id, &token).await {
        Ok((number, contact)) => {
            let step = ContactChangeState::Confirm { number, contact };
            Ok(private(StatusCode::OK, &step_page(visit.view(), &policy, step)))
        }
        Err(failure) => over(failure, &visit, &policy),
    }
}

pub(crate) async fn confirm(
    visit: Visit,
    policy: Authority,
    Named((_, token)): Named<(AuthorityId, String)>,
) -> Result<Response, Stop> {
    match change(&visit.app, &policy.id, &token).await {
        Ok(_) => Ok(Redirect::to(&format!("/{}/contact/done", policy.id)).into_response()),
        Err(failure) => over(failure, &visit, &policy),
    }
}

fn over(failure: Failure, visit: &Visit, policy: &Policy) -> Result<Response, Stop> {
    match failure {
        Failure::Refused(refusal) if refusal.code == Code::LinkOver => {
            Ok(private(StatusCode::GONE, &step_page(visit.view(), policy, ContactChangeState::Over)))
        }
        other => Err(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::tests::policy;

    #[test]
    fn every_field_is_checked_before_a_try_is_spent() {
        let right = || ContactForm {
            number: "TC00000000000017".into(),
            name: "測試".into(),
            email: " ｄｅｓｋ@agency.example ".into(),
            person: String::new(),
            telephone: "０２-2345".into(),
            user_code: "Abc12345".to_owned().into(),
        };
        let check = |change: fn(&mut ContactForm), expected: &[&str]| {
            let mut sent = right();
            change(&mut sent);
            let wrong: Vec<_> = sent.check(&policy("TC")).err().into_iter().flatten().map(|one| one.text).collect();
            assert_eq!(wrong, expected);
        };
        check(|_| {}, &[]);
        check(|sent| sent.email = "desk".into(), &["contact-email-form"]);
        check(|sent| sent.email = "桌@agency.example".into(), &["contact-email-name"]);
        check(|sent| sent.email = "desk＠例子。台灣".into(), &[]);
        check(|sent| sent.telephone = "ask".into(), &["contact-telephone-form"]);
        check(|sent| sent.person = "名".repeat(101), &["contact-person-form"]);
        check(|sent| sent.person = "王\u{202e}小明".into(), &["contact-person-sign"]);
        check(
            |sent| {
                sent.email = "desk".into();
                sent.telephone = "ask".into();
            },
            &["contact-email-form", "contact-telephone-form"],
        );
        check(|sent| sent.user_code = "abc".to_owned().into(), &["user-code-form"]);
        check(
            |sent| *sent = ContactForm::default(),
            &[
                "portal-find-number-missing",
                "portal-find-name-missing",
                "contact-code-missing",
                "contact-email-missing",
            ],
        );
        let Ok(request) = right().check(&policy("TC")) else { panic!("all of it is right") };
        assert_eq!(
            (request.contact.email.as_str(), request.contact.telephone.as_deref()),
            ("desk@agency.example", Some("02-2345"))
        );
    }
}
