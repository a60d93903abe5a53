//! Policies that are right by themselves, and not beside the others.

use super::policies::RIGHT;
use kaika_domain::authorities::{Authorities, ROOTS_FILE};

const ROOTS: &str = r#"
[[root]]
id = "test-root"
subject = [["C", "TW"], ["CN", "測試根 TEST Root"]]
key = "p384"
validity_years = 25
"#;

/// Another authority, that shares nothing with the first.
fn other() -> String {
    RIGHT
        .replace("id = \"tca\"", "id = \"oca\"")
        .replace("name = { zh = \"測試\", en = \"TEST\" }", "name = { zh = \"另一個\", en = \"Other\" }")
        .replace("測試 TEST", "另一個 Other")
        .replace("[\"TC\"]", "[\"OC\"]")
}

fn parse(files: &[(&str, &str)]) -> Result<Authorities, String> {
    let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Authorities::parse(&files, &["assets", "ca"]).map_err(|error| error.to_string())
}

/// Both policies and the roots, with one thing changed in the second policy; what is told.
#[track_caller]
fn check(from: &str, to: &str, told: &[&str]) {
    let second = other();
    assert!(second.contains(from), "{from}");
    let error = parse(&[("a.toml", RIGHT), ("b.toml", &second.replace(from, to)), (ROOTS_FILE, ROOTS)])
        .expect_err("a complaint");
    for words in told {
        assert!(error.contains(words), "{error:?} does not contain {words:?}");
    }
    assert_eq!(error.matches("; give").count(), 1, "one thing is wrong: {error}");
}

#[test]
fn authorities_that_share_nothing_go_together() {
    let second = other();
    let authorities =
        parse(&[("a.toml", RIGHT), ("b.toml", &second), (ROOTS_FILE, ROOTS)]).expect("authorities that go together");
    let ids: Vec<_> = authorities.policies.keys().map(|id| id.as_str()).collect();
    assert_eq!(ids, ["oca", "tca"]);
    assert_eq!(authorities.roots.len(), 1);
}

#[test]
fn what_two_have_is_told_with_their_files() {
    check("id = \"oca\"", "id = \"tca\"", &["a.toml and b.toml", "the id tca"]);
    check("id = \"oca\"", "id = \"test-root\"", &["b.toml and roots.toml", "the id test-root"]);
    check("[\"OC\"]", "[\"OC\", \"TC\"]", &["a.toml and b.toml", "begin with TC", "card.number_prefixes"]);
    check("另一個 Other", "測試  test", &["a.toml and b.toml", "C=tw,O=測試 test", "another subject"]);
    check("zh = \"另一個\"", "zh = \"測試\"", &["a.toml and b.toml", "the name 測試"]);
    check("en = \"Other\"", "en = \"TEST\"", &["a.toml and b.toml", "the name TEST"]);
    let subject = "subject = [[\"C\", \"TW\"], [\"O\", \"另一個 Other\"]]";
    let roots = "subject = [[\"C\", \"TW\"], [\"CN\", \"測試根 TEST Root\"]]";
    check(subject, roots, &["b.toml and roots.toml", "CN=測試根 test root"]);
}

#[test]
fn an_id_that_the_server_has_an_address_for_is_told() {
    for id in ["assets", "ca"] {
        check("id = \"oca\"", &format!("id = \"{id}\""), &["b.toml", &format!("/{id}"), "another id"]);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let twin = RIGHT.replace("root = \"test-root\"", "root = \"no-root\"");
    let error = parse(&[("a.toml", RIGHT), ("b.toml", &twin), (ROOTS_FILE, ROOTS)]).expect_err("a complaint");
    for told in ["b.toml: roots.toml has no root no-root", "the id tca", "begin with TC", "another subject", "the name"]
    {
        assert!(error.contains(told), "{error}");
    }
    let error = parse(&[(ROOTS_FILE, ROOTS)]).expect_err("a complaint");
    assert!(error.contains("there is no policy"), "{error}");
    let error = parse(&[("a.toml", RIGHT)]).expect_err("a complaint");
    assert!(error.contains("a.toml: roots.toml has no root test-root"), "{error}");
    let error = parse(&[("a.toml", &RIGHT.replace("min = 6", "min = 4"))]).expect_err("a complaint");
    assert_eq!(error, "a.toml is not right");
}

#[test]
fn certificates_for_tests_are_known_by_their_policy() {
    assert!(parse(&[("a.toml", RIGHT), (ROOTS_FILE, ROOTS)]).expect("authorities that go together").has_tests());
    let earnest = RIGHT.replace("1.3.6.1.5.5.7.13.3", "2.16.886.101.0.3.3");
    assert!(!parse(&[("a.toml", &earnest), (ROOTS_FILE, ROOTS)]).expect("authorities that go together").has_tests());
}
