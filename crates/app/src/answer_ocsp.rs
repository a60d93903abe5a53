//! OCSP (RFC 6960, profile RFC 5019): what is the state of these certificates now?

use crate::{App, Failure, Generation, publish_crl::generation};
use kaika_domain::{Certificate, CertificateState, RevocationReason};
use kaika_pki::{
    crl,
    ocsp::{CertId, Request, SingleAnswer, Status, Unsuccessful, unsuccessful},
};
use kaika_wire::SerialNumber;
use time::{Duration, OffsetDateTime};

/// How long an answer is good for.
const VALIDITY: Duration = Duration::minutes(10);
/// Questions in one request.
const MOST: usize = 32;

pub struct OcspAnswer {
    /// OCSPResponse (DER), an unsuccessful one too.
    pub response: Vec<u8>,
    /// Until when it may be kept; none: not at all.
    pub cacheable_until: Option<OffsetDateTime>,
}

/// # Errors
/// The generation is unknown; the issuer or the store failed.
pub async fn answer_ocsp(app: &App, name: &str, request: &[u8]) -> Result<OcspAnswer, Failure> {
    let refused = |status| Ok(OcspAnswer { response: unsuccessful(status), cacheable_until: None });
    let mut reader = app.store.read().await?;
    let generation = generation(reader.as_mut(), name).await?;
    let request = match Request::from_der(request) {
        Ok(request) => request,
        Err(error) => return refused(error.answer()),
    };
    if request.certificates.is_empty() || request.certificates.len() > MOST {
        return refused(Unsuccessful::MalformedRequest);
    }
    let issuer = kaika_pki::Certificate::from_der(&generation.certificate)
        .map_err(|error| Failure::Inconsistent(error.to_string()))?;
    // RFC 5019 §2.2.3: what this responder has no authority for, it does not sign.
    if request.certificates.iter().any(|asked| !asked.matches(&issuer)) {
        return refused(Unsuccessful::Unauthorized);
    }
    let now = app.now();
    let mut answers = Vec::with_capacity(request.certificates.len());
    for asked in request.certificates {
        answers.push(answer(reader.as_mut(), &generation, asked, now).await?);
    }
    drop(reader);
    let cacheable_until = request.nonce.is_none().then_some(now + VALIDITY);
    let response = app.issuer.sign_ocsp(&generation, answers, request.nonce, now).await?;
    Ok(OcspAnswer { response, cacheable_until })
}

async fn answer(
    reader: &mut dyn crate::Reader,
    generation: &Generation,
    asked: CertId,
    now: OffsetDateTime,
) -> Result<SingleAnswer, Failure> {
    let certificate = match SerialNumber::from_be_bytes(asked.serial.as_bytes()) {
        Ok(serial) => reader.certificate_by_serial(generation.id, &serial).await?,
        Err(_) => None,
    };
    let status = certificate.as_ref().map_or(Status::Unknown, status);
    Ok(SingleAnswer { certificate: asked, status, this_update: now, next_update: Some(now + VALIDITY) })
}

/// A held certificate is revoked for the time being, with the reason `certificateHold`.
fn status(certificate: &Certificate) -> Status {
    let held = |at| Status::Revoked { at, reason: crl::RevocationReason::CertificateHold };
    match &certificate.state {
        CertificateState::Valid => Status::Good,
        CertificateState::Held { .. } => held(certificate.issued_at),
        CertificateState::Suspended { holds } => held(holds.first().map_or(certificate.issued_at, |hold| hold.at)),
        CertificateState::Revoked { reason, at } => Status::Revoked { at: *at, reason: crl_reason(*reason) },
    }
}

/// The CRLReason of RFC 5280 §5.3.1.
pub fn crl_reason(reason: RevocationReason) -> crl::RevocationReason {
    match reason {
        RevocationReason::Unspecified => crl::RevocationReason::Unspecified,
        RevocationReason::KeyCompromise => crl::RevocationReason::KeyCompromise,
        RevocationReason::AffiliationChanged => crl::RevocationReason::AffiliationChanged,
        RevocationReason::Superseded => crl::RevocationReason::Superseded,
        RevocationReason::CessationOfOperation => crl::RevocationReason::CessationOfOperation,
        RevocationReason::PrivilegeWithdrawn => crl::RevocationReason::PrivilegeWithdrawn,
    }
}
