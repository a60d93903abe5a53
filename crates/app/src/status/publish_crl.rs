//! The revocation lists of a generation: signed again on the first fetch after a change.

use crate::{
    App, Failure, StoreError,
    authorities::{Generation, named},
    kernel::retried,
    status::{Crl, CrlHead},
};
use kaika_wire::Code;
use time::{Duration, OffsetDateTime};

/// How long a list is good for.
pub(crate) const VALIDITY: Duration = Duration::days(7);
/// A list this near its end is signed again although nothing changed.
const RENEWAL: Duration = Duration::days(1);

/// Of one shard, or the list of all certificates, which costs as many times more and is signed as many times less often.
///
/// # Errors
/// [`Code::NotFound`] for an unknown generation or shard; the issuer or the store failed.
#[crate::use_case]
pub async fn publish_crl(app: &App, name: &str, shard: Option<u32>) -> Result<Crl, Failure> {
    let mut reader = app.store.read().await?;
    let generation = named(reader.as_mut(), name).await?;
    drop(reader);
    if shard.is_some_and(|shard| generation.shards < 2 || shard >= generation.shards) {
        return Err(Code::NotFound.into());
    }
    // Of many that come after a change one signs, and the others take his list.
    let _alone = app.signing.lock((generation.id, shard)).await;
    // Another server may sign at the same time: the one that comes second takes the other's list.
    retried(|| current(app, &generation, shard)).await
}

/// The latest list, or a new one where it is due.
async fn current(app: &App, generation: &Generation, shard: Option<u32>) -> Result<Crl, Failure> {
    let now = app.now();
    let every = app.status_settings.crl_every * shard.map_or(generation.shards, |_| 1);
    let mut reader = app.store.read().await?;
    let latest = reader.latest_crl_head(generation.id, shard).await?;
    let revision = reader.shard_revision(generation.id, shard).await?;
    let is_current =
        |latest: CrlHead| is_good(latest, now) && (latest.revision >= revision || now < latest.this_update + every);
    if latest.is_some_and(is_current) {
        // The same one, since the transaction is.
        return Ok(reader.latest_crl(generation.id, shard).await?.ok_or(StoreError::Stale)?);
    }
    let number = latest.map_or(1, |latest| latest.number + 1);
    // Not below the time: after a database was restored from a backup no number is signed a second time.
    let number = number.max(now.unix_timestamp());
    let entries = reader.revocations(generation.id, shard, now).await?;
    drop(reader);
    let next_update = now + VALIDITY;
    let der = app.issuer.sign_crl(generation, shard, number, entries, now, next_update).await?;
    let crl = Crl { generation: generation.id, shard, number, revision, this_update: now, next_update, der };
    let mut work = app.store.begin().await?;
    work.insert_crl(&crl).await?;
    work.commit().await?;
    Ok(crl)
}

fn is_good(crl: CrlHead, now: OffsetDateTime) -> bool {
    crl.this_update <= now && now < crl.next_update - RENEWAL
}
