//! The card window: the place where a person chooses a card, types PIN and user code, and sees a card job through.
//!
//! A portal's page opens `GET /card` in a window of its own and hands it a job by `postMessage`. Opening it has no
//! effect and shows nothing of any card. Whatever is asked of it afterwards comes from that very page: with our own
//! `Origin` and the page's token, which listens to the one site that spoke first. What is shown is decided here; the
//! page's script shows it. PIN and user code come in by `POST /card/run` and never go out by these paths. A PUK goes out
//! to the window where the authority has its holders type it, and to nobody else.

mod holder;
mod inputs;
mod look;
mod meter;
mod remedy;
#[cfg(test)]
mod sample;
mod screen;
mod state;
mod windows;
mod work;

pub(super) use windows::Windows;

use super::{
    Agent,
    guard::{from_own_page, refused},
    permissions::Scope,
    stopped,
    tool::secret_document,
};
use askama::Template;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query, State as Shared},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use inputs::InputForm;
use kaika_texts::Language;
use kaika_web::{LanguageQuery, html, language};
use kaika_wire::{AuthorityId, CardNumber, Code, JobKind, Protocol, Refusal};
use screen::{View, WindowTexts};
use serde::{Deserialize, de::DeserializeOwned};
use state::{AskingPortal, Assignment, JobRequest, Outcome, ReaderSurvey, SitesWords, State};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// A request has some short texts.
const LARGEST_REQUEST: usize = 8 * 1024;
/// How long a request for news waits for them.
const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// More than 256 bits in any spelling.
const LONGEST_TICKET: usize = 128;
/// The most that a site's words for having no ticket may be.
const LONGEST_WORDS: usize = 400;

pub(super) fn routes() -> Router<Arc<Agent>> {
    Router::new()
        .route("/card", get(page))
        .route("/card/begin", post(begin))
        .route("/card/watch", post(watch))
        .route("/card/choose", post(choose))
        .route("/card/run", post(run))
        .route("/card/type", post(type_here))
        .route("/card/give-up", post(give_up))
        .route("/card/again", post(again))
        .route("/card/no-ticket", post(no_ticket))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
}

/// One window.
struct CardWindow {
    language: Language,
    state: Mutex<State>,
    /// Rises with everything that may show.
    version: watch::Sender<u64>,
}

impl CardWindow {
    fn new(language: Language) -> Self {
        Self { language, state: Mutex::new(State::new()), version: watch::Sender::new(0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and says so.
    fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let done = work(&mut state);
        self.version.send_modify(|version| *version += 1);
        done
    }

    /// As [`CardWindow::change`], where `work` tells whether anything changed.
    fn change_if(&self, work: impl FnOnce(&mut State) -> bool) {
        let mut state = self.state();
        if work(&mut state) {
            self.version.send_modify(|version| *version += 1);
        }
    }

    fn view(&self) -> View {
        let state = self.state();
        let version = *self.version.borrow();
        View::of(&state, version, self.language)
    }
}

#[derive(Template)]
#[template(path = "window.html")]
struct Page {
    w: WindowTexts,
    token: String,
    /// Told to the page that opens the window, before it hands over a job.
    protocol: Protocol,
}

async fn page(Shared(agent): Shared<Arc<Agent>>, Query(wish): Query<LanguageQuery>, headers: HeaderMap) -> Response {
    let language = wish.language(&headers);
    let token = agent.windows.open(language, Instant::now());
    html(&Page { w: WindowTexts { language }, token, protocol: Protocol::OURS })
}

/// Carries the page's token. A header of its own, so that no other site's page could send it without being asked for
/// leave by the browser first.
const TOKEN: &str = "x-kaika-window";

/// The window that a request belongs to, and what it asks; or the refusal to answer with.
fn call<T: DeserializeOwned>(
    agent: &Agent,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<(Arc<CardWindow>, T), Box<Response>> {
    let refuse = |status, detail: &str| {
        let refusal = Refusal::new(Code::BadRequest).detail(detail);
        Box::new(refused(status, language(headers), refusal))
    };
    if !from_own_page(headers) {
        return Err(refuse(StatusCode::FORBIDDEN, "not from the window's page"));
    }
    let token = headers.get(TOKEN).and_then(|token| token.to_str().ok()).unwrap_or_default();
    let window = agent.windows.find(token, Instant::now());
    let window = window.ok_or_else(|| refuse(StatusCode::FORBIDDEN, "no such window"))?;
    let what = secret_document(body).ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "not understood"))?;
    Ok((window, what))
}

/// As [`call`], and then what the window shows.
fn answer<T: DeserializeOwned>(
    agent: &Arc<Agent>,
    headers: &HeaderMap,
    body: Bytes,
    work: impl FnOnce(&mut State, T) -> Result<Option<Assignment>, Refusal>,
) -> Response {
    let (window, what) = match call(agent, headers, body) {
        Ok(called) => called,
        Err(response) => return *response,
    };
    match window.change(|state| work(state, what)) {
        Ok(assignment) => {
            if let Some(assignment) = assignment {
                work::begin(agent, &window, assignment);
            }
            Json(window.view()).into_response()
        }
        Err(refusal) => refused(StatusCode::FORBIDDEN, language(headers), refusal),
    }
}

/// What the opener's message said; `origin` is the browser's word for where the message came from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    origin: String,
    kind: String,
    authority: String,
    ticket: Zeroizing<String>,
}

