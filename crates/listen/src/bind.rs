//! Sockets to be reached at.

use socket2::{Domain, Socket, Type};
use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener},
};

/// How many connections the kernel completes before we take them.
const BACKLOG: i32 = 1024;

/// The address as it came to be, and its sockets: with 127.0.0.1 the same port of ::1 as well, where there is one, since
/// `localhost` may mean either, and nobody else shall answer there.
///
/// # Errors
/// The address is taken, or not this computer's.
pub fn bind(wanted: SocketAddr) -> io::Result<(SocketAddr, Vec<TcpListener>)> {
    let first = listen(wanted)?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    if matches!(address.ip(), IpAddr::V4(ip) if ip.is_loopback()) {
        match listen(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port())) {
            Ok(second) => listeners.push(second),
            // Where any port was right, nobody knows it by `localhost`.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && wanted.port() != 0 => return Err(error),
            Err(error) => tracing::debug!(%error, "not on ::1"),
        }
    }
    Ok((address, listeners))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows it would let others take the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
