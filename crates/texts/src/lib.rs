//! What people read, in every language: a Fluent file for each context and language under `locales/`, and one each for the
//! agent, for refusals, and for what pages share.
//!
//! Nothing here knows where a text is shown. Programs ask by key; refusals are explained by [`explain`], which has a
//! message and a next step for every code there is.

mod aftermath;
mod bundles;
mod explain;
mod language;

pub use aftermath::{AftermathWords, aftermath};
pub use explain::{explain, lacking, standing};
pub use fluent_bundle::FluentValue;
pub use language::Language;

/// The text of `key` (`message` or `message.attribute`) with its arguments filled in.
///
/// A key that does not exist, or an argument that is not given, is a mistake of the program: debug builds stop there,
/// release builds show the text in the default language, or else the key.
pub fn text(language: Language, key: &str, arguments: &[(&'static str, FluentValue)]) -> String {
    let found = bundles::text(language, key, arguments);
    debug_assert!(found.is_some(), "no text {key} in {}", language.tag());
    found.or_else(|| bundles::text(Language::default(), key, arguments)).unwrap_or_else(|| key.to_owned())
}
