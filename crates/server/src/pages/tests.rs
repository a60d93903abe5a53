//! Every page is rendered with every thing that it can show, in every language, and looked over.

use super::{
    activate::Activate,
    assets::ASSETS,
    certificates::{Answer, Asked, By, certificates_page},
    contact,
    error::ErrorPage,
    fields::Wrong,
    home::{Home, Start},
    mails::Mails,
    outcome::Outcome,
    page::Page,
    user_code,
};
use kaika_app::{DeliveredMail, FoundCertificate, Generation};
use kaika_domain::{Policy, policy::Overdue};
use kaika_texts::{Language, explain, text};
use kaika_wire::{
    CertificateOutcome, CertificateRole, CertificateStatus, Code, JobKind, JobOutcome, Refusal, SerialNumber,
};
use std::{collections::BTreeSet, fs, path::Path};
use time::{Duration, OffsetDateTime};

/// An authority whose card numbers begin so: letters, or several, `TP", "GP`.
pub(crate) fn policy(prefixes: &str) -> Policy {
    of_kind(prefixes, "mode = \"online\", within_days = 90, afterwards = \"revoke\"")
}

fn of_kind(prefixes: &str, activation: &str) -> Policy {
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

fn found(role: CertificateRole, status: CertificateStatus) -> FoundCertificate {
    FoundCertificate {
        role,
        serial: SerialNumber::from_random([0xa7; 16]),
        status,
        subject: "C=TW,O=測試行政院,OU=測試機關 <&>".to_owned(),
        not_before: OffsetDateTime::UNIX_EPOCH,
        not_after: OffsetDateTime::UNIX_EPOCH + Duration::days(365),
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

/// Every page with a name for it.
fn pages(language: Language) -> Vec<(String, String)> {
    let online = policy("TC");
    let several = policy("TP\", \"GP");
    let mut pages = Vec::new();
    let mut add = |name: &str, page: &dyn askama::DynTemplate| {
        let page = page.dyn_render().unwrap_or_else(|error| panic!("{name}: {error}"));
        pages.push((format!("{name} in {}", language.tag()), page));
    };

    for has_mailbox in [false, true] {
        let page = Page::new(language, "portal-start-title");
        add("start", &Start { page, policies: vec![&online, &several], has_mailbox });
    }
    for activation in
        ["mode = \"online\", within_days = 90, afterwards = \"revoke\"", "mode = \"counter\"", "mode = \"pin_mailer\""]
    {
        let policy = of_kind("TC", activation);
        let mut page = Page::new(language, "portal-title").of_authority(&policy);
        page.title = page.of(&policy.name).to_owned();
        let generations = vec![generation(false), generation(true)];
        add(&format!("home, {activation}"), &Home { page, policy: &policy, generations });
    }
    for afterwards in [Overdue::Revoke, Overdue::Suspend] {
        let page = Page::new(language, "portal-activate").of_authority(&online);
        let activate = Activate {
            page,
            policy: &online,
            kind: JobKind::Activate,
            agent: "http://127.0.0.1:61161",
            origin: "http://portal.example",
            days: 90,
            afterwards,
            others: vec![&several],
        };
        add(&format!("activate, {afterwards:?}"), &activate);
    }
    for status in STATUSES {
        let certificates = CertificateRole::ALL
            .map(|role| CertificateOutcome { role, serial: SerialNumber::from_random([1; 16]), status })
            .to_vec();
        let number = "TC00000000000017".parse().unwrap();
        let outcome = JobOutcome::Succeeded { number, holder: "C=TW,O=<測試>".to_owned(), certificates };
        add("outcome, succeeded", &Outcome::new(language, &online, JobKind::Activate, outcome));
    }
    let error = explain(language, Refusal::new(Code::UserCodeWrong).tries_left(2));
    for outcome in [JobOutcome::Waiting, JobOutcome::Running, JobOutcome::Over, JobOutcome::Failed { error }] {
        let name = format!("outcome, {outcome:?}");
        add(&name, &Outcome::new(language, &online, JobKind::Activate, outcome));
    }
    let answers = || {
        let all = CertificateRole::ALL.into_iter().zip(STATUSES).map(|(role, status)| found(role, status));
        [
            Answer::Unasked,
            Answer::Nothing,
            Answer::Found(all.collect()),
            Answer::Found(vec![found(CertificateRole::Signature, CertificateStatus::Expired)]),
            Answer::Wrong(vec![
                Wrong { field: "number", text: "portal-find-number-wrong" },
                Wrong { field: "name", text: "portal-find-name-missing" },
                Wrong { field: "serial", text: "portal-find-serial-wrong" },
            ]),
        ]
    };
    for policy in [&online, &several] {
        for by in [By::Card, By::Serial] {
            for answer in answers() {
                let text = || "\"><script>alert(1)</script>".to_owned();
                let asked = Asked { by, number: text(), name: text(), serial: text() };
                add("certificates", &certificates_page(language, policy, asked, answer));
            }
        }
    }
    mail_pages(language, &online, &mut add);
    for code in Code::ALL {
        let refusal = explain(language, Refusal::new(*code));
        add(&format!("error, {code}"), &ErrorPage::new(language, refusal));
    }
    pages
}

/// Pages around mails: what is asked for, what lies behind a link, and the demo's mailbox.
fn mail_pages(language: Language, policy: &Policy, add: &mut impl FnMut(&str, &dyn askama::DynTemplate)) {
    let text = || "\"><script>alert(1)</script>".to_owned();
    let wrong = |fields: &[(&'static str, &'static str)]| {
        fields.iter().map(|(field, text)| Wrong { field, text }).collect::<Vec<_>>()
    };
    let card = [("number", "portal-find-number-wrong"), ("name", "portal-find-name-missing")];
    for wrong in [Vec::new(), wrong(&card)] {
        let asked = user_code::Asked { number: text(), name: text() };
        add("user code", &user_code::ask_page(language, policy, asked, wrong));
    }
    for has_mailbox in [false, true] {
        let page = Page::new(language, "user-code-sent").of_authority(policy);
        add("user code, sent", &user_code::SentPage { page, policy, has_mailbox });
        add("contact, sent", &contact::step_page(language, policy, contact::Step::Sent { has_mailbox }));
    }
    let number = || "TC00000000000017".parse().unwrap();
    let code = [("code", "user-code-missing"), ("again", "user-code-differ")];
    for link in [
        user_code::Link::Good { number: number(), wrong: Vec::new() },
        user_code::Link::Good { number: number(), wrong: wrong(&code) },
        user_code::Link::Over,
        user_code::Link::Done,
    ] {
        add("user code, link", &user_code::new_page(language, policy, link));
    }
    let contact = [
        ("user_code", "contact-locked"),
        ("email", "contact-email-form"),
        ("person", "contact-person-form"),
        ("telephone", "contact-telephone-form"),
    ];
    for wrong in [Vec::new(), wrong(&[&card[..], &contact].concat())] {
        let asked = contact::Asked { number: text(), name: text(), email: text(), person: text(), telephone: text() };
        add("contact", &contact::change_page(language, policy, asked, wrong));
    }
    let new = kaika_domain::Contact {
        email: "desk@agency.example".parse().unwrap(),
        name: Some(text()),
        telephone: Some("02-0000-0000".to_owned()),
    };
    let confirm = contact::Step::Confirm { number: number(), contact: new };
    for step in [confirm, contact::Step::Over, contact::Step::Done] {
        add("contact, step", &contact::step_page(language, policy, step));
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
        add("mails", &Mails { page: Page::new(language, "mailbox"), mails });
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
            assert!(!untranslated(&page), "{name} shows the key of a text");
        }
    }
}

/// How keys of texts begin.
const KEYS: [&str; 4] = ["portal-", "user-code-", "contact-", "mailbox-"];

/// A key of a text where a person reads: outside of tags.
fn untranslated(page: &str) -> bool {
    page.split('<')
        .any(|part| part.split_once('>').is_some_and(|(_, words)| KEYS.iter().any(|begin| words.contains(begin))))
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
            let scripts = page.contains("activate.js") && path.ends_with(".js");
            scripts || page.contains(path)
        });
        let size = page.len() + loaded.map(|(_, asset)| asset.contents().len()).sum::<usize>();
        assert!(size < 100_000, "{name}: {size}");
    }
}

/// Texts are asked for by key: in templates, in this crate, and composed of a beginning and a word.
#[test]
fn every_text_of_the_portal_is_used() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["templates", "src/pages"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            sources += &fs::read_to_string(entry.unwrap().path()).unwrap();
        }
    }
    let composed = ["portal-role-", "portal-status-", "portal-blocked-"];
    let texts = ["portal", "contact"]
        .map(|name| fs::read_to_string(folder.join(format!("../texts/locales/en/{name}.ftl"))).unwrap());
    let lines =
        texts.iter().flat_map(|texts| texts.lines()).filter(|line| line.contains(" = ") && !line.starts_with(' '));
    let keys = lines.filter_map(|line| line.split(" =").next());
    for key in keys {
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
