//! What a program is made of that was built without its demo: `cargo tree` tells, without building it.

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, printed};

/// Packages that must not be in a program without its default features, and why.
const ABSENT: &[(&str, &[&str], &str)] = &[
    ("kaika-agent", &["kaika-softcard", "rsa"], "an agent without the demo has no software cards"),
    (
        "kaika",
        &["kaika-agent", "kaika-card", "kaika-softcard", "rsa", "pcsc", "ureq"],
        "a server without the demo has neither agent nor cards",
    ),
];

pub(super) fn check() -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for (program, absent, reason) in ABSENT {
        let mut command = cargo();
        command.args(["tree", "--locked", "--package", program, "--no-default-features", "--target", "all"]);
        command.args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
        let tree = printed(&mut command)?.context("there is no cargo")?;
        if !tree.starts_with(&format!("{program} v")) {
            bail!("`cargo tree --locked --package {program} --no-default-features` failed; run it to see why");
        }
        complaints.extend(found(&tree, absent).map(|package| {
            format!("{program} without default features: must not have {package}: {reason}; make it optional")
        }));
    }
    Ok(complaints)
}

/// Those of `absent` that are in a tree of lines like `rsa v0.10.0 (*)`.
fn found<'a>(tree: &str, absent: &[&'a str]) -> impl Iterator<Item = &'a str> {
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    absent.iter().copied().filter(move |package| names.contains(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_tree_is_found_by_its_whole_name() {
        let tree = "kaika-agent v0.2.0 (/work)\nrsa-oaep v1.0.0\nrsa v0.10.0-rc.20 (*)\n";
        assert_eq!(found(tree, &["kaika-softcard", "rsa", "agent"]).collect::<Vec<_>>(), ["rsa"]);
        assert_eq!(found("kaika v0.2.0\n", &["rsa"]).count(), 0);
    }
}
