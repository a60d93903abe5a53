//! `cargo xtask scripts`: the types of the pages' scripts, by tsc.
//!
//! The scripts are plain ES modules and are served as they stand here; their types stand in JSDoc comments.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{self, Run, root};

/// What browsers of the last years can do, and nothing of Node. Each file is a module of its own, even one that
/// neither imports nor exports.
const OPTIONS: &[&str] = &[
    "--noEmit",
    "--allowJs",
    "--checkJs",
    "--strict",
    "--target",
    "es2022",
    "--lib",
    "es2022,dom,dom.iterable",
    "--module",
    "es2022",
    "--moduleResolution",
    "node",
    "--moduleDetection",
    "force",
];

pub(crate) fn run(run: Run) -> Result<()> {
    let scripts = scripts(&root())?;
    if scripts.is_empty() {
        bail!("no script was found in crates/*/assets; if there are none any more, this step is to go too");
    }
    // Debian's: another version on the way may find other things.
    let debians = Path::new("/usr/bin/tsc");
    let tsc = if debians.exists() { debians } else { Path::new("tsc") };
    if shell::printed(Command::new(tsc).arg("--version"))?.is_none() {
        bail!("there is no tsc; `cargo xtask install` installs it");
    }
    run(Command::new(tsc).current_dir(root()).args(OPTIONS).args(&scripts))
        .context("a script's types do not fit: give them in JSDoc comments, or mend the script")
}

/// All files `crates/*/assets/*.js`, from the workspace's folder.
fn scripts(root: &Path) -> Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    for part in entries(&root.join("crates"))? {
        let assets = part.join("assets");
        if assets.is_dir() {
            scripts.extend(entries(&assets)?);
        }
    }
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "js"));
    Ok(scripts.into_iter().map(|path| path.strip_prefix(root).map(Path::to_owned).unwrap_or(path)).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
