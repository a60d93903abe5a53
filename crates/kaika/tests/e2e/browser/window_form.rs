//! The card window's form: what is wrong is told at its field, before anything is sent; and wrong user codes are counted.

use super::desk::Desk;
use super::window_screen::{CardWindow, DeskCard, activations, take_out};
use super::{LANGUAGES, start};
use kaika_testkit::browser::{Browser, By, key};
use kaika_texts::{Language, explain, text};
use kaika_wire::{Code, Refusal};

const FIELDS: [&str; 3] = ["user_code", "new_pin", "new_pin_again"];

/// What people read of this.
fn words(language: (&str, &str), code: Code, tries_left: Option<u8>) -> String {
    let language = Language::from_tag(language.0).unwrap();
    let explained = explain(language, Refusal { tries_left, ..Refusal::new(code) });
    format!("{} {}", explained.message, explained.next_step)
}

/// A text of the form of an authority whose PINs have six digits.
fn six_digits(language: (&str, &str), key: &str) -> String {
    let language = Language::from_tag(language.0).unwrap();
    text(language, key, &[("form", "one".into()), ("min", 6.into()), ("max", 6.into()), ("rules", "both".into())])
}

/// These fields are wrong, for these reasons, and tell it to everybody; the first of them is where the person types.
#[track_caller]
fn assert_wrong(window: &CardWindow<'_>, wrong: &[(&str, String)]) {
    let browser = window.browser;
    let expected: Vec<&str> = wrong.iter().map(|(_, words)| words.as_str()).collect();
    let script = "return [...document.querySelectorAll('.error')].map(one => one.innerText.trim())";
    browser.wait_for_result(&format!("the errors {expected:?}"), script, |told| *told == serde_json::json!(expected));
    for field in FIELDS {
        let input = format!("#{field}");
        let told = wrong.iter().find(|(name, _)| *name == field);
        browser.wait_for_attribute_of(By::Css(&input), "aria-invalid", told.map(|_| "true"));
        let described = browser.attribute_of(By::Css(&input), "aria-describedby").unwrap();
        assert!(described.split(' ').any(|id| id == format!("{field}-hint")), "{described}");
        assert_eq!(described.split(' ').any(|id| id == format!("{field}-error")), told.is_some(), "{described}");
        if let Some((_, words)) = told {
            window.says(&format!("#{field}-error"), words);
        }
    }
    window.waits_at(wrong[0].0);
    window.announces(&wrong[0].1);
}

/// What stands in the fields.
#[track_caller]
fn assert_typed(browser: &Browser, expected: [&str; 3]) {
    for (field, content) in FIELDS.iter().zip(expected) {
        browser.wait_for_value_of(By::Css(&format!("#{field}")), content);
    }
}

