//! What a window shows: each state as a piece of page in the person's language, and what the page's script has to do
//! beside showing it. The one secret that may stand in it is a PUK that is to be typed: on its screen, until it was.

mod fields;
mod tell;

use super::super::page::is_colour;
use super::{
    inputs::Field,
    meter::{Doing, Meter},
    remedy::{Remedy, way_on},
    state::{Barred, Choice, Informed, Offer, SitesWords, Stage, State, Typing, Unfit},
};
use crate::{
    advice::Advice,
    certificate::CardCertificate,
    words::{digit_arguments, written_day},
};
use askama::Template;
use fields::ShownField;
use kaika_texts::{FluentValue, Language, explain, text};
use kaika_web::{CARD, READER, READER_WITH_CARD};
use kaika_wire::{
    Aftermath, AuthorityId, CardNumber, CertificateStatus, CheckResult, Code, EmailState, HeldCard, IssuedCertificate,
    JobKind, JobResult, PinAfter, PinDigits, Puk, Refusal, said_name,
};
use serde::Serialize;
use tell::Tell;
use time::OffsetDateTime;

/// A reader that is not plugged in.
const NO_READER: &str = include_str!("../../../assets/no-reader.svg");

/// A reader with keys.
const KEYPAD: &str = include_str!("../../../assets/keypad.svg");

/// How long the last screen stays.
const LAST_LOOK_MS: u32 = 2000;

/// The answer to every request of the window.
#[derive(Serialize)]
pub(super) struct View {
    /// For `POST /card/watch`.
    version: u64,
    #[serde(flatten)]
    drawn: Drawn,
    /// Whether the page is asked for a ticket.
    wants_ticket: bool,
    tell: Option<Tell>,
    close_after_ms: Option<u32>,
    authority: Option<AuthorityId>,
    /// The authority's colour, six hexadecimal digits.
    accent: Option<String>,
}

#[derive(Serialize)]
struct Bar {
    percent: u8,
    words: String,
}

impl View {
    pub(super) fn of(state: &State, version: u64, language: Language) -> Self {
        Self {
            version,
            drawn: draw(state, language),
            wants_ticket: matches!(state.stage, Stage::WantsTicket),
            tell: state.told.as_ref().map(|told| Tell::of(told, state.attempt, language)),
            close_after_ms: matches!(state.stage, Stage::Done { .. }).then_some(LAST_LOOK_MS),
            authority: state.asked.as_ref().and_then(|asked| asked.portal.as_ref()).map(|by| by.authority.clone()),
            accent: state.authority().and_then(|authority| accent(authority.accent.as_deref()?)),
        }
    }
}

/// A portal's word for a colour, where it is one.
fn accent(word: &str) -> Option<String> {
    let digits = word.strip_prefix('#')?;
    is_colour(digits).then(|| digits.to_ascii_lowercase())
}

/// Texts in a language.
#[derive(Clone, Copy)]
pub(super) struct WindowTexts {
    pub(super) language: Language,
}

impl WindowTexts {
    pub(super) fn t(&self, key: &str) -> String {
        text(self.language, key, &[])
    }

    fn with(&self, key: &str, arguments: &[(&'static str, FluentValue)]) -> String {
        text(self.language, key, arguments)
    }

    /// A job's own text: its name, or `.begin`, `.done` …
    fn job(&self, kind: JobKind, what: &str) -> String {
        self.t(&format!("job-{}{what}", kind.as_str()))
    }

    fn until(&self, first: &str, last: &str) -> String {
        self.with("window-until", &[("first", first.to_owned().into()), ("last", last.to_owned().into())])
    }
}

/// Which site, authority and job: on every screen.
struct Context {
    words: WindowTexts,
    kind: Option<JobKind>,
    site: Option<String>,
    authority: Option<String>,
}

impl Context {
    fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    /// The job's name, or what the window is as long as there is none.
    fn job(&self) -> String {
        self.kind.map_or_else(|| self.t("window-title"), |kind| self.words.job(kind, ""))
    }

    fn until(&self, first: &str, last: &str) -> String {
        self.words.until(first, last)
    }

    /// PIN and PUK tries left, where the card tells them; before activation they mean nothing to its holder.
    fn tries(&self, offer: &Offer) -> Option<String> {
        let tries = offer.tries.filter(|_| self.kind != Some(JobKind::Activate))?;
        let told = match (tries.pin, tries.puk) {
            (Some(_), Some(_)) => "both",
            (Some(_), None) => "pin",
            (None, Some(_)) => "puk",
            (None, None) => return None,
        };
        let count = |tries: Option<u8>| FluentValue::from(tries.unwrap_or_default());
        let arguments = [("told", told.into()), ("pin", count(tries.pin)), ("puk", count(tries.puk))];
        Some(self.words.with("window-tries-left", &arguments))
    }

    fn of_job(&self, what: &str) -> String {
        self.kind.map(|kind| self.words.job(kind, what)).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "screens/looking.html")]
struct Looking {
    context: Context,
}

#[derive(Template)]
#[template(path = "screens/choose.html")]
struct Choose<'a> {
    context: Context,
    offers: &'a [Offer],
    barred: &'a [Barred],
}

#[derive(Template)]
#[template(path = "screens/form.html")]
struct Form<'a> {
    context: Context,
    offer: &'a Offer,
    /// Whether there are other cards to choose from.
    others: bool,
    fields: Vec<ShownField>,
    /// All cards of the holder, where the portal tells of them.
    cards: &'a [HeldCard],
    /// Whether what else is needed is typed in the middle of the job.
    by_keypad: bool,
    /// Before which day a card is to be activated.
    activate_by: Option<String>,
}

