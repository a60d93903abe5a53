//! The card window as a person sees it: the way there, and what each of its screens must have.

use super::desk::{Desk, type_and_begin};
use super::{OTHER_JOBS, said};
use crate::bench::Running;
use crate::demo::fetch;
use kaika_testkit::browser::{Browser, By, Look, Window};
use kaika_texts::{Language, explain};
use kaika_wire::{Code, Refusal, WellKnown};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) const LOOKS: [Look; 2] = [Look::Window, Look::WindowDark];

/// A card of the demo, as a file that nobody else has.
pub(super) struct DeskCard {
    pub(super) number: String,
    pub(super) user_code: String,
    pub(super) file: PathBuf,
}

impl DeskCard {
    /// The card that the desk begins with, in the first slot.
    pub(super) fn first(desk: &Desk, authority: &str) -> DeskCard {
        let (card, _) = desk.demo.spare_card(authority);
        let file = desk.bench.desk.path().join("one.card");
        DeskCard { number: card.number().to_owned(), user_code: card.user_code().to_owned(), file }
    }

    /// Another one, in no reader.
    pub(super) fn second(desk: &Desk, authority: &str) -> DeskCard {
        let card = desk.demo.card(authority);
        let name = format!("{}.card", card.number());
        let file = desk.bench.desk.path().join(&name);
        fs::copy(desk.demo.data().path().join("cards").join(&name), &file).unwrap();
        DeskCard { number: card.number().to_owned(), user_code: card.user_code().to_owned(), file }
    }

    /// How often the user code was wrong.
    pub(super) fn fails(&self, desk: &Desk) -> u32 {
        let number = &self.number;
        let asked =
            format!("SELECT fails FROM user_code JOIN card ON card.id = user_code.card WHERE number = '{number}'");
        desk.demo.data().sql(&asked).trim().parse().unwrap()
    }

    /// What card and server say at the end: activated, and the PIN as good as new.
    #[track_caller]
    pub(super) fn assert_activated(&self, desk: &Desk, authority: &str) {
        let number = &self.number;
        let state = desk.demo.data().sql(&format!("SELECT state FROM card WHERE number = '{number}'"));
        assert_eq!(state.trim(), "activated");
        let shown = desk.bench.show(&["--portal", desk.demo.portal(authority)]).expect_success();
        assert_eq!(shown["number"], number.as_str());
        assert_eq!((&shown["activated"], &shown["pin_tries_left"]), (&true.into(), &3.into()));
    }
}

/// Puts a card into a slot, without a look at it: the next that reads it is the agent. Dropped, it is out again.
pub(super) fn insert(desk: &Desk, slot: usize, card: &Path, options: &[&str]) -> Running {
    let vpcd = format!("127.0.0.1:{}", desk.bench.pcscd.slots()[slot].port);
    let arguments = ["softcard", "--vpcd", &vpcd, "--card", card.to_str().unwrap()];
    Running::start("kaika-agent", &[&arguments[..], options].concat(), &[])
}

/// Takes out the card that the desk begins with.
#[track_caller]
pub(super) fn take_out(desk: &mut Desk) {
    desk.bench.take_out();
    desk.bench.wait_until_out();
}

pub(super) fn activations(desk: &Desk) -> u32 {
    let asked = format!("SELECT count(*) FROM {OTHER_JOBS} AND kind = 'activate'");
    desk.demo.data().sql(&asked).trim().parse().unwrap()
}

/// As the portal tells it to agents.
#[track_caller]
pub(super) fn authority_name(desk: &Desk, language: (&str, &str), authority: &str) -> String {
    let told: WellKnown = serde_json::from_slice(&fetch(&format!("{}/.well-known/kaika.json", desk.portal()))).unwrap();
    let known = told.authorities.into_iter().find(|known| known.id.as_str() == authority).unwrap();
    if language.1 == "zh" { known.name } else { known.name_en }
}

/// The window that is shown does not close by itself before [`let_go`]: on a busy machine nobody would see what it shows
/// last.
#[track_caller]
pub(super) fn hold_open(browser: &Browser) {
    browser.run("const close = window.close.bind(window); window.close = () => { window.letGo = close; }", &[]);
}

/// It closes as soon as it would have by itself.
#[track_caller]
pub(super) fn let_go(browser: &Browser) {
    browser.wait_for_result("a window that closes", "return Boolean(window.letGo)", |wants| *wants == true);
    browser.run("setTimeout(window.letGo)", &[]);
}

/// A card window, and the browser in it; the portal's page is behind.
pub(super) struct CardWindow<'b> {
    pub(super) browser: &'b Browser,
    pub(super) language: (&'static str, &'static str),
    pub(super) page: Window,
    pub(super) window: Window,
}

