//! What a command says that needs a software card, in a program that was built without them.

use super::output::Output;
use clap::Args;
use kaika_wire::{Code, Refusal};
use std::ffi::OsString;

/// Whatever the command takes: what is wrong is not an option.
#[derive(Args)]
pub(super) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _asked: Vec<OsString>,
}

pub(super) fn run(_: &Options, _: &Output) -> Result<(), Refusal> {
    let why = "this program was built without software cards; one with the feature `demo` has them";
    Err(Refusal::new(Code::BadRequest).detail(why))
}
