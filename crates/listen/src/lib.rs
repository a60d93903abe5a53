//! Sockets that answer HTTP/1.1, with TLS or without, and how much of them a stranger may take: the one accept loop of server
//! and agent.
//!
//! **Invariant:** whoever connects and keeps silent, sends half of something or does not read what is answered holds a
//! place for a bounded time, and only as long as nobody else needs it. Until its first byte a connection costs a descriptor
//! and about a kilobyte.

mod activity;
mod bind;
mod descriptors;
mod serve;
mod source;
mod table;
mod tls;

pub use bind::bind;
pub use descriptors::{raise_descriptors, share};
pub use serve::{AskedAt, Endpoint, everybody, serve, stopped};
pub use source::Source;
pub use table::{Caps, Patience};
pub use tls::{Tls, TlsError};
