//! Certificates and how they came about.

use super::{
    Connection, Db, Found,
    rows::{
        Row, array, bytes, json, number, parsed, parsed_or_none, text, text_or_none, time, time_or_none, to_json,
        unreadable, word,
    },
};
use crate::{failure, many, statements};
use kaika_app::{Issuance, IssuanceState, KeyUse, Settled, StatusRecord, StoreError, revoked_for};
use kaika_domain::{Certificate, CertificateState, Hold, Placement};
use kaika_pki::crl::{RevocationReason, Revoked};
use kaika_wire::{CardId, CertificateId, GenerationId, JobId, SerialNumber};
use std::collections::HashMap;
use time::OffsetDateTime;

macro_rules! certificates {
    ($which:literal) => {
        concat!(
            "SELECT id, authority, generation, holder, card, role, serial, shard, certificate, sha256, \
            key_fingerprint, not_before, not_after, issued_at, job, placement, read_back_at, state, holds, \
            revocation_reason, revoked_at, version FROM certificate",
            $which
        )
    };
}

macro_rules! issuances {
    ($which:literal) => {
        concat!(
            "SELECT certificate, generation, serial, job, role, key_fingerprint, state, to_be_signed, at FROM \
            issuance",
            $which
        )
    };
}

statements! {
    CERTIFICATE = certificates!(" WHERE id = $1");
    BY_SERIAL = certificates!(" WHERE generation = $1 AND serial = $2");
    OF_CARD = certificates!(" WHERE card = $1 ORDER BY issued_at, id");
    // With the generation's revision, read in the same moment.
    STATUS = "SELECT state, holds, revocation_reason, revoked_at, issued_at, generation.revision AS read_at \
        FROM certificate JOIN generation ON generation.id = certificate.generation \
        WHERE certificate.generation = $1 AND serial = $2";
    REVISION = "SELECT revision FROM generation WHERE id = $1";
    SHARD_REVISION = "SELECT revision FROM certificate WHERE generation = $1 AND shard = $2 \
        ORDER BY revision DESC LIMIT 1";
    CHANGED = "SELECT serial FROM certificate WHERE generation = $1 AND shard = $2 AND revision > $3 LIMIT $4";
    SHARDS = "SELECT shards FROM generation WHERE id = $1";
    // A page of a list in one row, since a row of its own for each of a million entries takes most of the time.
    REVOCATIONS = "SELECT MAX(serial) AS last, STRING_AGG(serial || ' ' || CAST(listed_at AS TEXT) || ' ' || \
        CAST(listed_for AS TEXT), ' ') AS entries FROM (SELECT serial, listed_at, listed_for FROM certificate \
        WHERE generation = $1 AND shard = $2 AND serial > $3 AND not_after >= $4 AND listed_for IS NOT NULL \
        ORDER BY serial LIMIT $5) AS page";
    STATE = "SELECT state, holds, revocation_reason, revoked_at FROM certificate WHERE id = $1 AND version = $2";
    UPDATE = "UPDATE certificate SET placement = $3, read_back_at = $4, state = $5, holds = $6, \
        revocation_reason = $7, revoked_at = $8, listed_at = $9, listed_for = $10, \
        revision = COALESCE($11, revision), version = version + 1 WHERE id = $1 AND version = $2";
    REVISE = "UPDATE generation SET revision = revision + 1 WHERE id = $1 RETURNING revision";
    UNFINISHED = issuances!(" WHERE state = 'recorded' AND at < $1 ORDER BY at, certificate");
}

