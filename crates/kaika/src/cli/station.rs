//! `kaika station`: who may personalise cards.

use super::Place;
use crate::{installation::Draft, output};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use kaika_app::access::enrol_station;
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

#[derive(Subcommand)]
pub(super) enum Work {
    /// Enrol a production station and write its credential, which is told only once
    Enrol {
        #[command(flatten)]
        place: Place,
        /// What the audit log calls it
        #[arg(long)]
        name: String,
        /// Where the credential is written, for its owner alone
        #[arg(long, value_name = "FILE", default_value = "station.json")]
        out: PathBuf,
    },
}

pub(super) async fn run(work: Work) -> Result<ExitCode> {
    let Work::Enrol { place, name, out } = work;
    if out.exists() {
        bail!("{} exists already; choose another --out", out.display());
    }
    let unwritable = || format!("{} cannot be written", out.display());
    let installation = place.open().await?;
    // Before the station is enrolled: its credential is told only once.
    let draft = Draft::of(&out).with_context(unwritable)?;
    let enrolled = enrol_station(&installation.app, &name, &place.operator.actor()).await?;
    let credential = serde_json::to_vec_pretty(&enrolled).context("a credential is JSON")?;
    draft.finish(&out, &credential).with_context(unwritable)?;
    if place.json {
        output::print_json(&json!({ "station": enrolled.station, "name": name, "file": out }));
    } else {
        kaika_say::say!("Station {} is enrolled; its credential is in {}.", enrolled.station, out.display());
    }
    Ok(ExitCode::SUCCESS)
}
