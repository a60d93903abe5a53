//! Every page is rendered with every thing that it can show, in every language, and looked over.

use crate::{
    about::{About, Logo, Privacy},
    http::session::{Destination, LoginQuery, Over},
    portal::{
        access::session::Session,
        access::user_code,
        assets::ASSETS,
        cards::{
            card_job::{CardJob, CardJobPage},
            email::LinkPage,
            outcome::Outcome,
        },
        certificates::{
            find::{Answer, By, FindForm, certificates_page},
            list, my_card,
            status_change::{ChangePage, ChangedPage, ElsewherePage, FormPart, FormProblem, StatusChangeForm},
        },
        error::ErrorPage,
        fields::FieldError,
        holders::contact,
        home::{Home, Start},
        mail::mails::Mails,
        page::{Page, View},
        privacy::PrivacyPage,
    },
};
use askama::Template;
use kaika_app::{
    access::{Captcha, Sum},
    authorities::Generation,
    cards::EmailLink,
    certificates::{
        CertificatePage, ChangeOutcome, FoundCertificate, FoundStatus, ListPosition, ListedCertificate, MyCard, Sorting,
    },
    mail::DeliveredMail,
};
use kaika_domain::{
    authorities::{AuthorityKey, Policy, ProfileName, ProfileRules, Text, Usage},
    cards::{Card, CardRank},
    certificates::CertificateState,
};
use kaika_pki::CertificateDigest;
use kaika_texts::{Language, explain, text};
use kaika_wire::{
    CardCheck, CardId, CardInformation, CardNumber, CardStanding, CardTest, CertificateOutcome, CertificateRole,
    CertificateStatus, CertificateTest, CheckResult, Code, EmailAddress, EmailState, EmailWrite, HeldCard, JobKind,
    JobOutcome, JobResult, Refusal, SerialNumber, SlotCheck, StatusChangeKind,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::LazyLock,
};
use time::{Duration, OffsetDateTime};

/// An authority whose card numbers begin so: letters, or several, `TP", "GP`.
pub(crate) fn policy(prefixes: &str) -> Policy {
    of_kind(prefixes, "mode = \"online\", within_days = 90, afterwards = \"revoke\"")
}

fn of_kind(prefixes: &str, activation: &str) -> Policy {
    with_changes(prefixes, activation, ["online"; 3])
}

