//! Who is logged in, as pages say it on top.

use kaika_app::access::LoggedIn;
use kaika_wire::CardNumber;
use time::OffsetDateTime;

pub(crate) struct Session {
    pub(crate) number: CardNumber,
    pub(crate) until: OffsetDateTime,
}

impl Session {
    pub(crate) fn of(who: &LoggedIn) -> Self {
        Self { number: who.card().number.clone(), until: who.expires_at() }
    }
}
