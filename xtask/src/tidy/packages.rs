//! Licences, bans and sources of all packages, as `deny.toml` has them.
//!
//! These are cargo-deny's rules, and building it would take longer than all other checks. What `deny.toml` can say that
//! is not known here is refused, so that nothing in it is without effect.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use spdx::{Expression, Licensee, ParseMode};

use super::graph::{array, text};
use crate::shell::root;

/// As `cargo metadata` names crates.io, whatever mirror it comes from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    pub(super) graph: Graph,
    // Their database would have to be fetched: for cargo-deny alone.
    #[serde(rename = "advisories")]
    _advisories: IgnoredAny,
    licenses: Licenses,
    bans: Bans,
    #[serde(rename = "sources")]
    _sources: Sources,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Graph {
    pub(super) targets: Vec<String>,
    #[serde(rename = "all-features")]
    _all_features: True,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Licenses {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
    #[serde(rename = "include-dev")]
    _include_dev: True,
    #[serde(rename = "unused-allowed-license")]
    _unused_allowed_license: Deny,
    #[serde(rename = "unused-license-exception")]
    _unused_license_exception: Deny,
    // How sure cargo-deny is to be of a text; texts are not read here.
    #[serde(rename = "confidence-threshold")]
    _confidence_threshold: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    /// `NAME`, or `NAME@VERSION`.
    #[serde(rename = "crate")]
    package: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    deny: Vec<Ban>,
    #[serde(rename = "wildcards")]
    _wildcards: Deny,
    #[serde(rename = "allow-wildcard-paths")]
    _allow_wildcard_paths: True,
    // Shown by cargo-deny, not refused.
    #[serde(rename = "multiple-versions")]
    _multiple_versions: Warn,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    /// `NAME`.
    #[serde(rename = "crate")]
    package: String,
    /// Those that may use it all the same.
    #[serde(default)]
    wrappers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    #[serde(rename = "unknown-registry")]
    _unknown_registry: Deny,
    #[serde(rename = "unknown-git")]
    _unknown_git: Deny,
}

/// The one value that is known here.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deny {
    Deny,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Warn {
    Warn,
}

/// `true`, the one value that is known here.
struct True;

impl<'de> Deserialize<'de> for True {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Ok(True),
            false => Err(serde::de::Error::custom("tidy knows no more than `true` here")),
        }
    }
}

impl Rules {
    pub(super) fn read() -> Result<Rules> {
        let text = fs::read_to_string(root().join("deny.toml")).context("deny.toml")?;
        Rules::parse(&text).context("deny.toml; whoever changes what can be said there changes tidy/packages.rs too")
    }

    fn parse(text: &str) -> Result<Rules> {
        let rules: Rules = toml::from_str(text)?;
        for ban in &rules.bans.deny {
            ensure!(!ban.package.contains(['@', ':']), "{}: a ban is of all versions", ban.package);
        }
        Ok(rules)
    }
}

/// A package that is built, for any system that we build for.
#[derive(Clone, Default)]
struct Package<'m> {
    name: &'m str,
    version: &'m str,
    /// As its author wrote it.
    license: Option<&'m str>,
    /// `None` for what is found by path.
    source: Option<&'m str>,
    /// It can be published nowhere.
    private: bool,
    /// What it asks for in any version.
    wildcards: Vec<Wildcard<'m>>,
    /// Who uses it, in whatever way.
    users: BTreeSet<&'m str>,
}

#[derive(Clone)]
struct Wildcard<'m> {
    name: &'m str,
    by_path: bool,
    for_tests: bool,
}

pub(super) fn check(rules: &Rules, metadata: &Value) -> Result<Vec<String>> {
    complaints(rules, &packages(metadata)?)
}

