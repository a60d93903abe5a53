//! A card job's page: what is needed, the card that is there, and the way into the card window. One page for every kind
//! of job that holders do; what differs are texts, found by the kind's name.

use super::{
    links::Linked,
    page::{Page, authority, private},
};
use crate::{
    errors::{fail, not_found, refuse},
    session::{self, Over, Way},
    site::Site,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use kaika_domain::{
    Policy,
    policy::{Activation, Overdue, PinRules, Unlock},
};
use kaika_texts::{Language, explain, text};
use kaika_web::{html, language};
use kaika_wire::{CertificateStatus, Code, EmailAddress, Input, JobKind, Refusal, StatusChangeKind};

#[derive(Template)]
#[template(path = "card-job.html")]
pub(super) struct CardJobPage<'a> {
    page: Page<'a>,
    job: CardJob<'a>,
    /// The session that there was is over, and so.
    over: Option<Over>,
}

/// The part of a page from which a job is done.
#[derive(Template)]
#[template(path = "card-job-screens.html")]
pub(super) struct CardJob<'a> {
    /// For its words.
    pub(super) page: Page<'a>,
    pub(super) policy: &'a Policy,
    pub(super) kind: JobKind,
    /// Origins of the agent and of this portal.
    pub(super) agent: &'a str,
    pub(super) origin: &'a str,
    /// Where cards of other authorities belong.
    pub(super) others: Vec<&'a Policy>,
    /// Without instructions: the person has just read others.
    pub(super) brief: bool,
    /// The e-mail address that is settled already.
    pub(super) address: Option<EmailAddress>,
}

/// What helps where the card window refused a card.
struct WayOn {
    kind: JobKind,
    title: String,
    /// In words.
    refusal: Refusal,
    /// Whether it has a page here.
    offered: bool,
}

impl<'a> CardJobPage<'a> {
    pub(super) fn new(job: CardJob<'a>) -> Self {
        Self { page: Page::new(job.page.language, &job.key("")).of_authority(job.policy), job, over: None }
    }

    pub(super) fn after(mut self, way: Way) -> Self {
        self.page.kept = way.kept();
        self.over = way.over;
        self
    }
}

impl<'a> CardJob<'a> {
    pub(super) fn at(site: &'a Site, language: Language, policy: &'a Policy, kind: JobKind) -> Self {
        let app = &site.app;
        Self {
            page: Page::new(language, "portal-title").of_authority(policy),
            policy,
            kind,
            agent: &site.settings.agent,
            origin: &app.origin,
            others: app.policies.values().filter(|other| other.id != policy.id).collect(),
            brief: false,
            address: None,
        }
    }

    fn key(&self, what: &str) -> String {
        job_key(self.kind, what)
    }

    /// A text of this kind of job.
    fn t(&self, what: &str) -> String {
        self.page.t(&self.key(what))
    }

    /// How a period is written, with `FROM` and `TO` for its days.
    fn form(&self) -> String {
        text(self.page.language, "portal-card-from-to", &[("from", "FROM".into()), ("to", "TO".into())])
    }

    /// Whether an e-mail address is typed on this page.
    fn asks_address(&self) -> bool {
        self.kind == JobKind::SetEmail && self.address.is_none()
    }

    /// Which change of status is asked for on this page, and a reason with it.
    fn change(&self) -> Option<StatusChangeKind> {
        self.kind.status_change()
    }

    /// Whether the digits of the card number are typed on this page.
    fn asks_number(&self) -> bool {
        self.policy.asks_number(self.kind)
    }

    /// A text with the letters and digits of this authority's card numbers.
    fn of_number(&self, key: &str) -> String {
        let card = &self.policy.card;
        let prefix = card.number_prefixes.join("／");
        text(self.page.language, key, &[("prefix", prefix.into()), ("digits", card.number_digits.into())])
    }

