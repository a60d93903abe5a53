//! A card job's page: what is needed, the card that is there, and the way into the card window. One page for every kind
//! of job that holders do; what differs are texts, found by the kind's name.

use crate::{
    http::{
        errors::Stop,
        extract::{Authority, Guard, Named, Visit},
        session::{self, Destination, LoginQuery, Over},
    },
    portal::{
        fields,
        links::{Link, LinkedText},
        page::{Page, View, private},
    },
    site::Site,
};
use askama::Template;
use axum::{
    extract::{Query, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{App, Failure, access::CardPrincipal, cards::follow_up};
use kaika_domain::authorities::{Activation, Overdue, PinPolicy, Policy, Unlock};
use kaika_texts::{AftermathWords, Language, aftermath, text};
use kaika_web::html;
use kaika_wire::{Aftermath, AuthorityId, CardNumber, Code, EmailAddress, Input, JobKind, PinAfter, StatusChangeKind};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "cards/card-job.html")]
pub(crate) struct CardJobPage<'a> {
    page: Page<'a>,
    job: CardJob<'a>,
    /// The session that there was is over, and so.
    over: Option<Over>,
}

/// The part of a page from which a job is done.
#[derive(Template)]
#[template(path = "cards/card-job-screens.html")]
pub(crate) struct CardJob<'a> {
    /// For its words.
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) kind: JobKind,
    /// Origins of the agent and of this portal.
    pub(crate) agent: &'a str,
    pub(crate) origin: &'a str,
    /// Where cards of other authorities belong.
    pub(crate) others: Vec<&'a Policy>,
    pub(crate) place: Place,
    /// The one card that it is for.
    pub(crate) follows: Option<FollowUp>,
    /// The e-mail address that is settled already.
    pub(crate) address: Option<EmailAddress>,
}

/// Where on its way a person is offered a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On its own page, with instructions.
    OwnPage,
    /// After the first part of it was done.
    LastStep,
    /// After it did not come to its end.
    OnceMore,
}

impl Place {
    /// Whether it is what is left of a job that writes to the card at the end.
    pub(crate) fn writes(self) -> bool {
        self == Self::LastStep
    }
}

/// The card of an earlier job, and what the portal knows it by.
pub(crate) struct FollowUp {
    pub(crate) number: CardNumber,
    pub(crate) sealed: String,
}

/// Where to go after the card window refused a card.
struct WayOn {
    kind: JobKind,
    href: String,
    title: String,
}

/// What a person has to have at hand.
struct Need {
    what: String,
    hint: Option<LinkedText>,
    /// What the page's script calls it, where it can see for itself that it is there.
    detected: Option<&'static str>,
}

impl<'a> CardJobPage<'a> {
    pub(crate) fn new(job: CardJob<'a>) -> Self {
        Self { page: Page::new(job.page.view, &job.key("")).of_authority(job.policy), job, over: None }
    }

    pub(crate) fn after(mut self, query: &LoginQuery) -> Self {
        self.page.kept = query.kept();
        self.over = query.over;
        self
    }
}

impl<'a> CardJob<'a> {
    pub(crate) fn at(site: &'a Site, view: View<'a>, policy: &'a Policy, kind: JobKind) -> Self {
        let app = &site.app;
        Self {
            page: Page::new(view, "portal-title").of_authority(policy),
            policy,
            kind,
            agent: &site.settings.agent,
            origin: &app.origin,
            others: app.policies.values().map(Arc::as_ref).filter(|other| other.id != policy.id).collect(),
            place: Place::OwnPage,
            follows: None,
            address: None,
        }
    }

    /// With the same card.
    pub(crate) fn after(self, app: &App, number: &CardNumber) -> Result<Self, Failure> {
        let follows = FollowUp { number: number.clone(), sealed: follow_up(app, number)? };
        Ok(Self { follows: Some(follows), ..self })
    }

    fn key(&self, what: &str) -> String {
        job_key(self.kind, what)
    }

    fn is_brief(&self) -> bool {
        self.place != Place::OwnPage
    }

    /// Which step of the bar it begins with.
    fn first_step(&self) -> usize {
        match self.place {
            Place::OwnPage => 0,
            Place::OnceMore => 1,
            Place::LastStep => 2,
        }
    }

    /// What the button says that opens the card window.
    fn start(&self) -> String {
        match self.place {
            Place::OwnPage | Place::LastStep => self.t(".start"),
            Place::OnceMore => self.page.t("portal-go-on"),
        }
    }

    /// What is said where the card window was closed while the job was at work, and nobody else knows how it ended.
    fn unsure(&self) -> Option<AftermathWords> {
        let unsure = Aftermath { pin: PinAfter::Unsure, changed: true, ..Aftermath::nothing(self.kind) };
        aftermath(self.page.view.language, &unsure).filter(|_| !self.kind.has_server())
    }

    /// A text of this kind of job.
    fn t(&self, what: &str) -> String {
        self.page.t(&self.key(what))
    }

