//! What is on a page, found as people and screen readers find it.
//!
//! Nobody gets hold of an element: a page may have put another in its place a moment later. Everything is asked of a
//! [`By`], which is looked up anew each time, and what is read of several elements is read in one look.

use std::cell::RefCell;

use serde_json::{Value, json};

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
    /// What has the focus.
    Focus,
}

/// What is read of an element.
#[derive(Debug, Clone, Copy)]
enum Read<'a> {
    /// As it is written on the screen, line by line.
    Text,
    /// As it stands in the markup.
    Attribute(&'a str),
    /// What a field holds.
    Value,
    /// The element itself, as WebDriver hands it out.
    Element,
}

/// Notes whether the element gets a click from now on – for an option, its list does (WebDriver §12.5.1) –; whether it is
/// enabled. Where no script may run, no listener does, and nothing is noted: nor does such a page move anything.
const AWAIT_CLICK: &str = "
    const [one] = arguments, clicked = Symbol.for('clicked');
    const target = (one.matches('option') && one.closest('select')) || one;
    one.addEventListener('await-click', () => { one[clicked] = false; }, { once: true });
    one.dispatchEvent(new Event('await-click'));
    target.addEventListener('click', () => { one[clicked] = true; }, { capture: true, once: true });
    return !one.matches(':disabled') && one.ariaDisabled !== 'true'";
const WAS_CLICKED: &str = "return arguments[0][Symbol.for('clicked')] !== false";

/// Reads of those of `candidates` – a selector, or elements – that can be seen. An option is seen with its list, and what
/// has no box or size of its own with what is in it.
const SEEN: &str = "
    const [candidates, what, name] = arguments;
    const sized = one => {
        const box = one.getBoundingClientRect();
        return box.width > 0 && box.height > 0 || Array.from(one.children).some(sized);
    };
    const seen = one => {
        const list = one.matches('option, optgroup') && one.closest('select');
        if (list) return seen(list);
        if (getComputedStyle(one).display === 'contents') return Array.from(one.children).some(seen);
        return one.checkVisibility({opacityProperty: true, visibilityProperty: true}) && sized(one);
    };
    const lines = one => (one.innerText ?? one.textContent).split('\\n')
        .map(line => line.replace(/[ \\t\\u00A0]+/g, ' ').replace(/^ | $/g, '')).filter(line => line);
    const read = {
        text: one => lines(one).join('\\n'),
        attribute: one => one.getAttribute(name),
        value: one => one.value,
        element: one => one,
    }[what];
    const found = candidates === null ? [document.activeElement]
        : typeof candidates === 'string' ? Array.from(document.querySelectorAll(candidates)) : candidates;
    return found.filter(one => one && seen(one)).map(read);
";

impl By<'_> {
    /// All that may be meant, and the name that it must have.
    fn candidates(&self) -> (Value, Option<&str>) {
        let (selector, name) = match *self {
            By::Focus => return (Value::Null, None),
            By::Css(selector) => (selector, None),
            By::Button(name) => ("button, input[type=submit], input[type=button], summary, [role=button]", Some(name)),
            By::Link(name) => ("a[href], [role=link]", Some(name)),
            By::Heading(name) => ("h1, h2, h3, h4, h5, h6, [role=heading]", Some(name)),
            By::Field(name) => ("input:not([type=hidden]), textarea, select", Some(name)),
        };
        (json!(selector), name)
    }
}

impl Browser {
    /// Waits for an element that can be seen.
    #[track_caller]
    pub fn find(&self, by: By<'_>) {
        self.wait_for_look(by, "", Read::Element, |seen| !seen.is_empty());
    }

    /// Waits until nothing of these can be seen.
    #[track_caller]
    pub fn wait_until_gone(&self, by: By<'_>) {
        self.wait_for_look(by, " to go", Read::Text, <[Value]>::is_empty);
    }

    /// Whether one of these can be seen now. After an action, wait first for what it leads to: before that, the page is
    /// still the one of before.
    #[track_caller]
    pub fn has(&self, by: By<'_>) -> bool {
        self.count_of(by) > 0
    }

    /// How many of these can be seen now.
    #[track_caller]
    pub fn count_of(&self, by: By<'_>) -> usize {
        self.look_now(by, Read::Element).len()
    }

    /// Waits until so many of these can be seen.
    #[track_caller]
    pub fn wait_for_count_of(&self, by: By<'_>, count: usize) {
        self.wait_for_look(by, &format!(", {count} of them"), Read::Text, |seen| seen.len() == count);
    }

    /// What can be read of each of these now, in one look.
    #[track_caller]
    pub fn texts_of(&self, by: By<'_>) -> Vec<String> {
        self.look_now(by, Read::Text).iter().map(text).collect()
    }

    /// Waits until exactly this can be read of these, one after the other.
    #[track_caller]
    pub fn wait_for_texts_of<T: AsRef<str>>(&self, by: By<'_>, wanted: &[T]) {
        let wanted: Vec<Value> = wanted.iter().map(|one| json!(one.as_ref())).collect();
        self.wait_for_look(by, &format!(" to say {wanted:?}"), Read::Text, |seen| seen == wanted);
    }