/// `changes`: how 停用, 復用 and 廢止 are done.
fn with_changes(prefixes: &str, activation: &str, changes: [&str; 3]) -> Policy {
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

#[test]
fn a_certificate_is_called_by_its_profile() {
    let mut policy = policy("TC");
    let rules = ProfileRules {
        name: Text { zh: "印信".to_owned(), en: "Seal".to_owned() },
        usage: Usage::Signature,
        keys: vec![AuthorityKey::P256],
        validity_years: 3,
        policies: None,
        subject_type: None,
    };
    let seal: ProfileName = "seal".parse().unwrap();
    policy.profiles.insert(seal.clone(), rules);
    let unknown = "stamp".parse().unwrap();
    for (language, of_card, elsewhere) in
        [(Language::ZhTw, "簽章憑證", "印信"), (Language::En, "Signature certificate", "Seal")]
    {
        let page = Page::new(View { about: about(), language }, "portal-title");
        assert_eq!(page.profile(&policy, &CertificateRole::Signature.into()), of_card);
        assert_eq!(page.profile(&policy, &seal), elsewhere);
        assert_eq!(page.profile(&policy, &unknown), "stamp");
    }
}

fn found(role: CertificateRole, status: CertificateStatus) -> FoundCertificate {
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

const STATUSES: [CertificateStatus; 5] = [
    CertificateStatus::Held,
    CertificateStatus::Valid,
    CertificateStatus::Suspended,
    CertificateStatus::Revoked,
    CertificateStatus::Expired,
];

fn generation(is_root: bool) -> Generation {
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
fn standings() -> [CardStanding; 5] {
    [(true, false, false), (true, true, false), (false, false, true), (true, true, true), (false, false, false)]
        .map(|(in_use, held_by_holder, held_by_others)| CardStanding { in_use, held_by_holder, held_by_others })
}

fn succeeded(certificates: Vec<CertificateOutcome>, standing: CardStanding, result: JobResult) -> JobOutcome {
    let (number, holder) = ("TC00000000000017".parse().unwrap(), "C=TW,O=<測試>".to_owned());
    let ended_at = OffsetDateTime::UNIX_EPOCH;
    JobOutcome::Succeeded { number, holder, certificates, standing, ended_at, result }
}

/// What jobs come to: each kind of result in all its forms, with the job that it is of.
fn results() -> Vec<(String, JobKind, JobResult)> {
    let mut results = Vec::new();
    for activated in [true, false] {
        let information = CardInformation {
            activated,
            not_now: BTreeMap::from([(JobKind::Resume, Refusal::new(Code::NotSuspended))]),
            cards: vec![HeldCard { number: "TC00000000000017".parse().unwrap(), activated }],
            holder: "C=TW,O=<測試>".to_owned(),
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH,
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
    for (result, status) in CheckResult::ALL.into_iter().flat_map(|result| STATUSES.map(|status| (result, status))) {
        let slot = |role: CertificateRole, on_card, same| SlotCheck {
            role,
            slot: role.slot(),
            on_card,
            in_database: Some(SerialNumber::from_random([3; 16])),
            same,
        };
        let slots = vec![
            slot(CertificateRole::Signature, Some(SerialNumber::from_random([3; 16])), true),
            slot(CertificateRole::Login, None, false),
        ];
        let unfinished = vec![JobKind::Unlock, JobKind::Rewrite];
        let check = JobResult::Check(CardCheck { result, status, slots, unfinished });
        results.push((format!("a check, {result:?}, {status:?}"), JobKind::Check, check));
    }
    results
}

/// Whoever adds a result sees it on its page.
#[test]
fn each_kind_of_result_has_a_page() {
    let shown: BTreeSet<_> = results().iter().filter_map(|(_, _, result)| result.key()).collect();
    assert_eq!(shown, JobResult::KEYS.iter().copied().collect());
}

/// What a site can say of itself.
fn about() -> &'static About {
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

/// Every page with a name for it.
fn pages(language: Language) -> Vec<(String, String)> {
    let view = View { about: about(), language };
    let online = policy("TC");
    let mut several = policy("TP\", \"GP");
    several.organisation = None;
    let elsewhere = with_changes("TC", "mode = \"counter\"", ["letter"; 3]);
    let mut pages = Vec::new();
    let mut add = |name: &str, page: &dyn askama::DynTemplate| {
        let page = page.dyn_render().unwrap_or_else(|error| panic!("{name}: {error}"));
        pages.push((format!("{name} in {}", language.tag()), page));
    };

    for has_mailbox in [false, true] {
        let page = Page::new(view, "portal-start-title");
        add("start", &Start { page, policies: vec![&online, &several], has_mailbox });
    }
    for activation in
        ["mode = \"online\", within_days = 90, afterwards = \"revoke\"", "mode = \"counter\"", "mode = \"pin_mailer\""]
    {
        let policy = of_kind("TC", activation);
        let mut page = Page::new(view, "portal-title").of_authority(&policy);
        page.title = page.of(&policy.name).to_owned();
        let generations = vec![generation(false), generation(true)];
        add(&format!("home, {activation}"), &Home { page, policy: &policy, generations });
    }
    for ways in [["online", "online", "letter"], ["online", "online", "counter"], ["paper_form"; 3]] {
        let policy = with_changes("TC", "mode = \"counter\"", ways);
        let page = Page::new(view, "portal-title").of_authority(&policy);
        add(&format!("home, {ways:?}"), &Home { page, policy: &policy, generations: vec![] });
        for kind in StatusChangeKind::ALL.iter().copied().filter(|kind| !policy.status_changes.is_online(*kind)) {
            let page = Page::new(view, &format!("status-{kind}")).of_authority(&policy);
            add(&format!("{kind}, {ways:?}"), &ElsewherePage { page, policy: &policy, kind });
        }
    }
    status_changes(view, &online, &mut add);
    let job = |policy, kind| CardJob {
        page: Page::new(view, "portal-title").of_authority(policy),
        policy,
        kind,
        agent: "http://127.0.0.1:61161",
        origin: "http://portal.example",
        others: vec![&several],
        brief: false,
        address: None,
    };
    let suspending = of_kind("TC", "mode = \"online\", within_days = 90, afterwards = \"suspend\"");
    for policy in [&online, &suspending] {
        for kind in JobKind::ALL.into_iter().filter(|kind| kind.is_for_holders()) {
            add(kind.as_str(), &CardJobPage::new(job(policy, kind)));
        }
    }
    let next = |kind| job(&online, kind);
    for (what, kind, result) in results() {
        for standing in standings() {
            for policy in [&online, &several, &elsewhere] {
                let outcome = succeeded(Vec::new(), standing, result.clone());
                let name = format!("outcome of {what}, {standing:?}");
                add(&name, &Outcome::new(view, policy, kind, outcome, next));
            }
        }
    }
    for state in [EmailState::AwaitingConfirmation, EmailState::Confirmed, EmailState::Written] {
        let number: CardNumber = "TC00000000000017".parse().unwrap();
        let address: EmailAddress = "desk@agency.example".parse().unwrap();
        let link = EmailLink { number, address, state };
        add(&format!("e-mail link, {state:?}"), &LinkPage::new(view, &online, Some(link), next));
    }
    let notice = Text { zh: "一\n二".to_owned(), en: "\"><script>alert(1)</script>\nTwo".to_owned() };
    add("privacy", &PrivacyPage { page: Page::new(view, "portal-privacy"), notice: &notice });
    add("e-mail link, over", &LinkPage::new(view, &online, None, next));
    for status in STATUSES {
        let certificates = CertificateRole::ALL
            .map(|role| CertificateOutcome { role, serial: SerialNumber::from_random([1; 16]), status })
            .to_vec();
        for (kind, standing) in [JobKind::Suspend, JobKind::Resume, JobKind::Revoke].into_iter().zip(standings()) {
            let outcome = succeeded(certificates.clone(), standing, JobResult::Done);
            add(&format!("outcome, {kind:?}"), &Outcome::new(view, &online, kind, outcome, next));
        }
        let outcome = succeeded(certificates, standings()[0], JobResult::Done);
        add("outcome, succeeded", &Outcome::new(view, &online, JobKind::Activate, outcome, next));
    }
    let failed = |code: &Code| JobOutcome::Failed { error: explain(language, Refusal::new(*code).tries_left(2)) };
    let over = [JobOutcome::Waiting, JobOutcome::Running, JobOutcome::Over];
    for outcome in over.into_iter().chain(Code::ALL.iter().map(failed)) {
        let name = format!("outcome, {outcome:?}");
        add(&name, &Outcome::new(view, &online, JobKind::Activate, outcome, next));
    }
    let answers = || {
        let all = CertificateRole::ALL.into_iter().zip(STATUSES).map(|(role, status)| found(role, status));
        [
            Answer::Unasked,
            Answer::Nothing,
            Answer::Found(all.collect()),
            Answer::Found(vec![found(CertificateRole::Signature, CertificateStatus::Expired)]),
            Answer::Status(FoundStatus {
                serial: SerialNumber::from_random([0xa7; 16]),
                status: CertificateStatus::Suspended,
                card_in_use: true,
                not_before: OffsetDateTime::UNIX_EPOCH,
                not_after: OffsetDateTime::UNIX_EPOCH + Duration::days(365),
            }),
            Answer::Wrong(vec![
                FieldError::new("number", "portal-find-number-wrong"),
                FieldError::new("name", "portal-find-name-missing"),
                FieldError::new("serial", "portal-find-serial-wrong"),
            ]),
        ]
    };
    for policy in [&online, &several] {
        for by in [By::Card, By::Serial] {
            for answer in answers() {
                let text = || "\"><script>alert(1)</script>".to_owned();
                let form = FindForm { by, number: text(), name: text(), serial: text() };
                add("certificates", &certificates_page(view, policy, form, answer));
            }
        }
    }
    for over in [None, Some(Over::Yes), Some(Over::LoggedOut)] {
        let query = LoginQuery { to: Destination::of("/tca/organisation/expiring"), over };
        add(&format!("login, {over:?}"), &CardJobPage::new(job(&online, JobKind::Login)).after(&query));
    }
    logged_in(view, &online, &mut add);
    mail_pages(view, &online, &mut add);
    for code in Code::ALL {
        let refusal = explain(language, Refusal::new(code));
        add(&format!("error, {code}"), &ErrorPage::new(view, refusal));
    }
    pages
}

/// Every page for somebody who has logged in.
fn logged_in(view: View<'static>, policy: &Policy, add: &mut dyn FnMut(&str, &dyn askama::DynTemplate)) {
    let session = || Session {
        number: "TC00000000000017".parse().ok(),
        until: OffsetDateTime::UNIX_EPOCH + Duration::minutes(30),
    };
    for (rank, published, organisation, changed) in [
        (CardRank::Primary, true, Some("測試機關 <&>"), false),
        (CardRank::Supplementary, false, Some("測試機關 <&>"), true),
        (CardRank::Primary, true, None, true),
    ] {
        let all = CertificateRole::ALL.into_iter().zip(STATUSES).map(|(role, status)| found(role, status));
        let (now, number) = (OffsetDateTime::UNIX_EPOCH, "TC00000000000017".parse().unwrap());
        let holder = kaika_fixtures::sample::holder(policy.id.clone(), now);
        let card = MyCard {
            card: Card { rank, ..Card::ordered(CardId::new(now, [1; 10]), number, &holder, now) },
            holder,
            certificates: all.collect(),
            published,
            organisation: organisation.map(str::to_owned),
        };
        add(&format!("my card, {rank:?}"), &my_card::page(view, policy, session(), card, changed));
    }
    let after = || ListPosition {
        role: CertificateRole::Signature,
        holder: "<測試>".to_owned(),
        number: "TC00000000000017".to_owned(),
        not_after: OffsetDateTime::UNIX_EPOCH,
        status: CertificateStatus::Valid,
        certificate: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
    };
    let row = |(role, status)| {
        let certificate = ListedCertificate {
            certificate: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
            holder: "\"><script>alert(1)</script>".to_owned(),
            number: "TC00000000000017".parse().unwrap(),
            role,
            serial: SerialNumber::from_random([0xa7; 16]),
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH + Duration::days(1),
            written: role != CertificateRole::Signature,
            state: CertificateState::Valid,
        };
        (certificate, status)
    };
    for expiring in [false, true] {
        for status in [None, Some(CertificateStatus::Suspended)] {
            for (rows, sort) in [(0, None), (4, Some(Sorting::LatestExpiry))] {
                let query = list::ListPageQuery { sort, status, after: status.map(|_| after()), rows: Some(10) };
                let list = CertificatePage {
                    organisation: "測試 <&>".to_owned(),
                    days: 90,
                    certificates: CertificateRole::ALL.into_iter().zip(STATUSES).take(rows).map(row).collect(),
                    next: (rows > 0).then(after),
                };
                let page = list::page(view, policy, session(), expiring, query, list, OffsetDateTime::UNIX_EPOCH);
                add(&format!("organisation, {expiring}, {status:?}, {rows}"), &page);
            }
        }
    }
}

/// Every page of 停用, 復用 and 廢止, with all that can be wrong and every refusal.
fn status_changes(view: View<'static>, policy: &Policy, add: &mut dyn FnMut(&str, &dyn askama::DynTemplate)) {
    for kind in StatusChangeKind::ALL.iter().copied() {
        let stages = match kind {
            StatusChangeKind::Revoke => vec![(FormPart::Fill, false), (FormPart::Confirm, true)],
            _ => vec![(FormPart::Fill, true)],
        };
        for (stage, asks_code) in stages {
            let mut troubles = vec![
                FormProblem::None,
                FormProblem::Wrong(
                    [
                        ("user_code", "status-code-wrong"),
                        ("answer", "status-captcha-missing"),
                        ("answer", "status-captcha-wrong"),
                    ]
                    .into_iter()
                    .filter(|_| asks_code)
                    .chain([("sure", "status-confirm-sure-missing")].into_iter().filter(|_| stage == FormPart::Confirm))
                    .chain([("reason", "status-reason-missing")].into_iter().filter(|_| stage == FormPart::Fill))
                    .map(|(field, text)| FieldError::new(field, text))
                    .collect(),
                ),
            ];
            if asks_code {
                let refusals = [Code::DetailsWrong, Code::AlreadyRevoked, Code::SuspendedByOthers];
                troubles.extend(refusals.map(|code| FormProblem::Refused(explain(view.language, Refusal::new(code)))));
            }
            for (trouble, plus) in troubles.into_iter().zip([true, false].into_iter().cycle()) {
                let text = || "\"><script>alert(1)</script>".to_owned();
                let form = StatusChangeForm {
                    number: text(),
                    name: text(),
                    reason: kind.reasons()[0].to_owned(),
                    user_code: SECRET.to_owned().into(),
                    answer: text(),
                    ..StatusChangeForm::default()
                };
                let captcha = Captcha { token: "TOKEN".to_owned(), sum: Sum { left: 19, plus, right: 8 } };
                let captcha = asks_code.then_some(captcha);
                add(&format!("{kind}, {stage:?}"), &ChangePage::new(view, policy, kind, stage, form, captcha, trouble));
            }
        }
        for held_by_others in [false, true] {
            let certificate =
                |(role, status)| CertificateOutcome { role, serial: SerialNumber::from_random([1; 16]), status };
            let outcome = ChangeOutcome {
                number: "TC00000000000017".parse().unwrap(),
                holder: "C=TW,O=<測試>".to_owned(),
                certificates: CertificateRole::ALL.into_iter().zip(STATUSES).map(certificate).collect(),
                standing: CardStanding { in_use: held_by_others, held_by_holder: true, held_by_others },
                at: OffsetDateTime::UNIX_EPOCH,
                everywhere_by: OffsetDateTime::UNIX_EPOCH + Duration::days(7),
            };
            let page = Page::new(view, &format!("status-{kind}.done")).of_authority(policy);
            add(&format!("{kind}, done"), &ChangedPage { page, policy, kind, outcome });
        }
    }
}

/// What no page may repeat.
const SECRET: &str = "Xq7#pass";

/// Where nothing is configured, a site says neither that it is a test nor what it is not.
#[test]
fn a_site_that_says_nothing_has_a_plain_name_and_no_mark() {
    let about = About::default();
    for (language, name, mark) in
        [(Language::ZhTw, "憑證IC卡入口網站", "測試用"), (Language::En, "Certificate card portal", "for tests")]
    {
        let page = ErrorPage::new(View { about: &about, language }, explain(language, Refusal::new(Code::NotFound)));
        let page = page.render().unwrap();
        assert!(
            page.contains(&format!(" – {name}</title>")) && page.contains(&format!("<span>{name}</span>")),
            "{page}"
        );
        for not in [mark, "label-tag", "/privacy", "/assets/logo"] {
            assert!(!page.contains(not), "{not}: {page}");
        }
    }
}

#[test]
fn a_user_code_is_in_no_page() {
    for language in Language::ALL {
        for (name, page) in pages(language) {
            assert!(!page.contains(SECRET), "{name}");
        }
    }
}

#[test]
fn a_sum_is_asked_in_words() {
    let page = |language| Page::new(View { about: about(), language }, "status-suspend");
    let sum = Sum { left: 13, plus: true, right: 5 };
    assert_eq!(page(Language::ZhTw).sum(&sum), "十三加五等於多少？");
    assert_eq!(page(Language::En).sum(&Sum { plus: false, ..sum }), "What is thirteen minus five?");
    assert_eq!(page(Language::En).sum(&Sum { left: 19, plus: true, right: 1 }), "What is nineteen plus one?");
}

/// Pages around mails: what is asked for, what lies behind a link, and the demo's mailbox.
fn mail_pages(view: View<'static>, policy: &Policy, add: &mut impl FnMut(&str, &dyn askama::DynTemplate)) {
    let text = || "\"><script>alert(1)</script>".to_owned();
    let wrong = |fields: &[(&'static str, &'static str)]| {
        fields.iter().map(|(field, text)| FieldError::new(field, text)).collect::<Vec<_>>()
    };
    let card = [("number", "portal-find-number-wrong"), ("name", "portal-find-name-missing")];
    for wrong in [Vec::new(), wrong(&card)] {
        let form = user_code::ResetForm { number: text(), name: text() };
        add("user code", &user_code::ask_page(view, policy, form, wrong));
    }
    for has_mailbox in [false, true] {
        let page = Page::new(view, "user-code-sent").of_authority(policy);
        add("user code, sent", &user_code::SentPage { page, policy, has_mailbox });
        add("contact, sent", &contact::step_page(view, policy, contact::ContactChangeState::Sent { has_mailbox }));
    }
    let number = || "TC00000000000017".parse().unwrap();
    let code = [("code", "user-code-missing"), ("again", "user-code-differ")];
    for link in [
        user_code::Link::Good { number: number(), wrong: Vec::new() },
        user_code::Link::Good { number: number(), wrong: wrong(&code) },
        user_code::Link::Over,
        user_code::Link::Done,
    ] {
        add("user code, link", &user_code::new_page(view, policy, link));
    }
    let contact = [
        ("user_code", "contact-not-proved"),
        ("email", "contact-email-form"),
        ("email", "contact-email-name"),
        ("person", "contact-person-form"),
        ("person", "contact-person-sign"),
        ("telephone", "contact-telephone-form"),
    ];
    for wrong in [Vec::new(), wrong(&[&card[..], &contact].concat())] {
        let form =
            contact::ContactFields { number: text(), name: text(), email: text(), person: text(), telephone: text() };
        let of_stranger = contact::change_page(view, policy, form, wrong);
        add("contact", &of_stranger);
        let session = Some(Session { number: Some(number()), until: OffsetDateTime::UNIX_EPOCH });
        // Asked for nothing of these, nobody is told that they are wrong.
        let mut wrong = of_stranger.wrong.clone();
        wrong.retain(|wrong| !["number", "name", "user_code"].contains(&wrong.field));
        add("contact, logged in", &contact::ChangePage { session, wrong, ..of_stranger });
    }
    let new = kaika_domain::holders::Contact {
        email: "desk@agency.example".parse().unwrap(),
        name: Some(text()),
        telephone: Some("02-0000-0000".to_owned()),
    };
    let confirm = contact::ContactChangeState::Confirm { number: number(), contact: new };
    for step in [confirm, contact::ContactChangeState::Over, contact::ContactChangeState::Done] {
        add("contact, step", &contact::step_page(view, policy, step));
    }
    let mail = |id: &str| DeliveredMail {
        id: id.parse().unwrap(),
        to: "desk@agency.example".parse().unwrap(),
        subject: text(),
        text: format!("{}\n\nhttp://portal.example/tca/user-code/AAAA\n", text()),
        at: OffsetDateTime::UNIX_EPOCH,
    };
    let ids = ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"];
    for mails in [Vec::new(), ids.map(mail).to_vec()] {
        add("mails", &Mails { page: Page::new(view, "mailbox"), mails });
    }
}

#[test]
fn every_page_stands_in_every_language() {
    for language in Language::ALL {
        for (name, page) in pages(language) {
            assert!(page.starts_with("<!DOCTYPE html>"), "{name}");
            assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())), "{name}");
            assert_eq!(page.matches("<h1").count(), 1, "{name}");
            assert!(page.contains("<main id=\"main\""), "{name}");
            for other in Language::ALL {
                assert!(page.contains(&format!("?lang={}", other.tag())), "{name} has no switch to {}", other.tag());
            }
            assert_eq!(untranslated(&page), None, "{name} shows the key of a text");
        }
    }
}

/// A key of a text where a person reads, outside of tags: a text that is missing shows it.
fn untranslated(page: &str) -> Option<&str> {
    static BEGINNINGS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let keys = OF_PORTAL.into_iter().chain(["mail"]).flat_map(keys);
        keys.filter_map(|key| Some(key.split_once('-')?.0.to_owned())).collect()
    });
    let words = page.split('<').filter_map(|part| part.split_once('>')).flat_map(|(_, words)| words.split_whitespace());
    let words = words.map(|word| word.trim_matches(|char: char| !char.is_ascii_alphanumeric()));
    words.into_iter().find(|word| {
        let is_key =
            word.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || "-_.".contains(char));
        is_key && word.split_once('-').is_some_and(|(beginning, _)| BEGINNINGS.contains(beginning))
    })
}