#[derive(Template)]
#[template(path = "screens/information.html")]
struct Information<'a> {
    context: Context,
    offer: &'a Offer,
    others: bool,
    told: &'a Informed,
    advice: ShownAdvice,
}

/// How the card stands, and what is to be done about it.
struct ShownAdvice {
    /// Of the notice.
    class: &'static str,
    message: String,
    next: String,
}

#[derive(Template)]
#[template(path = "screens/working.html")]
struct Working {
    context: Context,
    percent: u8,
    doing: String,
}

/// What is to be typed on the reader's keypad.
#[derive(Template)]
#[template(path = "screens/keypad.html")]
struct AtKeypad<'a> {
    context: Context,
    reader: &'a String,
    puk: Option<&'a Puk>,
    digits: PinDigits,
}

/// The same where the reader has none.
#[derive(Template)]
#[template(path = "screens/type.html")]
struct TypeHere<'a> {
    context: Context,
    puk: Option<&'a Puk>,
    fields: Vec<ShownField>,
}

#[derive(Template)]
#[template(path = "screens/refused.html")]
struct Refused {
    context: Context,
    refusal: Refusal,
    remedy: Remedy,
    back: bool,
    card: Option<Unfit>,
}

#[derive(Template)]
#[template(path = "screens/no-ticket.html")]
struct NoTicket<'a> {
    context: Context,
    words: &'a Option<SitesWords>,
}

#[derive(Template)]
#[template(path = "screens/succeeded.html")]
struct Succeeded<'a> {
    context: Context,
    number: &'a CardNumber,
    result: &'a JobResult,
}

impl Barred {
    /// As people say it.
    fn holder_name(&self) -> Option<String> {
        self.holder.as_deref().map(said_name)
    }

    fn number(&self) -> Option<&CardNumber> {
        self.number.as_ref()
    }
}

impl Offer {
    /// As people say it.
    fn holder_name(&self) -> Option<String> {
        self.holder.as_deref().map(said_name)
    }

    fn number(&self) -> Option<&CardNumber> {
        Some(&self.number)
    }

    fn days(&self) -> Option<(String, String)> {
        let day = |moment: OffsetDateTime| moment.date().to_string();
        self.validity.map(|(first, last)| (day(first), day(last)))
    }
}

impl Looking {
    fn picture(&self) -> &'static str {
        READER_WITH_CARD
    }
}

fn choose_heading(offers: &[Offer]) -> &'static str {
    if offers.is_empty() { "window-choose-none" } else { "window-choose" }
}

impl Choose<'_> {
    fn picture(&self) -> &'static str {
        CARD
    }

    fn heading(&self) -> &'static str {
        choose_heading(self.offers)
    }

    /// Why this card is not to be chosen.
    fn why(&self, card: &Barred) -> Refusal {
        explain(self.context.words.language, card.refusal.clone())
    }
}

impl Form<'_> {
    fn picture(&self) -> &'static str {
        CARD
    }

    /// What the button says.
    fn begin(&self) -> &'static str {
        if self.by_keypad { ".begin-keypad" } else { ".begin" }
    }

    fn how_long(&self) -> &'static str {
        if self.by_keypad { ".how-long-keypad" } else { ".how-long" }
    }
}

