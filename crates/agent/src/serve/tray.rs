//! `GET /tray`, in the demo: the software cards and readers as pictures, with forms to insert a card, to take it out,
//! to have it pulled out in the middle of a job, to press the keys of a reader's keypad, and for a new blank card.
//!
//! A form carries the one-time token of the page that it was on, and comes from our own origin: another site cannot
//! have it sent.

use super::{
    Agent,
    guard::{from_own_page, refused},
};
use crate::readers::soft::{CardFace, SoftReaders};
use askama::Template;
use axum::{
    Router,
    extract::{Form, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kaika_softcard::{
    Quirk, Quirks,
    keypad::{Entry, Key},
};
use kaika_texts::{Language, text};
use kaika_web::{LanguageQuery, html, language};
use kaika_wire::{Code, Refusal};
use serde::Deserialize;
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

pub(super) struct Tray {
    cards: SoftReaders,
    tokens: Mutex<VecDeque<String>>,
}

/// How many pages may be open with a token that is still good.
const MOST_TOKENS: usize = 64;

impl Tray {
    pub(super) fn new(cards: SoftReaders) -> Self {
        Self { cards, tokens: Mutex::default() }
    }

    fn is_planned(&self, reader: &str) -> bool {
        // A card that is locked is at work: then it has not happened yet, and will be seen when it has.
        self.cards.card_in(reader).is_some_and(|card| card.try_lock().is_ok_and(|card| card.has_planned_fault()))
    }

    fn new_token(&self) -> String {
        let mut bytes = [0; 16];
        crate::random(&mut bytes);
        let token = hex::encode(bytes);
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() == MOST_TOKENS {
            tokens.pop_front();
        }
        tokens.push_back(token.clone());
        token
    }

    /// Whether the token was good; from now on it is not.
    fn spend(&self, token: &str) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let found = tokens.iter().position(|known| known == token);
        found.and_then(|at| tokens.remove(at)).is_some()
    }
}

pub(super) fn routes() -> Router<Arc<Agent>> {
    Router::new()
        .route("/tray", get(show))
        .route("/tray/blank", post(blank))
        .route("/tray/insert", post(insert))
        .route("/tray/remove", post(remove))
        .route("/tray/key", post(press))
}

#[derive(Template)]
#[template(path = "tray.html")]
struct TrayPage {
    language: Language,
    token: String,
    changes: u64,
    readers: Vec<ShownReader>,
    drawer: Vec<ShownCard>,
}

struct ShownReader {
    name: String,
    card: Option<ShownCard>,
    /// Whether the card will be pulled out in the middle of a job.
    planned: bool,
    keypad: Option<ShownKeypad>,
}

/// What a keypad's display shows: how many digits were typed, and for what; never which.
struct ShownKeypad {
    asks: Option<Entry>,
    digits: usize,
}

impl ShownKeypad {
    const KEYS: [&str; 13] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "cancel", "0", "clear", "enter"];

    fn asks(&self) -> &'static str {
        match self.asks {
            Some(Entry::Puk) => "tray-keypad-puk",
            Some(Entry::Pin) => "tray-keypad-pin",
            Some(Entry::NewPin) => "tray-keypad-new-pin",
            Some(Entry::NewPinAgain) => "tray-keypad-again",
            None => "tray-keypad-idle",
        }
    }

    fn stars(&self) -> String {
        "●".repeat(self.digits)
    }
}

struct ShownCard {
    name: String,
    face: CardFace,
    /// Cards of one authority have one colour, beginning with 1; 0 for a blank card.
    tint: usize,
}

/// How many colours `agent.css` has.
const TINTS: usize = 6;

impl ShownCard {
    /// The card number, or the file's name before there is one.
    fn title(&self) -> &str {
        let number = self.face.number.as_ref();
        number.map_or(self.name.as_str(), |number| number.as_str())
    }
}

impl TrayPage {
    fn t(&self, key: &str) -> String {
        text(self.language, key, &[])
    }

    const QUIRKS: [Quirk; Quirk::ALL.len()] = Quirk::ALL;

    /// Whether a card goes into this one if nobody says otherwise: the first that is free.
    fn is_next(&self, reader: &ShownReader) -> bool {
        self.readers.iter().find(|reader| reader.card.is_none()).is_some_and(|free| free.name == reader.name)
    }

    fn quirk(&self, quirk: Quirk) -> String {
        self.t(&format!("tray-quirk-{quirk}"))
    }

    /// What stands on a key.
    fn key(&self, key: &str) -> String {
        match key {
            "cancel" | "clear" | "enter" => self.t(&format!("tray-key-{key}")),
            digit => digit.to_owned(),
        }
    }

    fn state(&self, face: &CardFace) -> String {
        self.t(match (&face.number, face.pin_tries_left) {
            (None, _) => "tray-state-blank",
            (Some(_), Some(0)) => "tray-state-blocked",
            (Some(_), _) => "tray-state-ready",
        })
    }
}

