//! The agent as a whole: readers of software, a scripted portal, the local server and the command line.
//!
//! The portal here is a double that plays a script; the agent with the real server is tested where both are wired.

#![expect(clippy::unwrap_used, reason = "clippy spares #[test] functions, not what they call")]

#[path = "it/card_window.rs"]
mod card_window;
#[path = "it/cards.rs"]
mod cards;
#[path = "it/command.rs"]
mod command;
#[path = "it/conversations.rs"]
mod conversations;
#[path = "it/engine.rs"]
mod engine;
#[path = "it/held.rs"]
mod held;
#[path = "it/http.rs"]
mod http;
#[cfg(target_os = "linux")]
#[path = "it/memory.rs"]
mod memory;
#[path = "it/pcsc.rs"]
mod pcsc;
#[cfg(target_os = "linux")]
#[path = "it/pcsc_errors.rs"]
mod pcsc_errors;
#[path = "it/portal.rs"]
mod portal;
#[path = "it/readers.rs"]
mod readers;
#[path = "it/server.rs"]
mod server;
#[path = "it/sites.rs"]
mod sites;
#[path = "it/tool.rs"]
mod tool;