impl Information<'_> {
    fn picture(&self) -> &'static str {
        CARD
    }

    fn cards(&self) -> &[HeldCard] {
        &self.told.information.cards
    }

    fn key(&self, certificate: &IssuedCertificate) -> String {
        CardCertificate::from_pem(&certificate.pem).and_then(|parsed| parsed.key()).unwrap_or_default()
    }

    fn status(&self, certificate: &IssuedCertificate) -> &'static str {
        certificate.status.map_or("unknown", CertificateStatus::as_str)
    }

    fn status_word(&self, certificate: &IssuedCertificate) -> String {
        self.context.t(&format!("status-{}", self.status(certificate)))
    }

    fn role(&self, certificate: &IssuedCertificate) -> String {
        self.context.t(&format!("role-{}", certificate.role.as_str()))
    }
}

impl Working {
    fn picture(&self) -> &'static str {
        READER_WITH_CARD
    }
}

/// Eight digits are read and typed more surely in two groups.
fn puk_parts(puk: Option<&Puk>) -> Vec<String> {
    let parts = puk.iter().flat_map(|puk| puk.expose().chunks(4));
    parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

impl AtKeypad<'_> {
    fn picture(&self) -> &'static str {
        KEYPAD
    }

    fn puk_parts(&self) -> Vec<String> {
        puk_parts(self.puk)
    }

    fn steps(&self) -> Vec<String> {
        let with_digits = |key| self.context.words.with(key, &digit_arguments(self.digits));
        match self.puk {
            Some(_) => vec![
                self.context.t("window-keypad-puk"),
                with_digits("window-keypad-new-pin"),
                self.context.t("window-keypad-again"),
            ],
            None => vec![self.context.t("window-keypad-once-more")],
        }
    }

    /// What the keys do: cancelling leaves the card as it was only as long as the new PIN is not set.
    fn keys(&self) -> &'static str {
        if self.puk.is_some() { "window-keypad-keys" } else { "window-keypad-keys-proof" }
    }
}

impl Succeeded<'_> {
    /// What it came to, where the job's own words are not enough.
    fn key(&self) -> Option<&'static str> {
        match self.result {
            JobResult::Check(check) => match check.result {
                CheckResult::Same if self.context.kind == Some(JobKind::Rewrite) => Some("window-done-needless"),
                CheckResult::Differs => Some("window-done-differs"),
                CheckResult::NotValid => Some("window-done-not-valid"),
                CheckResult::Same | CheckResult::Rewritten => None,
            },
            JobResult::Test(test) => (!test.passed).then_some("window-done-test-failed"),
            JobResult::Email(email) => match email.state {
                EmailState::AwaitingConfirmation => Some("window-done-mail-sent"),
                EmailState::Confirmed => Some("window-done-mail-confirmed"),
                EmailState::Written => Some("window-done-mail-written"),
            },
            JobResult::Done | JobResult::Information(_) => None,
        }
    }

    fn heading(&self) -> String {
        self.key().map_or_else(|| self.context.of_job(".done"), |key| self.context.t(key))
    }

    fn next(&self) -> String {
        self.key().map_or_else(|| self.context.of_job(".done-next"), |key| self.context.t(&format!("{key}.next")))
    }
}

impl TypeHere<'_> {
    fn puk_parts(&self) -> Vec<String> {
        puk_parts(self.puk)
    }
}