#[test]
fn a_text_that_is_missing_is_noticed() {
    assert_eq!(untranslated("<p id=\"my-card\">Well-known</p> <b>my-missing</b>"), Some("my-missing"));
    assert_eq!(untranslated("<p>mailbox-missing.text</p>"), Some("mailbox-missing.text"));
    assert_eq!(untranslated("<p>（portal-check-b1：</p>"), Some("portal-check-b1"));
    assert_eq!(untranslated("<a href=\"/gca/my-card\">not-before of an e-mail</a>"), None);
}

/// Files of texts that the portal alone asks for, but for what the agent says of the same jobs.
const OF_PORTAL: [&str; 5] = ["portal", "access", "holders", "certificates", "cards"];

/// The keys in such a file.
fn keys(file: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../texts/locales/en");
    let texts = fs::read_to_string(folder.join(file).with_extension("ftl")).unwrap();
    let lines = texts.lines().filter(|line| !line.starts_with(' '));
    let of_agent = |key: &str| key.starts_with("job-") || key.starts_with("tool-");
    lines.filter_map(|line| line.split_once(" =")).map(|(key, _)| key.to_owned()).filter(|key| !of_agent(key)).collect()
}

/// The policy of the answers forbids both, so that nothing that slips in is carried out.
#[test]
fn no_page_has_a_style_or_a_script_in_it() {
    for (name, page) in pages(Language::ZhTw) {
        for tag in page.split('<').skip(1).map(|part| part.split('>').next().unwrap_or_default()) {
            assert!(!tag.starts_with("style"), "{name}: {tag}");
            assert!(!tag.starts_with("script") || tag.contains(" src=\"/assets/"), "{name}: {tag}");
            assert!(!tag.contains(" style=") && !tag.contains(" on"), "{name}: {tag}");
            assert!(!tag.contains("http-equiv"), "{name}: {tag}");
        }
        assert!(!page.contains("alert(1)</script>"), "{name}");
    }
}

