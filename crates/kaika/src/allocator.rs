//! Memory that was used for a moment goes back to the system.

use std::hint::black_box;
use std::time::Duration;
#[cfg(feature = "demo")]
use std::{env, ffi::OsString, os::unix::process::CommandExt, process};

/// The allocator gives freed memory back a second later, when it is asked for some that is not small; a server at rest
/// asks for none, and would keep what the last user code took.
pub(crate) async fn give_back() {
    const EVERY: Duration = Duration::from_secs(5);
    const NOT_SMALL: usize = 1 << 20;
    let mut due = tokio::time::interval(EVERY);
    loop {
        due.tick().await;
        // Nothing is written to it, so it takes no page.
        drop(black_box(Vec::<u8>::with_capacity(NOT_SMALL)));
    }
}

/// Begins the program anew with an allocator that gives memory back at once: for the demo, which asks for 19 MiB some
/// ten times within a moment, from any of its threads. The allocator is told so by the environment alone, and early.
#[cfg(feature = "demo")]
pub(crate) fn give_back_at_once(arguments: &[OsString]) {
    const PURGE_DELAY: &str = "MIMALLOC_PURGE_DELAY";
    if env::var_os(PURGE_DELAY).is_some() {
        return;
    }
    let (Some(name), Ok(program)) = (arguments.first(), env::current_exe()) else { return };
    let anew = process::Command::new(program).arg0(name).args(&arguments[1..]).env(PURGE_DELAY, "0").exec();
    // Then it takes more memory, and does all the same.
    kaika_say::complain!("kaika: could not begin anew with less memory: {anew}");
}