impl Refused {
    /// What to do, where it is to be done at the reader.
    fn picture(&self) -> Option<&'static str> {
        match self.refusal.code {
            Code::NoReader | Code::ReaderUnknown => Some(NO_READER),
            Code::NoCard | Code::CardRemoved | Code::OtherCard => {
                Some(if self.back { READER_WITH_CARD } else { READER })
            }
            _ => None,
        }
    }

    /// Whether this is a step on the way rather than something that went wrong.
    fn calm(&self) -> bool {
        let calm = [Code::NoReader, Code::NoCard, Code::AlreadyActivated, Code::KeypadCancelled];
        self.back || calm.contains(&self.refusal.code)
    }

    fn goes_on_by_itself(&self) -> bool {
        self.remedy == Remedy::AtReader
    }

    fn with_same_inputs(&self) -> bool {
        matches!(self.remedy, Remedy::SameInputs | Remedy::SameCard)
    }

    /// Whether the card may have the new PIN already, and going on finds that out.
    fn pin_unsure(&self) -> bool {
        let unsure = |left: &Aftermath| left.kind == JobKind::ChangePin && left.pin == PinAfter::Unsure;
        self.refusal.aftermath.as_ref().is_some_and(unsure)
    }

    /// Whether the page that asked leads to what helps.
    fn page_leads_on(&self) -> bool {
        self.context.authority.is_some() && way_on(&self.refusal).is_some()
    }

    /// The button that goes on, where there is one.
    fn button(&self) -> Option<&'static str> {
        match self.remedy {
            Remedy::SameCard => Some("window-go-on"),
            // As the next step calls it.
            Remedy::SameInputs | Remedy::Again => Some("window-again"),
            // Whoever has closed the other program need not wait until that is seen.
            Remedy::AtReader if self.refusal.code == Code::CardInUse => Some("window-again"),
            Remedy::AtReader | Remedy::Elsewhere => None,
        }
    }

    /// The card's issuer, where it is another one than the job's.
    fn issuer(&self) -> Option<&str> {
        let (chinese, english) = self.card.as_ref()?.authority.as_ref()?;
        Some(match self.context.words.language {
            Language::ZhTw => chinese,
            Language::En => english,
        })
    }

    fn waits_for_card(&self) -> bool {
        self.remedy == Remedy::SameCard && !self.back
    }
}

#[derive(Serialize)]
struct Drawn {
    screen: &'static str,
    /// Another one for every other screen; the same: what was typed so far stays.
    key: String,
    html: String,
    title: String,
    /// Read out when the screen appears.
    announce: String,
    /// The field to type in.
    focus: Option<&'static str>,
    bar: Option<Bar>,
}

fn draw(state: &State, language: Language) -> Drawn {
    let words = WindowTexts { language };
    let authority = state.authority();
    let kind = state.asked.as_ref().map(|asked| asked.kind);
    let context = Context {
        words,
        kind,
        site: state.site.clone(),
        authority: authority.map(|authority| match language {
            Language::ZhTw => authority.name.clone(),
            Language::En => authority.name_en.clone(),
        }),
    };
    let title = context.job();
    let mut drawn = Drawn {
        screen: "",
        key: String::new(),
        html: String::new(),
        title,
        announce: String::new(),
        focus: None,
        bar: None,
    };
    match &state.stage {
        Stage::Waiting | Stage::Looking => {
            drawn.screen = "looking";
            drawn.announce = words.t("window-looking");
            drawn.html = render(&Looking { context });
        }
        Stage::Choosing(Choice { offers, barred }) => {
            drawn.screen = "choose";
            let numbers = offers.iter().map(|offer| offer.number.to_string());
            let others = barred.iter().map(|card| format!("{}/{}", card.reader, card.refusal.code));
            drawn.key = numbers.chain(others).collect::<Vec<_>>().join(",");
            drawn.announce = words.t(choose_heading(offers));
            drawn.html = render(&Choose { context, offers, barred });
        }
        Stage::Asking { offer, others, .. } if kind == Some(JobKind::Information) => {
            let told = state.informed.get(&offer.number);
            drawn.screen = "information";
            drawn.key.clone_from(&offer.number.to_string());
            drawn.announce = words.with("window-card-shown", &[("card", offer.number.to_string().into())]);
            if let Some(told) = told {
                let now = OffsetDateTime::now_utc();
                let advice = Advice::of(&told.information, &told.certificates, offer.tries, now);
                let (message, next) = advice.words(language);
                drawn.announce = format!("{} {message} {next}", drawn.announce);
                let advice = ShownAdvice { class: advice.class(), message, next };
                drawn.html = render(&Information { context, offer, others: *others, told, advice });
            }
        }
        Stage::Asking { offer, others, remarks } => {
            let form = state.pin_form();
            let fields = state.inputs().iter().copied().flat_map(Field::of);
            let fields: Vec<ShownField> = fields.map(|field| ShownField::of(*field, words, &form, remarks)).collect();
            let wrong = fields.iter().find(|field| field.remark.is_some());
            drawn.screen = "form";
            drawn.key = format!("{}/{}", offer.number, state.attempt);
            drawn.announce = match wrong {
                Some(field) => field.remark.as_ref().map(|(wrong, then)| format!("{wrong} {then}")).unwrap_or_default(),
                None => words.with("window-card-read", &[("card", offer.number.to_string().into())]),
            };
            drawn.focus = wrong.or(fields.first()).map(|field| field.id);
            let told = state.informed.get(&offer.number).map(|told| &told.information);
            let cards = told.map(|told| told.cards.as_slice()).unwrap_or_default();
            let by = told.and_then(|told| told.activate_by).filter(|_| kind == Some(JobKind::Activate));
            let activate_by =
                by.map(|by| words.with("window-activate-by", &[("date", written_day(language, by).into())]));
            let by_keypad = kind.is_some_and(|kind| state.inputs().len() < kind.inputs().len());
            drawn.html = render(&Form { context, offer, others: *others, fields, cards, by_keypad, activate_by });
        }
        Stage::WantsTicket => {
            drawn.screen = "working";
            let doing = words.t("window-asking-site");
            drawn.bar = Some(Bar { percent: 2, words: doing.clone() });
            drawn.announce = words.t("window-leave-card");
            drawn.html = render(&Working { context, percent: 2, doing });
        }
        Stage::Working(_) if let Some(typing) = &state.typing => draw_typing(&mut drawn, context, typing, state),
        Stage::Working(meter) => {
            drawn.screen = "working";
            let (percent, doing) = (meter.percent(), words.t(doing_key(meter)));
            drawn.bar = Some(Bar { percent, words: doing.clone() });
            drawn.announce = words.t("window-leave-card");
            drawn.html = render(&Working { context, percent, doing });
        }
        Stage::Refused { refusal, remedy, back, card } => {
            let refusal = explain(language, refusal.clone());
            drawn.screen = "refused";
            drawn.key = format!("{}/{}/{back}", refusal.code, state.attempt);
            drawn.announce = match back {
                true => words.t("window-card-back"),
                false => {
                    let said = [&refusal.message, &refusal.certain, &refusal.next_step];
                    said.into_iter().filter(|said| !said.is_empty()).cloned().collect::<Vec<_>>().join(" ")
                }
            };
            drawn.html = render(&Refused { context, refusal, remedy: *remedy, back: *back, card: card.clone() });
        }
        Stage::NoTicket { words: sites } => {
            drawn.screen = "no-ticket";
            drawn.announce = match sites {
                Some(sites) => format!("{} {}", sites.message, sites.next_step),
                None => words.t("window-no-answer"),
            };
            drawn.html = render(&NoTicket { context, words: sites });
        }
        Stage::Done { number, result } => {
            drawn.screen = "succeeded";
            let screen = Succeeded { context, number, result };
            drawn.announce = format!("{} {}", screen.heading(), screen.next());
            drawn.html = render(&screen);
        }
    }
    drawn.key = format!("{}:{}", drawn.screen, drawn.key);
    drawn
}

