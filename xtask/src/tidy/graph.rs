//! Which crate may use which, over `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell::{cargo, printed};

/// The arrows: each crate of the workspace, and those of the workspace that it may use outside its tests.
///
/// Whoever adds one answers in docs/decisions why.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "kaika-agent",
        &[
            "kaika-card",
            "kaika-listen",
            "kaika-program",
            "kaika-say",
            "kaika-softcard",
            "kaika-texts",
            "kaika-web",
            "kaika-wire",
            "pcsc-sys",
        ],
    ),
    ("kaika-app", &["kaika-domain", "kaika-pki", "kaika-wire"]),
    // The vault's sealed key files hold the authorities' keys as well.
    ("kaika-ca", &["kaika-app", "kaika-domain", "kaika-pki", "kaika-vault", "kaika-wire"]),
    ("kaika-card", &["kaika-wire"]),
    ("kaika-domain", &["kaika-pki", "kaika-wire"]),
    // An installation and a card, for tests.
    (
        "kaika-fixtures",
        &[
            "kaika-agent",
            "kaika-app",
            "kaika-ca",
            "kaika-card",
            "kaika-domain",
            "kaika-mail",
            "kaika-pki",
            "kaika-softcard",
            "kaika-store",
            "kaika-testkit",
            "kaika-vault",
            "kaika-wire",
        ],
    ),
    // It calls parsers, wherever they are.
    ("kaika-fuzz", &["kaika-agent", "kaika-card", "kaika-pki", "kaika-softcard", "kaika-texts", "kaika-wire"]),
    // A reader of a real pcscd, for tests.
    ("kaika-ifd-keypad", &["kaika-softcard"]),
    ("kaika-listen", &[]),
    // Words come in where a mail leaves.
    ("kaika-mail", &["kaika-app", "kaika-domain", "kaika-texts", "kaika-wire"]),
    ("kaika-pki", &[]),
    // What the two programs begin with.
    ("kaika-program", &[]),
    ("kaika-say", &[]),
    (
        "kaika-server",
        &["kaika-app", "kaika-domain", "kaika-listen", "kaika-pki", "kaika-texts", "kaika-web", "kaika-wire"],
    ),
    ("kaika-softcard", &[]),
    ("kaika-store", &["kaika-app", "kaika-domain", "kaika-pki", "kaika-wire"]),
    ("kaika-testkit", &[]),
    ("kaika-texts", &["kaika-wire"]),
    ("kaika-vault", &["kaika-app", "kaika-domain", "kaika-wire"]),
    // What pages of portal and agent share.
    ("kaika-web", &["kaika-texts"]),
    ("kaika-wire", &[]),
    // It calls use cases by the clock.
    ("kaika-worker", &["kaika-app", "kaika-domain"]),
    ("pcsc-sys", &[]),
    ("xtask", &["kaika-say"]),
    (
        // It measures every part, and the whole.
        "kaika-bench",
        &[
            "kaika",
            "kaika-agent",
            "kaika-app",
            "kaika-ca",
            "kaika-card",
            "kaika-domain",
            "kaika-pki",
            "kaika-softcard",
            "kaika-testkit",
            "kaika-vault",
            "kaika-wire",
        ],
    ),
    (
        "kaika",
        &[
            "kaika-agent",
            "kaika-app",
            "kaika-ca",
            "kaika-domain",
            "kaika-listen",
            "kaika-mail",
            "kaika-pki",
            "kaika-program",
            "kaika-say",
            "kaika-server",
            // The demo makes its cards.
            "kaika-softcard",
            "kaika-store",
            "kaika-texts",
            "kaika-vault",
            "kaika-wire",
            "kaika-worker",
        ],
    ),
];

/// What must not be reached over any number of normal dependencies, and why.
const OUT_OF_REACH: &[(&[&str], &str, &str)] = &[
    (
        &["kaika-app", "kaika-ca", "kaika-pki", "kaika-server", "kaika-store", "kaika-vault", "kaika-worker"],
        "rsa",
        "its signing leaks through timing (RUSTSEC-2023-0071); sign with aws-lc-rs",
    ),
    (
        &["kaika-app", "kaika-ca", "kaika-domain", "kaika-server", "kaika-store", "kaika-vault", "kaika-wire"],
        "kaika-card",
        "a PIN lives there, and must never enter the server",
    ),
    (&["kaika-card", "kaika-domain", "kaika-pki", "kaika-wire"], "tokio", "the crate is pure: it does no I/O"),
];

