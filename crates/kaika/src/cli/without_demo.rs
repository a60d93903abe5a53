//! What commands say that need the demo, in a program that was built without it.

use crate::installation::{Installation, Places};
use anyhow::{Result, anyhow, bail};
use clap::Args;
use std::{ffi::OsString, path::Path, process::ExitCode};

/// Whatever a demo takes: what is wrong is not an option.
#[derive(Args)]
pub(super) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _asked: Vec<OsString>,
}

pub(super) async fn run(_: Options) -> Result<ExitCode> {
    bail!("this program was built without the demo; one with the feature `demo` has it")
}

pub(super) async fn open(data: &Path) -> Result<Installation> {
    Err(not_here(data))
}

pub(super) fn places(data: &Path) -> Result<Places> {
    Err(not_here(data))
}

fn not_here(data: &Path) -> anyhow::Error {
    anyhow!(
        "name the server's configuration with --config: this program was built without the demo, and does not open {}",
        data.display()
    )
}
