//! The demo: server, agent and card tray in one program, with software cards in readers, over one folder.

mod address;
mod folder;
mod memory;
mod plan;
mod produce;
mod ready;

pub use folder::Folder;
pub use memory::Memory;

use crate::{
    clock::ShiftedClock,
    config::{Limits, Retention},
    exposed,
    installation::{Installation, OpenOptions, Schema},
    network,
    operator::operator,
};
use address::Address;
use anyhow::{Context, Result};
use kaika_agent::{
    readers::{Readers, Source, pcsc::PcscReaders, soft::SoftReaders},
    serve::{AgentConfig, AgentHandle, CONNECTIONS, serve},
};
use kaika_app::{cards::sweep, kernel::Lease, status::StatusSettings};
use kaika_domain::audit::Actor;
use kaika_listen::{Endpoint, Patience, everybody, stopped};
use kaika_mail::FolderMailbox;
use kaika_server::{About, OCSP_SIGNATURES, PerSource, Settings, Site, router};
use kaika_worker::Worker;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Once it is time to stop, the card in the making may still be finished; else the next start goes on with it.
const LAST_CARD: Duration = Duration::from_secs(1);

pub struct Options {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub agent_listen: SocketAddr,
    /// The agent is another program, at that address.
    pub without_agent: bool,
    pub ready_file: Option<PathBuf>,
    pub days_later: Option<u32>,
}