async fn show(State(agent): State<Arc<Agent>>, Query(wish): Query<LanguageQuery>, headers: HeaderMap) -> Response {
    let language = wish.language(&headers);
    // What happens after this count the page will be told.
    let changes = *agent.tool.readers().changes().borrow();
    let seen = tokio::task::spawn_blocking({
        let agent = agent.clone();
        move || tray_of(&agent).map(contents)
    });
    let (readers, drawer) = match seen.await {
        Ok(Some(Ok(contents))) => contents,
        Ok(Some(Err(refusal))) => return refused(StatusCode::CONFLICT, language, refusal),
        Ok(None) | Err(_) => return StatusCode::NOT_FOUND.into_response(),
    };
    let Some(tray) = tray_of(&agent) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    html(&TrayPage { language, token: tray.new_token(), changes, readers, drawer })
}

fn tray_of(agent: &Agent) -> Option<&Tray> {
    agent.tray.as_ref()
}

fn contents(tray: &Tray) -> Result<(Vec<ShownReader>, Vec<ShownCard>), Refusal> {
    let mut readers: Vec<ShownReader> = tray
        .cards
        .names()
        .map(|name| {
            let keypad = tray.cards.keypad(name).map(|keypad| {
                let display = keypad.display();
                ShownKeypad {
                    asks: display.map(|display| display.entry),
                    digits: display.map_or(0, |display| display.digits),
                }
            });
            ShownReader { name: name.to_owned(), card: None, planned: tray.is_planned(name), keypad }
        })
        .collect();
    let mut kept = Vec::new();
    for card in tray.cards.cards()? {
        kept.push((tray.cards.face(&card.name)?, card));
    }
    let authorities: BTreeSet<String> = kept.iter().filter_map(|(face, _)| face.authority.clone()).collect();
    let mut drawer = Vec::new();
    for (face, card) in kept {
        let place = face.authority.as_ref().and_then(|own| authorities.iter().position(|authority| authority == own));
        let shown = ShownCard { tint: place.map_or(0, |place| 1 + place % TINTS), face, name: card.name };
        let seat = card.reader.and_then(|name| readers.iter_mut().find(|reader| reader.name == name));
        match seat {
            Some(reader) => reader.card = Some(shown),
            None => drawer.push(shown),
        }
    }
    Ok((readers, drawer))
}

/// `token`, `lang`, and a `quirk` for each way in which the card is to be odd.
async fn blank(
    State(agent): State<Arc<Agent>>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let all = |name: &'static str| form.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str());
    let (token, lang) = (all("token").next().unwrap_or_default(), all("lang").next().unwrap_or_default());
    change(&agent, &headers, token, lang, |cards| {
        let quirks: Result<Quirks, _> = all("quirk").map(str::parse::<Quirk>).collect();
        let quirks = quirks.map_err(|unknown| Refusal::new(Code::BadRequest).detail(unknown.to_string()))?;
        cards.add_blank(quirks).map(drop)
    })
}

#[derive(Deserialize)]
struct Insert {
    token: String,
    lang: String,
    card: String,
    reader: String,
}

async fn insert(State(agent): State<Arc<Agent>>, headers: HeaderMap, Form(form): Form<Insert>) -> Response {
    change(&agent, &headers, &form.token, &form.lang, |cards| cards.insert(&form.card, &form.reader))
}

#[derive(Deserialize)]
struct Remove {
    token: String,
    lang: String,
    reader: String,
    /// At which APDU from now on the card is pulled out; empty: at once.
    #[serde(default)]
    step: String,
}

async fn remove(State(agent): State<Arc<Agent>>, headers: HeaderMap, Form(form): Form<Remove>) -> Response {
    change(&agent, &headers, &form.token, &form.lang, |cards| match form.step.trim() {
        "" => cards.remove(&form.reader),
        step => {
            let step = step.parse().map_err(|_| Code::BadRequest)?;
            cards.remove_at(&form.reader, step)
        }
    })
}

#[derive(Deserialize)]
struct Press {
    token: String,
    lang: String,
    reader: String,
    /// A digit, `clear`, `cancel` or `enter`.
    key: String,
}

async fn press(State(agent): State<Arc<Agent>>, headers: HeaderMap, Form(form): Form<Press>) -> Response {
    change(&agent, &headers, &form.token, &form.lang, |cards| {
        let keypad = cards.keypad(&form.reader).ok_or(Code::ReaderUnknown)?;
        let key = match form.key.as_bytes() {
            [digit @ b'0'..=b'9'] => Key::Digit(digit - b'0'),
            b"clear" => Key::Clear,
            b"cancel" => Key::Cancel,
            b"enter" => Key::Enter,
            _ => return Err(Code::BadRequest.into()),
        };
        // Nobody asked: then nothing happens, as with real keys.
        keypad.press(key);
        Ok(())
    })
}

fn change(
    agent: &Agent,
    headers: &HeaderMap,
    token: &str,
    lang: &str,
    work: impl FnOnce(&SoftReaders) -> Result<(), Refusal>,
) -> Response {
    let language = Language::from_tag(lang).unwrap_or_else(|| language(headers));
    let Some(tray) = tray_of(agent) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if !from_own_page(headers) || !tray.spend(token) {
        let refusal = Refusal::new(Code::BadRequest).detail("not a form of this page");
        return refused(StatusCode::FORBIDDEN, language, refusal);
    }
    match work(&tray.cards) {
        Ok(()) => Redirect::to(&format!("/tray?lang={}", language.tag())).into_response(),
        Err(refusal) => refused(StatusCode::CONFLICT, language, refusal),
    }
}
