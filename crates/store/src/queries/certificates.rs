//! Certificates and how they came about, and which of them strangers find.

use super::{
    Connection, Db, Found, Work, listing,
    rows::{
        Row, bytes, digest, json, number, parsed, parsed_or_none, text, text_or_none, time, time_or_none, to_json,
        unreadable, word,
    },
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{
    StoreError,
    certificates::{
        CertificateReader, CertificateWriter, Issuance, IssuanceState, KeyUse, ListQuery, ListedCertificate, Settled,
    },
    status::revoked_for,
};
use kaika_domain::certificates::{Certificate, CertificateState, Hold, Placement};
use kaika_pki::{CertificateDigest, KeyFingerprint};
use kaika_wire::{CardId, CertificateId, GenerationId, RequestId, SerialNumber};
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
    BY_DIGEST = certificates!(" WHERE sha256 = $1");
    OF_CARD = certificates!(" WHERE card = $1 ORDER BY issued_at, id");
    STATE = "SELECT state, holds, revocation_reason, revoked_at FROM certificate WHERE id = $1 AND version = $2";
    UPDATE = "UPDATE certificate SET placement = $3, read_back_at = $4, state = $5, holds = $6, \
        revocation_reason = $7, revoked_at = $8, listed_at = $9, listed_for = $10, \
        revision = COALESCE($11, revision), version = version + 1 WHERE id = $1 AND version = $2";
    REVISE = "UPDATE generation SET revision = revision + 1 WHERE id = $1 RETURNING revision";
    UNFINISHED = issuances!(" WHERE state = 'recorded' AND at < $1 ORDER BY at, certificate");
    UNPUBLISHED = "SELECT at FROM unpublished WHERE card = $1";
    PUBLISH = "DELETE FROM unpublished WHERE card = $1";
    UNPUBLISH = "INSERT INTO unpublished (card, at) VALUES ($1, $2) ON CONFLICT (card) DO NOTHING";

    [many] INSERT = "INSERT INTO certificate (id, authority, generation, holder, card, role, serial, shard, certificate, \
        sha256, key_fingerprint, not_before, not_after, issued_at, job, placement, read_back_at, state, holds, \
        revocation_reason, revoked_at, listed_at, listed_for, revision, version) VALUES {(25)}";
    [many] INSERT_ISSUANCES = "INSERT INTO issuance (certificate, generation, serial, job, role, key_fingerprint, state, \
        to_be_signed, at) VALUES {(9)}";
    [many] ISSUED = "UPDATE issuance SET state = 'issued', to_be_signed = NULL WHERE state = 'recorded' \
        AND certificate IN ({1})";
    [many] VOID = "UPDATE issuance SET state = 'void' WHERE state = 'recorded' AND certificate IN ({1})";
    [many] ISSUANCES = issuances!(" WHERE state <> 'void' AND job IN ({1})");
    [many] KEY_USES = "SELECT key_fingerprint, holder, card, role FROM certificate WHERE key_fingerprint IN ({1})";
}

#[async_trait]
impl CertificateReader for Work {
    async fn certificate(&mut self, id: CertificateId) -> Found<Option<Certificate>> {
        self.on(async |on| certificate(on, id).await).await
    }

    async fn certificate_by_serial(
        &mut self,
        generation: GenerationId,
        serial: &SerialNumber,
    ) -> Found<Option<Certificate>> {
        self.on(async |on| certificate_by_serial(on, generation, serial).await).await
    }

    async fn certificate_by_digest(&mut self, digest: &CertificateDigest) -> Found<Option<Certificate>> {
        self.on(async |on| certificate_by_digest(on, digest).await).await
    }

    async fn certificates_of_card(&mut self, card: CardId) -> Found<Vec<Certificate>> {
        self.on(async |on| of_card(on, card).await).await
    }

    async fn uses_of_keys(&mut self, fingerprints: &[KeyFingerprint]) -> Found<Vec<KeyUse>> {
        self.on(async |on| uses_of_keys(on, fingerprints).await).await
    }

    async fn issuances(&mut self, requests: &[RequestId]) -> Found<Vec<Issuance>> {
        self.on(async |on| issuances(on, requests).await).await
    }

    async fn unfinished_issuances(&mut self, before: OffsetDateTime) -> Found<Vec<Issuance>> {
        self.on(async |on| unfinished_issuances(on, before).await).await
    }

    async fn list_certificates(&mut self, query: &ListQuery<'_>) -> Found<Vec<ListedCertificate>> {
        self.on(async |on| listing::page(on, query).await).await
    }

    async fn is_published(&mut self, card: CardId) -> Found<bool> {
        let query = sqlx::query::<Db>(UNPUBLISHED).bind(card.to_string());
        self.on(async |on| Ok(query.fetch_optional(on).await.map_err(failure)?.is_none())).await
    }
}

#[async_trait]
impl CertificateWriter for Work {
    async fn insert_certificates(&mut self, certificates: &[Certificate]) -> Found<()> {
        // New ones were unknown, and nobody keeps an answer that says so: no change to be followed at once.
        let mut revisions = std::mem::take(&mut self.revisions);
        let done = self.on(async |on| {
            insert(on, certificates, &mut revisions).await?;
            listing::list(on, certificates).await
        });
        let done = done.await;
        self.revisions = revisions;
        done
    }

