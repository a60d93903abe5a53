//! `cargo xtask test`: all that must hold before a change is done. Stops at the first step that fails.

use anyhow::Result;

use crate::shell::{self, cargo};
use crate::{deny, fuzz, install, scripts, tidy};

/// For each target: enough to meet again what was met before, and to look around.
const FUZZ_SECONDS: u32 = 5;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    install::run()?;
    shell::run(cargo().args(["fmt", "--all", "--check"]))?;
    shell::run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    tidy::run()?;
    deny::run()?;
    scripts::run()?;
    // With `--workspace`, cargo would not heed `--package`.
    let one = arguments.iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    let all = if one { None } else { Some("--workspace") };
    if arguments.is_empty() {
        fuzz::run(FUZZ_SECONDS)?;
    }
    shell::run(cargo().args(["test", "--no-fail-fast"]).args(all).args(arguments))
}