    /// How a period is written, with `FROM` and `TO` for its days.
    fn form(&self) -> String {
        text(self.page.view.language, "portal-card-from-to", &[("from", "FROM".into()), ("to", "TO".into())])
    }

    /// Whether an e-mail address is typed on this page.
    fn asks_address(&self) -> bool {
        self.kind == JobKind::SetEmail && self.address.is_none()
    }

    /// Which change of status is asked for on this page, and a reason with it.
    fn change(&self) -> Option<StatusChangeKind> {
        self.kind.status_change()
    }

    /// Whether what is asked for is for ever.
    fn is_final(&self) -> bool {
        self.kind == JobKind::Revoke
    }

    fn warns_to_decrypt(&self) -> bool {
        self.policy.encrypts()
    }

    /// Why somebody asks for it whose card is in the reader.
    fn reasons(&self, change: &StatusChangeKind) -> Vec<&'static str> {
        change.reasons().into_iter().filter(|reason| *reason != "lost").collect()
    }

    /// Whether the digits of the card number are typed on this page.
    fn asks_number(&self) -> bool {
        self.policy.asks_number(self.kind) && self.follows.is_none()
    }

    /// A text with the letters and digits of this authority's card numbers.
    fn of_number(&self, key: &str) -> String {
        let card = &self.policy.card;
        let prefix = card.number_prefixes.join("／");
        text(self.page.view.language, key, &[("prefix", prefix.into()), ("digits", card.number_digits.into())])
    }

    /// A card number as people type it, for the browser to tell from one that has too few digits.
    fn number_pattern(&self) -> String {
        fields::number_pattern(&self.policy.card)
    }

    fn needs(&self) -> Vec<Need> {
        let need = |key, hint| Need { what: self.page.t(key), hint, detected: None };
        let found = |detected, key, hint| Need { detected: Some(detected), ..need(key, hint) };
        let hint = |key| Some(LinkedText::new(self.page.t(key)));
        let keypad = self.by_keypad().then(|| LinkedText::new(self.page.t("portal-need-keypad")));
        let mut needs = vec![found("card", "portal-need-card", None), found("reader", "portal-need-reader", keypad)];
        needs.extend(self.kind.inputs().iter().filter_map(|input| match input {
            Input::UserCode => Some(need("portal-need-code", hint("portal-need-code-hint"))),
            Input::Pin => Some(need("portal-need-pin", Some(self.forgotten_pin()))),
            Input::NewPin => None,
        }));
        if self.kind == JobKind::SetEmail {
            needs.push(need("portal-need-mailbox", hint("portal-need-mailbox-hint")));
        }
        needs.push(found("agent", "portal-need-agent", hint("portal-need-agent-hint")));
        needs
    }

    fn how(&self) -> Vec<String> {
        let digits = [("digits", self.digits().into())];
        let how = |what| text(self.page.view.language, &self.key(what), &digits);
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
        let mut list = vec![self.page.t("portal-do-not-pull")];
        // Closing the window is how one leaves what is only looked at.
        list.extend((self.kind != JobKind::Information).then(|| self.page.t("portal-do-not-close")));
        list.extend((self.kind == JobKind::Activate).then(|| self.page.t("portal-do-not-use")));
        list
    }

    fn notes(&self) -> Vec<LinkedText> {
        let t = |key| LinkedText::new(self.page.t(key));
        let code =
            || [t("portal-note-code").leading_to(self.page.user_code_link(self.policy)), LinkedText::new(self.tries())];
        let resume = || self.page.change_link(self.policy, StatusChangeKind::Resume);
        match self.kind {
            JobKind::Activate => {
                let mut notes: Vec<_> = self.period().map(LinkedText::new).into_iter().collect();
                notes.push(t("portal-note-pin"));
                notes.extend(code());
                notes.extend([
                    self.by_unlocking("portal-note-new-pin", "portal-note-new-pin-elsewhere"),
                    t("portal-note-stop"),
                ]);
                notes
            }
            JobKind::Unlock => {
                let mut notes =
                    vec![t("portal-note-locked"), t("portal-note-barred").leading_to(resume()), t("portal-note-pin")];
                notes.extend(self.by_keypad().then(|| t("portal-note-puk")));
                notes.extend(code());
                notes.push(t("portal-note-stop"));
                notes
            }
            JobKind::ChangePin => vec![t("portal-note-wrong-pin"), t("portal-note-pin"), self.forgotten_pin()],
            JobKind::Check => {
                let activate = self.page.job_link(self.policy, JobKind::Activate);
                let first = activate.map(|activate| t("portal-note-activate-first").leading_to(Some(activate)));
                let notes = [t("portal-note-why-differs"), t("portal-note-check-reads")];
                notes.into_iter().chain(first).collect()
            }
            JobKind::Rewrite => vec![t("portal-note-why-differs"), t("portal-note-wrong-pin"), t("portal-note-stop")],
            JobKind::Test => vec![t("portal-note-wrong-pin"), t("portal-note-test-reads")],
            JobKind::SetEmail => vec![
                t("portal-note-email-public"),
                t("portal-note-email-twice"),
                t("portal-note-email-old"),
                t("portal-note-wrong-pin"),
            ],
            JobKind::Information => vec![t("portal-note-information-reads")],
            JobKind::Login => {
                vec![t("portal-note-login-ends"), t("portal-note-wrong-pin")]
            }
            // What is final stands above the button.
            JobKind::Revoke => code().into(),
            JobKind::Suspend => {
                let back = t("portal-note-suspend-back").leading_to(resume());
                [t("status-suspend-what-now"), back, t("status-suspend-what-card")].into_iter().chain(code()).collect()
            }
            JobKind::Resume => {
                let what = ["status-resume-what-now", "status-resume-what-back", "status-resume-what-card"];
                what.map(t).into_iter().chain(code()).collect()
            }
            JobKind::Personalise => Vec::new(),
        }
    }

    /// What is done by unlocking: with the way there, or else as it is said where that is not done online.
    fn by_unlocking(&self, online: &str, elsewhere: &str) -> LinkedText {
        match self.page.job_link(self.policy, JobKind::Unlock) {
            Some(unlock) => LinkedText::new(self.page.t(online)).leading_to(Some(unlock)),
            None => LinkedText::new(self.page.t(elsewhere)),
        }
    }

    fn forgotten_pin(&self) -> LinkedText {
        self.by_unlocking("portal-note-forgotten", "portal-note-forgotten-elsewhere")
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
        let PinPolicy { min, max, .. } = self.policy.pin;
        match self.page.view.language {
            _ if min == max => min.to_string(),
            Language::ZhTw => format!("{min} 至 {max}"),
            Language::En => format!("{min} to {max}"),
        }
    }

    /// The jobs that help after a refusal, as the card window names them, as far as they have a page here.
    fn ways(&self) -> Vec<WayOn> {
        let job = |kind| Some((kind, self.page.job_link(self.policy, kind)?));
        let resume = self.page.change_link(self.policy, StatusChangeKind::Resume);
        let ways = [job(JobKind::Unlock), job(JobKind::Activate), resume.map(|link| (JobKind::Resume, link))];
        let ways = ways.into_iter().flatten().filter(|(kind, _)| *kind != self.kind);
        ways.map(|(kind, Link { href, title })| WayOn { kind, href, title }).collect()
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
pub(crate) fn job_key(kind: JobKind, what: &str) -> String {
    format!("portal-job-{}{what}", kind.as_str())
}

/// The picture of a kind of job. Those by which the home page does not lead to it have none of their own.
pub(crate) fn icon(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Unlock => include_str!("../../../assets/icons/unlock.svg"),
        JobKind::ChangePin => include_str!("../../../assets/icons/change_pin.svg"),
        JobKind::Check => include_str!("../../../assets/icons/check.svg"),
        JobKind::Rewrite => include_str!("../../../assets/icons/rewrite.svg"),
        JobKind::Information => include_str!("../../../assets/icons/information.svg"),
        JobKind::Test => include_str!("../../../assets/icons/test.svg"),
        JobKind::SetEmail => include_str!("../../../assets/icons/set_email.svg"),
        JobKind::Login => include_str!("../../../assets/icons/login.svg"),
        JobKind::Activate | JobKind::Personalise | JobKind::Suspend | JobKind::Resume | JobKind::Revoke => {
            include_str!("../../../assets/icons/activate.svg")
        }
    }
}