many! {
    INSERT = "INSERT INTO certificate (id, authority, generation, holder, card, role, serial, shard, certificate, \
        sha256, key_fingerprint, not_before, not_after, issued_at, job, placement, read_back_at, state, holds, \
        revocation_reason, revoked_at, listed_at, listed_for, revision, version) VALUES {(25)}";
    INSERT_ISSUANCES = "INSERT INTO issuance (certificate, generation, serial, job, role, key_fingerprint, state, \
        to_be_signed, at) VALUES {(9)}";
    ISSUED = "UPDATE issuance SET state = 'issued', to_be_signed = NULL WHERE state = 'recorded' \
        AND certificate IN ({1})";
    VOID = "UPDATE issuance SET state = 'void' WHERE state = 'recorded' AND certificate IN ({1})";
    ISSUANCES = issuances!(" WHERE state <> 'void' AND job IN ({1})");
    KEY_USES = "SELECT key_fingerprint, holder, card, role FROM certificate WHERE key_fingerprint IN ({1})";
}

pub(super) async fn certificate(on: &mut Connection, id: CertificateId) -> Found<Option<Certificate>> {
    one(sqlx::query::<Db>(CERTIFICATE).bind(id.to_string()).fetch_optional(on).await)
}

pub(super) async fn by_serial(
    on: &mut Connection,
    generation: GenerationId,
    serial: &SerialNumber,
) -> Found<Option<Certificate>> {
    one(sqlx::query::<Db>(BY_SERIAL).bind(generation.to_string()).bind(serial.to_string()).fetch_optional(on).await)
}

pub(super) async fn of_card(on: &mut Connection, card: CardId) -> Found<Vec<Certificate>> {
    let rows = sqlx::query::<Db>(OF_CARD).bind(card.to_string()).fetch_all(on).await.map_err(failure)?;
    rows.iter().map(read).collect()
}

pub(super) async fn status(
    on: &mut Connection,
    generation: GenerationId,
    serial: &SerialNumber,
) -> Found<Option<StatusRecord>> {
    let row = sqlx::query::<Db>(STATUS)
        .bind(generation.to_string())
        .bind(serial.to_string())
        .fetch_optional(on)
        .await
        .map_err(failure)?;
    row.map(|row| {
        Ok(StatusRecord { state: state(&row)?, issued_at: time(&row, "issued_at")?, read_at: number(&row, "read_at")? })
    })
    .transpose()
}

pub(super) async fn uses_of_keys(on: &mut Connection, fingerprints: &[[u8; 32]]) -> Found<Vec<KeyUse>> {
    let mut uses = Vec::new();
    for (sql, group) in KEY_USES.each(fingerprints) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, key| query.bind(key.to_vec()));
        for row in query.fetch_all(&mut *on).await.map_err(failure)? {
            uses.push(KeyUse {
                fingerprint: array(&row, "key_fingerprint")?,
                holder: parsed(&row, "holder")?,
                card: parsed_or_none(&row, "card")?,
                role: word(&row, "role")?,
            });
        }
    }
    Ok(uses)
}

pub(super) async fn shard_revision(on: &mut Connection, generation: GenerationId, shard: Option<u32>) -> Found<i64> {
    let generation = generation.to_string();
    let query = match shard {
        None => sqlx::query::<Db>(REVISION).bind(generation),
        Some(shard) => sqlx::query::<Db>(SHARD_REVISION).bind(generation).bind(i64::from(shard)),
    };
    let row = query.fetch_optional(on).await.map_err(failure)?;
    row.map_or(Ok(0), |row| number(&row, "revision"))
}

pub(super) async fn changed_since(
    on: &mut Connection,
    generation: GenerationId,
    shard: u32,
    revision: i64,
    limit: u32,
) -> Found<Vec<SerialNumber>> {
    let rows = sqlx::query::<Db>(CHANGED)
        .bind(generation.to_string())
        .bind(i64::from(shard))
        .bind(revision)
        .bind(i64::from(limit))
        .fetch_all(on)
        .await
        .map_err(failure)?;
    rows.iter().map(|row| parsed(row, "serial")).collect()
}

