//! What the card tool says of a finished job: one document for programs, and words for people.

use super::ToldCertificate;
use crate::{engine::Finished, words::pair};
use kaika_texts::{Language, standing, text};
use kaika_wire::{
    CardCheck, CardNumber, CardTest, CertificateStatus, CheckResult, EmailAddress, EmailState, EmailWrite, JobId,
    JobKind, JobResult, SerialNumber,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Document", into = "Document")]
pub struct JobDone {
    /// None where no server had a part in it.
    pub job: Option<JobId>,
    pub number: CardNumber,
    pub certificates: Vec<ToldCertificate>,
    pub result: JobResult,
    /// Of a check, where the card tells.
    pub pin_tries_left: Option<u8>,
    pub puk_tries_left: Option<u8>,
}

/// As programs read it: what a check or a test came to stands beside the rest.
#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<JobId>,
    state: State,
    number: CardNumber,
    certificates: Vec<ToldCertificate>,
    #[serde(flatten)]
    check: Option<CardCheck>,
    #[serde(flatten)]
    test: Option<CardTest>,
    /// The address that the certificates name, or are to name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<EmailAddress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin_tries_left: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    puk_tries_left: Option<u8>,
}

/// The states that a finished job has here; all others are refusals.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Succeeded,
    /// A mail was sent; the job is to be begun again with the code in it, or once its link was followed.
    AwaitingConfirmation,
}

impl From<JobDone> for Document {
    fn from(done: JobDone) -> Self {
        let JobDone { job, number, certificates, result, pin_tries_left, puk_tries_left } = done;
        let state = State::Succeeded;
        let (check, test, email) = (None, None, None);
        let plain = Self { job, state, number, certificates, check, test, email, pin_tries_left, puk_tries_left };
        match result {
            // What the portal says of a card is another document, of another operation.
            JobResult::Done | JobResult::Information(_) => plain,
            JobResult::Check(check) => Self { check: Some(check), ..plain },
            JobResult::Test(test) => Self { test: Some(test), ..plain },
            JobResult::Email(EmailWrite { address, state }) => {
                let state = match state {
                    EmailState::AwaitingConfirmation => State::AwaitingConfirmation,
                    EmailState::Confirmed | EmailState::Written => State::Succeeded,
                };
                Self { email: Some(address), state, ..plain }
            }
        }
    }
}

impl From<Document> for JobDone {
    fn from(document: Document) -> Self {
        let Document { job, state, number, certificates, check, test, email, pin_tries_left, puk_tries_left } =
            document;
        let email = email.map(|address| {
            let state = match state {
                State::AwaitingConfirmation => EmailState::AwaitingConfirmation,
                State::Succeeded => EmailState::Written,
            };
            JobResult::Email(EmailWrite { address, state })
        });
        let result = check.map(JobResult::Check).or(test.map(JobResult::Test)).or(email).unwrap_or(JobResult::Done);
        Self { job, number, certificates, result, pin_tries_left, puk_tries_left }
    }
}

impl JobDone {
    pub(super) fn of(finished: Finished) -> Self {
        Self {
            job: Some(finished.job),
            number: finished.card,
            certificates: finished.succeeded.certificates.into_iter().map(Into::into).collect(),
            result: finished.succeeded.result,
            pin_tries_left: None,
            puk_tries_left: None,
        }
    }

    pub(super) fn alone(number: CardNumber) -> Self {
        let (certificates, result) = (Vec::new(), JobResult::Done);
        Self { job: None, number, certificates, result, pin_tries_left: None, puk_tries_left: None }
    }

    /// What was done, and what came of it, line by line.
    pub(crate) fn words(&self, language: Language, kind: JobKind) -> Vec<String> {
        let headline = |key: &str, email: &str| {
            let card = ("card", self.number.to_string().into());
            text(language, key, &[card, ("email", email.to_owned().into())])
        };
        match &self.result {
            JobResult::Done | JobResult::Information(_) => {
                vec![headline(&format!("job-{}.told", kind.as_str()), "")]
            }
            JobResult::Check(check) => {
                let unfinished = check.unfinished.iter().map(|kind| format!("tool-unfinished-{}", kind.as_str()));
                let mut lines = vec![match check.mixed() {
                    Some(told) => {
                        let standing = ("standing", standing(language, &told).into());
                        text(language, "tool-check-mixed", &[("card", self.number.to_string().into()), standing])
                    }
                    None => headline(check_key(check), ""),
                }];
                lines.extend(slot_lines(language, check));
                lines.extend(unfinished.map(|key| text(language, &key, &[])));
                lines
            }
            JobResult::Test(test) => {
                let key = if test.passed { "tool-test-passed" } else { "tool-test-failed" };
                [headline(key, "")].into_iter().chain(test_lines(language, test)).collect()
            }
            JobResult::Email(EmailWrite { address, state }) => {
                let key = match state {
                    EmailState::AwaitingConfirmation => "tool-email-awaiting",
                    EmailState::Confirmed | EmailState::Written => "tool-email-done",
                };
                vec![headline(key, &address.to_string())]
            }
        }
    }
}