/// Packages that one crate alone may use outside its tests, and why. Others reach them only through it.
const ONLY_USERS: &[(&str, &[&str], &str)] = &[
    ("rsa", &["kaika-softcard"], "only a card does raw RSA; sign with aws-lc-rs"),
    ("sqlx", &["kaika-store"], "SQL stands only in store"),
    ("sqlx-core", &["kaika-store"], "SQL stands only in store"),
    ("pcsc", &["kaika-agent"], "readers are the agent's"),
    ("lettre", &["kaika-mail"], "what mails say and how they leave stands in one place"),
    ("tracing-subscriber", &["kaika-program"], "what may be logged is decided in one place"),
    ("libloading", &["pcsc-sys"], "every other crate forbids unsafe code"),
];

/// All packages that are built for any of `targets`, whatever the feature that asks for them.
pub(super) fn metadata(targets: &[String]) -> Result<Value> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--locked", "--all-features"]);
    for target in targets {
        command.args(["--filter-platform", target]);
    }
    // Its own complaints go to stderr, and are shown by asking again.
    let printed = printed(&mut command)?.context("there is no cargo")?;
    serde_json::from_str(&printed).context("`cargo metadata --locked --all-features` failed; run it to see why")
}

pub(super) fn check(metadata: &Value) -> Result<Vec<String>> {
    Ok(complaints(&Graph::read(metadata)?))
}

fn complaints(graph: &Graph) -> Vec<String> {
    let mut complaints = Vec::new();
    for member in &graph.members {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| name == member) else {
            complaints
                .push(format!("{member}: a new crate has no arrows yet; add it to ARROWS in xtask/src/tidy/graph.rs"));
            continue;
        };
        for used in graph.direct(member, &[Kind::Normal, Kind::Build]) {
            if graph.members.contains(used) && !allowed.contains(&used) {
                complaints.push(format!(
                    "{member}: must not depend on {used}; it may use {}",
                    if allowed.is_empty() { "no crate of the workspace".into() } else { allowed.join(", ") }
                ));
            }
        }
        for (package, users, reason) in ONLY_USERS {
            let used = graph.direct(member, &[Kind::Normal, Kind::Build]).any(|used| used == *package);
            if used && !users.contains(member) {
                complaints.push(format!("{member}: must not depend on {package}: {reason}"));
            }
        }
    }
    for (crates, target, reason) in OUT_OF_REACH {
        for from in *crates {
            if let Some(path) = graph.path(from, target) {
                complaints.push(format!("{from}: must not reach {target} ({}): {reason}", path.join(" → ")));
            }
        }
    }
    complaints
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Normal,
    Build,
    Dev,
}

/// Packages by name. Versions are taken together: a rule about `rsa` is about each of them.
#[derive(Default)]
struct Graph<'m> {
    members: BTreeSet<&'m str>,
    uses: BTreeMap<&'m str, BTreeSet<(Kind, &'m str)>>,
}

impl<'m> Graph<'m> {
    fn read(metadata: &'m Value) -> Result<Graph<'m>> {
        let names: BTreeMap<&str, &str> = array(&metadata["packages"], "packages")?
            .iter()
            .map(|package| Ok((text(&package["id"], "id")?, text(&package["name"], "name")?)))
            .collect::<Result<_>>()?;
        let name = |id: &'m Value| -> Result<&'m str> {
            let id = text(id, "package id")?;
            names.get(id).copied().with_context(|| format!("cargo metadata names no package {id}"))
        };
        let mut graph = Graph::default();
        for id in array(&metadata["workspace_members"], "workspace_members")? {
            graph.members.insert(name(id)?);
        }
        for node in array(&metadata["resolve"]["nodes"], "nodes")? {
            let uses = graph.uses.entry(name(&node["id"])?).or_default();
            for used in array(&node["deps"], "deps")? {
                for kind in array(&used["dep_kinds"], "dep_kinds")? {
                    let kind = match kind["kind"].as_str() {
                        None => Kind::Normal,
                        Some("build") => Kind::Build,
                        Some("dev") => Kind::Dev,
                        Some(other) => bail!("cargo metadata has a new kind of dependency: {other}"),
                    };
                    uses.insert((kind, name(&used["pkg"])?));
                }
            }
        }
        Ok(graph)
    }

    fn direct(&self, package: &str, kinds: &[Kind]) -> impl Iterator<Item = &'m str> {
        let uses = self.uses.get(package).into_iter().flatten();
        let names: BTreeSet<&str> = uses.filter(|(kind, _)| kinds.contains(kind)).map(|(_, name)| *name).collect();
        names.into_iter()
    }

