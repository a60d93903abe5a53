//! What a portal says of itself: by it agents tell which cards belong to it.

use crate::{App, Failure};
use kaika_domain::authorities::Unlock;
use kaika_wire::{PinDigits, PinRules, PortalAuthority, Protocol, WellKnown};

/// `jobs`: the path of the job API.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn well_known(app: &App, jobs: &str) -> Result<WellKnown, Failure> {
    let generations = app.store.read().await?.generations().await?;
    let authorities = app.policies.values().map(|policy| PortalAuthority {
        id: policy.id.clone(),
        name: policy.name.zh.clone(),
        name_en: policy.name.en.clone(),
        portal: format!("/{}/", policy.id),
        accent: Some(policy.accent.clone()),
        pin_digits: PinDigits { min: policy.pin.min, max: policy.pin.max },
        pin_rules: PinRules { refused: policy.pin.refused.clone(), warned_of: policy.pin.warned_of.clone() },
        unlocks_by_keypad: policy.unlock == Unlock::Keypad,
        ca_certificates: generations
            .iter()
            .filter(|generation| generation.owner == policy.id)
            .map(|generation| generation.certificate.clone().into())
            .collect(),
    });
    Ok(WellKnown {
        version: 1,
        protocol: Protocol::OURS,
        origin: app.origin.clone(),
        jobs: jobs.to_owned(),
        authorities: authorities.collect(),
    })
}
