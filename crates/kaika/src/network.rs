//! The server's sockets, and the signal that ends it all.

use anyhow::{Context, Result};
use std::net::{SocketAddr, TcpListener};

/// The address as it came to be, and its sockets.
///
/// # Errors
/// The address is taken, or not this computer's.
pub(crate) fn bind(listen: SocketAddr) -> Result<(SocketAddr, Vec<TcpListener>)> {
    kaika_listen::bind(listen).with_context(|| format!("cannot listen on {listen}"))
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
