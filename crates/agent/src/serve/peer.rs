//! Whose connection it is. Any user of this computer can connect to 127.0.0.1, and can send whatever `Host` and `Origin`
//! a browser would; the agent is for the user alone who runs it.

#[cfg(not(target_os = "linux"))]
pub(super) use everywhere::may_speak;
#[cfg(target_os = "linux")]
pub(super) use linux::may_speak;

#[cfg(not(target_os = "linux"))]
mod everywhere {
    use std::net::SocketAddr;

    /// Whose connection it is cannot be told here.
    pub(in super::super) fn may_speak(_local: SocketAddr, _peer: SocketAddr) -> bool {
        true
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use netlink_packet_core::{
        DecodeError, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage, NetlinkPayload, Parseable,
    };
    use netlink_packet_sock_diag::{
        SOCK_DIAG_BY_FAMILY, SockDiagMessage,
        constants::{AF_INET, AF_INET6, IPPROTO_TCP, TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2},
        inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags},
    };
    use netlink_sys::{Socket, protocols::NETLINK_SOCK_DIAG};
    use nix::unistd::{Uid, geteuid};
    use std::{
        collections::BTreeSet,
        io,
        net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
        sync::{LazyLock, Mutex, PoisonError},
    };

    /// Whether the other end of this accepted connection is the agent's own user's, or root's, who can do anything here.
    /// Asked once, before anything is read: a connection keeps its two ends, and nobody else gets its ports meanwhile.
    pub(in super::super) fn may_speak(local: SocketAddr, peer: SocketAddr) -> bool {
        // First of all: later there may be no descriptor left to find it out.
        if !*KERNEL_TELLS {
            return true;
        }
        match owner(local, peer) {
            Ok(Some(uid)) if uid == geteuid() || uid.is_root() => return true,
            // Once each: whoever tries again shall not fill the log.
            Ok(Some(uid)) if TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.as_raw()) => {
                tracing::warn!(%uid, "another user of this computer is not heard");
            }
            Ok(Some(uid)) => tracing::debug!(%uid, "another user is not heard"),
            Ok(None) => tracing::debug!("refused a connection that nobody has any more"),
            Err(error) => tracing::warn!(%error, "refused a connection, since it cannot be told whose it is"),
        }
        false
    }

    /// Whose connections were refused.
    static TOLD: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

    /// Some systems have Linux's sockets and not this interface to them (WSL 1, gVisor).
    static KERNEL_TELLS: LazyLock<bool> = LazyLock::new(|| {
        let tells = own_connection().unwrap_or(false);
        if !tells {
            tracing::warn!("this system does not tell whose a connection is: other users of it may speak to the agent");
        }
        tells
    });

    fn own_connection() -> io::Result<bool> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let stream = TcpStream::connect(listener.local_addr()?)?;
        Ok(owner(stream.peer_addr()?, stream.local_addr()?)?.is_some())
    }

    /// The user who has opened the socket at `peer` that is connected to `local`; none where it is closed already, or in
    /// no process any more: then the kernel would name root.
    fn owner(local: SocketAddr, peer: SocketAddr) -> io::Result<Option<Uid>> {
        let Some(socket) = ask(id(peer, local))? else {
            return Ok(None);
        };
        let found = &socket.socket_id;
        // With no such connection the kernel answers with whoever listens at `peer`.
        let same = (found.source_port, found.source_address.to_canonical()) == (peer.port(), peer.ip().to_canonical())
            && (found.destination_port, found.destination_address.to_canonical())
                == (local.port(), local.ip().to_canonical());
        let open = [TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2].contains(&socket.state) && socket.inode != 0;
        Ok((same && open).then(|| Uid::from_raw(socket.uid)))
    }

    /// An IPv4 address within an IPv6 one is looked up as the former, whichever of them the socket was opened with.
    fn id(source: SocketAddr, destination: SocketAddr) -> SocketId {
        SocketId {
            source_port: source.port(),
            destination_port: destination.port(),
            source_address: source.ip().to_canonical(),
            destination_address: destination.ip().to_canonical(),
            interface_id: 0,
            // Any.
            cookie: [0xff; 8],
        }
    }

    /// One socket by its two addresses (`man 7 sock_diag`): the kernel finds it by a hash, however many there are.
    fn ask(id: SocketId) -> io::Result<Option<InetResponseHeader>> {
        let family = match id.source_address {
            IpAddr::V4(_) => AF_INET,
            IpAddr::V6(_) => AF_INET6,
        };
        let request = InetRequest {
            family,
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::empty(),
            states: StateFlags::all(),
            socket_id: id,
        };
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST;
        let payload = NetlinkPayload::from(SockDiagMessage::InetRequest(request));
        let mut message = NetlinkMessage::new(header, payload);
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        let socket = Socket::new(NETLINK_SOCK_DIAG)?;
        socket.set_non_blocking(true)?;
        socket.send(&bytes, 0)?;
        // The kernel has answered before `send` returns.
        let (answer, _) = socket.recv_from_full()?;
        parsed(&answer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
    }

    /// The socket in an answer; anything else is an error of the kernel's: there is none.
    fn parsed(answer: &[u8]) -> Result<Option<InetResponseHeader>, DecodeError> {
        let message = NetlinkBuffer::new_checked(answer)?;
        match message.message_type() {
            SOCK_DIAG_BY_FAMILY => InetResponseHeader::parse(message.payload()).map(Some),
            _ => Ok(None),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::{
            io::{Read, Write},
            net::{Ipv6Addr, Shutdown},
        };

        /// A client's end, and the accepted one.
        fn connection(listen: IpAddr, to: IpAddr) -> (TcpStream, TcpStream) {
            let listener = TcpListener::bind((listen, 0)).unwrap();
            let client = TcpStream::connect((to, listener.local_addr().unwrap().port())).unwrap();
            (client, listener.accept().unwrap().0)
        }

        fn owner_of(accepted: &TcpStream) -> Option<Uid> {
            owner(accepted.local_addr().unwrap(), accepted.peer_addr().unwrap()).unwrap()
        }

        #[test]
        fn a_connection_is_told_in_each_family() {
            let (v4, v6) = (IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST));
            let mapped = IpAddr::from(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
            let any = IpAddr::from(Ipv6Addr::UNSPECIFIED);
            for (listen, to) in [(v4, v4), (v4, mapped), (v6, v6), (any, v4), (any, mapped), (any, v6)] {
                let (client, accepted) = connection(listen, to);
                assert_eq!(owner_of(&accepted), Some(geteuid()), "{to} at {listen}");
                assert!(may_speak(accepted.local_addr().unwrap(), accepted.peer_addr().unwrap()));
                drop(client);
            }
        }

        #[test]
        fn what_was_closed_is_nobodys() {
            let localhost = IpAddr::from(Ipv4Addr::LOCALHOST);
            let (mut client, mut accepted) = connection(localhost, localhost);
            client.write_all(b"asked").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!(owner_of(&accepted), Some(geteuid()), "who has asked can still read the answer");
            drop(client);
            assert_eq!(owner_of(&accepted), None);
            assert!(!may_speak(accepted.local_addr().unwrap(), accepted.peer_addr().unwrap()));
            let mut asked = String::new();
            accepted.read_to_string(&mut asked).unwrap();
            assert_eq!(asked, "asked", "the kernel gives what was sent all the same");
        }

        #[test]
        fn who_listens_at_a_port_has_no_connection() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let elsewhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
            assert_eq!(owner(elsewhere, listener.local_addr().unwrap()).unwrap(), None);
        }
    }
}
