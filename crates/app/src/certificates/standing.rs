//! Whether a card is in use, and who holds its certificates.

use kaika_domain::{
    cards::Card,
    certificates::{Certificate, HoldBy},
};
use kaika_wire::CardStanding;

/// `certificates`: those that count, of each role one.
pub(crate) fn standing<'c>(card: &Card, certificates: impl Iterator<Item = &'c Certificate>) -> CardStanding {
    let in_use = card.state.is_activated();
    let nobody = CardStanding { in_use, held_by_holder: false, held_by_others: false };
    certificates.flat_map(|certificate| certificate.state.holds()).fold(nobody, |standing, hold| match hold.by {
        HoldBy::Holder => CardStanding { held_by_holder: true, ..standing },
        HoldBy::Counter | HoldBy::Authority => CardStanding { held_by_others: true, ..standing },
    })
}
