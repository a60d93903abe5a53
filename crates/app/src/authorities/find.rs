//! The keys of authorities and roots, as people and programs ask for them.

use super::Generation;
use crate::{App, Failure, Reader};
use kaika_domain::authorities::Policy;
use kaika_wire::Code;
use std::cmp::Reverse;

/// An authority's, the newest first, then its root's.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn generations_of(app: &App, policy: &Policy) -> Result<Vec<Generation>, Failure> {
    let mut found = app.store.read().await?.generations().await?;
    found.retain(|generation| generation.owner == policy.id || generation.owner == policy.hierarchy.root);
    found.sort_by_key(|generation| (generation.is_root, Reverse(generation.ordinal)));
    Ok(found)
}

/// The certificate (DER) of the generation with this [name](Generation::name).
///
/// # Errors
/// [`Code::NotFound`].
#[crate::use_case]
pub async fn authority_certificate(app: &App, name: &str) -> Result<Vec<u8>, Failure> {
    Ok(named(app.store.read().await?.as_mut(), name).await?.certificate)
}

/// The generation with this [name](Generation::name).
///
/// # Errors
/// [`Code::NotFound`].
pub(crate) async fn named(reader: &mut dyn Reader, name: &str) -> Result<Generation, Failure> {
    let generations = reader.generations().await?;
    generations.into_iter().find(|generation| generation.name() == name).ok_or_else(|| Code::NotFound.into())
}
