//! `cargo xtask deny`: licences, bans and sources of all packages, by cargo-deny and `deny.toml`.
//!
//! Advisories are left out: their database has to be fetched. What cargo has fetched already is not fetched again.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::install::CARGO_DENY_FOLDER;
use crate::shell::{self, root};

pub(crate) fn run() -> Result<()> {
    let program = root().join(CARGO_DENY_FOLDER).join("bin/cargo-deny");
    if !program.is_file() {
        bail!("there is no cargo-deny; `cargo xtask install` installs it");
    }
    shell::run(
        Command::new(&program)
            .current_dir(root())
            .args(["--locked", "--log-level", "error", "--config", "deny.toml"])
            .args(["check", "licenses", "bans", "sources"]),
    )
    .context("choose another package, or give deny.toml an exception with its reason")
}