async fn begin(Shared(agent): Shared<Arc<Agent>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&agent, &headers, body, |state, begin: Begin| {
        let Some(portal) = permitted(&agent, state, &begin.origin)? else {
            return Ok(None);
        };
        let now = Instant::now();
        let begun = asked(&begin, portal.as_deref()).and_then(|asked| state.begin(asked, begin.ticket, now));
        match begun {
            Ok(()) => Ok(state.go_on(now)),
            Err(refusal) if state.asked.is_none() => {
                state.refuse(refusal);
                Ok(None)
            }
            Err(refusal) => Err(refusal),
        }
    })
}

/// `portal`: the configured one whose page speaks; none for the agent's own page, which has what needs no portal.
fn asked(begin: &Begin, portal: Option<&str>) -> Result<JobRequest, Refusal> {
    let not_a = |what: &str| Refusal::new(Code::BadRequest).detail(format!("not a {what}"));
    let kind: JobKind = begin
        .kind
        .parse()
        .ok()
        .filter(|kind: &JobKind| kind.is_for_holders())
        .ok_or_else(|| not_a("job of this window"))?;
    let Some(portal) = portal else {
        return match kind.has_server() {
            true => Err(not_a("job without a portal")),
            false => Ok(JobRequest { kind, portal: None }),
        };
    };
    let authority: AuthorityId = begin.authority.parse().map_err(|_| not_a("name of an authority"))?;
    let ticket = begin.ticket.as_bytes();
    let form = ticket.len() <= LONGEST_TICKET && ticket.iter().all(u8::is_ascii_graphic);
    if !form || ticket.is_empty() == kind.needs_ticket() {
        return Err(not_a("ticket"));
    }
    Ok(JobRequest { kind, portal: Some(AskingPortal { origin: portal.to_owned(), authority }) })
}

/// Whether the page that speaks may: the agent's own (none), or a configured portal's; another site is told on the
/// screen that it may not.
fn permitted(agent: &Agent, state: &mut State, origin: &str) -> Result<Option<Option<String>>, Refusal> {
    state.bind(origin)?;
    if agent.is_own_origin(origin) {
        return Ok(Some(None));
    }
    match agent.permissions.portal(origin, Scope::Manage) {
        Ok(portal) => Ok(Some(Some(portal.to_owned()))),
        Err(refusal) => {
            state.refuse(refusal);
            Ok(None)
        }
    }
}

#[derive(Deserialize)]
struct Watch {
    seen: u64,
}

/// Answers as soon as the window shows something else than the version that was seen.
async fn watch(Shared(agent): Shared<Arc<Agent>>, headers: HeaderMap, body: Bytes) -> Response {
    let (window, Watch { seen }) = match call(&agent, &headers, body) {
        Ok(called) => called,
        Err(response) => return *response,
    };
    let mut version = window.version.subscribe();
    let mut changes = agent.tool.readers().changes();
    let overdue = tokio::time::sleep(LONGEST_WAIT);
    tokio::pin!(overdue);
    loop {
        let count = *changes.borrow_and_update();
        let brief = window.state().look(count);
        if let Some(brief) = brief {
            look(&agent, &window, brief);
        }
        if *version.borrow_and_update() != seen {
            break;
        }
        tokio::select! {
            // Their senders live as long as agent and window, which this request holds.
            _ = version.changed() => {}
            _ = changes.changed() => {}
            () = &mut overdue => break,
            () = stopped(agent.stopping.clone()) => break,
        }
    }
    Json(window.view()).into_response()
}