    /// What a person needs, each with a hint where there is one.
    fn needs(&self) -> Vec<(String, Option<String>)> {
        let t = |key| self.page.t(key);
        let keypad = self.by_keypad().then(|| t("portal-need-keypad"));
        let mut needs = vec![(t("portal-need-card"), None), (t("portal-need-reader"), keypad)];
        needs.extend(self.kind.inputs().iter().filter_map(|input| match input {
            Input::UserCode => Some((t("portal-need-code"), Some(t("portal-need-code-hint")))),
            Input::Pin => Some((t("portal-need-pin"), Some(t("portal-need-pin-hint")))),
            Input::NewPin => None,
        }));
        if self.kind == JobKind::SetEmail {
            needs.push((t("portal-need-mailbox"), Some(t("portal-need-mailbox-hint"))));
        }
        needs.push((t("portal-need-agent"), Some(t("portal-need-agent-hint"))));
        needs
    }

    fn how(&self) -> Vec<String> {
        let digits = [("digits", self.digits().into())];
        let how = |what| text(self.page.language, &self.key(what), &digits);
        let mut steps: Vec<_> = self.asks_number().then(|| self.of_number("portal-how-number")).into_iter().collect();
        steps.push(self.page.t("portal-how-window"));
        match self.by_keypad() {
            true => steps.extend([self.t(".how-code"), how(".how-keypad"), self.t(".how-proof")]),
            false => steps.push(how(".how")),
        }
        steps.push(self.t(".wait"));
        steps
    }

    fn do_not(&self) -> Vec<String> {
        let mut list = vec![self.page.t("portal-do-not-pull"), self.page.t("portal-do-not-close")];
        list.extend((self.kind == JobKind::Activate).then(|| self.page.t("portal-do-not-use")));
        list
    }

    fn notes(&self) -> Vec<Linked> {
        let t = |key| Linked::from(self.page.t(key));
        let code = || {
            let reset = self.page.user_code_link(self.policy);
            [Linked::new(&self.page.t("portal-note-code"), reset), self.tries().into()]
        };
        match self.kind {
            JobKind::Activate => {
                let mut notes: Vec<_> = self.period().map(Linked::from).into_iter().collect();
                notes.push(t("portal-note-pin"));
                notes.extend(code());
                notes.extend([t("portal-note-new-pin"), t("portal-note-stop")]);
                notes
            }
            JobKind::Unlock => {
                let mut notes = vec![t("portal-note-locked"), t("portal-note-barred"), t("portal-note-pin")];
                notes.extend(self.by_keypad().then(|| t("portal-note-puk")));
                notes.extend(code());
                notes.push(t("portal-note-stop"));
                notes
            }
            JobKind::ChangePin => vec![t("portal-note-wrong-pin"), t("portal-note-pin"), t("portal-note-forgotten")],
            JobKind::Check => vec![t("portal-note-why-differs"), t("portal-note-check-reads")],
            JobKind::Rewrite => vec![t("portal-note-why-differs"), t("portal-note-wrong-pin"), t("portal-note-stop")],
            JobKind::Test => vec![t("portal-note-wrong-pin"), t("portal-note-check-reads")],
            JobKind::SetEmail => vec![
                t("portal-note-email-public"),
                t("portal-note-email-twice"),
                t("portal-note-email-old"),
                t("portal-note-wrong-pin"),
            ],
            JobKind::Information => vec![t("portal-note-check-reads")],
            JobKind::Login => {
                vec![t("portal-note-login-ends"), t("portal-note-wrong-pin")]
            }
            JobKind::Suspend | JobKind::Resume | JobKind::Revoke => {
                let kind = self.kind.as_str();
                let what = |what: &str| Linked::from(self.page.t(&format!("status-{kind}-what-{what}")));
                let mut notes: Vec<_> = match self.kind {
                    JobKind::Revoke => vec![t("portal-note-final")],
                    _ => vec![what("now"), what("back"), what("card")],
                };
                notes.extend(code());
                notes
            }
            JobKind::Personalise => Vec::new(),
        }
    }

    /// Whether PUK and PIN are typed on the reader's keypad.
    fn by_keypad(&self) -> bool {
        self.kind == JobKind::Unlock && self.policy.unlock == Unlock::Keypad
    }

    fn tries(&self) -> String {
        self.page.number("portal-note-tries", "tries", self.policy.user_code_tries())
    }

