//! `cargo xtask test`: all that must hold before a change is done. Stops at the first step that fails.

use anyhow::Result;

use crate::shell::{self, cargo};
use crate::{install, scripts, tidy};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    install::run()?;
    shell::run(cargo().args(["fmt", "--all", "--check"]))?;
    shell::run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    tidy::run()?;
    scripts::run()?;
    // With `--workspace`, cargo would not heed `--package`.
    let one = arguments.iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    let all = if one { None } else { Some("--workspace") };
    shell::run(cargo().args(["test", "--no-fail-fast"]).args(all).args(arguments))
}
