//! An authority, a site, and something of everything that pages show.

use crate::about::{About, Logo, Privacy};
use kaika_app::{authorities::Generation, certificates::FoundCertificate};
use kaika_domain::authorities::{Policy, Text};
use kaika_pki::CertificateDigest;
use kaika_wire::{
    Aftermath, CardCheck, CardInformation, CardStanding, CardTest, CertificateOutcome, CertificateRole,
    CertificateStatus, CertificateTest, CheckResult, Code, EmailState, EmailWrite, HeldCard, JobKind, JobOutcome,
    JobResult, PinAfter, Refusal, SerialNumber, SlotCheck,
};
use std::{collections::BTreeMap, sync::LazyLock};
use time::{Duration, OffsetDateTime};

/// An authority whose card numbers begin so: letters, or several, `TP", "GP`.
pub(crate) fn policy(prefixes: &str) -> Policy {
    of_kind(prefixes, "mode = \"online\", within_days = 90, afterwards = \"revoke\"")
}

pub(super) fn of_kind(prefixes: &str, activation: &str) -> Policy {
    with_changes(prefixes, activation, ["online"; 3])
}

/// `changes`: how 停用, 復用 and 廢止 are done.
pub(super) fn with_changes(prefixes: &str, activation: &str, changes: [&str; 3]) -> Policy {
    let [suspend, resume, revoke] = changes;
    let changes = format!("suspend = \"{suspend}\"\nresume = \"{resume}\"\nrevoke = \"{revoke}\"");
    let toml = format!(
        r##"
id = "tca"
name = {{ zh = "測試中心 <TCA>", en = "TEST authority <TCA>" }}
purpose = {{ zh = "測試用", en = "For tests" }}
accent = "#123456"
activation = {{ {activation} }}
unlock = "agent"
[hierarchy]
root = "test-root"
subject = [["C", "TW"], ["O", "測試 TEST"]]
key = "p256"
validity_years = 20
[card]
number_prefixes = ["{prefixes}"]
number_digits = 14
key = "p256"
roles = ["signature", "login"]
identity_years = 11
[user_code]
tries = 3
[pin]
min = 6
max = 8
[status_changes]
{changes}
[organisation]
named_by = ["O"]
expiring_within_days = 90
[certificates]
validity_years = 5
policies = ["1.3.6.1.5.5.7.13.3"]
subject_type = "2.16.886.1.100.3.2.1.1"
[contact]
telephone = "02-0000-0000"
hours = {{ zh = "測試時間", en = "test hours" }}
address = {{ zh = "測試地址", en = "test address" }}
"##
    );
    Policy::parse(&toml).unwrap()
}
pub(super) fn found(role: CertificateRole, status: CertificateStatus) -> FoundCertificate {
    FoundCertificate {
        role: role.into(),
        serial: SerialNumber::from_random([0xa7; 16]),
        status,
        card_in_use: role == CertificateRole::Signature,
        subject: "C=TW,O=測試行政院,OU=測試機關 <&>".to_owned(),
        not_before: OffsetDateTime::UNIX_EPOCH,
        not_after: OffsetDateTime::UNIX_EPOCH + Duration::days(365),
        file: (status != CertificateStatus::Held).then(|| CertificateDigest::of(&[0x30])),
        certificate: vec![0x30],
    }
}

pub(super) const STATUSES: [CertificateStatus; 5] = [
    CertificateStatus::Held,
    CertificateStatus::Valid,
    CertificateStatus::Suspended,
    CertificateStatus::Revoked,
    CertificateStatus::Expired,
];

pub(super) fn generation(is_root: bool) -> Generation {
    Generation {
        id: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
        owner: if is_root { "test-root" } else { "tca" }.parse().unwrap(),
        ordinal: 1,
        is_root,
        issuer: "00000000-0000-7000-8000-000000000002".parse().unwrap(),
        certificate: Vec::new(),
        key_identifier: [0; 20],
        responder_certificate: Vec::new(),
        base_url: "http://portal.example".to_owned(),
        founded_at: OffsetDateTime::UNIX_EPOCH,
        shards: 1,
        revision: 0,
    }
}

/// Each way in which a card can stand.
pub(super) fn standings() -> [CardStanding; 5] {
    [(true, false, false), (true, true, false), (false, false, true), (true, true, true), (false, false, false)]
        .map(|(in_use, held_by_holder, held_by_others)| CardStanding { in_use, held_by_holder, held_by_others })
}

