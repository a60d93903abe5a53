//! Captchas that were answered.

use super::{Connection, Db, Found};
use crate::{failure, statements};
use time::OffsetDateTime;

statements! {
    USE = "INSERT INTO captcha (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    DELETE = "DELETE FROM captcha WHERE expires_at < $1";
}

pub(super) async fn answer(on: &mut Connection, id: &[u8; 16], expires_at: OffsetDateTime) -> Found<bool> {
    let used = sqlx::query::<Db>(USE).bind(id.to_vec()).bind(expires_at.unix_timestamp());
    Ok(used.execute(on).await.map_err(failure)?.rows_affected() == 1)
}

pub(super) async fn delete(on: &mut Connection, before: OffsetDateTime) -> Found<u64> {
    let done = sqlx::query::<Db>(DELETE).bind(before.unix_timestamp()).execute(on).await.map_err(failure)?;
    Ok(done.rows_affected())
}
