//! Certificates and how they came about.

use super::{
    Connection, Db, Found,
    rows::{
        Row, array, bytes, json, number, parsed, parsed_or_none, text, text_or_none, time, time_or_none, to_json,
        to_word, unreadable, word,
    },
};
use crate::{failure, statements};
use kaika_app::{Issuance, IssuanceState, Revocation, StoreError};
use kaika_domain::{Certificate, CertificateState, Hold, Placement};
use kaika_wire::{CardId, CertificateId, CertificateRole, GenerationId, HolderId, JobId, SerialNumber};
use time::OffsetDateTime;

statements! {
    CERTIFICATE = "SELECT * FROM certificate WHERE id = $1";
    BY_SERIAL = "SELECT * FROM certificate WHERE generation = $1 AND serial = $2";
    OF_CARD = "SELECT * FROM certificate WHERE card = $1 ORDER BY issued_at, id";
    KEY_USED = "SELECT 1 AS found FROM certificate WHERE key_fingerprint = $1 AND holder <> $2 LIMIT 1";
    REVOCATIONS = "SELECT serial, issued_at, state, holds, revocation_reason, revoked_at FROM certificate \
        WHERE generation = $1 AND state <> 'valid' AND not_after >= $2 ORDER BY serial";
    INSERT = "INSERT INTO certificate (id, authority, generation, holder, card, role, serial, certificate, sha256, \
        key_fingerprint, not_before, not_after, issued_at, job, placement, read_back_at, state, holds, \
        revocation_reason, revoked_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    STATE = "SELECT state, holds, revocation_reason, revoked_at FROM certificate WHERE id = $1 AND version = $2";
    UPDATE = "UPDATE certificate SET placement = $3, read_back_at = $4, state = $5, holds = $6, \
        revocation_reason = $7, revoked_at = $8, version = version + 1 WHERE id = $1 AND version = $2";
    REVISE = "UPDATE generation SET revision = revision + 1 WHERE id = $1";
    ISSUANCE = "SELECT * FROM issuance WHERE job = $1 AND role = $2 AND key_fingerprint = $3 AND state <> 'void'";
    UNFINISHED = "SELECT * FROM issuance WHERE state IN ('reserved', 'recorded') AND at < $1 ORDER BY at, certificate";
    INSERT_ISSUANCE = "INSERT INTO issuance (certificate, generation, serial, job, role, key_fingerprint, state, \
        to_be_signed, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE_ISSUANCE = "UPDATE issuance SET state = $3, to_be_signed = COALESCE($4, to_be_signed) \
        WHERE certificate = $1 AND state = $2 AND (state <> 'recorded' OR to_be_signed = $5)";
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

pub(super) async fn key_used_by_another(on: &mut Connection, fingerprint: &[u8; 32], holder: HolderId) -> Found<bool> {
    let row = sqlx::query::<Db>(KEY_USED)
        .bind(fingerprint.to_vec())
        .bind(holder.to_string())
        .fetch_optional(on)
        .await
        .map_err(failure)?;
    Ok(row.is_some())
}

pub(super) async fn revocations(
    on: &mut Connection,
    generation: GenerationId,
    now: OffsetDateTime,
) -> Found<Vec<Revocation>> {
    let rows = sqlx::query::<Db>(REVOCATIONS)
        .bind(generation.to_string())
        .bind(now.unix_timestamp())
        .fetch_all(on)
        .await
        .map_err(failure)?;
    rows.iter()
        .map(|row| {
            let (at, reason) = match state(row)? {
                CertificateState::Revoked { reason, at } => (at, Some(reason)),
                CertificateState::Suspended { holds } => {
                    (holds.first().map_or_else(|| time(row, "issued_at"), |hold| Ok(hold.at))?, None)
                }
                CertificateState::Held { .. } | CertificateState::Valid => (time(row, "issued_at")?, None),
            };
            Ok(Revocation { serial: parsed(row, "serial")?, at, reason })
        })
        .collect()
}

pub(super) async fn insert(on: &mut Connection, certificate: &Certificate) -> Found<()> {
    let state = StateColumns::of(certificate)?;
    sqlx::query::<Db>(INSERT)
        .bind(certificate.id.to_string())
        .bind(certificate.authority.as_str().to_owned())
        .bind(certificate.generation.to_string())
        .bind(certificate.holder.to_string())
        .bind(certificate.card.map(|card| card.to_string()))
        .bind(to_word(&certificate.role)?)
        .bind(certificate.serial.to_string())
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
        .bind(certificate.version)
        .execute(&mut *on)
        .await
        .map_err(failure)?;
    revise(on, certificate.generation).await
}

pub(super) async fn update(on: &mut Connection, certificate: &mut Certificate) -> Found<()> {
    let columns = StateColumns::of(certificate)?;
    let before = sqlx::query::<Db>(STATE)
        .bind(certificate.id.to_string())
        .bind(certificate.version)
        .fetch_optional(&mut *on)
        .await
        .map_err(failure)?
        .ok_or(StoreError::Stale)?;
    let changed = state(&before)? != certificate.state;
    let done = sqlx::query::<Db>(UPDATE)
        .bind(certificate.id.to_string())
        .bind(certificate.version)
        .bind(columns.placement)
        .bind(columns.read_back_at)
        .bind(columns.name)
        .bind(columns.holds)
        .bind(columns.reason)
        .bind(columns.revoked_at)
        .execute(&mut *on)
        .await
        .map_err(failure)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Stale);
    }
    certificate.version += 1;
    if changed { revise(on, certificate.generation).await } else { Ok(()) }
}

