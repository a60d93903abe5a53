//! What tests share: a private pcscd with virtual readers, throw-away databases, browsers, and
//! the judges that we did not write.
//!
//! Everything here panics with a message that says what to do, since a test can do no better. Nothing is ever skipped:
//! a missing program fails the test, and `cargo xtask install` installs it. What is started here ends with the value
//! that stands for it, and with the test process at the latest, even if that is killed.

pub mod balancer;
pub mod browser;
pub mod conversation;
mod http;
mod leash;
pub mod line;
pub mod pcsc_stand_in;
pub mod pcscd;
pub mod pkilint;
pub mod ports;
pub mod postgres;
pub mod proxy;
pub mod screen;
pub mod secrets;
pub mod site;
pub mod smtp;
pub mod sqlite;
pub mod tools;
pub mod vpcd;
mod webdriver;

/// Whether every cell of every matrix is wanted, and every look of every page (`cargo xtask test --wide`).
pub fn is_wide() -> bool {
    std::env::var_os("KAIKA_WIDE").is_some()
}
