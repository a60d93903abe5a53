//! The same time for every answer: how long a query takes tells nobody whether there is such a card.

use std::time::Duration;
use tokio::time::Instant;

/// Far above what a query takes, and not long for a person.
pub(crate) const EQUAL_TIME: Duration = Duration::from_millis(400);

/// What `work` gives, not before `time` is over.
pub(crate) async fn in_equal_time<T>(time: Duration, work: impl Future<Output = T>) -> T {
    let due = Instant::now() + time;
    let done = work.await;
    tokio::time::sleep_until(due).await;
    done
}