pub(super) async fn revocations(
    on: &mut Connection,
    generation: GenerationId,
    shard: Option<u32>,
    now: OffsetDateTime,
) -> Found<Vec<Revoked>> {
    let generation = generation.to_string();
    let shards = match shard {
        Some(shard) => shard..shard + 1,
        None => {
            let row = sqlx::query::<Db>(SHARDS).bind(generation.clone()).fetch_optional(&mut *on);
            0..row.await.map_err(failure)?.map_or(Ok(0), |row| number(&row, "shards"))?
        }
    };
    let mut entries = Vec::new();
    for shard in shards {
        let mut after = String::new();
        loop {
            let page = sqlx::query::<Db>(REVOCATIONS)
                .bind(generation.clone())
                .bind(i64::from(shard))
                .bind(after)
                .bind(now.unix_timestamp())
                .bind(PAGE)
                .fetch_one(&mut *on)
                .await
                .map_err(failure)?;
            let Some(last) = text_or_none(&page, "last")? else { break };
            read_entries(&text(&page, "entries")?, &mut entries)?;
            after = last;
        }
    }
    Ok(entries)
}

/// Entries of a list that are read at once.
const PAGE: i64 = 4096;

/// `serial listed_at listed_for`, again and again.
fn read_entries(page: &str, entries: &mut Vec<Revoked>) -> Found<()> {
    let mut words = page.split(' ');
    while let Some(serial) = words.next() {
        let entry = (|| {
            let at = OffsetDateTime::from_unix_timestamp(words.next()?.parse().ok()?).ok()?;
            let reason = RevocationReason::from_code(words.next()?.parse().ok()?)?;
            Some(Revoked { serial: serial.parse().ok()?, at, reason })
        })();
        entries.push(entry.ok_or_else(|| unreadable("listed_at, listed_for"))?);
    }
    Ok(())
}

pub(super) async fn insert(on: &mut Connection, certificates: &[Certificate], revisions: &mut Revisions) -> Found<()> {
    for (sql, group) in INSERT.each(certificates) {
        let mut query = sqlx::query::<Db>(sql);
        for certificate in group {
            let state = StateColumns::of(certificate)?;
            query = query
                .bind(certificate.id.to_string())
                .bind(certificate.authority.as_str().to_owned())
                .bind(certificate.generation.to_string())
                .bind(certificate.holder.to_string())
                .bind(certificate.card.map(|card| card.to_string()))
                .bind(certificate.role.as_str().to_owned())
                .bind(certificate.serial.to_string())
                .bind(i64::from(certificate.shard))
                .bind(certificate.certificate.clone())
                .bind(certificate.sha256.to_vec())
                .bind(certificate.key_fingerprint.to_vec())
                .bind(certificate.not_before.unix_timestamp())
                .bind(certificate.not_after.unix_timestamp())
                .bind(certificate.issued_at.unix_timestamp())
                .bind(certificate.job.map(|job| job.to_string()))
                .bind(state.placement)
                .bind(state.read_back_at)
                .bind(state.name)
                .bind(state.holds)
                .bind(state.reason)
                .bind(state.revoked_at)
                .bind(state.listed_at)
                .bind(state.listed_for)
                .bind(revisions.of(&mut *on, certificate.generation).await?)
                .bind(certificate.version);
        }
        query.execute(&mut *on).await.map_err(failure)?;
    }
    Ok(())
}

/// Generations that this transaction has counted up, with their revisions: once each, and others of the generation
/// wait until the transaction ends, so that revisions are seen in their order.
#[derive(Default)]
pub(super) struct Revisions(HashMap<GenerationId, i64>);

impl Revisions {
    async fn of(&mut self, on: &mut Connection, generation: GenerationId) -> Found<i64> {
        if let Some(revision) = self.0.get(&generation) {
            return Ok(*revision);
        }
        let row = sqlx::query::<Db>(REVISE).bind(generation.to_string()).fetch_one(on).await.map_err(failure)?;
        let revision = number(&row, "revision")?;
        self.0.insert(generation, revision);
        Ok(revision)
    }
}

