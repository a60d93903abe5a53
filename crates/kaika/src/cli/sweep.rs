//! `kaika sweep`: the activation period is over.

use super::Place;
use crate::output;
use anyhow::Result;
use clap::Args;
use kaika_app::cards::sweep;
use serde_json::json;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// Only tell what would be done
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(options: Options) -> Result<ExitCode> {
    let installation = options.place.open().await?;
    let swept = sweep(&installation.app, options.dry_run, &options.place.operator.actor()).await?;
    if options.place.json {
        output::print_json(&json!({ "dry_run": options.dry_run, "cards": swept }));
    } else {
        for card in &swept {
            kaika_say::say!("{} {} {}", card.authority, card.number, card.outcome);
        }
        kaika_say::say!("{} cards", swept.len());
    }
    Ok(ExitCode::SUCCESS)
}