async fn revise(on: &mut Connection, generation: GenerationId) -> Found<()> {
    sqlx::query::<Db>(REVISE).bind(generation.to_string()).execute(on).await.map_err(failure)?;
    Ok(())
}

pub(super) async fn issuance(
    on: &mut Connection,
    job: JobId,
    role: CertificateRole,
    key_fingerprint: &[u8; 32],
) -> Found<Option<Issuance>> {
    let row = sqlx::query::<Db>(ISSUANCE)
        .bind(job.to_string())
        .bind(role.as_str().to_owned())
        .bind(key_fingerprint.to_vec())
        .fetch_optional(on)
        .await
        .map_err(failure)?;
    row.map(|row| read_issuance(&row)).transpose()
}

pub(super) async fn unfinished_issuances(on: &mut Connection, before: OffsetDateTime) -> Found<Vec<Issuance>> {
    let rows = sqlx::query::<Db>(UNFINISHED).bind(before.unix_timestamp()).fetch_all(on).await.map_err(failure)?;
    rows.iter().map(read_issuance).collect()
}

pub(super) async fn insert_issuance(on: &mut Connection, issuance: &Issuance) -> Found<()> {
    sqlx::query::<Db>(INSERT_ISSUANCE)
        .bind(issuance.certificate.to_string())
        .bind(issuance.generation.to_string())
        .bind(issuance.serial.to_string())
        .bind(issuance.job.map(|job| job.to_string()))
        .bind(issuance.role.as_str().to_owned())
        .bind(issuance.key_fingerprint.to_vec())
        .bind(issuance_state(&issuance.state))
        .bind(to_be_signed(&issuance.state))
        .bind(issuance.at.unix_timestamp())
        .execute(on)
        .await
        .map_err(failure)?;
    Ok(())
}

pub(super) async fn update_issuance(on: &mut Connection, issuance: &Issuance, before: &IssuanceState) -> Found<()> {
    use IssuanceState::{Issued, Recorded, Reserved, Void};
    // No other way: a serial number has one to-be-signed text at most, and what is over stays over.
    if !matches!((before, &issuance.state), (Reserved, Recorded { .. } | Void) | (Recorded { .. }, Issued | Void)) {
        return Err(StoreError::Stale);
    }
    let done = sqlx::query::<Db>(UPDATE_ISSUANCE)
        .bind(issuance.certificate.to_string())
        .bind(issuance_state(before))
        .bind(issuance_state(&issuance.state))
        .bind(to_be_signed(&issuance.state))
        .bind(to_be_signed(before))
        .execute(on)
        .await
        .map_err(failure)?;
    if done.rows_affected() == 0 { Err(StoreError::Stale) } else { Ok(()) }
}

fn issuance_state(state: &IssuanceState) -> &'static str {
    match state {
        IssuanceState::Reserved => "reserved",
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
        "reserved" => IssuanceState::Reserved,
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
        Ok(Self { placement, read_back_at, name, holds: to_json(&holds)?, reason, revoked_at })
    }
}

fn state(row: &Row) -> Found<CertificateState> {
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
