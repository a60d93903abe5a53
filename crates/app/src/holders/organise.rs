//! Puts holders into organisations as the policies have it: those of an installation that had none yet, and all again
//! where a policy names organisations in another way. An order puts its own holder there.

use crate::{App, Failure};
use kaika_domain::{
    authorities::Policy,
    holders::{FOLDING, Membership},
};

/// In one transaction.
const PAGE: u32 = 200;

/// Where nothing has changed, this asks for one row of each authority. What is cut off is done again.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn organise(app: &App) -> Result<(), Failure> {
    for policy in app.policies.values() {
        let rule = rule(policy);
        if app.store.read().await?.organisation_rule(&policy.id).await?.unwrap_or_default() == rule {
            continue;
        }
        let mut after = None;
        loop {
            let mut work = app.store.begin().await?;
            let holders = work.holders(&policy.id, after, PAGE).await?;
            let Some(last) = holders.last() else {
                work.upsert_organisation_rule(&policy.id, &rule).await?;
                work.commit().await?;
                break;
            };
            after = Some(last.id);
            for holder in &holders {
                work.upsert_member(holder.id, Membership::of(policy, &holder.subject).as_ref()).await?;
            }
            work.commit().await?;
        }
    }
    Ok(())
}

/// What names an organisation, and how names are folded.
fn rule(policy: &Policy) -> String {
    let named_by = policy.organisation.as_ref().map(|rules| rules.named_by.join(","));
    named_by.map(|named_by| format!("{named_by} {FOLDING}")).unwrap_or_default()
}