/// Whether the status changed.
pub(super) async fn update(
    on: &mut Connection,
    certificate: &mut Certificate,
    revisions: &mut Revisions,
) -> Found<bool> {
    let columns = StateColumns::of(certificate)?;
    let before = sqlx::query::<Db>(STATE)
        .bind(certificate.id.to_string())
        .bind(certificate.version)
        .fetch_optional(&mut *on)
        .await
        .map_err(failure)?
        .ok_or(StoreError::Stale)?;
    let changed = state(&before)? != certificate.state;
    let revision = if changed { Some(revisions.of(&mut *on, certificate.generation).await?) } else { None };
    let done = sqlx::query::<Db>(UPDATE)
        .bind(certificate.id.to_string())
        .bind(certificate.version)
        .bind(columns.placement)
        .bind(columns.read_back_at)
        .bind(columns.name)
        .bind(columns.holds)
        .bind(columns.reason)
        .bind(columns.revoked_at)
        .bind(columns.listed_at)
        .bind(columns.listed_for)
        .bind(revision)
        .execute(&mut *on)
        .await
        .map_err(failure)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Stale);
    }
    certificate.version += 1;
    Ok(changed)
}

pub(super) async fn issuances(on: &mut Connection, jobs: &[JobId]) -> Found<Vec<Issuance>> {
    let mut issuances = Vec::new();
    for (sql, group) in ISSUANCES.each(jobs) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, job| query.bind(job.to_string()));
        let rows = query.fetch_all(&mut *on).await.map_err(failure)?;
        for row in &rows {
            issuances.push(read_issuance(row)?);
        }
    }
    Ok(issuances)
}

pub(super) async fn unfinished_issuances(on: &mut Connection, before: OffsetDateTime) -> Found<Vec<Issuance>> {
    let rows = sqlx::query::<Db>(UNFINISHED).bind(before.unix_timestamp()).fetch_all(on).await.map_err(failure)?;
    rows.iter().map(read_issuance).collect()
}

pub(super) async fn insert_issuances(on: &mut Connection, issuances: &[Issuance]) -> Found<()> {
    for (sql, group) in INSERT_ISSUANCES.each(issuances) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, issuance| {
            query
                .bind(issuance.certificate.to_string())
                .bind(issuance.generation.to_string())
                .bind(issuance.serial.to_string())
                .bind(issuance.job.map(|job| job.to_string()))
                .bind(issuance.role.as_str().to_owned())
                .bind(issuance.key_fingerprint.to_vec())
                .bind(issuance_state(&issuance.state))
                .bind(to_be_signed(&issuance.state))
                .bind(issuance.at.unix_timestamp())
        });
        query.execute(&mut *on).await.map_err(failure)?;
    }
    Ok(())
}

pub(super) async fn settle_issuances(
    on: &mut Connection,
    certificates: &[CertificateId],
    settled: Settled,
) -> Found<()> {
    let statement = match settled {
        Settled::Issued => &ISSUED,
        Settled::Void => &VOID,
    };
    for (sql, group) in statement.each(certificates) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, id| query.bind(id.to_string()));
        let done = query.execute(&mut *on).await.map_err(failure)?;
        if done.rows_affected() != group.len() as u64 {
            return Err(StoreError::Stale);
        }
    }
    Ok(())
}

fn issuance_state(state: &IssuanceState) -> &'static str {
    match state {
        IssuanceState::Recorded { .. } => "recorded",
        IssuanceState::Issued => "issued",
        IssuanceState::Void => "void",
    }
}

fn to_be_signed(state: &IssuanceState) -> Option<Vec<u8>> {
    match state {
        IssuanceState::Recorded { to_be_signed } => Some(to_be_signed.clone()),
        _ => None,
    }
}

