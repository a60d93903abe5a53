//! 聯絡人修改: holders are known by a login with the card; or without it by card number, name and user code.

use crate::{
    http::{
        equal_time::{EQUAL_TIME, in_equal_time},
        errors::{fail, not_found, refuse},
        session::{self, Destination},
    },
    portal::{
        access::session::Session,
        fields::{Wrong, card_number, holder_name, narrow, wrong_with},
        page::{Page, View, authority, private},
    },
    site::Site,
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{
    Failure,
    access::prove_holder,
    holders::{AskedContact, ask_contact_change, change_contact as change, contact_of, pending_contact},
};
use kaika_domain::{authorities::Policy, holders::Contact};
use kaika_web::html;
use kaika_wire::{CardNumber, Code, EmailAddress, Refusal, UserCode};
use serde::Deserialize;
use zeroize::Zeroizing;

/// What was typed and may be shown again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) person: String,
    pub(crate) telephone: String,
}

/// The form as it was sent. No `Debug`: a user code.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    number: String,
    name: String,
    email: String,
    person: String,
    telephone: String,
    user_code: Zeroizing<String>,
}

impl Sent {
    fn shown_again(self) -> Asked {
        let Self { number, name, email, person, telephone, user_code: _ } = self;
        Asked { number, name, email, person, telephone }
    }
}

#[derive(Template)]
#[template(path = "holders/contact-change.html")]
pub(crate) struct ChangePage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) asked: Asked,
    pub(crate) wrong: Vec<Wrong>,
    /// Who has logged in; others are asked who they are.
    pub(crate) session: Option<Session>,
}

impl ChangePage<'_> {
    fn wrong_with(&self, field: &str) -> Option<&'static str> {
        wrong_with(&self.wrong, field)
    }

    /// Whether the way by a new user code is shown: one answer, whichever of the three is wrong, or the way is locked.
    fn is_unproved(&self) -> bool {
        self.wrong_with("user_code") == Some(NOT_PROVED)
    }
}

const NOT_PROVED: &str = "contact-not-proved";

pub(crate) fn change_page<'a>(view: View<'a>, policy: &'a Policy, asked: Asked, wrong: Vec<Wrong>) -> ChangePage<'a> {
    let page = Page::new(view, "contact-change").of_authority(policy);
    ChangePage { page, policy, asked, wrong, session: None }
}

/// What became of it.
pub(crate) enum Step {
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
    pub(crate) step: Step,
}

pub(crate) fn step_page<'a>(view: View<'a>, policy: &'a Policy, step: Step) -> StepPage<'a> {
    let title = match step {
        Step::Sent { .. } => "contact-sent",
        Step::Confirm { .. } => "contact-confirm",
        Step::Over => "contact-over",
        Step::Done => "contact-done",
    };
    StepPage { page: Page::new(view, title).of_authority(policy), policy, step }
}

/// Without user codes nobody is known here who has not logged in.
fn with_user_codes<'a>(site: &'a Site, id: &str) -> Option<&'a Policy> {
    authority(&site.app, id).filter(|policy| policy.user_code.is_some())
}

pub(crate) async fn form(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = with_user_codes(&site, &id) else { return not_found(headers).await };
    html(&change_page(site.view(&headers), policy, Asked::default(), Vec::new()))
}

pub(crate) async fn ask(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
    sent: Result<Form<Sent>, FormRejection>,
) -> Response {
    let Some(policy) = with_user_codes(&site, &id) else { return not_found(headers).await };
    let Ok(Form(sent)) = sent else {
        return refuse(Refusal::new(Code::BadRequest).detail("the form could not be read"), &headers);
    };
    let again = |status, sent: Sent, wrong| {
        private(status, &change_page(site.view(&headers), policy, sent.shown_again(), wrong))
    };
    let wish = match wish(policy, &sent) {
        Ok(wish) => wish,
        Err(wrong) => return again(StatusCode::BAD_REQUEST, sent, wrong),
    };
    let work = async {
        let proved = prove_holder(&site.app, &policy.id, &wish.number, &wish.name, &wish.user_code).await?;
        ask_contact_change(&site.app, &proved, &wish.contact).await
    };
    match in_equal_time(EQUAL_TIME, work).await {
        Ok(asked) => asked_for(asked, policy),
        Err(Failure::Refused(refusal)) if refusal.code == Code::DetailsWrong => {
            again(StatusCode::FORBIDDEN, sent, vec![user_code(NOT_PROVED)])
        }
        Err(failure) => fail(failure, &headers),
    }
}

/// As [`form`], for somebody who has logged in, with what is on record.
pub(crate) async fn own_form(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    let who = match session::required(&site, policy, &Method::GET, &headers, Destination::Contact).await {
        Ok(who) => who,
        Err(response) => return response,
    };
    let session = Some(Session::of(&who));
    let asked = match contact_of(&site.app, &who.into()).await {
        Ok(Some(Contact { email, name, telephone })) => Asked {
            email: email.to_string(),
            person: name.unwrap_or_default(),
            telephone: telephone.unwrap_or_default(),
            ..Asked::default()
        },
        Ok(None) => Asked::default(),
        Err(failure) => return fail(failure, &headers),
    };
    let page = ChangePage { session, ..change_page(site.view(&headers), policy, asked, Vec::new()) };
    private(StatusCode::OK, &page)
}