    /// An attribute of each of these now, as it stands in the markup, in one look.
    #[track_caller]
    pub fn attributes_of(&self, by: By<'_>, name: &str) -> Vec<Option<String>> {
        self.look_now(by, Read::Attribute(name)).iter().map(|one| one.as_str().map(str::to_owned)).collect()
    }

    /// What can be read of an element that is there or comes. What was read before an action may still stand there after
    /// it: where it is known, [`wait_for_text_of`](Self::wait_for_text_of).
    #[track_caller]
    pub fn text_of(&self, by: By<'_>) -> String {
        text(&self.wait_for_first(by, Read::Text))
    }

    /// Waits until exactly this can be read of an element.
    #[track_caller]
    pub fn wait_for_text_of(&self, by: By<'_>, wanted: &str) {
        self.wait_for_look(by, &format!(" to say {wanted:?}"), Read::Text, |seen| is_first(seen, Some(wanted)));
    }

    /// Waits until an element says this among other things.
    #[track_caller]
    pub fn wait_for_words_in(&self, by: By<'_>, words: &str) {
        let said = |seen: &[Value]| seen.first().is_some_and(|one| text(one).contains(words));
        self.wait_for_look(by, &format!(" with the words {words:?}"), Read::Text, said);
    }

    /// An attribute, as it stands in the markup, of an element that is there or comes; none where it has no such one.
    #[track_caller]
    pub fn attribute_of(&self, by: By<'_>, name: &str) -> Option<String> {
        self.wait_for_first(by, Read::Attribute(name)).as_str().map(str::to_owned)
    }

    /// Waits until an attribute of an element is exactly this, or until it has none.
    #[track_caller]
    pub fn wait_for_attribute_of(&self, by: By<'_>, name: &str, wanted: Option<&str>) {
        let what = format!(" to have {name} = {wanted:?}");
        self.wait_for_look(by, &what, Read::Attribute(name), |seen| is_first(seen, wanted));
    }

    /// Waits until a field holds exactly this. It is not told what it holds instead: it may be a secret.
    #[track_caller]
    pub fn wait_for_value_of(&self, by: By<'_>, wanted: &str) {
        self.wait_for(&format!("{by:?} to hold what is wanted"), || {
            let seen = self.try_look(by, Read::Value).ok()?;
            is_first(&seen, Some(wanted)).then_some(())
        });
    }

    /// The accessible name of an element that is there or comes.
    #[track_caller]
    pub fn label_of(&self, by: By<'_>) -> String {
        self.computed(by, "/computedlabel")
    }

    /// Its role, as screen readers tell it.
    #[track_caller]
    pub fn role_of(&self, by: By<'_>) -> String {
        self.computed(by, "/computedrole")
    }

    /// Waits for an element, and clicks on it as soon as it lets itself be clicked on: when it is enabled and nothing is
    /// before it. Where the page moves it away under the mouse, it is clicked on where it is then.
    #[track_caller]
    pub fn click(&self, by: By<'_>) {
        self.act(by, "to click on", |id| self.click_on(id, false));
    }

    /// The same, even where it says that it is disabled (`aria-disabled`).
    #[track_caller]
    pub fn click_anyway(&self, by: By<'_>) {
        self.act(by, "to click on", |id| self.click_on(id, true));
    }

