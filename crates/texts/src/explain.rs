//! A refusal's code and facts, put into words.

use crate::{FluentValue, Language, text};
use kaika_wire::{CertificateStatus, Lack, Refusal};

/// The refusal with `message` (what happened) and `next_step` (what to do now) in this language; what was there before
/// is replaced.
#[must_use]
pub fn explain(language: Language, mut refusal: Refusal) -> Refusal {
    let key = format!("refusal-{}", refusal.code);
    let help = refusal.contact.clone().unwrap_or_else(|| text(language, "refusal-help", &[]));
    let arguments = [
        ("tries", tries(refusal.tries_left)),
        ("contact", known(refusal.contact.as_deref())),
        ("help", help.into()),
        ("missing", known(lacking(language, &refusal.missing).as_deref())),
        ("status", known(refusal.status.map(CertificateStatus::as_str))),
    ];
    refusal.message = text(language, &key, &arguments);
    refusal.next_step = text(language, &format!("{key}.next"), &arguments);
    refusal
}

/// What a card lacks, in words; none where nothing is known.
pub fn lacking(language: Language, missing: &[Lack]) -> Option<String> {
    let words: Vec<_> = missing.iter().map(|lack| text(language, &format!("lack-{}", lack.as_str()), &[])).collect();
    (!words.is_empty()).then(|| words.join(&text(language, "lack-between", &[])))
}

/// The texts choose by the word `unknown`.
fn known(value: Option<&str>) -> FluentValue<'static> {
    value.unwrap_or("unknown").to_owned().into()
}

fn tries(tries: Option<u8>) -> FluentValue<'static> {
    tries.map_or_else(|| known(None), FluentValue::from)
}
