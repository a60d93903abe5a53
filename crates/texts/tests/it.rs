//! Every text exists in every language, with the same arguments, and every refusal is explained.

#![expect(clippy::unwrap_used, reason = "clippy spares #[test] functions, not what they call")]

use kaika_texts::{Language, explain, lacking, text};
use kaika_wire::{CertificateRole, CertificateStatus, Code, Lack, Refusal, RoleStatus};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Whoever looks for a text finds it in the same file of every language.
#[test]
fn a_text_stands_in_one_file_in_every_language() {
    let files = Language::ALL.map(|language| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language.tag());
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
        let keys = files.flat_map(|file| {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let lines = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()));
            let keys = lines.filter_map(|line| line.split_once('=')).map(|(key, _)| key.trim().to_owned());
            keys.map(|key| (key, file.file_name())).collect::<Vec<_>>()
        });
        keys.collect::<BTreeMap<_, _>>()
    });
    assert!(files.iter().all(|of| of.len() > 500 && *of == files[0]));
}

/// One word for all of a card only where it is true of all.
#[test]
fn certificates_that_do_not_stand_alike_are_told_one_by_one() {
    use CertificateRole::{Encryption, Login, Signature};
    use CertificateStatus::{Expired, Revoked};
    let told = |language, code, statuses: &[(CertificateRole, CertificateStatus)]| {
        let certificates = statuses.iter().map(|(role, status)| RoleStatus { role: *role, status: *status }).collect();
        explain(language, Refusal { certificates, status: Some(Revoked), ..Refusal::new(code) }).message
    };
    let mixed = [(Signature, Revoked), (Encryption, Expired), (Login, Expired)];
    let of = [Code::AlreadyRevoked, Code::CertificatesExpired, Code::CardBarred, Code::NotSuspended];
    for code in of.into_iter().chain([Code::AlreadySuspended, Code::SuspendedByOthers]) {
        let zh = told(Language::ZhTw, code, &mixed);
        assert!(zh.contains("簽章憑證已廢止；加解密憑證、登入憑證已過期"), "{zh}");
        let en = told(Language::En, code, &mixed);
        assert!(
            en.contains("Signature certificate: revoked; Encryption certificate, Login certificate: expired"),
            "{en}"
        );
        let alike = told(Language::En, code, &[(Signature, Revoked), (Login, Revoked)]);
        assert_eq!(alike, told(Language::En, code, &[]), "one word is enough");
        assert!(told(Language::En, code, &[(Login, Revoked)]).contains("Login certificate: revoked"), "one of four");
    }
}

#[test]
fn every_code_is_explained_in_every_language() {
    for language in Language::ALL {
        for code in Code::ALL {
            for refusal in [
                Refusal::new(code),
                Refusal { contact: Some("02-0000-0000".to_owned()), ..Refusal::new(code).tries_left(2) },
                Refusal { status: Some(CertificateStatus::Suspended), ..Refusal::new(code) },
                Refusal { status: Some(CertificateStatus::Revoked), ..Refusal::new(code) },
                Refusal { status: Some(CertificateStatus::Expired), ..Refusal::new(code) },
            ] {
                let explained = explain(language, refusal);
                for words in [&explained.message, &explained.next_step] {
                    assert!(words.chars().count() > 5, "{code} in {}: {words}", language.tag());
                    assert!(!words.contains("unknown") && !words.contains('$'), "{words}");
                }
            }
        }
    }
}

#[test]
fn what_a_card_lacks_is_named_in_every_language() {
    for language in Language::ALL {
        for lack in Lack::ALL {
            let named = lacking(language, &[lack]).unwrap();
            assert!(named.chars().count() > 3 && !named.contains("lack-"), "{named}");
            let two = explain(language, Refusal::unsuitable(vec![lack, Lack::Piv])).message;
            assert!(two.contains(&named) && two.contains(&lacking(language, &[Lack::Piv]).unwrap()), "{two}");
        }
        assert_eq!(lacking(language, &[]), None);
    }
}

