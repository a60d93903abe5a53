//! Revocation lists and OCSP responses.

use crate::authority::Authority;
use kaika_app::{IssueError, Revocation, Rng, crl_reason};
use kaika_pki::{
    Serial, SignatureAlgorithm,
    crl::{self, CrlToBeSigned, Revoked},
    ocsp::{self, Nonce, ResponseToBeSigned, SingleAnswer},
};
use time::OffsetDateTime;

pub(crate) fn sign_crl(
    authority: &Authority,
    number: i64,
    entries: &[Revocation],
    this_update: OffsetDateTime,
    next_update: OffsetDateTime,
) -> Result<Vec<u8>, IssueError> {
    let lint = |error: &dyn std::fmt::Display| IssueError::Lint(error.to_string());
    let issuer = authority.issuer();
    let algorithm = issuer.signature_algorithm();
    let list = CrlToBeSigned {
        issuer,
        number: u64::try_from(number).map_err(|error| lint(&error))?,
        this_update,
        next_update,
        shard_url: None,
    };
    let revoked: Vec<_> = entries
        .iter()
        .map(|entry| {
            Ok(Revoked {
                serial: Serial::new(entry.serial.as_be_bytes()).map_err(|error| lint(&error))?,
                at: entry.at,
                reason: entry.reason.map_or(crl::RevocationReason::CertificateHold, crl_reason),
            })
        })
        .collect::<Result<_, IssueError>>()?;
    let tbs = list.to_tbs(revoked).map_err(|error| lint(&error))?;
    let signature = authority.signer.sign(&tbs).map_err(|error| IssueError::Signer(error.to_string()))?;
    Ok(crl::assemble(&tbs, algorithm, &signature))
}

pub(crate) fn sign_ocsp(
    authority: &Authority,
    rng: &dyn Rng,
    answers: Vec<SingleAnswer>,
    nonce: Option<Nonce>,
    produced_at: OffsetDateTime,
) -> Result<Vec<u8>, IssueError> {
    let (responder, signer) = authority.responder(rng, produced_at)?;
    let key = signer.public_key();
    let response = ResponseToBeSigned { responder_key_id: key.key_identifier(), produced_at, answers, nonce };
    let tbs = response.to_tbs().map_err(|error| IssueError::Lint(error.to_string()))?;
    let signature = signer.sign(&tbs).map_err(|error| IssueError::Signer(error.to_string()))?;
    Ok(ocsp::assemble(&tbs, SignatureAlgorithm::for_key(key.algorithm()), &signature, &responder))
}
