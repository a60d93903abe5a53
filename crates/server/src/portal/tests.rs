//! Every page is rendered with every thing that it can show, in every language, and looked over.

mod pages;
mod samples;

pub(crate) use samples::policy;

use crate::{
    about::About,
    portal::{
        assets::ASSETS,
        error::ErrorPage,
        page::{Page, View},
    },
};
use askama::Template;
use kaika_app::access::Sum;
use kaika_domain::authorities::{AuthorityKey, ProfileName, ProfileRules, Text, Usage};
use kaika_texts::{Language, explain, text};
use kaika_wire::{CertificateRole, Code, JobResult, Refusal};
use pages::*;
use samples::*;
use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

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

/// Whoever adds a result sees it on its page.
#[test]
fn each_kind_of_result_has_a_page() {
    let shown: BTreeSet<_> = results().iter().filter_map(|(_, _, result)| result.key()).collect();
    assert_eq!(shown, JobResult::KEYS.iter().copied().collect());
}

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
const CHECKS: [&str; 12] = [
    "portal-email-awaiting",
    "portal-email-confirmed",
    "portal-test-passed",
    "portal-test-failed",
    "portal-check-a",
    "portal-check-b1",
    "portal-check-b2",
    "portal-check-mixed",
    "portal-check-needless",
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