/// Looks at the readers, and again where they change meanwhile.
fn look(agent: &Arc<Agent>, window: &Arc<CardWindow>, brief: state::Brief) {
    let (agent, window) = (agent.clone(), window.clone());
    tokio::spawn(async move {
        let mut next = Some(brief);
        while let Some(brief) = next {
            let looked = tokio::task::spawn_blocking({
                let (agent, window) = (agent.clone(), window.clone());
                move || {
                    let reading = || window.change_if(State::reading);
                    look::look(agent.tool.readers(), &agent.seats, &*agent.portals, &brief, reading)
                }
            });
            let found = looked.await.unwrap_or_else(|_| ReaderSurvey {
                present: Vec::new(),
                outcome: Outcome::Refused(Code::Internal.into(), None),
                target: None,
                informed: state::Known::new(),
                facts: None,
            });
            window.change_if(|state| state.found(found));
            let count = *agent.tool.readers().changes().borrow();
            next = window.state().look(count);
        }
    });
}

#[derive(Deserialize)]
struct Choose {
    /// None: to choose again.
    card: Option<CardNumber>,
}

async fn choose(Shared(agent): Shared<Arc<Agent>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&agent, &headers, body, |state, Choose { card }| {
        state.choose(card.as_ref());
        Ok(None)
    })
}

#[derive(Deserialize)]
struct Run {
    /// The one on the screen.
    card: CardNumber,
    typed: InputForm,
}

async fn run(Shared(agent): Shared<Arc<Agent>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&agent, &headers, body, |state, Run { card, typed }| Ok(state.run(&card, &typed, Instant::now())))
}

#[derive(Deserialize)]
struct TypeHere {
    typed: InputForm,
}

/// What a reader without a keypad could not take.
async fn type_here(Shared(agent): Shared<Arc<Agent>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&agent, &headers, body, |state, TypeHere { typed }| {
        state.typed(&typed);
        Ok(None)
    })
}

async fn give_up(Shared(agent): Shared<Arc<Agent>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&agent, &headers, body, |state, Nothing {}| {
        state.give_up();
        Ok(None)
    })
}

#[derive(Deserialize)]
struct Nothing {}

async fn again(Shared(agent): Shared<Arc<Agent>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&agent, &headers, body, |state, Nothing {}| Ok(state.again(Instant::now())))
}

#[derive(Deserialize)]
struct NoTicketGiven {
    /// Who said so; none: nobody answers.
    origin: Option<String>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    next_step: String,
}

async fn no_ticket(Shared(agent): Shared<Arc<Agent>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&agent, &headers, body, |state, said: NoTicketGiven| {
        let Some(origin) = &said.origin else {
            state.no_ticket(None);
            return Ok(None);
        };
        if permitted(&agent, state, origin)?.is_some() {
            let short = |text: String| text.chars().take(LONGEST_WORDS).collect();
            let words = SitesWords { message: short(said.message), next_step: short(said.next_step) };
            state.no_ticket(Some(words));
        }
        Ok(None)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_renders_in_both_languages() {
        for language in Language::ALL {
            let page = Page { w: WindowTexts { language }, token: "the-token".to_owned(), protocol: Protocol(7) }
                .render()
                .unwrap();
            assert!(page.contains("data-token=\"the-token\" data-protocol=\"7\""));
            for screen in ["waiting", "no-opener", "agent-gone", "forgotten"] {
                assert!(page.contains(&format!("data-screen=\"{screen}\"")), "{screen}");
            }
            for key in ["window-no-opener", "window-agent-gone-next", "window-forgotten-next"] {
                assert!(page.contains(&WindowTexts { language }.t(key)), "{key}");
            }
            assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("onclick"));
        }
    }
}