impl<'b> CardWindow<'b> {
    #[track_caller]
    pub(super) fn open(
        browser: &'b Browser,
        language: (&'static str, &'static str),
        portal: &str,
        authority: &str,
    ) -> CardWindow<'b> {
        browser.open(&format!("{portal}/{authority}/activate"));
        let page = browser.window();
        // What the page finds in the readers moves the button.
        browser.wait_until("the page's look at the readers", |browser| {
            browser.has(By::Css("#card-said > [data-card]:not([data-card=unasked], [data-card=looking])"))
        });
        browser.click(By::Css("#start"));
        let window = browser.switch_to_popup();
        CardWindow { browser, language, page, window }
    }

    /// With the form for this card before the person.
    #[track_caller]
    pub(super) fn open_at_form(
        browser: &'b Browser,
        language: (&'static str, &'static str),
        desk: &Desk,
        authority: &str,
        card: &DeskCard,
    ) -> CardWindow<'b> {
        let window = CardWindow::open(browser, language, &desk.portal(), authority);
        window.asks_for(card);
        window
    }

    pub(super) fn said(&self, key: &str) -> String {
        said(self.language, key)
    }

    /// The text of an element that is there, or comes.
    #[track_caller]
    pub(super) fn text(&self, selector: &str) -> String {
        self.browser.text_of(By::Css(selector))
    }

    /// Waits until exactly this can be read of an element.
    #[track_caller]
    pub(super) fn says(&self, selector: &str, words: &str) {
        self.browser.wait_for_text_of(By::Css(selector), words);
    }

    pub(super) fn has(&self, selector: &str) -> bool {
        self.browser.has(By::Css(selector))
    }

    #[track_caller]
    pub(super) fn press(&self, selector: &str) {
        self.browser.click(By::Css(selector));
    }

    #[track_caller]
    pub(super) fn begin(&self, user_code: &str, pin: &str) {
        type_and_begin(self.browser, user_code, pin);
    }

    #[track_caller]
    pub(super) fn waits_at(&self, id: &str) {
        self.browser.wait_for_focus(id);
    }

    /// Waits until screen readers read this out.
    #[track_caller]
    pub(super) fn announces(&self, words: &str) {
        let script = "return document.getElementById('announcement').textContent";
        let is_read_out = |text: &Value| text.as_str().is_some_and(|text| text.contains(words));
        self.browser.wait_for_result(&format!("{words:?} to be read out"), script, is_read_out);
    }

    /// Waits for the form for this card.
    #[track_caller]
    pub(super) fn asks_for(&self, card: &DeskCard) {
        self.says("[data-screen=form] [data-fact=number]", &card.number);
        self.waits_at("user_code");
    }

    /// Waits for the screen of a refusal; gives the words for what to do now.
    #[track_caller]
    pub(super) fn is_refused(&self, code: Code) -> String {
        self.browser.find(By::Css(&format!("[data-screen=refused][data-code={code}]")));
        let language = Language::from_tag(self.language.0).unwrap();
        let explained = explain(language, Refusal::new(code));
        self.says("#message", &explained.message);
        self.waits_at("heading");
        let next = self.text("#next-step");
        // What is certain stands between the two.
        self.announces(&explained.message);
        self.announces(&next);
        assert!(next.chars().count() > 8, "{next}");
        // Whoever helps by telephone asks for it.
        self.browser.wait_for_text(code.as_str());
        next
    }

    /// The screen is as all are: in the person's language, with one heading, with who asks and for what; and it is
    /// accessible, in light and dark.
    #[track_caller]
    pub(super) fn judge(&self, name: &str) {
        self.browser.wait_for_attribute_of(By::Css("html"), "lang", Some(self.language.0));
        self.browser.wait_for_count_of(By::Css("[data-screen]"), 1);
        self.browser.wait_for_count_of(By::Css("h1"), 1);
        self.browser.judge(&format!("window-{name}-{}", self.language.1), &LOOKS);
        // A window may be made narrower, and type larger (WCAG 2.2, 1.4.10).
        self.browser.assert_reflows(&[320]);
    }

    /// As [`judge`](Self::judge), for those that belong to a job.
    #[track_caller]
    pub(super) fn judge_job(&self, name: &str) {
        self.says("#heading", &self.said("job-activate"));
        self.browser.wait_for_words_in(By::Css("#site"), "http://localhost:");
        self.judge(name);
    }

    /// The window closes by itself, and the page shows that all is well.
    #[track_caller]
    pub(super) fn succeeds(self, authority: &str) {
        self.browser.switch_to(&self.page);
        self.browser.wait_until_closed(&self.window);
        self.browser.wait_for_url(&format!("/{authority}/activate/outcome/"));
        self.browser.find(By::Css("tr[data-role]"));
    }

    /// By its own button.
    #[track_caller]
    pub(super) fn close(self) {
        self.press("#close");
        self.browser.switch_to(&self.page);
        self.browser.wait_until_closed(&self.window);
    }
}