pub(super) fn succeeded(
    certificates: Vec<CertificateOutcome>,
    standing: CardStanding,
    result: JobResult,
) -> JobOutcome {
    let (number, holder) = ("TC00000000000017".parse().unwrap(), "C=TW,O=<測試>".to_owned());
    let ended_at = OffsetDateTime::UNIX_EPOCH;
    JobOutcome::Succeeded { number, holder, certificates, standing, ended_at, result }
}

/// What jobs come to: each kind of result in all its forms, with the job that it is of.
pub(super) fn results() -> Vec<(String, JobKind, JobResult)> {
    let mut results = Vec::new();
    for activated in [true, false] {
        let information = CardInformation {
            activated,
            not_now: BTreeMap::from([(JobKind::Resume, Refusal::new(Code::NotSuspended))]),
            cards: vec![HeldCard { number: "TC00000000000017".parse().unwrap(), activated }],
            holder: "C=TW,O=<測試>".to_owned(),
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH,
            activate_by: None,
            contact: None,
        };
        let what = format!("information, {activated}");
        results.push((what, JobKind::Information, JobResult::Information(information)));
    }
    for passed in [true, false] {
        let one = |(role, status): (CertificateRole, _)| CertificateTest {
            role,
            slot: role.slot(),
            serial: SerialNumber::from_random([5; 16]),
            on_card: passed,
            key: passed,
            chain: true,
            status,
        };
        let tests = CertificateRole::ALL.into_iter().zip(STATUSES).map(one).collect();
        let test = JobResult::Test(CardTest { passed, tests });
        results.push((format!("a test, {passed}"), JobKind::Test, test));
    }
    for state in [EmailState::AwaitingConfirmation, EmailState::Confirmed, EmailState::Written] {
        let email = JobResult::Email(EmailWrite { address: "desk@agency.example".parse().unwrap(), state });
        results.push((format!("an e-mail write, {state:?}"), JobKind::SetEmail, email));
    }
    let checks = CheckResult::ALL.into_iter().flat_map(|result| STATUSES.map(|status| (result, status)));
    for (result, status, other) in
        checks.flat_map(|(result, status)| [status, CertificateStatus::Expired].map(|other| (result, status, other)))
    {
        let slot = |role: CertificateRole, on_card, same, status| SlotCheck {
            role,
            slot: role.slot(),
            on_card,
            in_database: Some(SerialNumber::from_random([3; 16])),
            status: Some(status),
            same,
        };
        let slots = vec![
            slot(CertificateRole::Signature, Some(SerialNumber::from_random([3; 16])), true, status),
            slot(CertificateRole::Login, None, false, other),
        ];
        let unfinished = vec![JobKind::Unlock, JobKind::Rewrite];
        let check = JobResult::Check(CardCheck { result, status, slots, unfinished });
        let what = format!("{result:?}, {status:?} and {other:?}");
        results.push((format!("a re-write, {what}"), JobKind::Rewrite, check.clone()));
        results.push((format!("a check, {what}"), JobKind::Check, check));
    }
    results
}

/// What a site can say of itself.
pub(super) fn about() -> &'static About {
    static ABOUT: LazyLock<About> = LazyLock::new(|| {
        let text = |zh: &str, en: &str| Text { zh: zh.to_owned(), en: en.to_owned() };
        let logo = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        About {
            name: Some(text("測試網站 <&>", "Test site <&>")),
            logo: Some(Logo::parse(logo.into()).unwrap()),
            is_test: true,
            footer: Some(text("頁尾 <&>", "\"><script>alert(1)</script>\nTo us https://agency.example/\"><b>")),
            privacy: Some(Privacy::Elsewhere(text("https://agency.example/zh", "https://agency.example/en"))),
        }
    });
    &ABOUT
}

/// All that a job of this kind may have left.
pub(super) fn aftermaths(kind: JobKind) -> Vec<Aftermath> {
    let mut all = Vec::new();
    for pin in [PinAfter::Before, PinAfter::Unsure, PinAfter::New] {
        for (changed, maybe_done) in [(false, false), (true, false), (true, true)] {
            all.push(Aftermath { kind, pin, changed, maybe_done });
        }
    }
    all
}
