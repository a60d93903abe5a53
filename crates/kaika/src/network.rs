//! The server's sockets and the signal that ends it all.

use anyhow::{Context, Result};
use axum::Router;
use std::{
    future::IntoFuture,
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// Open connections are waited for this long once it is time to stop.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) struct Listeners {
    address: SocketAddr,
    listeners: Vec<TcpListener>,
}

impl Listeners {
    /// With 127.0.0.1 the same port of ::1 as well, where there is one: `localhost` may mean either.
    pub(crate) async fn bind(listen: SocketAddr) -> Result<Self> {
        let taken = || format!("cannot listen on {listen}; choose another address with --listen");
        let first = TcpListener::bind(listen).await.with_context(taken)?;
        let address = first.local_addr().with_context(taken)?;
        let mut listeners = vec![first];
        if matches!(address.ip(), IpAddr::V4(ip) if ip.is_loopback()) {
            match TcpListener::bind(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port())).await {
                Ok(second) => listeners.push(second),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error).with_context(taken),
                // A machine without IPv6.
                Err(_) => {}
            }
        }
        Ok(Self { address, listeners })
    }

    fn is_local(&self) -> bool {
        self.address.ip().is_loopback() || self.address.ip().is_unspecified()
    }

    /// As people type it.
    pub(crate) fn origin(&self) -> String {
        match self.is_local() {
            true => format!("http://localhost:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }

    /// As certificates name it: a host with a dot, which strict checkers ask for.
    pub(crate) fn base_url(&self) -> String {
        match self.is_local() {
            true => format!("http://127.0.0.1:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }

    /// Until `stopping`.
    pub(crate) async fn serve(self, router: Router, stopping: watch::Receiver<bool>) -> io::Result<()> {
        let mut serving = JoinSet::new();
        for listener in self.listeners {
            let graceful = axum::serve(listener, router.clone().into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(stopped(stopping.clone()))
                .into_future();
            let overdue = stopped(stopping.clone());
            serving.spawn(async move {
                tokio::select! {
                    result = graceful => result,
                    () = async { overdue.await; tokio::time::sleep(PATIENCE).await } => Ok(()),
                }
            });
        }
        while let Some(result) = serving.join_next().await {
            result.map_err(io::Error::other)??;
        }
        Ok(())
    }
}

pub(crate) async fn stopped(mut stopping: watch::Receiver<bool>) {
    // Nobody left to say it means the same.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Ctrl-C, or a service manager's request to end.
pub(crate) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be caught");
            let _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
