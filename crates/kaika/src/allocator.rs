//! Memory that was used for a moment goes back to the system.

use std::hint::black_box;
use std::time::Duration;

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
