//! The system's clock, moved forward by whole days where a demo wants to see what comes later.

use kaika_app::Clock;
use time::{Duration, OffsetDateTime};

#[derive(Clone, Copy, Debug, Default)]
pub struct ShiftedClock {
    pub days_later: u32,
}

impl Clock for ShiftedClock {
    /// To the second: that is as fine as certificates and the database are.
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc() + Duration::days(i64::from(self.days_later));
        now.replace_nanosecond(0).expect("zero is a nanosecond")
    }
}
