//! Each page, with all that it can show.

use super::samples::*;
use crate::{
    http::session::{Destination, LoginQuery, Over},
    portal::{
        access::{session::Session, user_code},
        cards::{
            card_job::{CardJob, CardJobPage, FollowUp, Place},
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
use kaika_app::{
    access::{Captcha, Sum},
    cards::EmailLink,
    certificates::{CertificatePage, ChangeOutcome, FoundStatus, ListPosition, ListedCertificate, MyCard, Sorting},
    mail::DeliveredMail,
};
use kaika_domain::{
    authorities::{Policy, Text},
    cards::{Card, CardRank},
    certificates::CertificateState,
};
use kaika_texts::{Language, explain};
use kaika_wire::{
    CardId, CardNumber, CardStanding, CertificateOutcome, CertificateRole, CertificateStatus, Code, EmailAddress,
    EmailState, JobKind, JobOutcome, JobResult, Refusal, SerialNumber, StatusChange, StatusChangeKind,
};
use time::{Duration, OffsetDateTime};

/// Every page with a name for it.
pub(super) fn pages(language: Language) -> Vec<(String, String)> {
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
        place: Place::OwnPage,
        follows: None,
        address: None,
    };
    let suspending = of_kind("TC", "mode = \"online\", within_days = 90, afterwards = \"suspend\"");
    for policy in [&online, &suspending] {
        for kind in JobKind::ALL.into_iter().filter(|kind| kind.is_for_holders()) {
            add(kind.as_str(), &CardJobPage::new(job(policy, kind)));
        }
    }
    let next = |kind, number: &CardNumber| {
        let follows = Some(FollowUp { number: number.clone(), sealed: "sealed".to_owned() });
        Ok(CardJob { follows, ..job(&online, kind) })
    };
    for (what, kind, result) in results() {
        for standing in standings() {
            for policy in [&online, &several, &elsewhere] {
                let outcome = succeeded(Vec::new(), standing, result.clone());
                let name = format!("outcome of {what}, {standing:?}");
                add(&name, &Outcome::new(view, policy, kind, outcome, next).unwrap());
            }
        }
    }
    for state in [EmailState::AwaitingConfirmation, EmailState::Confirmed, EmailState::Written] {
        let number: CardNumber = "TC00000000000017".parse().unwrap();
        let address: EmailAddress = "desk@agency.example".parse().unwrap();
        let link = EmailLink { number, address, state };
        add(&format!("e-mail link, {state:?}"), &LinkPage::new(view, &online, Some(link), next).unwrap());
    }
    let notice = Text { zh: "一\n二".to_owned(), en: "\"><script>alert(1)</script>\nTwo".to_owned() };
    add("privacy", &PrivacyPage { page: Page::new(view, "portal-privacy"), notice: &notice });
    add("e-mail link, over", &LinkPage::new(view, &online, None, next).unwrap());
    for status in STATUSES {
        let certificates = CertificateRole::ALL
            .map(|role| CertificateOutcome { role, serial: SerialNumber::from_random([1; 16]), status })
            .to_vec();
        for (kind, standing) in [JobKind::Suspend, JobKind::Resume, JobKind::Revoke].into_iter().zip(standings()) {
            let outcome = succeeded(certificates.clone(), standing, JobResult::Done);
            add(&format!("outcome, {kind:?}"), &Outcome::new(view, &online, kind, outcome, next).unwrap());
        }
        let outcome = succeeded(certificates, standings()[0], JobResult::Done);
        add("outcome, succeeded", &Outcome::new(view, &online, JobKind::Activate, outcome, next).unwrap());
    }
    let failed = |code: &Code| {
        let number = Some("TC00000000000017".parse().unwrap());
        JobOutcome::Failed { error: explain(language, Refusal::new(*code).tries_left(2)), number }
    };
    let over = [JobOutcome::Waiting, JobOutcome::Running, JobOutcome::Over { aftermath: None, number: None }];
    for outcome in over.into_iter().chain(Code::ALL.iter().map(failed)) {
        let name = format!("outcome, {outcome:?}");
        add(&name, &Outcome::new(view, &online, JobKind::Activate, outcome, next).unwrap());
    }
    for kind in JobKind::ALL.into_iter().filter(|kind| kind.is_for_holders() && kind.has_server()) {
        for left in aftermaths(kind) {
            let number: CardNumber = "TC00000000000017".parse().unwrap();
            let error = explain(language, Refusal { aftermath: Some(left), ..Code::CardRemoved.into() });
            let cut = JobOutcome::Failed { error, number: Some(number.clone()) };
            let over = JobOutcome::Over { aftermath: Some(left), number: Some(number) };
            for outcome in [cut, over] {
                add(&format!("outcome, {left:?}"), &Outcome::new(view, &online, kind, outcome, next).unwrap());
            }
        }
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
pub(super) fn logged_in(view: View<'static>, policy: &Policy, add: &mut dyn FnMut(&str, &dyn askama::DynTemplate)) {
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
        sorted_by: "<測試>".to_owned(),
        number: "TC00000000000017".to_owned(),
        not_after: OffsetDateTime::UNIX_EPOCH,
        status: CertificateStatus::Valid,
        certificate: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
    };
    let row = |(role, status)| {
        let certificate = ListedCertificate {
            certificate: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
            holder: "\"><script>alert(1)</script>".to_owned(),
            sorted_by: "\"><script>alert(1)</script>".to_owned(),
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
pub(super) fn status_changes(
    view: View<'static>,
    policy: &Policy,
    add: &mut dyn FnMut(&str, &dyn askama::DynTemplate),
) {
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
                change: StatusChange::parse(kind, "other").unwrap(),
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
pub(super) const SECRET: &str = "Xq7#pass";
/// Pages around mails: what is asked for, what lies behind a link, and the demo's mailbox.
pub(super) fn mail_pages(view: View<'static>, policy: &Policy, add: &mut impl FnMut(&str, &dyn askama::DynTemplate)) {
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
