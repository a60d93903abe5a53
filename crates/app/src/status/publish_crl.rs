//! The revocation lists of a generation: signed again on the first fetch after a change.

use crate::{
    App, Failure, StoreError,
    authorities::{Generation, named},
    kernel::retried,
    status::{Crl, CrlHead},
};
use kaika_domain::{authorities::CrlRules, kernel::BACKDATED};
use kaika_pki::crl::Revoked;
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
    Ok(latest.filter(|crl| crl.signed_at <= now && now < crl.next_update))
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
        is_good(latest, now, oldest) && (latest.revision >= revision || now < latest.signed_at + every)
    };
    if latest.is_some_and(is_current) {
        // The same one, since the transaction is.
        return Ok(reader.latest_crl(generation.id, shard).await?.ok_or(StoreError::Stale)?);
    }
    let number = latest.map_or(1, |latest| latest.number + 1);
    // Not below the time: after a database was restored from a backup no number is signed a second time.
    let number = number.max(now.unix_timestamp());
    // RFC 5280 §3.3: what is listed stays until one list was issued after its end, by the date that list has.
    let ended = latest.map_or(now, |latest| (latest.signed_at - BACKDATED).min(now));
    let entries = reader.revocations(generation.id, shard, ended).await?;
    drop(reader);
    let (this_update, next_update) = (this_update(latest, &entries, now), now + VALIDITY);
    let der = app.issuer.sign_crl(generation, shard, number, entries, this_update, next_update).await?;
    let crl = Crl { generation: generation.id, shard, number, revision, signed_at: now, next_update, der };
    let mut work = app.store.begin().await?;
    work.insert_crl(&crl).await?;
    work.commit().await?;
    Ok(crl)
}

/// For those whose clocks are behind: before now, but not before anything that the list tells of, and after the list before,
/// so that of two the later one is the newer.
fn this_update(before: Option<CrlHead>, entries: &[Revoked], now: OffsetDateTime) -> OffsetDateTime {
    let after_before = before.map(|before| before.signed_at + Duration::SECOND);
    let latest_told = entries.iter().map(|entry| entry.at).max();
    [after_before, latest_told].into_iter().flatten().fold(now - BACKDATED, OffsetDateTime::max).min(now)
}

fn is_good(crl: CrlHead, now: OffsetDateTime, oldest: Duration) -> bool {
    crl.signed_at <= now && now < crl.signed_at + oldest && now < crl.next_update - RENEWAL
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaika_pki::{Serial, crl::RevocationReason};
    use time::macros::datetime;

    #[test]
    fn a_list_is_dated_back_as_far_as_it_is_true() {
        const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);
        let ago = |seconds| NOW - Duration::seconds(seconds);
        let check = |signed: Option<i64>, told: &[i64], expected: i64| {
            let head = |signed| CrlHead { number: 1, revision: 1, signed_at: ago(signed), next_update: NOW + VALIDITY };
            let entry = |at: &i64| Revoked {
                serial: Serial::new(&[1]).expect("a number"),
                at: ago(*at),
                reason: RevocationReason::Unspecified,
            };
            let entries: Vec<_> = told.iter().map(entry).collect();
            assert_eq!(this_update(signed.map(head), &entries, NOW), ago(expected), "{signed:?} {told:?}");
        };
        check(None, &[], 300);
        check(None, &[86_400, 301], 300);
        check(Some(86_400), &[], 300);
        // Never before a revocation that is in it.
        check(Some(86_400), &[86_400, 7], 7);
        check(None, &[0], 0);
        // Nor before the list before: a suspension that was lifted is in neither.
        check(Some(10), &[86_400], 9);
        check(Some(0), &[], 0);
        // A clock that was set back dates nothing in the future.
        check(Some(-3_600), &[-60], 0);
    }
}