    async fn update_certificate(&mut self, certificate: &mut Certificate) -> Found<()> {
        let mut revisions = std::mem::take(&mut self.revisions);
        let changed = self.on(async |on| update(on, certificate, &mut revisions).await).await;
        self.revisions = revisions;
        self.status_changed |= changed?;
        Ok(())
    }

    async fn insert_issuances(&mut self, issuances: &[Issuance]) -> Found<()> {
        self.on(async |on| insert_issuances(on, issuances).await).await
    }

    async fn settle_issuances(&mut self, certificates: &[CertificateId], settled: Settled) -> Found<()> {
        self.on(async |on| settle_issuances(on, certificates, settled).await).await
    }

    async fn set_published(&mut self, card: CardId, published: bool, now: OffsetDateTime) -> Found<bool> {
        let set = match published {
            true => sqlx::query::<Db>(PUBLISH).bind(card.to_string()),
            false => sqlx::query::<Db>(UNPUBLISH).bind(card.to_string()).bind(now.unix_timestamp()),
        };
        Ok(self.execute(set).await? == 1)
    }
}

async fn certificate(on: &mut Connection, id: CertificateId) -> Found<Option<Certificate>> {
    one(sqlx::query::<Db>(CERTIFICATE).bind(id.to_string()).fetch_optional(on).await)
}

async fn certificate_by_serial(
    on: &mut Connection,
    generation: GenerationId,
    serial: &SerialNumber,
) -> Found<Option<Certificate>> {
    one(sqlx::query::<Db>(BY_SERIAL).bind(generation.to_string()).bind(serial.to_string()).fetch_optional(on).await)
}

async fn certificate_by_digest(on: &mut Connection, digest: &CertificateDigest) -> Found<Option<Certificate>> {
    one(sqlx::query::<Db>(BY_DIGEST).bind(digest.as_bytes().to_vec()).fetch_optional(on).await)
}

async fn of_card(on: &mut Connection, card: CardId) -> Found<Vec<Certificate>> {
    let rows = sqlx::query::<Db>(OF_CARD).bind(card.to_string()).fetch_all(on).await.map_err(failure)?;
    rows.iter().map(read).collect()
}

async fn uses_of_keys(on: &mut Connection, fingerprints: &[KeyFingerprint]) -> Found<Vec<KeyUse>> {
    let mut uses = Vec::new();
    for (sql, group) in KEY_USES.each(fingerprints) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, key| query.bind(key.as_bytes().to_vec()));
        for row in query.fetch_all(&mut *on).await.map_err(failure)? {
            uses.push(KeyUse {
                fingerprint: digest(&row, "key_fingerprint")?,
                holder: parsed(&row, "holder")?,
                card: parsed_or_none(&row, "card")?,
                role: parsed(&row, "role")?,
            });
        }
    }
    Ok(uses)
}

async fn insert(on: &mut Connection, certificates: &[Certificate], revisions: &mut Revisions) -> Found<()> {
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
                .bind(certificate.sha256.as_bytes().to_vec())
                .bind(certificate.key_fingerprint.as_bytes().to_vec())
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
async fn update(on: &mut Connection, certificate: &mut Certificate, revisions: &mut Revisions) -> Found<bool> {
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

async fn issuances(on: &mut Connection, requests: &[RequestId]) -> Found<Vec<Issuance>> {
    let mut issuances = Vec::new();
    for (sql, group) in ISSUANCES.each(requests) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, request| query.bind(request.to_string()));
        let rows = query.fetch_all(&mut *on).await.map_err(failure)?;
        for row in &rows {
            issuances.push(read_issuance(row)?);
        }
    }
    Ok(issuances)
}

async fn unfinished_issuances(on: &mut Connection, before: OffsetDateTime) -> Found<Vec<Issuance>> {
    let rows = sqlx::query::<Db>(UNFINISHED).bind(before.unix_timestamp()).fetch_all(on).await.map_err(failure)?;
    rows.iter().map(read_issuance).collect()
}

async fn insert_issuances(on: &mut Connection, issuances: &[Issuance]) -> Found<()> {
    for (sql, group) in INSERT_ISSUANCES.each(issuances) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, issuance| {
            query
                .bind(issuance.certificate.to_string())
                .bind(issuance.generation.to_string())
                .bind(issuance.serial.to_string())
                .bind(issuance.request.map(|request| request.to_string()))
                .bind(issuance.role.as_str().to_owned())
                .bind(issuance.key_fingerprint.as_bytes().to_vec())
                .bind(issuance_state(&issuance.state))
                .bind(to_be_signed(&issuance.state))
                .bind(issuance.at.unix_timestamp())
        });
        query.execute(&mut *on).await.map_err(failure)?;
    }
    Ok(())
}

async fn settle_issuances(on: &mut Connection, certificates: &[CertificateId], settled: Settled) -> Found<()> {
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
        request: parsed_or_none(row, "job")?,
        role: parsed(row, "role")?,
        key_fingerprint: digest(row, "key_fingerprint")?,
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

pub(super) fn read(row: &Row) -> Found<Certificate> {
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
        role: parsed(row, "role")?,
        serial: parsed(row, "serial")?,
        shard: number(row, "shard")?,
        certificate: bytes(row, "certificate")?,
        sha256: digest(row, "sha256")?,
        key_fingerprint: digest(row, "key_fingerprint")?,
        not_before: time(row, "not_before")?,
        not_after: time(row, "not_after")?,
        issued_at: time(row, "issued_at")?,
        job: parsed_or_none(row, "job")?,
        placement,
        state: state(row)?,
        version: number(row, "version")?,
    })
}
