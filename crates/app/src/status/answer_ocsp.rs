//! OCSP (RFC 6960, profile RFC 5019): what is the state of these certificates now?
//!
//! Answers without a nonce are signed once for each certificate and hash, and given out again until half of their time
//! is over or the status has changed. What cannot be signed in advance is signed as long as `may_sign` allows.

use crate::status::{Ready, Responder, StatusRecord, revoked_for};
use crate::{App, Failure};
use bytes::Bytes;
use kaika_domain::kernel::BACKDATED;
use kaika_pki::ocsp::{CertId, Nonce, Request, SingleAnswer, Status, Unsuccessful, unsuccessful};
use kaika_wire::{Code, SerialNumber};
use time::{Duration, OffsetDateTime};

/// How long an answer is good for.
const VALIDITY: Duration = Duration::minutes(10);
/// Questions in one request.
const MOST: usize = 32;

pub struct OcspAnswer {
    /// OCSPResponse (DER), an unsuccessful one too.
    pub response: Bytes,
    /// For how long it may be kept; none: not at all.
    pub cacheable: Option<Cacheable>,
}

/// From when, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cacheable {
    /// No two answers about one certificate are signed at the same moment.
    pub signed_at: OffsetDateTime,
    pub this_update: OffsetDateTime,
    pub next_update: OffsetDateTime,
}

impl OcspAnswer {
    fn refused(status: Unsuccessful) -> Self {
        Self { response: unsuccessful(status).into(), cacheable: None }
    }

    /// Nothing can be said at the moment.
    pub fn try_later() -> Self {
        Self::refused(Unsuccessful::TryLater)
    }
}

/// `may_sign` is asked before each signature that anybody can call for at will.
///
/// # Errors
/// The generation is unknown; the issuer or the store failed.
#[crate::use_case]
pub async fn answer_ocsp(
    app: &App,
    name: &str,
    request: &[u8],
    may_sign: &(dyn Fn() -> bool + Sync),
) -> Result<OcspAnswer, Failure> {
    let followed = app.status.follow(app).await;
    let Some(responder) = app.status.responder(name) else {
        followed?;
        return Err(Code::NotFound.into());
    };
    let request = match Request::from_der(request) {
        Ok(request) => request,
        Err(error) => return Ok(OcspAnswer::refused(error.answer())),
    };
    if request.certificates.is_empty() || request.certificates.len() > MOST {
        return Ok(OcspAnswer::refused(Unsuccessful::MalformedRequest));
    }
    // RFC 5019 §2.2.3: what this responder has no authority for, it does not sign.
    if request.certificates.iter().any(|asked| !responder.issuer.are_of(asked)) {
        return Ok(OcspAnswer::refused(Unsuccessful::Unauthorized));
    }
    let now = app.now();
    let only = match request.certificates.as_slice() {
        [asked] => Some(asked.clone()),
        _ => None,
    };
    let live = (request.nonce.is_some() || only.is_none()) && may_sign();
    if !live {
        // RFC 6960 §4.4.1 lets a responder leave the nonce out.
        let Some(asked) = &only else { return Ok(OcspAnswer::try_later()) };
        if let Some(ready) = app.status.ready(responder.generation.id, asked, now) {
            return Ok(OcspAnswer { response: ready.response, cacheable: Some(ready.cacheable) });
        }
    }
    followed?;
    let statuses = statuses(app, &responder, &request.certificates).await?;
    let unknown = statuses.contains(&Status::Unknown);
    if unknown && !live && !may_sign() {
        return Ok(OcspAnswer::try_later());
    }
    match only.filter(|_| !live && !unknown) {
        Some(asked) => sign_in_advance(app, &responder, asked, statuses[0], now).await,
        None => sign(app, &responder, request.certificates, &statuses, request.nonce.filter(|_| live), now).await,
    }
}

async fn sign_in_advance(
    app: &App,
    responder: &Responder,
    asked: CertId,
    status: Status,
    now: OffsetDateTime,
) -> Result<OcspAnswer, Failure> {
    let signed = sign(app, responder, vec![asked.clone()], &[status], None, now).await?;
    let cacheable = Cacheable { signed_at: now, this_update: this_update(status, now), next_update: now + VALIDITY };
    let ready = Ready { response: signed.response.clone(), cacheable, sign_again: now + VALIDITY / 2 };
    app.status.keep_answer(responder.generation.id, &asked, status, ready);
    Ok(OcspAnswer { cacheable: Some(cacheable), ..signed })
}

/// For those whose clocks are behind; never before the revocation that the answer tells of.
fn this_update(status: Status, now: OffsetDateTime) -> OffsetDateTime {
    match status {
        Status::Good | Status::Unknown => now - BACKDATED,
        Status::Revoked { at, .. } => at.clamp(now - BACKDATED, now),
    }
}

async fn sign(
    app: &App,
    responder: &Responder,
    asked: Vec<CertId>,
    statuses: &[Status],
    nonce: Option<Nonce>,
    now: OffsetDateTime,
) -> Result<OcspAnswer, Failure> {
    let next_update = Some(now + VALIDITY);
    let answer = |(certificate, status): (CertId, &Status)| SingleAnswer {
        certificate,
        status: *status,
        this_update: this_update(*status, now),
        next_update,
    };
    let answers = asked.into_iter().zip(statuses).map(answer).collect();
    let response = app.issuer.sign_ocsp(&responder.generation, answers, nonce, now).await?;
    Ok(OcspAnswer { response: response.into(), cacheable: None })
}

/// From the cache, or from the database into it.
async fn statuses(app: &App, responder: &Responder, asked: &[CertId]) -> Result<Vec<Status>, Failure> {
    let generation = responder.generation.id;
    let mut statuses = Vec::with_capacity(asked.len());
    let mut reader = None;
    for asked in asked {
        if let Some(status) = app.status.status(generation, asked.serial) {
            statuses.push(status);
            continue;
        }
        let Ok(serial) = SerialNumber::from_be_bytes(asked.serial.as_bytes()) else {
            statuses.push(Status::Unknown);
            continue;
        };
        let reader = match &mut reader {
            Some(reader) => reader,
            none => none.insert(app.store.read().await?),
        };
        let found = reader.certificate_status(generation, &serial).await?;
        let status = found.as_ref().map_or(Status::Unknown, status_of);
        if let Some(found) = found {
            app.status.keep_status(generation, asked.serial, status, found.read_at);
        }
        statuses.push(status);
    }
    Ok(statuses)
}

fn status_of(record: &StatusRecord) -> Status {
    match revoked_for(&record.state, record.issued_at) {
        None => Status::Good,
        Some((at, reason)) => Status::Revoked { at, reason },
    }
}
