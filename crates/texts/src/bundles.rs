//! The texts themselves, read once from what is compiled in.

use crate::Language;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

type Bundle = FluentBundle<FluentResource>;

/// The files of one language: a new one has a line here for all.
macro_rules! files {
    ($language:literal) => {
        files!($language: "access" "agent" "cards" "certificates" "holders" "mail" "portal" "refusals")
    };
    ($language:literal: $($file:literal)*) => {
        &[$(include_str!(concat!("../locales/", $language, "/", $file, ".ftl"))),*]
    };
}

static ZH_TW: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::ZhTw, files!("zh-TW")));
static EN: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::En, files!("en")));

/// # Panics
/// A file is not right: every test that reads a text finds it.
fn bundle(language: Language, files: &[&str]) -> Bundle {
    let tag: LanguageIdentifier = language.tag().parse().expect("the tags of our languages are such");
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // The marks that isolate arguments of another direction would stand in terminals and JSON as rubbish; neither of our
    // languages is written from right to left.
    bundle.set_use_isolating(false);
    for file in files {
        let texts = FluentResource::try_new((*file).to_owned());
        let texts = texts.unwrap_or_else(|(_, wrong)| panic!("a text in {} is not right: {wrong:?}", language.tag()));
        let added = bundle.add_resource(texts);
        added.unwrap_or_else(|twice| panic!("a text in {} is there twice: {twice:?}", language.tag()));
    }
    bundle
}

/// None where there is no such text in this language, or where it wants another argument.
pub(crate) fn text(language: Language, key: &str, arguments: &[(&'static str, FluentValue)]) -> Option<String> {
    let bundle = match language {
        Language::ZhTw => &*ZH_TW,
        Language::En => &*EN,
    };
    let (message, attribute) =
        key.split_once('.').map_or((key, None), |(message, attribute)| (message, Some(attribute)));
    let message = bundle.get_message(message)?;
    let pattern = match attribute {
        Some(attribute) => message.get_attribute(attribute)?.value(),
        None => message.value()?,
    };
    let arguments: FluentArgs = arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
    let mut wrong = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&arguments), &mut wrong).into_owned();
    wrong.is_empty().then_some(text)
}
