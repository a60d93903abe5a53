//! The revocation lists of a generation: signed again on the first fetch after a change.

use crate::{
    App, Failure, StoreError,
    authorities::{Generation, named},
    kernel::retried,
    status::{Crl, CrlHead},
};
use kaika_domain::authorities::CrlRules;
use kaika_wire::{Code, GenerationId};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use time::{Duration, OffsetDateTime};

/// How long a list is good for.
pub(crate) const VALIDITY: Duration = Duration::days(7);
/// A list this near its end is signed again although nothing changed.
const RENEWAL: Duration = Duration::days(1);

/// For so long no other is tried after one that could not be signed or kept.
const PAUSE: Duration = Duration::seconds(5);

/// Of one shard, or the list of all certificates, which costs as many times more and is signed as many times less often.
/// Where no new one can be made, it is the one before, as long as that is good.
///
/// # Errors
/// [`Code::NotFound`] for an unknown generation or shard; the issuer or the store failed, and there is none before.
#[crate::use_case]
pub async fn publish_crl(app: &App, name: &str, shard: Option<u32>) -> Result<Crl, Failure> {
    let mut reader = app.store.read().await?;
    let generation = named(reader.as_mut(), name).await?;
    drop(reader);
    if shard.is_some_and(|shard| generation.shards < 2 || shard >= generation.shards) {
        return Err(Code::NotFound.into());
    }
    let list = (generation.id, shard);
    // Of many that come after a change one signs, and the others take his list.
    let _alone = app.signing.lock(list).await;
    if app.unsigned.is_recent(&list, app.now())
        && let Some(before) = before(app, &generation, shard).await?
    {
        return Ok(before);
    }
    // Another server may sign at the same time: the one that comes second takes the other's list.
    let failure = match retried(|| current(app, &generation, shard)).await {
        Ok(crl) => {
            app.unsigned.forget(&list);
            return Ok(crl);
        }
        Err(failure) => failure,
    };
    match before(app, &generation, shard).await {
        Ok(Some(before)) => {
            app.unsigned.remember(list, app.now(), format!("{name}: {failure}"));
            Ok(before)
        }
        Ok(None) | Err(_) => Err(failure),
    }
}

/// Why lists could not be signed or kept since this was asked for the last time; those before are given out meanwhile.
pub fn crl_failures(app: &App) -> Vec<String> {
    app.unsigned.failures().values_mut().filter_map(|(_, why)| why.take()).collect()
}

/// Lists that could not be signed or kept: when that was, and why, until it was told.
#[derive(Default)]
pub(crate) struct Unsigned(Mutex<Failures>);

type List = (GenerationId, Option<u32>);
type Failures = HashMap<List, (OffsetDateTime, Option<String>)>;

impl Unsigned {
    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_recent(&self, list: &List, now: OffsetDateTime) -> bool {
        self.failures().get(list).is_some_and(|(at, _)| *at <= now && now - *at < PAUSE)
    }

    fn remember(&self, list: List, now: OffsetDateTime, why: String) {
        self.failures().insert(list, (now, Some(why)));
    }

    fn forget(&self, list: &List) {
        self.failures().remove(list);
    }
}

/// The latest list, where it is good still.
async fn before(app: &App, generation: &Generation, shard: Option<u32>) -> Result<Option<Crl>, Failure> {
    let latest = app.store.read().await?.latest_crl(generation.id, shard).await?;
    let now = app.now();
    Ok(latest.filter(|crl| crl.this_update <= now && now < crl.next_update))
}

/// The latest list, or a new one where it is due.
async fn current(app: &App, generation: &Generation, shard: Option<u32>) -> Result<Crl, Failure> {
    let now = app.now();
    let every = app.status_settings.crl_every * shard.map_or(generation.shards, |_| 1);
    let oldest = app.policies.get(&generation.owner).map_or(CrlRules::default(), |policy| policy.crl).every();
    let mut reader = app.store.read().await?;
    let latest = reader.latest_crl_head(generation.id, shard).await?;
    let revision = reader.shard_revision(generation.id, shard).await?;
    let is_current = |latest: CrlHead| {
        is_good(latest, now, oldest) && (latest.revision >= revision || now < latest.this_update + every)
    };
    if latest.is_some_and(is_current) {
        // The same one, since the transaction is.
        return Ok(reader.latest_crl(generation.id, shard).await?.ok_or(StoreError::Stale)?);
    }
    let number = latest.map_or(1, |latest| latest.number + 1);
    // Not below the time: after a database was restored from a backup no number is signed a second time.
    let number = number.max(now.unix_timestamp());
    // RFC 5280 §3.3: what is listed stays until one list was signed after its end.
    let ended = latest.map_or(now, |latest| latest.this_update.min(now));
    let entries = reader.revocations(generation.id, shard, ended).await?;
    drop(reader);
    let next_update = now + VALIDITY;
    let der = app.issuer.sign_crl(generation, shard, number, entries, now, next_update).await?;
    let crl = Crl { generation: generation.id, shard, number, revision, this_update: now, next_update, der };
    let mut work = app.store.begin().await?;
    work.insert_crl(&crl).await?;
    work.commit().await?;
    Ok(crl)
}

fn is_good(crl: CrlHead, now: OffsetDateTime, oldest: Duration) -> bool {
    crl.this_update <= now && now < crl.this_update + oldest && now < crl.next_update - RENEWAL
}
