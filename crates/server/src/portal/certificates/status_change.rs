//! 停用, 復用, 廢止 without a card: one form each; a revocation asks a second time, and says what it means, before it wants
//! the user code.

use crate::{
    api::jobs::to_its_end,
    http::{
        equal_time::{EQUAL_TIME, in_equal_time},
        errors::{Stop, status},
        extract::{Authority, Filled, Named, Visit},
        limits,
    },
    portal::{
        certificates::afterwards::afterwards,
        fields::{FieldError, card_number, field_or_error, holder_name},
        links::LinkedText,
        page::{Page, View, private},
    },
    site::Site,
};
use askama::Template;
use axum::{
    Router,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use kaika_app::{
    App, Failure,
    access::{Captcha, ask_again, draw_captcha},
    certificates::{ChangeOutcome, WithoutCard, change_outcome, change_status_without_card},
};
use kaika_domain::authorities::{Policy, StatusChangeWay};
use kaika_texts::explain;
use kaika_web::html;
use kaika_wire::{AuthorityId, CardNumber, Code, Refusal, RevokeReason, StatusChange, StatusChangeKind, UserCode};
use serde::Deserialize;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The form as it was sent. Its user code is in no answer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct StatusChangeForm {
    pub(crate) step: FormAction,
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) reason: String,
    pub(crate) user_code: Zeroizing<String>,
    /// The captcha's token and what was answered.
    pub(crate) captcha: String,
    pub(crate) answer: String,
    /// The box on the second page of a revocation.
    pub(crate) sure: Option<String>,
}

/// What pressing the button means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FormAction {
    /// Show the form, with what was typed.
    #[default]
    Fill,
    /// Look it over, and ask a second time.
    Check,
    Do,
}

/// Which page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormPart {
    Fill,
    /// The second page of a revocation.
    Confirm,
}

pub(crate) enum FormProblem {
    None,
    /// Never empty.
    Wrong(Vec<FieldError>),
    /// With its words.
    Refused(Refusal),
}

#[derive(Template)]
#[template(path = "certificates/status_change.html")]
pub(crate) struct ChangePage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) kind: StatusChangeKind,
    pub(crate) stage: FormPart,
    pub(crate) form: StatusChangeForm,
    /// Where the user code is asked for.
    pub(crate) captcha: Option<Captcha>,
    pub(crate) trouble: FormProblem,
}

#[derive(Template)]
#[template(path = "certificates/status_changed.html")]
pub(crate) struct ChangedPage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) kind: StatusChangeKind,
    pub(crate) outcome: ChangeOutcome,
}

#[derive(Template)]
#[template(path = "certificates/status_elsewhere.html")]
pub(crate) struct ElsewherePage<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) kind: StatusChangeKind,
}

impl<'a> ChangePage<'a> {
    pub(crate) fn new(
        view: View<'a>,
        policy: &'a Policy,
        kind: StatusChangeKind,
        stage: FormPart,
        form: StatusChangeForm,
        captcha: Option<Captcha>,
        trouble: FormProblem,
    ) -> Self {
        let title = match stage {
            FormPart::Fill => format!("status-{kind}"),
            FormPart::Confirm => "status-confirm".to_owned(),
        };
        let page = Page::new(view, &title).of_authority(policy);
        Self { page, policy, kind, stage, form, captcha, trouble }
    }

    /// The language switch shows the same page, and does nothing.
    fn can_switch(mut self) -> Self {
        let step = match self.stage {
            FormPart::Fill => "fill",
            FormPart::Confirm => "check",
        };
        let StatusChangeForm { number, name, reason, .. } = &self.form;
        let fields = [("step", step), ("number", number), ("name", name), ("reason", reason)];
        self.page.asked = fields.map(|(name, value)| (name, value.to_owned())).to_vec();
        self
    }

    fn wrong(&self) -> &[FieldError] {
        match &self.trouble {
            FormProblem::Wrong(wrong) => wrong,
            _ => &[],
        }
    }

