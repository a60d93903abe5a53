//! `cargo xtask bench`: the programs as they are released, and the one that measures them.

use anyhow::Result;

use crate::shell::{self, cargo};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    shell::run(cargo().args(["build", "--release", "--package", "kaika", "--bin", "kaika"]))?;
    shell::run(cargo().args(["run", "--release", "--package", "kaika-bench", "--"]).args(arguments))
}
