//! In which language a person is spoken to.

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};
use kaika_texts::Language;
use serde::Deserialize;

/// `?lang=`, which goes before the browser's language.
#[derive(Debug, Default, Deserialize)]
pub struct LanguageQuery {
    lang: Option<String>,
}

impl LanguageQuery {
    pub fn language(&self, headers: &HeaderMap) -> Language {
        self.lang.as_deref().and_then(Language::from_tag).unwrap_or_else(|| language(headers))
    }

    /// Whether a language was wished for that there is.
    pub fn is_named(&self) -> bool {
        self.lang.as_deref().and_then(Language::from_tag).is_some()
    }
}

/// The language that a request asks for by `Accept-Language`.
pub fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    accepted.map(Language::from_accept_language).unwrap_or_default()
}
