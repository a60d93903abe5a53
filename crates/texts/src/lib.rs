//! What people read, in every language: a Fluent file for each context and language under `locales/`, and one each for the
//! agent, for refusals, and for what pages share.
//!
//! Nothing here knows where a text is shown. Programs ask by key; refusals are explained by [`explain`], which has a
//! message and a next step for every code there is.

mod explain;
mod language;

pub use explain::explain;
pub use fluent_templates::fluent_bundle::FluentValue;
pub use language::Language;

use fluent_templates::{Loader, static_loader};
use std::{borrow::Cow, collections::HashMap};

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "zh-TW",
        // The marks that isolate arguments of another direction would stand in terminals and JSON as rubbish; neither
        // of our languages is written from right to left.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The text of `key` (`message` or `message.attribute`) with its arguments filled in.
///
/// A key that does not exist, or an argument that is not given, is a mistake of the program: debug builds stop there,
/// release builds show the text in the default language, or else the key.
pub fn text(language: Language, key: &str, arguments: &[(&'static str, FluentValue)]) -> String {
    let arguments: HashMap<Cow<'static, str>, FluentValue> =
        arguments.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
    let found = LOCALES.try_lookup_complete(language.identifier(), key, Some(&arguments));
    debug_assert!(found.is_some(), "no text {key} in {}", language.tag());
    found.unwrap_or_else(|| key.to_owned())
}
