//! The 90-day sweep: what becomes of cards that were not activated in time.

use crate::{
    App, Failure,
    audit::{Action, Event},
};
use kaika_domain::{
    audit::Actor,
    authorities::{Activation, Overdue},
    cards::{Card, TerminationReason},
    certificates::{CertificateState, Hold, HoldBy, RevocationReason},
};
use kaika_wire::{AuthorityId, CardNumber};
use serde::Serialize;
use time::Duration;

/// The reason of the authority's hold on what was not accepted in time.
pub(super) const OVERDUE: &str = "not activated in time";

/// One card whose period is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Swept {
    pub authority: AuthorityId,
    pub number: CardNumber,
    /// `revoke` or `suspend`.
    pub outcome: &'static str,
}

/// Cards are taken a page at a time, each in a transaction of its own. `dry_run` only tells.
///
/// # Errors
/// The store failed; what was done stays done.
#[crate::use_case]
pub async fn sweep(app: &App, dry_run: bool, by: &Actor) -> Result<Vec<Swept>, Failure> {
    const PAGE: u32 = 500;
    let mut swept = Vec::new();
    let mut failed = None;
    for (authority, policy) in &app.policies {
        let Activation::Online { within_days, afterwards } = policy.activation else { continue };
        let before = app.now() - Duration::days(i64::from(within_days));
        let outcome = outcome(afterwards);
        let mut after = None;
        loop {
            let cards = app.store.read().await?.overdue_cards(authority, before, after.as_ref(), PAGE).await?;
            let Some(last) = cards.last() else { break };
            after = Some(last.clone());
            for card in cards {
                let number = card.number.clone();
                match sweep_card(app, card, afterwards, dry_run, by).await {
                    Ok(true) => swept.push(Swept { authority: authority.clone(), number, outcome }),
                    Ok(false) => {}
                    // Somebody else changed it at this moment: the next sweep sees it again.
                    Err(Failure::Conflict(_)) => {}
                    // One card that cannot be swept keeps no other from it.
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
    }
    failed.map_or(Ok(swept), Err)
}

fn outcome(afterwards: Overdue) -> &'static str {
    match afterwards {
        Overdue::Revoke => "revoke",
        Overdue::Suspend => "suspend",
    }
}

/// False where there was nothing to do.
async fn sweep_card(
    app: &App,
    mut card: Card,
    afterwards: Overdue,
    dry_run: bool,
    by: &Actor,
) -> Result<bool, Failure> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    // Before its certificates, as whoever activates it does.
    work.lock_card(card.id).await?;
    let mut changed = false;
    for mut certificate in work.certificates_of_card(card.id).await? {
        let state = match (&certificate.state, afterwards) {
            (CertificateState::Revoked { .. }, _) => continue,
            (CertificateState::Held { holds }, Overdue::Suspend) if holds.is_empty() => {
                certificate.state.clone().suspend(Hold { by: HoldBy::Authority, reason: OVERDUE.to_owned(), at: now })
            }
            (_, Overdue::Suspend) => continue,
            (_, Overdue::Revoke) => certificate.state.clone().revoke(RevocationReason::CessationOfOperation, now),
        };
        certificate.state = state?;
        work.update_certificate(&mut certificate).await?;
        changed = true;
    }
    if afterwards == Overdue::Revoke {
        card.state = card.state.clone().terminate(TerminationReason::NotActivatedInTime, now)?;
        changed = true;
    }
    if !changed || dry_run {
        return Ok(changed);
    }
    work.update_card(&mut card).await?;
    work.audit(Event {
        at: now,
        actor: by.clone(),
        action: Action::CardOverdue { card: card.number.clone(), outcome: outcome(afterwards) },
    });
    work.commit().await?;
    Ok(true)
}
