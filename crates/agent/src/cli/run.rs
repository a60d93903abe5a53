//! `kaika-agent run`.

use super::{config::Config, default_token_file, output::Output};
use crate::{
    readers::{Readers, Source, pcsc::PcscReaders},
    serve::{AgentConfig, CONNECTIONS, DEFAULT_LISTEN, ServeError, serve},
};
use clap::Args;
use kaika_program::{LevelFilter, LogFormat, Targets, start_log};
use kaika_wire::{Code, Refusal};
use std::{env, io::ErrorKind, net::SocketAddr, path::PathBuf, sync::Arc};

#[derive(Args)]
pub(super) struct Options {
    /// A file with `listen`, `portals` and `token_file` (TOML); by default $XDG_CONFIG_HOME/kaika/agent.toml, then
    /// /etc/kaika/agent.toml, where there is one. What is given here goes before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// This computer's own address and a port; by default 127.0.0.1:61161, where pages look for it
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// A portal whose pages may use the cards of this computer, besides those of the file; may be given several times.
    /// None at all: no page may, and the card tool may name any
    #[arg(long = "portal", value_name = "URL")]
    portals: Vec<String>,
    /// Where the token for the card tool is written; by default $XDG_RUNTIME_DIR/kaika/agent-token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

pub(super) fn run(options: &Options, output: &Output) -> Result<(), Refusal> {
    let wished = env::var("RUST_LOG").ok().and_then(|wished| wished.parse().ok());
    start_log(&wished.unwrap_or(Targets::new().with_default(LevelFilter::INFO)), LogFormat::Text);
    let file = Config::read(options.config.as_deref())?;
    let token_file = options.token_file.clone().or(file.token_file).or_else(default_token_file);
    let token_file = token_file
        .ok_or_else(|| Refusal::new(Code::BadRequest).detail("XDG_RUNTIME_DIR is not set: --token-file is needed"))?;
    let source: Arc<dyn Source> = Arc::new(PcscReaders);
    let [connections] = kaika_listen::share([CONNECTIONS], kaika_listen::raise_descriptors());
    let config = AgentConfig {
        connections,
        listen: options.listen.or(file.listen).unwrap_or(DEFAULT_LISTEN),
        token_file,
        readers: Readers::new([source]),
        portals: [file.portals, options.portals.clone()].concat(),
        #[cfg(feature = "demo")]
        tray: None,
    };
    let internal = |error: &dyn std::error::Error| {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Refusal::new(Code::Internal).detail(format!("{error}{cause}"))
    };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| internal(&error))?;
    runtime.block_on(async {
        let handle = serve(config, interrupted()).await.map_err(|error| match &error {
            ServeError::Listen { address, source } if source.kind() == ErrorKind::AddrInUse => {
                Refusal::new(Code::PortTaken).detail(address.to_string())
            }
            ServeError::NotAPortal(_) | ServeError::NotLoopback(_) => {
                Refusal::new(Code::BadRequest).detail(error.to_string())
            }
            ServeError::Listen { .. } | ServeError::TokenFile { .. } => internal(&error),
        })?;
        output.say("run-started", &[("url", handle.url.clone().into())]);
        output.say("run-stop", &[]);
        handle.stopped().await;
        Ok(())
    })
}

/// Ctrl-C, or the signal that ends services.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
