//! Makes the keys and certificates of all roots and authorities that do not have them yet.

use crate::{App, Failure, authorities::Generation};
use kaika_domain::{audit::Actor, authorities::Root};

/// Idempotent: what exists is left alone, what was begun is finished.
///
/// # Errors
/// The issuer or the store failed.
#[crate::use_case]
pub async fn found_authorities(app: &App, roots: &[Root], by: &Actor) -> Result<Vec<Generation>, Failure> {
    let mut generations = Vec::new();
    for owner in roots.iter().map(|root| &root.id).chain(app.policies.keys()) {
        generations.push(app.issuer.found(owner, by).await?);
    }
    Ok(generations)
}