    fn wrong_with(&self, field: &str) -> Option<&'static str> {
        self.wrong().iter().find(|wrong| wrong.field == field).map(|wrong| wrong.text)
    }

    fn refused(&self) -> Option<&Refusal> {
        match &self.trouble {
            FormProblem::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// With the way to the page that helps.
    fn next_step(&self, refusal: &Refusal) -> LinkedText {
        LinkedText::next_step(refusal, self.page.help_link(self.policy, refusal))
    }

    fn in_trouble(&self) -> bool {
        !matches!(self.trouble, FormProblem::None)
    }

    /// A text of this kind of change.
    fn own(&self, what: &str) -> String {
        self.page.t(&format!("status-{}{what}", self.kind))
    }

    fn reason_title(&self) -> String {
        self.page.t(&format!("status-reason-{}", self.kind))
    }

    fn reason_text(&self, reason: &str) -> String {
        self.page.t(&format!("status-reason-{}-{reason}", self.kind))
    }

    /// Whether there may be what this card alone opens, and the holder has the card.
    fn warns_to_decrypt(&self) -> bool {
        self.form.reason != RevokeReason::Lost.as_str() && self.policy.encrypts()
    }

    /// What the button of the first page leads to.
    fn asks_again(&self) -> bool {
        self.kind == StatusChangeKind::Revoke
    }
}

impl ChangedPage<'_> {
    /// What there is to do after a revocation.
    fn afterwards(&self) -> Vec<&'static str> {
        let told = self.outcome.certificates.iter().map(|certificate| (certificate.role, certificate.status));
        let lost = self.outcome.change == StatusChange::Revoke(RevokeReason::Lost);
        afterwards(&told.collect::<Vec<_>>(), lost)
    }

    fn own(&self, what: &str) -> String {
        self.page.t(&format!("status-{}{what}", self.kind))
    }

    fn offers(&self, kind: StatusChangeKind) -> bool {
        self.policy.status_changes.is_online(kind)
    }
}

/// How this authority does what it does not do online.
pub(crate) fn elsewhere(page: &Page<'_>, way: StatusChangeWay) -> String {
    let way = match way {
        StatusChangeWay::Online => return String::new(),
        StatusChangeWay::Counter => "counter",
        StatusChangeWay::Letter => "letter",
        StatusChangeWay::PaperForm => "paper_form",
    };
    page.t(&format!("status-elsewhere-{way}"))
}

pub(crate) fn routes(site: &Site) -> Router<Site> {
    StatusChangeKind::ALL.iter().fold(Router::new(), |routes, kind| {
        let kind = *kind;
        let page = get(async move |visit: Visit, policy: Authority| form(&visit, &policy, kind));
        let page = page.post(async move |visit: Visit, policy: Authority, Filled(form): Filled<StatusChangeForm>| {
            sent(&visit, &policy, kind, form).await
        });
        let page = page.layer(middleware::from_fn_with_state(site.clone(), limits::changes));
        let outcome =
            get(async move |visit: Visit, policy: Authority, Named((_, token)): Named<(AuthorityId, String)>| {
                done(&visit, &policy, kind, &token).await
            });
        routes
            .route(&format!("/{{authority}}/{kind}"), page)
            .route(&format!("/{{authority}}/{kind}/done/{{token}}"), outcome)
    })
}

fn form(visit: &Visit, policy: &Policy, kind: StatusChangeKind) -> Result<Response, Stop> {
    let view = visit.view();
    if !policy.status_changes.is_online(kind) {
        let page = Page::new(view, &format!("status-{kind}")).of_authority(policy);
        return Ok(html(&ElsewherePage { page, policy, kind }));
    }
    let mut form = StatusChangeForm::default();
    let captcha = captcha(&visit.app, kind, FormPart::Fill, &mut form, false)?;
    let page = ChangePage::new(view, policy, kind, FormPart::Fill, form, captcha, FormProblem::None);
    Ok(private(StatusCode::OK, &page))
}

