//! What the database knows of authorities and the policies do not, or the other way round.

use crate::{App, Failure, Store};
use kaika_domain::authorities::Policies;
use kaika_wire::AuthorityId;

/// Why these policies cannot serve this database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// A policy came, and its keys were not made.
    #[error("the authority {0} was not founded yet; `kaika init` does it")]
    Keys(AuthorityId),
    /// A policy went, and there are cards that it is about.
    #[error(
        "the authority {0} has cards, and its policy is gone; put the file back, or they can neither be used nor revoked"
    )]
    Policy(AuthorityId),
}

/// None where all is well. It reads some rows, however many cards there are.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn lacks(store: &dyn Store, policies: &Policies) -> Result<Vec<Lack>, Failure> {
    let mut reader = store.read().await?;
    let generations = reader.generations().await?;
    let is_founded = |id: &AuthorityId| generations.iter().any(|generation| generation.owner == *id);
    let mut lacks: Vec<_> = policies.keys().filter(|id| !is_founded(id)).cloned().map(Lack::Keys).collect();
    let known = generations.iter().filter(|generation| !generation.is_root).map(|generation| &generation.owner);
    let mut gone: Vec<_> = known.filter(|owner| !policies.contains_key(*owner)).collect();
    gone.sort();
    gone.dedup();
    for authority in gone {
        if reader.has_cards(authority).await? {
            lacks.push(Lack::Policy(authority.clone()));
        }
    }
    Ok(lacks)
}

/// Why this server is not ready: the schema is another program's, policies and database do not go together, or nothing can
/// be written, as on a full disk.
///
/// # Errors
/// The store failed or cannot be written, or its schema does not take this program.
#[crate::use_case]
pub async fn first_lack(app: &App) -> Result<Option<Lack>, Failure> {
    app.store.check_schema().await?;
    let lack = lacks(app.store.as_ref(), &app.policies).await?.into_iter().next();
    app.store.check_writable().await?;
    Ok(lack)
}