#[track_caller]
fn fields_are_checked(language: (&'static str, &'static str)) {
    let desk = Desk::new("hca");
    let card = DeskCard::first(&desk, "hca");
    let browser = start(language);
    let window = CardWindow::open_at_form(&browser, language, &desk, "hca", &card);
    window.says("#new_pin-hint", &six_digits(language, "field-new_pin.hint"));
    for field in FIELDS {
        let input = format!("#{field}");
        assert!(browser.label_of(By::Css(&input)).contains(&window.said(&format!("field-{field}"))));
        browser.wait_for_attribute_of(By::Css(&input), "type", Some("password"));
    }

    window.press("#start");
    let missing = |field: &str| window.said(&format!("field-{field}.missing"));
    assert_wrong(&window, &[("user_code", missing("user_code")), ("new_pin", missing("new_pin"))]);
    window.judge_job("form-missing");

    // Eight digits would do elsewhere.
    let form = words(language, Code::UserCodeForm, None);
    window.begin("Abc 12", "13579086");
    let six = six_digits(language, "field-new_pin.form");
    assert_wrong(&window, &[("user_code", form), ("new_pin", six.clone())]);
    // Nobody types all of it again.
    assert_typed(&browser, ["Abc 12", "13579086", "13579086"]);
    window.judge_job("form-wrong");
    // As an input method gives them.
    window.begin(&card.user_code, "２４６８０２");
    assert_wrong(&window, &[("new_pin", six)]);

    browser.fill(By::Css("#new_pin"), "246802");
    browser.fill(By::Css("#new_pin_again"), "246820");
    browser.press(key::ENTER);
    assert_wrong(&window, &[("new_pin_again", words(language, Code::PinsDiffer, None))]);
    window.judge_job("form-differ");
    browser.fill(By::Css("#new_pin_again"), "");
    browser.press(key::ENTER);
    assert_wrong(&window, &[("new_pin_again", missing("new_pin_again"))]);

    // What is typed can be looked at, and hidden again.
    let (show, hide) = (window.said("window-show"), window.said("window-hide"));
    for (shown, word) in [("text", &hide), ("password", &show)] {
        window.press("#user_code-show");
        browser.wait_for_attribute_of(By::Css("#user_code"), "type", Some(shown));
        assert!(window.text("#user_code-show").starts_with(word.as_str()));
    }

    assert_eq!((activations(&desk), card.fails(&desk)), (0, 0), "nothing was sent");
    browser.fill(By::Css("#new_pin_again"), "246802");
    browser.press(key::ENTER);
    window.succeeds("hca");
    card.assert_activated(&desk, "hca");
}

#[test]
fn fields_are_checked_in_chinese() {
    fields_are_checked(LANGUAGES[0]);
}

#[test]
fn fields_are_checked_in_english() {
    fields_are_checked(LANGUAGES[1]);
}

/// Twice wrong and then right, all in one window; and another card locked.
#[track_caller]
fn user_codes_are_counted(language: (&'static str, &'static str), authority: &str) {
    let mut desk = Desk::new(authority);
    let (card, other) = (DeskCard::first(&desk, authority), DeskCard::second(&desk, authority));
    let browser = start(language);
    let window = CardWindow::open_at_form(&browser, language, &desk, authority, &card);
    let wrong_with = |tries_left| [("user_code", words(language, Code::UserCodeWrong, Some(tries_left)))];
    window.begin("wrong-1", "13579086");
    assert_wrong(&window, &wrong_with(2));
    // A new attempt.
    assert_typed(&browser, ["", "", ""]);
    window.judge_job("user-code-wrong-2");
    window.begin("wrong-2", "13579086");
    assert_wrong(&window, &wrong_with(1));
    window.judge_job("user-code-wrong-1");
    assert_eq!(card.fails(&desk), 2);
    window.begin(&card.user_code, "13579086");
    window.succeeds(authority);
    card.assert_activated(&desk, authority);

    take_out(&mut desk);
    let _other = desk.put_in(0, &other.file);
    let window = CardWindow::open_at_form(&browser, language, &desk, authority, &other);
    for tries_left in [2, 1] {
        window.begin("wrong-9", "13579086");
        assert_wrong(&window, &wrong_with(tries_left));
    }
    window.begin("wrong-9", "13579086");
    let next = window.is_refused(Code::UserCodeLocked);
    assert!(!window.has("#again") && !window.has("input"));
    window.judge_job("user-code-locked");
    window.close();
    browser.open(&format!("{}/{authority}/", desk.portal()));
    let telephone = browser.text_of(By::Css("a[href^='tel:']"));
    assert!(next.contains(&telephone), "{next}: {telephone}");
    // A new window does not unlock it.
    let window = CardWindow::open_at_form(&browser, language, &desk, authority, &other);
    window.begin(&other.user_code, "13579086");
    window.is_refused(Code::UserCodeLocked);
    assert_eq!(desk.card()["puk_tries_left"], 3, "the card is unharmed");
}

#[test]
fn user_codes_are_counted_in_chinese() {
    user_codes_are_counted(LANGUAGES[0], "gca");
}

#[test]
fn user_codes_are_counted_in_english() {
    user_codes_are_counted(LANGUAGES[1], "xca");
}