pub(crate) async fn ask_own(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
    sent: Result<Form<Sent>, FormRejection>,
) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    let Ok(Form(sent)) = sent else {
        return refuse(Refusal::new(Code::BadRequest).detail("the form could not be read"), &headers);
    };
    let who = match session::required(&site, policy, &Method::POST, &headers, Destination::Contact).await {
        Ok(who) => who,
        Err(response) => return response,
    };
    let contact = match contact(&sent) {
        Ok(contact) => contact,
        Err(wrong) => {
            let page = change_page(site.view(&headers), policy, sent.shown_again(), wrong);
            let page = ChangePage { session: Some(Session::of(&who)), ..page };
            return private(StatusCode::BAD_REQUEST, &page);
        }
    };
    match ask_contact_change(&site.app, &who.into(), &contact).await {
        Ok(asked) => asked_for(asked, policy),
        Err(failure) => fail(failure, &headers),
    }
}

fn asked_for(asked: AskedContact, policy: &Policy) -> Response {
    let path = match asked {
        AskedContact::LinkSent => "sent",
        AskedContact::Changed => "done",
    };
    Redirect::to(&format!("/{}/contact/{path}", policy.id)).into_response()
}

struct Wish {
    number: CardNumber,
    name: String,
    user_code: UserCode,
    contact: Contact,
}

fn wish(policy: &Policy, sent: &Sent) -> Result<Wish, Vec<Wrong>> {
    let number = card_number(policy, &sent.number);
    let name = holder_name(&sent.name);
    let code = match sent.user_code.is_empty() {
        true => Err(user_code("contact-code-missing")),
        false => UserCode::parse(&sent.user_code).map_err(|_| user_code("user-code-form")),
    };
    let contact = contact(sent);
    match (number, name, code, contact) {
        (Ok(number), Ok(name), Ok(user_code), Ok(contact)) => Ok(Wish { number, name, user_code, contact }),
        (number, name, code, contact) => {
            let first = [number.err(), name.err(), code.err()].into_iter().flatten();
            Err(first.chain(contact.err().into_iter().flatten()).collect())
        }
    }
}

fn user_code(text: &'static str) -> Wrong {
    Wrong { field: "user_code", text }
}

fn contact(sent: &Sent) -> Result<Contact, Vec<Wrong>> {
    let wrong = |field, text| Wrong { field, text };
    let typed = narrow(sent.email.trim());
    let email = match typed.is_empty() {
        true => Err(wrong("email", "contact-email-missing")),
        false => typed.parse::<EmailAddress>().map_err(|_| wrong("email", "contact-email-form")),
    };
    let name = Contact::name(&sent.person).map_err(|_| wrong("person", "contact-person-form"));
    let telephone = Contact::telephone(&narrow(&sent.telephone));
    let telephone = telephone.map_err(|_| wrong("telephone", "contact-telephone-form"));
    match (email, name, telephone) {
        (Ok(email), Ok(name), Ok(telephone)) => Ok(Contact { email, name, telephone }),
        (email, name, telephone) => Err([email.err(), name.err(), telephone.err()].into_iter().flatten().collect()),
    }
}

pub(crate) async fn sent(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    let step = Step::Sent { has_mailbox: site.settings.mailbox.is_some() };
    html(&step_page(site.view(&headers), policy, step))
}

pub(crate) async fn done(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    html(&step_page(site.view(&headers), policy, Step::Done))
}

/// Nothing is used up by looking.
pub(crate) async fn link(
    State(site): State<Site>,
    Path((id, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    match pending_contact(&site.app, &policy.id, &token).await {
        Ok((number, contact)) => {
            let step = Step::Confirm { number, contact };
            private(StatusCode::OK, &step_page(site.view(&headers), policy, step))
        }
        Err(failure) => over(failure, &site, policy, &headers),
    }
}

pub(crate) async fn confirm(
    State(site): State<Site>,
    Path((id, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    match change(&site.app, &policy.id, &token).await {
        Ok(_) => Redirect::to(&format!("/{}/contact/done", policy.id)).into_response(),
        Err(failure) => over(failure, &site, policy, &headers),
    }
}

fn over(failure: Failure, site: &Site, policy: &Policy, headers: &HeaderMap) -> Response {
    match failure {
        Failure::Refused(refusal) if refusal.code == Code::LinkOver => {
            private(StatusCode::GONE, &step_page(site.view(headers), policy, Step::Over))
        }
        other => fail(other, headers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::tests::policy;

    #[test]
    fn every_field_is_checked_before_a_try_is_spent() {
        let right = || Sent {
            number: "TC00000000000017".into(),
            name: "測試".into(),
            email: " ｄｅｓｋ@agency.example ".into(),
            person: String::new(),
            telephone: "０２-2345".into(),
            user_code: "Abc12345".to_owned().into(),
        };
        let check = |change: fn(&mut Sent), expected: &[&str]| {
            let mut sent = right();
            change(&mut sent);
            let wrong: Vec<_> = wish(&policy("TC"), &sent).err().into_iter().flatten().map(|one| one.text).collect();
            assert_eq!(wrong, expected);
        };
        check(|_| {}, &[]);
        check(|sent| sent.email = "desk".into(), &["contact-email-form"]);
        check(|sent| sent.telephone = "ask".into(), &["contact-telephone-form"]);
        check(|sent| sent.person = "名".repeat(101), &["contact-person-form"]);
        check(
            |sent| {
                sent.email = "desk".into();
                sent.telephone = "ask".into();
            },
            &["contact-email-form", "contact-telephone-form"],
        );
        check(|sent| sent.user_code = "abc".to_owned().into(), &["user-code-form"]);
        check(
            |sent| *sent = Sent::default(),
            &[
                "portal-find-number-missing",
                "portal-find-name-missing",
                "contact-code-missing",
                "contact-email-missing",
            ],
        );
        let Ok(wish) = wish(&policy("TC"), &right()) else { panic!("all of it is right") };
        assert_eq!(
            (wish.contact.email.as_str(), wish.contact.telephone.as_deref()),
            ("desk@agency.example", Some("02-2345"))
        );
    }
}