fn read_issuance(row: &Row) -> Found<Issuance> {
    let state = match text(row, "state")?.as_str() {
        "recorded" => IssuanceState::Recorded { to_be_signed: bytes(row, "to_be_signed")? },
        "issued" => IssuanceState::Issued,
        "void" => IssuanceState::Void,
        _ => return Err(unreadable("state")),
    };
    Ok(Issuance {
        certificate: parsed(row, "certificate")?,
        generation: parsed(row, "generation")?,
        serial: parsed(row, "serial")?,
        job: parsed_or_none(row, "job")?,
        role: word(row, "role")?,
        key_fingerprint: array(row, "key_fingerprint")?,
        state,
        at: time(row, "at")?,
    })
}

struct StateColumns {
    placement: Option<&'static str>,
    read_back_at: Option<i64>,
    name: &'static str,
    holds: String,
    reason: Option<&'static str>,
    revoked_at: Option<i64>,
    listed_at: Option<i64>,
    listed_for: Option<i64>,
}

impl StateColumns {
    fn of(certificate: &Certificate) -> Found<Self> {
        let (placement, read_back_at) = match certificate.placement {
            None => (None, None),
            Some(Placement::Pending) => (Some("pending"), None),
            Some(Placement::Written { read_back_at }) => (Some("written"), Some(read_back_at.unix_timestamp())),
        };
        let none: &[Hold] = &[];
        let (holds, reason, revoked_at) = match &certificate.state {
            CertificateState::Held { holds } | CertificateState::Suspended { holds } => (holds.as_slice(), None, None),
            CertificateState::Valid => (none, None, None),
            CertificateState::Revoked { reason, at } => (none, Some(reason.as_str()), Some(at.unix_timestamp())),
        };
        let name = certificate.state.name();
        let listed = revoked_for(&certificate.state, certificate.issued_at);
        Ok(Self {
            placement,
            read_back_at,
            name,
            holds: to_json(&holds)?,
            reason,
            revoked_at,
            listed_at: listed.map(|(at, _)| at.unix_timestamp()),
            listed_for: listed.map(|(_, reason)| reason.code().into()),
        })
    }
}

pub(super) fn state(row: &Row) -> Found<CertificateState> {
    Ok(match text(row, "state")?.as_str() {
        "held" => CertificateState::Held { holds: json(row, "holds")? },
        "valid" => CertificateState::Valid,
        "suspended" => CertificateState::Suspended { holds: json(row, "holds")? },
        "revoked" => {
            CertificateState::Revoked { reason: word(row, "revocation_reason")?, at: time(row, "revoked_at")? }
        }
        _ => return Err(unreadable("state")),
    })
}

fn one(row: Result<Option<Row>, sqlx::Error>) -> Found<Option<Certificate>> {
    row.map_err(failure)?.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Found<Certificate> {
    let placement = match text_or_none(row, "placement")?.as_deref() {
        None => None,
        Some("pending") => Some(Placement::Pending),
        Some("written") => Some(Placement::Written {
            read_back_at: time_or_none(row, "read_back_at")?.ok_or_else(|| unreadable("read_back_at"))?,
        }),
        Some(_) => return Err(unreadable("placement")),
    };
    Ok(Certificate {
        id: parsed(row, "id")?,
        authority: parsed(row, "authority")?,
        generation: parsed(row, "generation")?,
        holder: parsed(row, "holder")?,
        card: parsed_or_none(row, "card")?,
        role: word(row, "role")?,
        serial: parsed(row, "serial")?,
        shard: number(row, "shard")?,
        certificate: bytes(row, "certificate")?,
        sha256: array(row, "sha256")?,
        key_fingerprint: array(row, "key_fingerprint")?,
        not_before: time(row, "not_before")?,
        not_after: time(row, "not_after")?,
        issued_at: time(row, "issued_at")?,
        job: parsed_or_none(row, "job")?,
        placement,
        state: state(row)?,
        version: number(row, "version")?,
    })
}