#[test]
fn facts_stand_in_the_words() {
    let wrong = |language, tries| explain(language, Refusal::new(Code::UserCodeWrong).tries_left(tries)).message;
    assert_eq!(wrong(Language::ZhTw, 2), "用戶代碼不正確，還可以再試 2 次。");
    assert!(wrong(Language::En, 2).ends_with("2 tries are left."));
    assert!(wrong(Language::En, 1).ends_with("One try is left."));

    let locked = Refusal { contact: Some("02-0000-0000".to_owned()), ..Refusal::new(Code::UserCodeLocked) };
    let locked = explain(Language::ZhTw, locked);
    assert!(locked.next_step.ends_with("02-0000-0000"));

    let missing = explain(Language::En, Code::PcscMissing.into()).next_step;
    assert!(missing.contains("sudo apt-get install pcscd libpcsclite1"));
}

#[test]
fn a_browser_tells_its_language() {
    for (header, expected) in [
        ("", Language::ZhTw),
        ("zh-TW,zh;q=0.9,en;q=0.8", Language::ZhTw),
        ("en-GB,en;q=0.9,zh-TW;q=0.8", Language::En),
        ("fr, en;q=0.1", Language::En),
        ("ja", Language::ZhTw),
        ("en;q=0, zh", Language::ZhTw),
        ("zh;q=0.5, EN;q=0.6", Language::En),
        ("en;q=nonsense, *", Language::ZhTw),
    ] {
        assert_eq!(Language::from_accept_language(header), expected, "{header}");
    }
}

#[test]
fn a_terminal_tells_its_language() {
    for (lc_all, lc_messages, lang, expected) in [
        (None, None, None, Language::ZhTw),
        (None, None, Some("en_US.UTF-8"), Language::En),
        (Some(""), Some("zh_TW.UTF-8"), Some("en_US.UTF-8"), Language::ZhTw),
        (Some("en_GB"), Some("zh_TW.UTF-8"), None, Language::En),
        (Some("C"), None, Some("zh_TW.UTF-8"), Language::En),
        (None, None, Some("C.UTF-8"), Language::En),
        (Some("C.UTF-8"), None, Some("zh_TW.UTF-8"), Language::En),
        (None, Some("POSIX"), Some("zh_TW.UTF-8"), Language::En),
        (None, None, Some("C.utf8"), Language::En),
        (None, None, Some("fr_FR@euro"), Language::ZhTw),
    ] {
        assert_eq!(Language::from_locale(lc_all, lc_messages, lang), expected);
        let variable = |name: &str| {
            let set = [("LC_ALL", lc_all), ("LC_MESSAGES", lc_messages), ("LANG", lang)];
            set.iter().find(|(known, _)| *known == name)?.1.map(str::to_owned)
        };
        assert_eq!(Language::of_terminal(variable), expected);
    }
}

#[test]
fn languages_have_the_same_keys_and_arguments() {
    let [chinese, english] = Language::ALL.map(messages);
    assert!(chinese.len() > Code::ALL.len());
    assert_eq!(chinese, english);
}

#[test]
fn arguments_are_filled_in_without_marks() {
    for language in Language::ALL {
        let message = text(language, "refusal-no_card", &[]);
        assert!(!message.contains('\u{2068}'));
    }
}

/// Keys (`message`, `message.attribute`) and the arguments that each names, of all files of a language.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language.tag());
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let (mut message, mut key) = (String::new(), String::new());
        for line in source.lines() {
            let head = line.split('=').next().unwrap_or_default().trim();
            if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
                message = head.to_owned();
                key = head.to_owned();
                assert!(found.insert(key.clone(), BTreeSet::new()).is_none(), "{key} twice");
            } else if let Some(attribute) = line.trim_start().strip_prefix('.') {
                let attribute = attribute.split('=').next().unwrap_or_default().trim();
                key = format!("{message}.{attribute}");
                found.insert(key.clone(), BTreeSet::new());
            }
            if line.starts_with('#') {
                continue;
            }
            for after in line.split('$').skip(1) {
                let name: String =
                    after.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
                found.get_mut(&key).unwrap().insert(name);
            }
        }
    }
    found
}
