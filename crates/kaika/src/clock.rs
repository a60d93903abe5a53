//! The system's clock, moved by whole days where a demo wants to see what comes later, or was before.

use kaika_app::kernel::Clock;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use time::{Duration, OffsetDateTime};

/// Clones are moved together.
#[derive(Clone, Debug, Default)]
pub struct ShiftedClock {
    days_later: Arc<AtomicI64>,
}

impl ShiftedClock {
    pub fn new(days_later: i64) -> Self {
        Self { days_later: Arc::new(AtomicI64::new(days_later)) }
    }

    pub fn set(&self, days_later: i64) {
        self.days_later.store(days_later, Ordering::Relaxed);
    }
}

impl Clock for ShiftedClock {
    /// To the second: that is as fine as certificates and the database are.
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc() + Duration::days(self.days_later.load(Ordering::Relaxed));
        now.replace_nanosecond(0).expect("zero is a nanosecond")
    }
}