async fn sent(
    visit: &Visit,
    policy: &Policy,
    kind: StatusChangeKind,
    mut form: StatusChangeForm,
) -> Result<Response, Stop> {
    if !policy.status_changes.is_online(kind) {
        return Ok(Redirect::to(&format!("/{}/{kind}", policy.id)).into_response());
    }
    let view = visit.view();
    let judged = judge(policy, kind, &form);
    let unjudged = !matches!(judged, Judged::Do(..));
    let (code, stage, trouble) = match judged {
        Judged::Show(stage) => (StatusCode::OK, stage, FormProblem::None),
        Judged::Wrong(stage, wrong) => (StatusCode::BAD_REQUEST, stage, FormProblem::Wrong(wrong)),
        Judged::Do(stage, request) => match perform(&visit.app, policy, *request).await {
            Ok(token) => return Ok(Redirect::to(&format!("/{}/{kind}/done/{token}", policy.id)).into_response()),
            Err(Failure::Refused(refusal)) if refusal.code == Code::CaptchaWrong => {
                let wrong = vec![FieldError::new("answer", "status-captcha-wrong")];
                (StatusCode::BAD_REQUEST, stage, FormProblem::Wrong(wrong))
            }
            Err(Failure::Refused(refusal)) if refusal.code != Code::Busy => {
                (status(refusal.code), stage, FormProblem::Refused(explain(view.language, refusal)))
            }
            Err(failure) => return Err(failure.into()),
        },
    };
    let captcha = captcha(&visit.app, kind, stage, &mut form, unjudged)?;
    Ok(private(code, &ChangePage::new(view, policy, kind, stage, form, captcha, trouble).can_switch()))
}

/// To its end although the browser hangs up: a try that was debited is judged.
async fn perform(app: &Arc<App>, policy: &Policy, form: WithoutCard) -> Result<String, Failure> {
    let (app, authority) = (Arc::clone(app), policy.id.clone());
    let work = to_its_end(async move { change_status_without_card(&app, &authority, form).await });
    in_equal_time(EQUAL_TIME, work).await
}

async fn done(visit: &Visit, policy: &Policy, kind: StatusChangeKind, token: &str) -> Result<Response, Stop> {
    let outcome = change_outcome(&visit.app, &policy.id, kind, token).await?;
    let page = Page::new(visit.view(), &format!("status-{kind}.done")).of_authority(policy);
    Ok(private(StatusCode::OK, &ChangedPage { page, policy, kind, outcome }))
}

/// The question for this page: the same as before, where it was not judged yet; then its answer stays, too.
fn captcha(
    app: &App,
    kind: StatusChangeKind,
    stage: FormPart,
    form: &mut StatusChangeForm,
    unjudged: bool,
) -> Result<Option<Captcha>, Failure> {
    if kind == StatusChangeKind::Revoke && stage == FormPart::Fill {
        return Ok(None);
    }
    if unjudged && let Some(captcha) = ask_again(app, &form.captcha)? {
        return Ok(Some(captcha));
    }
    form.answer.clear();
    draw_captcha(app).map(Some)
}

enum Judged {
    Show(FormPart),
    Wrong(FormPart, Vec<FieldError>),
    Do(FormPart, Box<WithoutCard>),
}

/// What is to be done with a form.
fn judge(policy: &Policy, kind: StatusChangeKind, form: &StatusChangeForm) -> Judged {
    let asks_again = kind == StatusChangeKind::Revoke;
    let stage = if asks_again { FormPart::Confirm } else { FormPart::Fill };
    if form.step == FormAction::Fill {
        return Judged::Show(FormPart::Fill);
    }
    let mut wrong = Vec::new();
    let details = details(policy, kind, form).map_err(|found| wrong.extend(found));
    if asks_again && !wrong.is_empty() {
        // What is wrong stands on the first page.
        return Judged::Wrong(FormPart::Fill, wrong);
    }
    if asks_again && form.step == FormAction::Check {
        return Judged::Show(stage);
    }
    if asks_again && form.sure.is_none() {
        wrong.push(FieldError::new("sure", "status-confirm-sure-missing"));
    }
    let user_code = UserCode::parse(&form.user_code);
    if user_code.is_err() {
        wrong.push(FieldError::new("user_code", "status-code-wrong"));
    }
    if form.answer.trim().is_empty() {
        wrong.push(FieldError::new("answer", "status-captcha-missing"));
    }
    match (details, user_code) {
        (Ok((number, name, change)), Ok(user_code)) if wrong.is_empty() => {
            let (captcha, answer) = (form.captcha.clone(), form.answer.clone());
            Judged::Do(stage, Box::new(WithoutCard { number, name, user_code, change, captcha, answer }))
        }
        _ => Judged::Wrong(stage, wrong),
    }
}

