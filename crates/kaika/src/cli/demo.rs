//! `kaika demo`, and its folder as operator's commands open it.

use super::log_filter;
use crate::{
    clock::ShiftedClock,
    demo::{self, Folder, Memory},
    installation::{Installation, OpenOptions, Places, Schema},
};
use anyhow::{Result, bail};
use clap::Args;
use kaika_program::{LevelFilter, LogFormat, Targets, start_log};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Args)]
pub(super) struct Options {
    /// The folder that keeps everything
    #[arg(long, value_name = "DIR", default_value = "kaika-demo")]
    data: PathBuf,
    /// Where the server listens
    #[arg(long, value_name = "ADDR", default_value_t = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080))]
    listen: SocketAddr,
    /// Where the agent listens
    #[arg(long, value_name = "ADDR", default_value_t = kaika_agent::serve::DEFAULT_LISTEN)]
    agent_listen: SocketAddr,
    /// Run no agent: one that you start yourself, with `kaika-agent run --portal URL`, has that address
    #[arg(long)]
    without_agent: bool,
    /// A file that appears, written whole, when all is up
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Let it be N days later; the folder remembers it
    #[arg(long, value_name = "N")]
    days_later: Option<u32>,
}

pub(super) async fn run(options: Options) -> Result<ExitCode> {
    start_log(&log_filter().unwrap_or(Targets::new().with_default(LevelFilter::WARN)), LogFormat::Text);
    demo::run(demo::Options {
        data: options.data,
        listen: options.listen,
        agent_listen: options.agent_listen,
        without_agent: options.without_agent,
        ready_file: options.ready_file,
        days_later: options.days_later,
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// What a demo has made, at the time that it has.
pub(super) async fn open(data: &Path) -> Result<Installation> {
    let folder = folder(data)?;
    let memory = Memory::read(&folder)?;
    let opening = OpenOptions {
        origin: memory.origin.clone(),
        base_url: memory.base_url.clone(),
        clock: ShiftedClock::new(memory.days_later.into()),
        status: demo::at_once(),
        schema: Schema::Check,
    };
    Installation::open(&folder.places(), opening).await
}

pub(super) fn places(data: &Path) -> Result<Places> {
    Ok(folder(data)?.places())
}

fn folder(data: &Path) -> Result<Folder> {
    let folder = Folder::new(data);
    if !folder.exists() {
        bail!("there is no installation in {}; `kaika demo --data {0}` makes one", data.display());
    }
    Ok(folder)
}
