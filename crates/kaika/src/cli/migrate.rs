//! `kaika migrate`: the database's schema, for a newer version of the program.

use super::Place;
use crate::output;
use anyhow::Result;
use clap::Args;
use kaika_store::Migrated;
use serde_json::json;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
}

pub(super) async fn run(options: Options) -> Result<ExitCode> {
    let Options { place } = options;
    let Migrated { from, to } = place.places()?.migrate().await?;
    if place.json {
        output::print_json(&json!({ "from": from, "to": to }));
    } else if from == to {
        kaika_say::say!("The database has schema {to} already; there was nothing to do.");
    } else {
        kaika_say::say!("The database was brought from schema {from} to {to}.");
    }
    Ok(ExitCode::SUCCESS)
}
