//! The same time for every answer: how long a query takes tells nobody whether there is such a card.

use std::time::Duration;
use tokio::time::Instant;

/// Far above what a query takes, and not long for a person.
pub(crate) const EQUAL_TIME: Duration = Duration::from_millis(400);

/// The same, where nothing was found: what was found anybody may see at once.
pub(crate) async fn refused_in_equal_time<T, E>(
    time: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let due = Instant::now() + time;
    let done = work.await;
    if done.is_err() {
        tokio::time::sleep_until(due).await;
    }
    done
}

/// What `work` gives, not before `time` is over.
pub(crate) async fn in_equal_time<T>(time: Duration, work: impl Future<Output = T>) -> T {
    let due = Instant::now() + time;
    let done = work.await;
    tokio::time::sleep_until(due).await;
    done
}