#[test]
fn ids_are_unique_and_what_refers_to_them_finds_them() {
    for (name, page) in pages(Language::En) {
        let attribute = |wanted: &str| {
            let parts = page.split(&format!(" {wanted}=\"")).skip(1).map(str::to_owned).collect::<Vec<_>>();
            parts.into_iter().map(|part| part.split('"').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let ids = attribute("id");
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{name}: {ids:?}");
        for referring in ["for", "aria-labelledby", "aria-describedby"] {
            for id in attribute(referring).iter().flat_map(|ids| ids.split_whitespace()) {
                assert!(unique.contains(&id.to_owned()), "{name}: {referring} {id}");
            }
        }
        for link in attribute("href").iter().filter_map(|link| link.strip_prefix('#')) {
            assert!(unique.contains(&link.to_owned()), "{name}: #{link}");
        }
    }
}

/// Kept small for a telephone at the end of its volume: what a page loads at first.
#[test]
fn a_first_view_is_below_100_kilobytes() {
    for (name, page) in pages(Language::ZhTw) {
        let loaded = ASSETS.iter().filter(|(path, _)| {
            let scripts = page.contains("job.js") && path.ends_with(".js");
            scripts || page.contains(path)
        });
        let size = page.len() + loaded.map(|(_, asset)| asset.contents().len()).sum::<usize>();
        assert!(size < 100_000, "{name}: {size}");
    }
}

/// What a check, a test or an e-mail write comes to, composed of a beginning and a word.
const CHECKS: [&str; 10] = [
    "portal-email-awaiting",
    "portal-email-confirmed",
    "portal-test-passed",
    "portal-test-failed",
    "portal-check-a",
    "portal-check-b1",
    "portal-check-b2",
    "portal-check-suspended",
    "portal-check-expired",
    "portal-check-revoked",
];

/// Texts are asked for by key: in templates, in this crate, and composed of a beginning and a word.
#[test]
fn every_text_of_the_portal_is_used() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    let mut unread = vec![folder.join("templates"), folder.join("src/portal")];
    while let Some(path) = unread.pop() {
        if path.is_dir() {
            unread.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            sources += &fs::read_to_string(path).unwrap();
        }
    }
    let composed = [
        "portal-role-",
        "portal-status-",
        "portal-blocked-",
        "portal-job-",
        "portal-check-unfinished-",
        "status-suspend",
        "status-resume",
        "status-revoke",
        "status-reason-",
        "status-elsewhere-",
        "organisation-sort-",
    ];
    let composed = [composed.as_slice(), CHECKS.as_slice()].concat();
    for key in OF_PORTAL.into_iter().flat_map(keys) {
        let used = sources.contains(&format!("\"{key}\"")) || composed.iter().any(|begin| key.starts_with(begin));
        assert!(used, "{key} is used nowhere");
    }
}

#[test]
fn the_words_of_the_seed_are_there() {
    let page = |name: &str| {
        let mut pages = pages(Language::ZhTw).into_iter();
        pages.find(|(named, _)| named.starts_with(name)).map(|(_, page)| page).unwrap()
    };
    let activate = page("activate");
    for words in
        ["開卡", "進行開卡", "偵測卡片", "用戶代碼", "90 天", "卡片持有者", "卡片效期", "6 至 8 個數字", "3 次"]
    {
        assert!(activate.contains(words), "{words}");
    }
    let done = page("outcome, succeeded");
    assert!(done.contains("開卡成功") && done.contains("簽章憑證"));
    assert_eq!(text(Language::ZhTw, "portal-status-valid", &[]), "有效");
}