    /// A shortest way from one package to another over normal dependencies.
    fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut seen = BTreeSet::from([from.to_owned()]);
        let mut paths = std::collections::VecDeque::from([vec![from.to_owned()]]);
        while let Some(path) = paths.pop_front() {
            let last = path.last().expect("a path begins with its start");
            if last == to {
                return Some(path);
            }
            for next in self.direct(last, &[Kind::Normal]) {
                if seen.insert(next.to_owned()) {
                    paths.push_back(path.iter().cloned().chain([next.to_owned()]).collect());
                }
            }
        }
        None
    }
}

pub(super) fn array<'v>(value: &'v Value, what: &str) -> Result<&'v Vec<Value>> {
    value.as_array().with_context(|| format!("cargo metadata has no list of {what}"))
}

pub(super) fn text<'v>(value: &'v Value, what: &str) -> Result<&'v str> {
    value.as_str().with_context(|| format!("cargo metadata has no {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(uses: &[(&'static str, Kind, &'static str)]) -> Graph<'static> {
        let mut graph = Graph::default();
        for &(from, kind, to) in uses {
            graph.uses.entry(from).or_default().insert((kind, to));
            graph.members.extend([from, to].iter().filter(|name| name.starts_with("kaika")));
        }
        graph
    }

    #[track_caller]
    fn check(uses: &[(&'static str, Kind, &'static str)], expected: &[&str]) {
        let complaints = complaints(&graph(uses));
        assert_eq!(complaints.len(), expected.len(), "{complaints:#?}");
        for (complaint, expected) in complaints.iter().zip(expected) {
            assert!(complaint.contains(expected), "{complaint:?} does not contain {expected:?}");
        }
    }

    #[test]
    fn arrows_hold_outside_tests_only() {
        check(&[("kaika-ca", Kind::Normal, "kaika-app")], &[]);
        check(&[("kaika-pki", Kind::Dev, "kaika-testkit")], &[]);
        check(&[("kaika-pki", Kind::Normal, "kaika-wire")], &["kaika-pki: must not depend on kaika-wire"]);
        check(&[("kaika-app", Kind::Build, "kaika-store")], &["kaika-app: must not depend on kaika-store"]);
        check(&[("kaika-app", Kind::Normal, "kaika-testkit")], &["must not depend on kaika-testkit"]);
    }

    #[test]
    fn a_crate_without_arrows_is_named() {
        check(&[("kaika-new", Kind::Normal, "serde")], &["kaika-new: a new crate has no arrows yet"]);
    }

    #[test]
    fn rsa_is_reached_through_the_software_card_alone() {
        check(
            &[
                ("kaika-softcard", Kind::Normal, "rsa"),
                ("kaika-agent", Kind::Normal, "kaika-softcard"),
                ("kaika", Kind::Normal, "kaika-agent"),
            ],
            &[],
        );
        check(
            &[("kaika-ca", Kind::Normal, "between"), ("between", Kind::Normal, "rsa")],
            &["kaika-ca: must not reach rsa (kaika-ca → between → rsa)"],
        );
        check(&[("kaika-agent", Kind::Normal, "rsa")], &["kaika-agent: must not depend on rsa"]);
    }

    #[test]
    fn a_pin_does_not_reach_the_server() {
        check(
            &[("kaika-server", Kind::Normal, "kaika-card")],
            &["kaika-server: must not depend on kaika-card", "kaika-server: must not reach kaika-card"],
        );
    }
}
