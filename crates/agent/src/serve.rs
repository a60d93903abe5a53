//! The agent: the card window, the card tool, and in the demo the card tray, over HTTP on this computer alone.
//!
//! Any program and any web page can send requests to 127.0.0.1. So `Host` has to be this computer (else a name that was
//! rebound to it could pass for ours), a page's `Origin` has to be our own, or one that [`permissions`] knows where such
//! a site may ask, and the tool wants the token of a file that only its owner reads.

mod card_window;
mod cards;
mod changes;
mod guard;
mod hello;
mod page;
mod peer;
mod permissions;
mod token_file;
mod tool;
#[cfg(feature = "demo")]
mod tray;

pub(crate) use hello::{Hello, proof, proof_without_address};
pub(crate) use token_file::TokenFile;

#[cfg(feature = "demo")]
use crate::readers::soft::SoftReaders;
use crate::{
    portal::{Portals, http::HttpPortals},
    readers::Readers,
    seats::Seats,
    tool::Tool,
};
use axum::{Router, middleware};
use kaika_listen::{Caps, Endpoint, Patience, stopped};
use permissions::Permissions;
use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};
use zeroize::Zeroizing;

/// Where the agent listens if nobody says otherwise.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 61161);

/// Connections at a time, where there are descriptors for so many: all come from this computer, whose programs are not told
/// apart.
pub const CONNECTIONS: usize = 512;

pub struct AgentConfig {
    /// 127.0.0.1 or ::1; with 127.0.0.1 on the same port of ::1 as well. Port 0: any.
    pub listen: SocketAddr,
    /// Where the token for the card tool is written, anew at every start, and beside it the address.
    pub token_file: PathBuf,
    pub readers: Readers,
    /// The portals whose pages may use the cards of this computer, and the only ones that the tool may name. None: no
    /// page may, and the tool may name any.
    pub portals: Vec<String>,
    /// How many connections there may be at a time.
    pub connections: usize,
    /// The software cards that the card tray shows; none: no tray.
    #[cfg(feature = "demo")]
    pub tray: Option<SoftReaders>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the agent listens on this computer's own addresses only, and {0} is not one")]
    NotLoopback(SocketAddr),
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("{0} is not the address of a portal")]
    NotAPortal(String),
    #[error("cannot write the token file {}", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
}

/// A running agent.
pub struct AgentHandle {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    pub address: SocketAddr,
    tasks: JoinSet<()>,
}

impl AgentHandle {
    /// Waits until the agent has stopped: soon after the shutdown that it was given.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// How often windows are looked at whose time is over.
const SWEEP: Duration = Duration::from_secs(20);

/// Starts the agent, which runs until `shutdown` ends.
///
/// # Errors
/// An address that is not this computer's own or is taken; a token file that cannot be written.
pub async fn serve(
    config: AgentConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<AgentHandle, ServeError> {
    let portals = Arc::new(HttpPortals { configured: config.portals.clone() });
    serve_with(config, portals, shutdown).await
}

/// As [`serve`], with portals that are reached in another way than HTTP.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    config: AgentConfig,
    portals: Arc<dyn Portals>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<AgentHandle, ServeError> {
    let permissions = Permissions::new(&config.portals).map_err(ServeError::NotAPortal)?;
    if !config.listen.ip().is_loopback() {
        return Err(ServeError::NotLoopback(config.listen));
    }
    let (address, listeners) =
        kaika_listen::bind(config.listen).map_err(|source| ServeError::Listen { address: config.listen, source })?;
    let token = new_token();
    let token_file = token_file::Written::new(&config.token_file, &token, address)
        .map_err(|source| ServeError::TokenFile { path: config.token_file.clone(), source })?;
    let stopping = watch::Sender::new(false);
    let agent = Arc::new(Agent {
        port: address.port(),
        token,
        permissions,
        windows: card_window::Windows::default(),
        seats: Seats::new(config.readers.clone()),
        portals: portals.clone(),
        tool: Tool::new(config.readers, portals),
        #[cfg(feature = "demo")]
        tray: config.tray.map(tray::Tray::new),
        stopping: stopping.subscribe(),
    });
    let mut tasks = JoinSet::new();
    let endpoint = Endpoint {
        name: "agent",
        listeners,
        tls: None,
        router: router(&agent),
        hears: peer::may_speak,
        caps: Caps { in_all: config.connections, per_source: config.connections, proxies: Vec::new() },
        patience: Patience::default(),
    };
    let stop = stopping.subscribe();
    tasks.spawn(async move {
        if let Err(error) = kaika_listen::serve(vec![endpoint], stop).await {
            tracing::error!(%error, "the agent stopped listening");
        }
    });
    tasks.spawn({
        let (agent, stop) = (agent.clone(), stopping.subscribe());
        async move {
            let sweeping = async {
                loop {
                    tokio::time::sleep(SWEEP).await;
                    let now = Instant::now();
                    agent.windows.sweep(now);
                    agent.tool.sweep(now);
                }
            };
            tokio::select! {
                () = sweeping => {}
                () = stopped(stop) => {}
            }
        }
    });
    tasks.spawn(async move {
        shutdown.await;
        drop(token_file);
        stopping.send_replace(true);
    });
    Ok(AgentHandle { url: format!("http://{address}"), address, tasks })
}

/// The names of this computer under which the agent answers.
const OWN_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// What requests share.
struct Agent {
    port: u16,
    token: Zeroizing<String>,
    permissions: Permissions,
    windows: card_window::Windows,
    seats: Seats,
    portals: Arc<dyn Portals>,
    tool: Tool,
    #[cfg(feature = "demo")]
    tray: Option<tray::Tray>,
    stopping: watch::Receiver<bool>,
}

impl Agent {
    /// The origin of the agent's own pages, by any of the names of this computer.
    fn is_own_origin(&self, origin: &str) -> bool {
        OWN_HOSTS.iter().any(|host| origin == format!("http://{host}:{}", self.port))
    }

    /// Whether there are software cards to be moved by hand.
    fn has_tray(&self) -> bool {
        #[cfg(feature = "demo")]
        return self.tray.is_some();
        #[cfg(not(feature = "demo"))]
        false
    }
}

fn router(agent: &Arc<Agent>) -> Router {
    let router = Router::new()
        .merge(page::routes())
        .merge(hello::routes())
        .merge(tool::routes())
        .merge(changes::routes())
        .merge(cards::routes())
        .merge(card_window::routes());
    #[cfg(feature = "demo")]
    let router = if agent.has_tray() { router.merge(tray::routes()) } else { router };
    router.layer(middleware::from_fn_with_state(agent.clone(), guard::guard)).with_state(agent.clone())
}

fn new_token() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    crate::random(bytes.as_mut());
    Zeroizing::new(hex::encode(bytes.as_ref()))
}