fn packages(metadata: &Value) -> Result<Vec<Package<'_>>> {
    let mut packages = BTreeMap::new();
    for package in array(&metadata["packages"], "packages")? {
        let mut wildcards = Vec::new();
        for dependency in array(&package["dependencies"], "dependencies")? {
            if text(&dependency["req"], "requirement")? == "*" {
                wildcards.push(Wildcard {
                    name: text(&dependency["name"], "name of a dependency")?,
                    by_path: dependency["source"].is_null(),
                    for_tests: dependency["kind"] == "dev",
                });
            }
        }
        packages.insert(
            text(&package["id"], "id")?,
            Package {
                name: text(&package["name"], "name")?,
                version: text(&package["version"], "version")?,
                license: package["license"].as_str().filter(|license| !license.is_empty()),
                source: package["source"].as_str(),
                private: package["publish"].as_array().is_some_and(Vec::is_empty),
                wildcards,
                users: BTreeSet::new(),
            },
        );
    }
    for node in array(&metadata["resolve"]["nodes"], "nodes")? {
        let user = text(&node["id"], "package id")?;
        let user = packages.get(user).with_context(|| format!("cargo metadata names no package {user}"))?.name;
        for used in array(&node["deps"], "deps")? {
            let used = text(&used["pkg"], "package id")?;
            let used = packages.get_mut(used).with_context(|| format!("cargo metadata names no package {used}"))?;
            used.users.insert(user);
        }
    }
    Ok(packages.into_values().collect())
}

