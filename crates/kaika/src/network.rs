//! The server's sockets, with TLS or without, and the signal that ends it all.

use anyhow::{Context, Result};
use axum::Router;
use axum_server::{Handle, tls_rustls::RustlsConfig};
use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener},
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};

/// Open connections are waited for this long once it is time to stop.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sockets that answer alike.
pub(crate) struct Endpoint {
    pub(crate) listeners: Vec<TcpListener>,
    pub(crate) tls: Option<RustlsConfig>,
    pub(crate) router: Router,
}

/// The address as it came to be, and its sockets: with 127.0.0.1 the same port of ::1 as well, where there is one, since
/// `localhost` may mean either.
///
/// # Errors
/// The address is taken, or not this computer's.
pub(crate) fn bind(listen: SocketAddr) -> Result<(SocketAddr, Vec<TcpListener>)> {
    let taken = || format!("cannot listen on {listen}");
    let first = TcpListener::bind(listen).with_context(taken)?;
    let address = first.local_addr().with_context(taken)?;
    let mut listeners = vec![first];
    if matches!(address.ip(), IpAddr::V4(ip) if ip.is_loopback()) {
        match TcpListener::bind(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port())) {
            Ok(second) => listeners.push(second),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error).with_context(taken),
            // A machine without IPv6.
            Err(_) => {}
        }
    }
    for listener in &listeners {
        listener.set_nonblocking(true).with_context(taken)?;
    }
    Ok((address, listeners))
}

/// Until `stopping`.
///
/// # Errors
/// A socket failed.
pub(crate) async fn serve(endpoints: Vec<Endpoint>, stopping: watch::Receiver<bool>) -> io::Result<()> {
    let mut serving = JoinSet::new();
    for Endpoint { listeners, tls, router } in endpoints {
        // Limits per source need to know who calls.
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        for listener in listeners {
            let handle = Handle::new();
            let (service, tls, stopping) = (service.clone(), tls.clone(), stopping.clone());
            serving.spawn(async move {
                let ending = handle.clone();
                let end = tokio::spawn(async move {
                    stopped(stopping).await;
                    ending.graceful_shutdown(Some(PATIENCE));
                });
                let served = match tls {
                    Some(tls) => axum_server::from_tcp_rustls(listener, tls)?.handle(handle).serve(service).await,
                    None => axum_server::from_tcp(listener)?.handle(handle).serve(service).await,
                };
                end.abort();
                served
            });
        }
    }
    while let Some(result) = serving.join_next().await {
        result.map_err(io::Error::other)??;
    }
    Ok(())
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
