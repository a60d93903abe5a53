//! Where the demo is, as people type it and as certificates name it.

use std::net::SocketAddr;

pub(super) struct Address(pub(super) SocketAddr);

impl Address {
    fn is_local(&self) -> bool {
        self.0.ip().is_loopback() || self.0.ip().is_unspecified()
    }

    /// As people type it.
    pub(super) fn origin(&self) -> String {
        match self.is_local() {
            true => format!("http://localhost:{}", self.0.port()),
            false => format!("http://{}", self.0),
        }
    }

    /// As certificates name it: a host with a dot, which strict checkers ask for.
    pub(super) fn base_url(&self) -> String {
        match self.is_local() {
            true => format!("http://127.0.0.1:{}", self.0.port()),
            false => format!("http://{}", self.0),
        }
    }
}