fn check_key(check: &CardCheck) -> &'static str {
    match (check.result, check.status) {
        (CheckResult::Same, _) => "tool-check-same",
        (CheckResult::Differs, _) => "tool-check-differs",
        (CheckResult::Rewritten, _) => "tool-check-rewritten",
        (CheckResult::NotValid, CertificateStatus::Suspended) => "tool-check-suspended",
        (CheckResult::NotValid, CertificateStatus::Expired) => "tool-check-expired",
        (CheckResult::NotValid, CertificateStatus::Held | CertificateStatus::Valid | CertificateStatus::Revoked) => {
            "tool-check-revoked"
        }
    }
}

fn slot_lines(language: Language, check: &CardCheck) -> impl Iterator<Item = String> {
    let t = move |key: &str| text(language, key, &[]);
    check.slots.iter().map(move |slot| {
        let serial = |key, serial: &Option<SerialNumber>| {
            pair(language, &t(key), &serial.as_ref().map_or_else(|| t("tool-none"), ToString::to_string))
        };
        let (on_card, in_database) =
            (serial("tool-on-card", &slot.on_card), serial("tool-in-database", &slot.in_database));
        let compared = t(if slot.same { "tool-same" } else { "tool-differs" });
        let status = slot.status.map(|status| format!("  {}", t(&format!("status-{}", status.as_str()))));
        format!("  {}  {on_card}  {in_database}  {compared}{}", slot.slot, status.unwrap_or_default())
    })
}

fn test_lines(language: Language, test: &CardTest) -> impl Iterator<Item = String> {
    let t = move |key: &str| text(language, key, &[]);
    test.tests.iter().map(move |one| {
        let passed = |key, yes| pair(language, &t(key), &t(if yes { "tool-yes" } else { "tool-no" }));
        format!(
            "  {}  {}  {}  {}  {}  {}",
            one.slot,
            t(&format!("role-{}", one.role.as_str())),
            passed("tool-test-key", one.key),
            passed("tool-test-on-card", one.on_card),
            passed("tool-test-chain", one.chain),
            t(&format!("status-{}", one.status.as_str())),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_job_and_every_result_has_words_in_both_languages() {
        let number: CardNumber = "GC00000000000001".parse().unwrap();
        let address: EmailAddress = "desk@agency.example".parse().unwrap();
        let email = |state| JobResult::Email(EmailWrite { address: address.clone(), state });
        let mut results = vec![
            JobResult::Test(CardTest { passed: true, tests: Vec::new() }),
            JobResult::Test(CardTest { passed: false, tests: Vec::new() }),
            email(EmailState::AwaitingConfirmation),
            email(EmailState::Written),
        ];
        for result in CheckResult::ALL {
            for status in [CertificateStatus::Valid, CertificateStatus::Suspended, CertificateStatus::Expired] {
                let unfinished = vec![JobKind::Unlock, JobKind::Rewrite];
                results.push(JobResult::Check(CardCheck { result, status, slots: Vec::new(), unfinished }));
            }
        }
        let told: BTreeSet<_> = results.iter().filter_map(JobResult::key).collect();
        // The tool asks for information by a command with a document of its own.
        let all = JobResult::KEYS.iter().copied().filter(|key| *key != "information").collect();
        assert_eq!(told, all, "each result that there is");
        for language in Language::ALL {
            let told = |kind, result: &JobResult| {
                let done = JobDone { result: result.clone(), ..JobDone::alone(number.clone()) };
                let lines = done.words(language, kind);
                assert!(lines[0].contains(number.as_str()), "{lines:?}");
                let document = serde_json::to_value(&done).unwrap();
                assert_eq!(serde_json::from_value::<JobDone>(document).unwrap(), done);
                lines
            };
            let mut heads: Vec<_> = JobKind::ALL.map(|kind| told(kind, &JobResult::Done).remove(0)).into();
            heads.sort();
            heads.dedup();
            assert_eq!(heads.len(), JobKind::ALL.len(), "each job has its own");
            for result in &results {
                told(JobKind::Check, result);
            }
        }
    }
}