    fn click_on(&self, id: &str, anyway: bool) -> Result<(), Refused> {
        let hindered = |message: &str| Refused { error: "element not interactable".into(), message: message.into() };
        let enabled = self.session().post("/execute/sync", json!({"script": AWAIT_CLICK, "args": [element(id)]}))?;
        if enabled != true && !anyway {
            return Err(hindered("it is disabled"));
        }
        self.tell(id, "/click", json!({}))?;
        // Where neither the page nor the window is there any more, it was.
        match self.session().post("/execute/sync", json!({"script": WAS_CLICKED, "args": [element(id)]})) {
            Ok(Value::Bool(false)) => Err(hindered("the click went elsewhere")),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Waits for a field, and types this in place of what is there, again if the page takes it away meanwhile.
    #[track_caller]
    pub fn fill(&self, by: By<'_>, content: &str) {
        self.act(by, "to fill in", |id| {
            self.tell(id, "/clear", json!({}))?;
            self.tell(id, "/value", json!({"text": content}))?;
            let held = json!({"script": SEEN, "args": [[element(id)], "value", null]});
            if self.session().post("/execute/sync", held)?[0] != content {
                return Err(Refused {
                    error: "element not interactable".into(),
                    message: "it holds other words".into(),
                });
            }
            Ok(())
        });
    }

    /// Waits until the element with this `id` has the focus.
    #[track_caller]
    pub fn wait_for_focus(&self, id: &str) {
        let script = json!({"script": "return document.activeElement?.id ?? ''", "args": []});
        self.wait_for(&format!("the focus on #{id}"), || {
            // A page on its way elsewhere has none.
            (text(&self.session().post("/execute/sync", script.clone()).ok()?) == id).then_some(())
        });
    }

    /// Presses and releases a key, wherever the focus is; for the keys without letter see [`key`].
    #[track_caller]
    pub fn press(&self, key: char) {
        let stroke = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": stroke}]});
        self.or_fail("press a key", self.session().post("/actions", actions));
    }

    /// What is read of all that can be seen of these, at one moment.
    fn try_look(&self, by: By<'_>, read: Read<'_>) -> Result<Vec<Value>, Refused> {
        let (candidates, name) = by.candidates();
        let Some(name) = name else { return self.seen(&candidates, read) };
        let candidates = self.seen(&candidates, Read::Element)?;
        let mut named = Vec::new();
        for one in &candidates {
            let id = element_id(one).unwrap_or_default();
            if text(&self.ask(&id, "/computedlabel")?).contains(name) {
                named.push(one);
            }
        }
        self.still_there(&candidates)?;
        self.seen(&json!(named), read)
    }

    /// To be asked after a name or a role: of an element that the page throws away at just that moment, chromedriver may tell
    /// an empty one instead of an error.
    fn still_there(&self, elements: &[Value]) -> Result<(), Refused> {
        let script = "return arguments[0].every(one => one.isConnected)";
        if self.session().post("/execute/sync", json!({"script": script, "args": [elements]}))? == true {
            return Ok(());
        }
        Err(Refused { error: "stale element reference".into(), message: "it was thrown away".into() })
    }

    fn seen(&self, candidates: &Value, read: Read<'_>) -> Result<Vec<Value>, Refused> {
        let (what, name) = match read {
            Read::Text => ("text", None),
            Read::Attribute(name) => ("attribute", Some(name)),
            Read::Value => ("value", None),
            Read::Element => ("element", None),
        };
        let asked = json!({"script": SEEN, "args": [candidates, what, name]});
        Ok(self.session().post("/execute/sync", asked)?.as_array().cloned().unwrap_or_default())
    }

    /// A look at the page as it is, or as it is once it has come.
    #[track_caller]
    fn look_now(&self, by: By<'_>, read: Read<'_>) -> Vec<Value> {
        let hindrance = RefCell::new(String::new());
        self.wait_for_or(
            || format!("a look at {by:?}; {}", hindrance.borrow()),
            || self.try_look(by, read).map_err(|refused| hindrance.replace(refused.to_string())).ok(),
        )
    }

    #[track_caller]
    fn wait_for_first(&self, by: By<'_>, read: Read<'_>) -> Value {
        self.wait_for_or(|| format!("{by:?}"), || self.try_look(by, read).ok()?.into_iter().next())
    }

    /// Waits until what is read is as it is to be; what is read instead is told.
    #[track_caller]
    fn wait_for_look(&self, by: By<'_>, what: &str, read: Read<'_>, is_so: impl Fn(&[Value]) -> bool) {
        let shown = RefCell::new(String::new());
        self.wait_for_or(
            || format!("{by:?}{what}; there is {}", shown.borrow()),
            || {
                let looked = self.try_look(by, read);
                shown.replace(match &looked {
                    Ok(seen) if seen.is_empty() => "nothing of the kind".to_owned(),
                    Ok(seen) => json!(seen).to_string(),
                    Err(refused) => refused.to_string(),
                });
                is_so(&looked.ok()?).then_some(())
            },
        );
    }

    #[track_caller]
    fn computed(&self, by: By<'_>, what: &str) -> String {
        let told = RefCell::default();
        self.act(by, "to look at", |id| {
            told.replace(text(&self.ask(id, what)?));
            self.still_there(&[element(id)])
        });
        told.into_inner()
    }

    /// Does something with an element that is there or comes: again, with what is in its place, where it is none any more.
    #[track_caller]
    fn act(&self, by: By<'_>, what: &str, action: impl Fn(&str) -> Result<(), Refused>) {
        let hindrance = RefCell::new("there is nothing of the kind".to_owned());
        self.wait_for_or(
            || format!("{by:?} {what}; {}", hindrance.borrow()),
            || {
                let id = self.try_look(by, Read::Element).ok()?.first().and_then(element_id)?;
                match action(&id) {
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

    fn ask(&self, id: &str, what: &str) -> Result<Value, Refused> {
        self.session().get(&format!("/element/{id}{what}"))
    }

    fn tell(&self, id: &str, what: &str, body: Value) -> Result<(), Refused> {
        self.session().post(&format!("/element/{id}{what}"), body).map(drop)
    }
}

fn is_first(seen: &[Value], wanted: Option<&str>) -> bool {
    seen.first().is_some_and(|one| one.as_str() == wanted)
}

/// Keys for [`Browser::press`] (WebDriver §17.4.2).
pub mod key {
    pub const TAB: char = '\u{E004}';
    pub const ENTER: char = '\u{E007}';
    pub const ESCAPE: char = '\u{E00C}';
    pub const SPACE: char = ' ';
}
