//! A refusal's code and facts, put into words.

use crate::{FluentValue, Language, aftermath, text};
use kaika_wire::{CertificateStatus, Lack, Refusal, RoleStatus};

/// The refusal with `message` (what happened), `next_step` (what to do now) and `certain` (of the card) in this language; what was there before
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
        ("standing", known(apart(language, &refusal.certificates).as_deref())),
        ("status", known(refusal.status.map(CertificateStatus::as_str))),
    ];
    refusal.message = text(language, &key, &arguments);
    refusal.next_step = text(language, &format!("{key}.next"), &arguments);
    let left = refusal.aftermath.as_ref().and_then(|left| aftermath(language, left));
    refusal.certain = left.map(|left| left.certain).unwrap_or_default();
    refusal
}

/// What a card lacks, in words; none where nothing is known.
pub fn lacking(language: Language, missing: &[Lack]) -> Option<String> {
    let words: Vec<_> = missing.iter().map(|lack| text(language, &format!("lack-{}", lack.as_str()), &[])).collect();
    (!words.is_empty()).then(|| words.join(&text(language, "lack-between", &[])))
}

/// What is said of each certificate, where one word would not be true of all of a card, or there is only one.
fn apart(language: Language, certificates: &[RoleStatus]) -> Option<String> {
    (certificates.len() == 1 || !RoleStatus::all_alike(certificates)).then(|| standing(language, certificates))
}

/// How certificates stand, those that stand alike together; what matters most comes first.
pub fn standing(language: Language, certificates: &[RoleStatus]) -> String {
    let join = |words: Vec<String>, key| words.join(&text(language, key, &[]));
    let told = CertificateStatus::ALL.into_iter().rev().filter_map(|status| {
        let roles = certificates.iter().filter(|told| told.status == status);
        let roles: Vec<_> =
            roles.map(|told| text(language, &format!("standing-role-{}", told.role.as_str()), &[])).collect();
        let key = format!("standing-{}", status.as_str());
        (!roles.is_empty()).then(|| text(language, &key, &[("roles", join(roles, "standing-between-roles").into())]))
    });
    join(told.collect(), "standing-between")
}

/// The texts choose by the word `unknown`.
fn known(value: Option<&str>) -> FluentValue<'static> {
    value.unwrap_or("unknown").to_owned().into()
}

fn tries(tries: Option<u8>) -> FluentValue<'static> {
    tries.map_or_else(|| known(None), FluentValue::from)
}
