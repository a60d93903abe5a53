//! The issuer on a real database with real keys, judged by openssl and pkilint.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

#[path = "it/behind.rs"]
mod behind;
#[path = "it/crash.rs"]
mod crash;
#[path = "it/devices.rs"]
mod devices;
#[path = "it/elsewhere.rs"]
mod elsewhere;
#[path = "it/founding.rs"]
mod founding;
#[path = "it/guards.rs"]
mod guards;
#[path = "it/issuing.rs"]
mod issuing;
#[path = "it/judges.rs"]
mod judges;
#[path = "it/keys.rs"]
mod keys;
#[path = "it/policies.rs"]
mod policies;
#[path = "it/servers.rs"]
mod servers;
#[path = "it/status.rs"]
mod status;
#[path = "it/world.rs"]
mod world;