pub(crate) async fn card_job(
    visit: Visit,
    policy: Authority,
    Named((_, kind)): Named<(AuthorityId, JobKind)>,
    query: Result<Query<LoginQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Stop> {
    match policy.offers(kind) {
        Ok(()) => {}
        // There it says how cards are activated.
        Err(_) if kind == JobKind::Activate => {
            return Ok(Redirect::temporary(&format!("/{}/", policy.id)).into_response());
        }
        Err(_) if !kind.is_for_holders() => return Err(Code::NotFound.into()),
        Err(refusal) => return Err(refusal.into()),
    }
    let page = CardJobPage::new(CardJob::at(&visit, visit.view(), &policy, kind));
    if kind != JobKind::Login {
        return Ok(html(&page));
    }
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let found = session::who(&visit, &policy, &headers).await?;
    match found.and_then(|found| CardPrincipal::admit(found.into_principal())) {
        // Whoever is logged in with a card need not do it again.
        Some(_) => {
            let to = query.to.as_ref().map_or(CardPrincipal::HOME, Destination::path);
            Ok(Redirect::to(&format!("/{}/{to}", policy.id)).into_response())
        }
        None => Ok(private(StatusCode::OK, &page.after(&query))),
    }
}

/// 停用, 復用, 廢止 with the card at hand; without it they have a form of their own.
pub(crate) async fn status_change(
    visit: Visit,
    policy: Authority,
    Named((_, kind)): Named<(AuthorityId, JobKind)>,
) -> Result<Response, Stop> {
    if kind.status_change().is_none() {
        return Err(Code::NotFound.into());
    }
    policy.offers(kind)?;
    Ok(html(&CardJobPage::new(CardJob::at(&visit, visit.view(), &policy, kind))))
}
