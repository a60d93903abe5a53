//! The revocation list of a generation: signed again on the first fetch after a change.

use crate::{App, Crl, Failure, Generation, StoreError};
use kaika_wire::Code;
use time::Duration;

/// How long a list is good for.
const VALIDITY: Duration = Duration::days(7);
/// A list this near its end is signed again although nothing changed.
const RENEWAL: Duration = Duration::days(1);

/// # Errors
/// [`Code::NotFound`] for an unknown generation; the issuer or the store failed.
pub async fn publish_crl(app: &App, name: &str) -> Result<Crl, Failure> {
    let now = app.now();
    // Two servers may sign at the same time: the one that comes second takes the other's list.
    for _ in 0..3 {
        let mut reader = app.store.read().await?;
        let generation = generation(reader.as_mut(), name).await?;
        let latest = reader.latest_crl(generation.id).await?;
        if let Some(crl) = &latest
            && crl.revision == generation.revision
            && crl.this_update <= now
            && now < crl.next_update - RENEWAL
        {
            return Ok(crl.clone());
        }
        let entries = reader.revocations(generation.id, now).await?;
        drop(reader);
        let number = latest.map_or(1, |crl| crl.number + 1);
        let next_update = now + VALIDITY;
        let der = app.issuer.sign_crl(&generation, number, &entries, now, next_update).await?;
        let crl = Crl {
            generation: generation.id,
            number,
            revision: generation.revision,
            this_update: now,
            next_update,
            der,
        };
        let mut work = app.store.begin().await?;
        match work.insert_crl(&crl).await {
            Ok(()) => {
                work.commit().await?;
                return Ok(crl);
            }
            Err(StoreError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Code::Busy.into())
}

pub(crate) async fn generation(reader: &mut dyn crate::Reader, name: &str) -> Result<Generation, Failure> {
    let generations = reader.generations().await?;
    generations.into_iter().find(|generation| generation.name() == name).ok_or_else(|| Code::NotFound.into())
}