/// Whose certificates, and why.
fn details(
    policy: &Policy,
    kind: StatusChangeKind,
    form: &StatusChangeForm,
) -> Result<(CardNumber, String, StatusChange), Vec<FieldError>> {
    let missing = FieldError::new("reason", "status-reason-missing");
    let mut wrong = Vec::new();
    let number = field_or_error(&mut wrong, card_number(policy, &form.number));
    let name = field_or_error(&mut wrong, holder_name(&form.name));
    let change = field_or_error(&mut wrong, StatusChange::parse(kind, &form.reason).map_err(|_| missing));
    match (number, name, change) {
        (Some(number), Some(name), Some(change)) => Ok((number, name, change)),
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::tests::policy;
    use StatusChangeKind::{Resume, Revoke, Suspend};

    fn typed(step: FormAction, reason: &str) -> StatusChangeForm {
        StatusChangeForm {
            step,
            number: "00000000000017".to_owned(),
            name: "測試機關".to_owned(),
            reason: reason.to_owned(),
            user_code: "Abc12345".to_owned().into(),
            captcha: "token".to_owned(),
            answer: "12".to_owned(),
            sure: Some("yes".to_owned()),
        }
    }

    /// `do`, or the page that is shown, with the fields that are wrong.
    fn judged(kind: StatusChangeKind, typed: &StatusChangeForm) -> String {
        match judge(&policy("TC"), kind, typed) {
            Judged::Show(stage) => format!("{stage:?}"),
            Judged::Wrong(stage, wrong) => {
                let fields: Vec<_> = wrong.iter().map(|wrong| wrong.field).collect();
                format!("{stage:?}: {}", fields.join(" "))
            }
            Judged::Do(_, form) => format!("do {:?} to {} of {}", form.change, form.number, form.name),
        }
    }

    #[test]
    fn suspending_and_resuming_is_asked_once() {
        assert_eq!(judged(Suspend, &typed(FormAction::Do, "lost")), "do Suspend(Lost) to TC00000000000017 of 測試機關");
        assert_eq!(judged(Resume, &typed(FormAction::Do, "found")), "do Resume(Found) to TC00000000000017 of 測試機關");
        assert_eq!(judged(Suspend, &typed(FormAction::Fill, "lost")), "Fill");
        assert_eq!(judged(Suspend, &typed(FormAction::Do, "found")), "Fill: reason");
        assert_eq!(
            judged(Suspend, &StatusChangeForm { step: FormAction::Do, ..StatusChangeForm::default() }),
            "Fill: number name reason user_code answer"
        );
    }

    #[test]
    fn revoking_is_asked_twice() {
        assert_eq!(judged(Revoke, &typed(FormAction::Check, "lost")), "Confirm");
        assert_eq!(judged(Revoke, &typed(FormAction::Fill, "lost")), "Fill", "back from there");
        assert_eq!(judged(Revoke, &typed(FormAction::Check, "")), "Fill: reason");
        assert_eq!(
            judged(Revoke, &typed(FormAction::Do, "ceased")),
            "do Revoke(Ceased) to TC00000000000017 of 測試機關"
        );
        assert_eq!(judged(Revoke, &StatusChangeForm { sure: None, ..typed(FormAction::Do, "lost") }), "Confirm: sure");
        let unproved = StatusChangeForm {
            user_code: "12345".to_owned().into(),
            answer: " ".into(),
            ..typed(FormAction::Do, "lost")
        };
        assert_eq!(judged(Revoke, &unproved), "Confirm: user_code answer");
        // The hidden fields of the second page, tampered with.
        assert_eq!(
            judged(Revoke, &StatusChangeForm { number: String::new(), ..typed(FormAction::Do, "lost") }),
            "Fill: number"
        );
    }

    #[test]
    fn a_user_code_is_taken_letter_by_letter() {
        for (code, right) in [("Abc12345", true), (" Abc12345 ", true), ("Abc 12345", false), ("Ａbc12345", false)] {
            let typed = StatusChangeForm { user_code: code.to_owned().into(), ..typed(FormAction::Do, "lost") };
            assert_eq!(judged(Suspend, &typed).starts_with("do"), right, "{code}");
        }
    }
}
