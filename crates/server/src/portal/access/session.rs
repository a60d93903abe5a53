//! Who is logged in, as pages say it on top.

use kaika_app::access::{LoggedIn, Principal};
use kaika_wire::CardNumber;
use time::OffsetDateTime;

pub(crate) struct Session {
    /// Of the card, for somebody who has logged in with one.
    pub(crate) number: Option<CardNumber>,
    pub(crate) until: OffsetDateTime,
}

impl Session {
    pub(crate) fn of(who: &LoggedIn) -> Self {
        let number = match who.principal() {
            Principal::Card(card) => Some(card.card().number.clone()),
            Principal::Account(_) | Principal::Officer(_) | Principal::Client(_) => None,
        };
        Self { number, until: who.expires_at() }
    }
}
