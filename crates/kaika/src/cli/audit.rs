//! `kaika audit`: is the log what was once written?

use super::Place;
use crate::{installation::Schema, output};
use anyhow::Result;
use clap::Subcommand;
use kaika_app::audit::verify_audit;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Work {
    /// Go through the whole log: altered, missing, reordered events and a cut tail are found
    Verify {
        #[command(flatten)]
        place: Place,
    },
}

pub(super) async fn run(work: Work) -> Result<ExitCode> {
    let Work::Verify { place } = work;
    let places = place.places()?;
    let anchors = places.read_anchors()?;
    let store = places.open_store(Schema::Check).await?;
    let report = verify_audit(store.as_ref(), &anchors).await?;
    for finding in &report.findings {
        kaika_say::complain!("{finding}");
    }
    if place.json {
        output::print_json(&report);
    } else if report.findings.is_empty() {
        kaika_say::say!("{} events and {} anchors: the audit log is whole.", report.events, report.anchors);
    }
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