/// Until it is interrupted.
///
/// # Errors
/// A port is taken, the folder cannot be written or is of a newer version, a key cannot be opened.
pub async fn run(options: Options) -> Result<()> {
    let (stop, stopping) = watch::channel(false);
    let interrupted = tokio::spawn(async move {
        network::interrupted().await;
        stop.send_replace(true);
    });
    if let Some(ready_file) = &options.ready_file {
        ready::withdraw(ready_file)?;
    }
    let folder = Folder::new(&options.data);
    folder.create()?;
    let _lock = folder.lock()?;
    let (address, listeners) = network::bind(options.listen).context("choose another address with --listen")?;
    let address = Address(address);
    exposed::warn(&folder.in_clear());
    let mut memory = Memory::read(&folder)?;
    memory.opened_at(&address.origin(), &address.base_url(), options.days_later)?;
    memory.write(&folder)?;
    if memory.base_url != address.base_url() {
        kaika_say::say!(
            "The certificates keep the address {}; ask this portal, not the one they name.",
            memory.base_url
        );
    }

    let limits = Limits::default();
    let [server_connections, agent_connections] =
        kaika_listen::share([limits.connections(), CONNECTIONS], kaika_listen::raise_descriptors());
    let readers = SoftReaders::open_with_keypads(folder.cards(), plan::readers(), plan::KEYPADS)
        .context("the software cards cannot be opened")?;
    let agent = match options.without_agent {
        true => None,
        false => Some(
            serve_agent(&options, &folder, &memory, readers.clone(), agent_connections, stopping.clone())
                .await
                .context("the agent cannot start; choose another address with --agent-listen")?,
        ),
    };
    let agent_url =
        agent.as_ref().map_or_else(|| format!("http://{}", options.agent_listen), |agent| agent.url.clone());

    // Cards that are old by now are made when they were new, and the authorities before them.
    let now = memory.days_later.into();
    let first = produce::days_of_first(&memory);
    let clock = ShiftedClock::new(first.unwrap_or(now));
    let opening = OpenOptions {
        origin: memory.origin.clone(),
        base_url: memory.base_url.clone(),
        clock: clock.clone(),
        status: at_once(),
        schema: Schema::MakeOrUpdate,
    };
    let installation = Installation::open(&folder.places(), opening).await?;
    installation.check_keys().await?;
    installation.warn_of_anchors(&folder.places().anchors).await?;
    let by = operator(None);
    let stopped = || stopped(stopping.clone());
    tokio::select! {
        founded = found(&installation, first.is_some(), &by, || clock.set(now)) => founded?,
        // The next start goes on with the keys that there are.
        () = stopped() => {
            installation.app.store.close().await;
            return Ok(());
        }
    }
    // A policy of one's own may be gone again.
    installation.check_authorities().await?;
    // An old card that is still in the making is not overdue for that.
    if let Some(first) = first {
        clock.set(first);
    }
    // It outlives the card that is in the making.
    let (stop_server, server_stopping) = watch::channel(false);
    let mailbox = FolderMailbox::open(folder.mails()).context("the folder for mails cannot be made")?;
    let mailbox = Arc::new(mailbox);
    let settings = Settings {
        agent: agent_url.clone(),
        per_source: PerSource::default(),
        ocsp_signatures: OCSP_SIGNATURES,
        proxies: Vec::new(),
        mailbox: Some(mailbox.clone()),
        about: About { is_test: true, ..About::default() },
    };
    let endpoint = Endpoint {
        name: "listen",
        listeners,
        tls: None,
        router: router(&Site::new(Arc::clone(&installation.app), settings)),
        hears: everybody,
        caps: limits.caps(server_connections, &[]),
        patience: Patience::default(),
    };
    let server = tokio::spawn(kaika_listen::serve(vec![endpoint], server_stopping));
    let worker = tokio::spawn(kaika_worker::run(
        Worker {
            app: Arc::clone(&installation.app),
            anchors: Arc::clone(&installation.anchors),
            owner: format!("demo {}", std::process::id()),
            lease: Lease::USUAL,
            sweep_every: Duration::from_secs(3600),
            jobs_kept: Retention::default().card_jobs(),
            anchor_every: Duration::from_secs(1),
            mailer: Some(mailbox),
            mail_every: Duration::from_secs(1),
        },
        stopping.clone(),
    ));
    let produced = tokio::select! {
        produced = produce::produce(&folder, &installation, &mut memory, &readers, &clock, stopping.clone()) => produced,
        () = async { stopped().await; tokio::time::sleep(LAST_CARD).await } => Ok(()),
    };
    if let Err(error) = produced {
        interrupted.abort();
        return Err(error);
    }
    if !*stopping.borrow() {
        // Where the clock was moved, the ready file tells what has become of the cards.
        sweep(&installation.app, false, &by).await.context("the cards that are overdue cannot be swept")?;
        let ready =
            ready::Ready::gather(&folder, &installation, &memory, &readers, &agent_url, agent.is_some()).await?;
        ready.announce();
        if let Some(ready_file) = &options.ready_file {
            ready.write(ready_file)?;
        }
    }

    stopped().await;
    stop_server.send_replace(true);
    let _ = worker.await;
    if let Some(agent) = agent {
        agent.stopped().await;
    }
    server.await.context("the server failed")??;
    installation.app.store.close().await;
    Ok(())
}

/// Those of old cards first, where there are some to be made; then it is `now`.
async fn found(installation: &Installation, old_cards: bool, by: &Actor, now: impl FnOnce()) -> Result<()> {
    if old_cards {
        produce::found_for_old(installation, by).await?;
    }
    now();
    installation.found(by).await
}

/// In the demo everybody wants to see what they did.
pub(crate) fn at_once() -> StatusSettings {
    StatusSettings { crl_every: time::Duration::ZERO, ..StatusSettings::default() }
}

async fn serve_agent(
    options: &Options,
    folder: &Folder,
    memory: &Memory,
    soft: SoftReaders,
    connections: usize,
    stopping: watch::Receiver<bool>,
) -> Result<AgentHandle> {
    let sources: [Arc<dyn Source>; 2] = [Arc::new(soft.clone()), Arc::new(PcscReaders)];
    let config = AgentConfig {
        listen: options.agent_listen,
        token_file: ready::token_file(folder),
        readers: Readers::new(sources),
        portals: vec![memory.origin.clone()],
        connections,
        tray: Some(soft),
    };
    Ok(serve(config, stopped(stopping)).await?)
}
