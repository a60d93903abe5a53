//! What the window tells the page that opened it: how the job goes, and of a refusal the same as it shows itself.

use super::super::{
    remedy::{Remedy, way_on},
    state::JobNotice,
};
use kaika_texts::{Language, aftermath, explain};
use kaika_wire::{AuthorityId, Code, JobKind, Refusal};
use serde::Serialize;

/// A message for the page.
#[derive(Serialize)]
pub(super) struct Tell {
    /// Told once for each.
    attempt: u32,
    kaika: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    words: Option<Told>,
}

/// A refusal for the page, which says the same as the window.
#[derive(Serialize)]
pub(super) struct Told {
    /// In place of the page's own, where it is not certain that nothing came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) heading: Option<String>,
    message: String,
    pub(super) certain: String,
    pub(super) next_step: String,
    /// The other job that helps, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    way: Option<JobKind>,
    /// Whose the card is.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<AuthorityId>,
    /// Whether the same once more may come off; and whether it goes on with what was begun.
    again: bool,
    pub(super) go_on: bool,
    /// Whether the window has no way on.
    pub(super) over: bool,
}

impl Tell {
    pub(super) fn of(told: &JobNotice, attempt: u32, language: Language) -> Self {
        let (kaika, state, code, words) = match told {
            JobNotice::Begun => ("progress", "begun", None, None),
            JobNotice::Running => ("progress", "running", None, None),
            JobNotice::Succeeded => ("finished", "succeeded", None, None),
            JobNotice::Refused(refusal, remedy) => {
                ("finished", "refused", Some(refusal.code), Some(Told::of(refusal, *remedy, language)))
            }
        };
        Self { attempt, kaika, state, code, words }
    }
}

impl Told {
    pub(super) fn of(refusal: &Refusal, remedy: Remedy, language: Language) -> Self {
        let left = refusal.aftermath.as_ref().and_then(|left| aftermath(language, left));
        let Refusal { message, next_step, certain, .. } = explain(language, refusal.clone());
        let again = refusal.code.may_pass();
        let (heading, next) = left.map_or((None, None), |left| (left.heading, left.next));
        Self {
            heading,
            message,
            certain,
            next_step: next.filter(|_| again).unwrap_or(next_step),
            way: way_on(refusal),
            authority: refusal.authority.clone().filter(|_| refusal.code == Code::WrongAuthority),
            again,
            go_on: again && refusal.aftermath.is_some_and(|left| left.changed),
            over: !remedy.is_here(),
        }
    }
}
