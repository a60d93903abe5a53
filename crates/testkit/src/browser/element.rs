//! What is on a page, found as people and screen readers find it.

use serde_json::json;

use super::{Browser, text};
use crate::webdriver::{Refused, element, element_id};

/// How to find an element. Names are accessible names, and a part of one will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By<'a> {
    Css(&'a str),
    Button(&'a str),
    Link(&'a str),
    Heading(&'a str),
    /// What can be filled in, ticked or chosen.
    Field(&'a str),
}

/// Something on a page.
pub struct Element<'b> {
    browser: &'b Browser,
    id: String,
    what: String,
}

impl By<'_> {
    /// All that may be meant, and the name that it must have.
    fn candidates(&self) -> (&str, Option<&str>) {
        match *self {
            By::Css(selector) => (selector, None),
            By::Button(name) => ("button, input[type=submit], input[type=button], summary, [role=button]", Some(name)),
            By::Link(name) => ("a[href], [role=link]", Some(name)),
            By::Heading(name) => ("h1, h2, h3, h4, h5, h6, [role=heading]", Some(name)),
            By::Field(name) => ("input:not([type=hidden]), textarea, select", Some(name)),
        }
    }
}

impl Browser {
    /// Waits for an element that can be seen.
    #[track_caller]
    pub fn find(&self, by: By<'_>) -> Element<'_> {
        self.wait_for(&format!("{by:?}"), || self.all(by).into_iter().next())
    }

    /// All that can be seen of these now.
    pub fn all(&self, by: By<'_>) -> Vec<Element<'_>> {
        let (selector, name) = by.candidates();
        let found = self.session.post("/elements", json!({"using": "css selector", "value": selector}));
        let ids = found.unwrap_or_default().as_array().cloned().unwrap_or_default();
        let elements =
            ids.iter().filter_map(element_id).map(|id| Element { browser: self, id, what: format!("{by:?}") });
        elements
            .filter(|element| {
                let named = name
                    .is_none_or(|name| element.ask("/computedlabel").is_ok_and(|label| text(&label).contains(name)));
                // One that has gone meanwhile cannot be seen.
                named && element.ask("/displayed").is_ok_and(|shown| shown == true)
            })
            .collect()
    }

    pub fn has(&self, by: By<'_>) -> bool {
        !self.all(by).is_empty()
    }

    /// Waits for an element, and clicks on it as soon as it lets itself be clicked on: when it is enabled and nothing is
    /// before it.
    #[track_caller]
    pub fn click(&self, by: By<'_>) {
        self.act(by, "to click on", |element| {
            let disabled = element.attribute("aria-disabled").as_deref() == Some("true");
            if disabled || element.ask("/enabled")? != true {
                return Err(Refused { error: "element not interactable".into(), message: "it is disabled".into() });
            }
            element.tell("/click", json!({}))
        });
    }

    /// Waits for a field, and types this in place of what is there.
    #[track_caller]
    pub fn fill(&self, by: By<'_>, content: &str) {
        self.act(by, "to fill in", |element| {
            element.tell("/clear", json!({}))?;
            element.tell("/value", json!({"text": content}))
        });
    }

    /// Waits until the element with this `id` has the focus.
    #[track_caller]
    pub fn wait_for_focus(&self, id: &str) {
        let script = json!({"script": "return document.activeElement?.id ?? ''", "args": []});
        self.wait_for(&format!("the focus on #{id}"), || {
            // A page on its way elsewhere has none.
            (text(&self.session.post("/execute/sync", script.clone()).ok()?) == id).then_some(())
        });
    }

    /// What has the focus.
    #[track_caller]
    pub fn focused(&self) -> Element<'_> {
        let found = self.or_fail("tell what has the focus", self.session.get("/element/active"));
        let id = element_id(&found).unwrap_or_else(|| self.fail("has nothing in focus"));
        Element { browser: self, id, what: "what has the focus".into() }
    }

    /// Presses and releases a key, wherever the focus is; for the keys without letter see [`key`].
    #[track_caller]
    pub fn press(&self, key: char) {
        let stroke = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": stroke}]});
        self.or_fail("press a key", self.session.post("/actions", actions));
    }

    /// What can be read of an element that is there or comes, also where the page has just put another in its place.
    #[track_caller]
    pub fn text_of(&self, by: By<'_>) -> String {
        let read = std::cell::RefCell::default();
        self.act(by, "that can be read", |element| {
            element.ask("/text").map(|value| {
                read.replace(text(&value));
            })
        });
        read.into_inner()
    }

    /// Waits until exactly this can be read of an element: what was read before a click may still stand there after it.
    #[track_caller]
    pub fn wait_for_text_of(&self, by: By<'_>, wanted: &str) {
        let read = std::cell::RefCell::new(String::new());
        self.wait_for_or(
            || format!("{by:?} to say {wanted:?}; it says {:?}", read.borrow()),
            || {
                let found = self.all(by).into_iter().next()?.ask("/text").ok()?;
                read.replace(text(&found));
                (*read.borrow() == wanted).then_some(())
            },
        );
    }

    #[track_caller]
    fn act(&self, by: By<'_>, what: &str, action: impl Fn(&Element<'_>) -> Result<(), Refused>) {
        let hindrance = std::cell::RefCell::new(String::new());
        self.wait_for_or(
            || format!("{by:?} {what}; {}", hindrance.borrow()),
            || {
                let element = self.all(by).into_iter().next()?;
                match action(&element) {
                    Ok(()) => Some(()),
                    Err(refused) if refused.is_passing() => {
                        hindrance.replace(refused.to_string());
                        None
                    }
                    Err(refused) => self.fail(&format!("found {by:?} {what}, but: {refused}")),
                }
            },
        );
    }
}

/// Keys for [`Browser::press`] (WebDriver §17.4.2).
pub mod key {
    pub const TAB: char = '\u{E004}';
    pub const ENTER: char = '\u{E007}';
    pub const ESCAPE: char = '\u{E00C}';
    pub const SPACE: char = ' ';
}

impl Element<'_> {
    /// Clicks on it.
    #[track_caller]
    pub fn click(&self) {
        self.or_fail("click on", self.tell("/click", json!({})));
    }

    /// Types, after what is there.
    #[track_caller]
    pub fn type_text(&self, content: &str) {
        self.or_fail("type into", self.tell("/value", json!({"text": content})));
    }

    /// What can be read of it.
    #[track_caller]
    pub fn text(&self) -> String {
        text(&self.or_fail("read", self.ask("/text")))
    }

    /// Its accessible name.
    #[track_caller]
    pub fn label(&self) -> String {
        text(&self.or_fail("tell the name of", self.ask("/computedlabel")))
    }

    /// Its role, as screen readers tell it.
    #[track_caller]
    pub fn role(&self) -> String {
        text(&self.or_fail("tell the role of", self.ask("/computedrole")))
    }

    #[track_caller]
    pub fn is_enabled(&self) -> bool {
        self.or_fail("look at", self.ask("/enabled")) == true
    }

    /// An attribute as it stands in the markup; none, too, where the element is gone.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let script = "return arguments[0].getAttribute(arguments[1])";
        let asked = json!({"script": script, "args": [element(&self.id), name]});
        let found = self.browser.session.post("/execute/sync", asked).ok()?;
        found.as_str().map(str::to_owned)
    }

    fn ask(&self, what: &str) -> Result<serde_json::Value, Refused> {
        self.browser.session.get(&format!("/element/{}{what}", self.id))
    }

    fn tell(&self, what: &str, body: serde_json::Value) -> Result<(), Refused> {
        self.browser.session.post(&format!("/element/{}{what}", self.id), body).map(drop)
    }

    #[track_caller]
    fn or_fail<T>(&self, verb: &str, outcome: Result<T, Refused>) -> T {
        self.browser.or_fail(&format!("{verb} {}", self.what), outcome)
    }
}
