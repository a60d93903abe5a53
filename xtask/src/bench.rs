//! `cargo xtask bench`: the programs as they are released, and the one that measures them.

use anyhow::Result;

use crate::shell::{self, cargo};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let programs = ["--package", "kaika", "--bin", "kaika", "--package", "kaika-agent", "--bin", "kaika-agent"];
    shell::run(cargo().args(["build", "--release"]).args(programs))?;
    shell::run(cargo().args(["run", "--release", "--package", "kaika-bench", "--"]).args(arguments))
}
