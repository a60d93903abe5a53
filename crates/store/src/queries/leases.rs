//! What one process alone does at a time.

use super::{Connection, Db, Found};
use crate::{failure, statements};
use time::OffsetDateTime;

statements! {
    TAKE_LEASE = "INSERT INTO lease (name, owner, until) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until \
        WHERE lease.owner = excluded.owner OR lease.until <= $4";
    // There is a lease for each of a few tasks.
    RENEW_LEASES = "UPDATE lease SET until = $2 WHERE owner = $1";
    RELEASE_LEASE = "DELETE FROM lease WHERE name = $1 AND owner = $2";
    RELEASE_LEASES = "DELETE FROM lease";
}

pub(super) async fn take_lease(
    on: &mut Connection,
    name: &str,
    owner: &str,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Found<bool> {
    let done = sqlx::query::<Db>(TAKE_LEASE)
        .bind(name.to_owned())
        .bind(owner.to_owned())
        .bind(until.unix_timestamp())
        .bind(now.unix_timestamp())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn release_lease(on: &mut Connection, name: &str, owner: &str) -> Found<()> {
    let release = sqlx::query::<Db>(RELEASE_LEASE).bind(name.to_owned()).bind(owner.to_owned());
    release.execute(on).await.map_err(failure)?;
    Ok(())
}

pub(super) async fn renew_leases(on: &mut Connection, owner: &str, until: OffsetDateTime) -> Found<u64> {
    let renew = sqlx::query::<Db>(RENEW_LEASES).bind(owner.to_owned()).bind(until.unix_timestamp());
    Ok(renew.execute(on).await.map_err(failure)?.rows_affected())
}

pub(super) async fn release_leases(on: &mut Connection) -> Found<()> {
    sqlx::query::<Db>(RELEASE_LEASES).execute(on).await.map_err(failure)?;
    Ok(())
}