fn complaints(rules: &Rules, packages: &[Package<'_>]) -> Result<Vec<String>> {
    let mut complaints = licences(&rules.licenses, packages)?;
    for package in packages {
        complaints.extend(bans(&rules.bans, package));
        if let Some(source) = package.source.filter(|source| *source != CRATES_IO) {
            complaints.push(format!("{package}: comes from {source}; packages come from crates.io"));
        }
    }
    Ok(complaints)
}

/// A licence of the list or of an exception, and whether anything has it.
struct Allowed {
    /// `None` for a licence of the list.
    package: Option<String>,
    licensee: Licensee,
    used: bool,
}

impl Allowed {
    fn concerns(&self, package: &Package<'_>) -> bool {
        self.package.as_deref().is_none_or(|spec| match spec.split_once('@') {
            None => spec == package.name,
            Some((name, version)) => name == package.name && version == package.version,
        })
    }
}

fn licences(rules: &Licenses, packages: &[Package<'_>]) -> Result<Vec<String>> {
    let listed = rules.allow.iter().map(|licence| (None, licence));
    let excepted = rules
        .exceptions
        .iter()
        .flat_map(|exception| exception.allow.iter().map(|licence| (Some(exception.package.clone()), licence)));
    let mut allowed = listed
        .chain(excepted)
        .map(|(package, licence)| {
            let licensee = Licensee::parse(licence).with_context(|| format!("deny.toml: licence {licence:?}"))?;
            Ok(Allowed { package, licensee, used: false })
        })
        .collect::<Result<Vec<_>>>()?;
    let mut complaints = Vec::new();
    for package in packages {
        let Some(licence) = package.license else {
            // A person has read the text, and the exception says what it is: of this version, and not of any later one.
            let mut read = allowed.iter_mut().filter(|allowed| {
                allowed.package.as_ref().is_some_and(|spec| spec.contains('@')) && allowed.concerns(package)
            });
            match read.next() {
                Some(exception) => exception.used = true,
                None => complaints.push(format!(
                    "{package}: names no licence; read its text, and give deny.toml an exception for this version"
                )),
            }
            continue;
        };
        // What crates.io takes, for old packages have `/` for OR.
        let expression = match Expression::parse_mode(licence, ParseMode::LAX) {
            Ok(expression) => expression,
            Err(error) => {
                complaints.push(format!("{package}: its licence cannot be read: {error}"));
                continue;
            }
        };
        let met = expression.evaluate(|required| {
            let mut meets = allowed.iter_mut().filter(|allowed| allowed.concerns(package));
            match meets.find(|allowed| allowed.licensee.satisfies(required)) {
                Some(allowed) => {
                    allowed.used = true;
                    true
                }
                None => false,
            }
        });
        if !met {
            complaints.push(format!(
                "{package}: deny.toml does not allow its licence {licence}; \
                 choose another package, or give it an exception with its reason"
            ));
        }
    }
    for allowed in allowed.iter().filter(|allowed| !allowed.used) {
        let licence = &allowed.licensee;
        complaints.push(match &allowed.package {
            None => format!("deny.toml: allows {licence}, which no package has; remove it"),
            Some(package) => format!("deny.toml: excepts {package} for {licence}, which it has not; remove that"),
        });
    }
    Ok(complaints)
}

fn bans(rules: &Bans, package: &Package<'_>) -> Vec<String> {
    let mut complaints = Vec::new();
    for ban in rules.deny.iter().filter(|ban| ban.package == package.name) {
        let others: Vec<&str> =
            package.users.iter().copied().filter(|user| !ban.wrappers.iter().any(|wrapper| wrapper == user)).collect();
        if ban.wrappers.is_empty() || !others.is_empty() {
            complaints.push(format!("{package}: is banned by deny.toml, and used by {}", others.join(", ")));
        }
    }
    for wildcard in &package.wildcards {
        if !(wildcard.by_path && (package.private || wildcard.for_tests)) {
            complaints.push(format!("{package}: asks for {} in any version; say which", wildcard.name));
        }
    }
    complaints
}

impl std::fmt::Display for Package<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
        [graph]
        targets = ["x86_64-unknown-linux-gnu"]
        all-features = true
        [advisories]
        yanked = "deny"
        [licenses]
        allow = ["MIT", "Zlib"]
        confidence-threshold = 0.9
        include-dev = true
        unused-allowed-license = "deny"
        unused-license-exception = "deny"
        exceptions = [{ crate = "fuzzer", allow = ["NCSA"] }, { crate = "text@1.0.0", allow = ["MIT"] }]
        [bans]
        multiple-versions = "warn"
        wildcards = "deny"
        allow-wildcard-paths = true
        deny = [{ crate = "rsa", wrappers = ["card"] }, { crate = "openssl" }]
        [sources]
        unknown-registry = "deny"
        unknown-git = "deny"
    "#;

    fn package(name: &'static str, license: &'static str) -> Package<'static> {
        let source = Some(CRATES_IO);
        Package { name, version: "1.0.0", license: Some(license), source, ..Package::default() }
    }

    /// With packages beside it that use all of what [`RULES`] allows.
    #[track_caller]
    fn check(package: Package<'static>, expected: &[&str]) {
        let mut packages = vec![
            self::package("one", "MIT AND Zlib"),
            self::package("fuzzer", "MIT AND NCSA"),
            Package { license: None, ..self::package("text", "") },
        ];
        packages.push(package);
        assert_complaints(&packages, expected);
    }

    #[track_caller]
    fn assert_complaints(packages: &[Package<'_>], expected: &[&str]) {
        let rules = Rules::parse(RULES).unwrap();
        let complaints = complaints(&rules, packages).unwrap();
        assert_eq!(complaints.len(), expected.len(), "{complaints:#?}");
        for (complaint, expected) in complaints.iter().zip(expected) {
            assert!(complaint.contains(expected), "{complaint:?} does not contain {expected:?}");
        }
    }

    #[test]
    fn one_side_of_an_or_and_both_of_an_and() {
        check(package("a", "GPL-3.0-only OR MIT"), &[]);
        check(package("a", "GPL-3.0/MIT"), &[]);
        check(package("a", "Zlib AND (MIT OR GPL-3.0-only)"), &[]);
        check(
            package("a", "MIT AND GPL-3.0-only"),
            &["a 1.0.0: deny.toml does not allow its licence MIT AND GPL-3.0-only"],
        );
        check(package("a", "NCSA"), &["a 1.0.0: deny.toml does not allow its licence NCSA"]);
        check(package("a", "MIT WITH LLVM-exception"), &["a 1.0.0: deny.toml does not allow"]);
        check(package("a", "Mine"), &["a 1.0.0: its licence cannot be read"]);
    }

    #[test]
    fn a_text_without_a_name_is_excepted_by_its_version() {
        let text = |name, version| Package { name, version, license: None, ..package("", "") };
        check(text("a", "1.0.0"), &["a 1.0.0: names no licence"]);
        check(text("text", "1.0.1"), &["text 1.0.1: names no licence"]);
        check(text("fuzzer", "1.0.0"), &["fuzzer 1.0.0: names no licence"]);
    }

    #[test]
    fn what_is_allowed_is_needed() {
        assert_complaints(
            &[package("a", "MIT"), package("text", "MIT")],
            &[
                "deny.toml: allows Zlib, which no package has",
                "deny.toml: excepts fuzzer for NCSA, which it has not",
                "deny.toml: excepts text@1.0.0 for MIT, which it has not",
            ],
        );
    }

    #[test]
    fn a_banned_package_is_used_by_its_wrappers_alone() {
        let used_by =
            |name, users: &[&'static str]| Package { users: users.iter().copied().collect(), ..package(name, "MIT") };
        check(used_by("rsa", &["card"]), &[]);
        check(used_by("rsa", &["card", "ca"]), &["rsa 1.0.0: is banned by deny.toml, and used by ca"]);
        check(used_by("openssl", &["card"]), &["openssl 1.0.0: is banned by deny.toml, and used by card"]);
    }

    #[test]
    fn any_version_will_do_only_by_path() {
        let asks = |private, by_path, for_tests| Package {
            private,
            wildcards: vec![Wildcard { name: "b", by_path, for_tests }],
            ..package("a", "MIT")
        };
        check(asks(true, true, false), &[]);
        check(asks(false, true, true), &[]);
        check(asks(false, true, false), &["a 1.0.0: asks for b in any version"]);
        check(asks(true, false, false), &["a 1.0.0: asks for b in any version"]);
    }

    #[test]
    fn packages_come_from_crates_io_or_by_path() {
        let from = |source| Package { source, ..package("a", "MIT") };
        check(from(None), &[]);
        check(from(Some("git+https://example.org/a#1")), &["a 1.0.0: comes from git+https://example.org/a#1"]);
        check(from(Some("registry+https://example.org/index")), &["a 1.0.0: comes from registry+https://example.org"]);
    }

    #[test]
    fn what_tidy_does_not_know_is_refused() {
        for (known, unknown) in [
            ("include-dev = true", "include-dev = false"),
            ("wildcards = \"deny\"", "wildcards = \"warn\""),
            ("unknown-git = \"deny\"", "unknown-git = \"deny\"\nallow-git = []"),
            ("crate = \"openssl\"", "crate = \"openssl@1\""),
            ("crate = \"openssl\"", "crate = \"openssl\", reason = \"none\""),
        ] {
            assert!(RULES.contains(known));
            assert!(Rules::parse(&RULES.replace(known, unknown)).is_err(), "{unknown}");
        }
    }

    #[test]
    fn packages_are_read_from_metadata() {
        let metadata = serde_json::json!({
            "packages": [
                {
                    "id": "path#a", "name": "a", "version": "1.0.0", "license": "MIT", "source": null, "publish": [],
                    "dependencies": [
                        { "name": "b", "req": "^1", "source": CRATES_IO, "kind": null },
                        { "name": "c", "req": "*", "source": null, "kind": "dev" },
                    ],
                },
                {
                    "id": "registry#b", "name": "b", "version": "1.0.0", "license": null, "source": CRATES_IO,
                    "publish": null, "dependencies": [],
                },
            ],
            "resolve": { "nodes": [{ "id": "path#a", "deps": [{ "pkg": "registry#b" }] }] },
        });
        let [a, b] = &packages(&metadata).unwrap()[..] else { panic!("two packages") };
        assert_eq!((a.name, a.license, a.source, a.private), ("a", Some("MIT"), None, true));
        let [wildcard] = &a.wildcards[..] else { panic!("one wildcard") };
        assert_eq!((wildcard.name, wildcard.by_path, wildcard.for_tests), ("c", true, true));
        assert_eq!((b.license, b.source, b.private), (None, Some(CRATES_IO), false));
        assert_eq!(b.users, BTreeSet::from(["a"]));
    }
}
