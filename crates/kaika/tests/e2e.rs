//! Kaika as people run it: the real programs, from the first start to what OCSP clients and other people's card tools
//! say in the end.
//!
//! The first start of the demo is made once per test process; every test starts its own demo on a copy of that folder,
//! so that none sees what another one did.

#![expect(clippy::unwrap_used, reason = "clippy spares #[test] functions, not what they call")]

#[path = "e2e/activation.rs"]
mod activation;
#[path = "e2e/audit.rs"]
mod audit;
#[path = "e2e/backup.rs"]
mod backup;
#[path = "e2e/bench.rs"]
mod bench;
#[path = "e2e/browser.rs"]
mod browser;
#[path = "e2e/card_documents.rs"]
mod card_documents;
#[path = "e2e/card_tool.rs"]
mod card_tool;
#[path = "e2e/certificate.rs"]
mod certificate;
#[path = "e2e/damaged.rs"]
mod damaged;
#[path = "e2e/demo.rs"]
mod demo;
#[path = "e2e/first_start.rs"]
mod first_start;
#[path = "e2e/hostile.rs"]
mod hostile;
#[path = "e2e/judges.rs"]
mod judges;
#[path = "e2e/kills.rs"]
mod kills;
#[path = "e2e/mail.rs"]
mod mail;
#[cfg(target_os = "linux")]
#[path = "e2e/memory.rs"]
mod memory;
#[path = "e2e/migrate.rs"]
mod migrate;
#[path = "e2e/ordered.rs"]
mod ordered;
#[path = "e2e/orders.rs"]
mod orders;
#[path = "e2e/pcsc.rs"]
mod pcsc;
#[path = "e2e/policies.rs"]
mod policies;
#[path = "e2e/ready_file.rs"]
mod ready_file;
#[path = "e2e/serve.rs"]
mod serve;
#[path = "e2e/servers.rs"]
mod servers;
#[path = "e2e/start_and_end.rs"]
mod start_and_end;
#[path = "e2e/sweep.rs"]
mod sweep;
#[path = "e2e/tls_login.rs"]
mod tls_login;