fn draw_typing(drawn: &mut Drawn, context: Context, typing: &Typing, state: &State) {
    let (words, form) = (context.words, state.pin_form());
    match typing {
        Typing::AtKeypad { reader, puk } => {
            let puk = puk.as_ref();
            drawn.screen = "keypad";
            drawn.key = format!("{}/{}", state.attempt, puk.is_some());
            drawn.announce = words.t(if puk.is_some() { "window-keypad" } else { "window-keypad-proof" });
            drawn.html = render(&AtKeypad { context, reader, puk, digits: form.digits });
        }
        Typing::Here { puk, remarks, .. } => {
            let fields = [Field::Puk, Field::NewPin, Field::NewPinAgain];
            let fields: Vec<_> = fields.map(|field| ShownField::of(field, words, &form, remarks)).into();
            let wrong = fields.iter().find(|field| field.remark.is_some());
            drawn.screen = "type";
            drawn.key = state.attempt.to_string();
            drawn.announce = match wrong.and_then(|field| field.remark.as_ref()) {
                Some((wrong, then)) => format!("{wrong} {then}"),
                None => words.t("window-type"),
            };
            drawn.focus = wrong.or(fields.first()).map(|field| field.id);
            drawn.html = render(&TypeHere { context, puk: Some(puk), fields });
        }
    }
}

fn doing_key(meter: &Meter) -> &'static str {
    match meter.doing {
        Doing::Starting => "window-starting",
        Doing::AtCard => "window-at-card",
        Doing::AtServer => "window-at-server",
        Doing::Retrying => "window-retrying",
        Doing::RetryingFailed => "window-retrying-failed",
    }
}

fn render(screen: &impl Template) -> String {
    screen.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a screen cannot be rendered");
        String::new()
    })
}

#[cfg(test)]
mod tests;