    /// By when a card has to be activated.
    fn period(&self) -> Option<String> {
        let Activation::Online { within_days, afterwards } = self.policy.activation else { return None };
        let key = match afterwards {
            Overdue::Revoke => "portal-note-days-revoke",
            Overdue::Suspend => "portal-note-days-suspend",
        };
        Some(self.page.number(key, "days", within_days))
    }

    /// How many digits a PIN has.
    fn digits(&self) -> String {
        let PinRules { min, max } = self.policy.pin;
        match self.page.language {
            _ if min == max => min.to_string(),
            Language::ZhTw => format!("{min} 至 {max}"),
            Language::En => format!("{min} to {max}"),
        }
    }

    /// The jobs that help after a refusal, as the card window names them.
    fn ways(&self) -> Vec<WayOn> {
        let way = |kind, title, code, status| {
            let contact = Some(self.policy.contact.telephone.clone());
            let refusal = explain(self.page.language, Refusal { status, contact, ..Refusal::new(code) });
            WayOn { kind, title: self.page.t(title), refusal, offered: self.policy.offers(kind).is_ok() }
        };
        vec![
            way(JobKind::Unlock, "portal-job-unlock", Code::PinLocked, None),
            way(JobKind::Activate, "portal-job-activate", Code::NotActivated, None),
            way(JobKind::Resume, "status-resume", Code::CardBarred, Some(CertificateStatus::Suspended)),
        ]
    }

    /// The same at the command line.
    fn command(&self) -> String {
        let name = match self.kind {
            JobKind::Information => "show".to_owned(),
            kind => kind.as_str().replace('_', "-"),
        };
        match self.kind.has_server() {
            true if self.kind == JobKind::SetEmail => {
                format!("kaika-agent card {name} --portal {}/{}/ --email …", self.origin, self.policy.id)
            }
            true if self.change().is_some() => {
                format!("kaika-agent card {name} --portal {}/{}/ --reason …", self.origin, self.policy.id)
            }
            true => format!("kaika-agent card {name} --portal {}/{}/", self.origin, self.policy.id),
            false => format!("kaika-agent card {name}"),
        }
    }
}

/// The key of a text about a kind of job: its name, or `.lead`, `.done` …
pub(super) fn job_key(kind: JobKind, what: &str) -> String {
    format!("portal-job-{}{what}", kind.as_str())
}

pub(super) async fn card_job(
    State(site): State<Site>,
    Path((id, kind)): Path<(String, String)>,
    way: Result<Query<Way>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let (Some(policy), Ok(kind)) = (authority(&site.app, &id), kind.parse::<JobKind>()) else {
        return not_found(headers).await;
    };
    match policy.offers(kind) {
        Ok(()) => {}
        // There it says how cards are activated.
        Err(_) if kind == JobKind::Activate => return Redirect::temporary(&format!("/{}/", policy.id)).into_response(),
        Err(_) if !kind.is_for_holders() => return not_found(headers).await,
        Err(refusal) => return refuse(refusal, &headers),
    }
    let page = CardJobPage::new(CardJob::at(&site, language(&headers), policy, kind));
    if kind != JobKind::Login {
        return html(&page);
    }
    let way = way.map(|Query(way)| way).unwrap_or_default();
    match session::who(&site, policy, &headers).await {
        // Whoever is logged in need not do it again.
        Ok(Some(_)) => Redirect::to(&format!("/{}/{}", policy.id, way.to.path())).into_response(),
        Ok(None) => private(StatusCode::OK, &page.after(way)),
        Err(failure) => fail(failure, &headers),
    }
}

/// 停用, 復用, 廢止 with the card at hand; without it they have a form of their own.
pub(super) async fn status_change(
    State(site): State<Site>,
    Path((id, kind)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let kind = kind.parse().ok().filter(|kind: &JobKind| kind.status_change().is_some());
    let (Some(policy), Some(kind)) = (authority(&site.app, &id), kind) else {
        return not_found(headers).await;
    };
    match policy.offers(kind) {
        Ok(()) => html(&CardJobPage::new(CardJob::at(&site, language(&headers), policy, kind))),
        Err(refusal) => refuse(refusal, &headers),
    }
}
