//! From a certificate to a root of ours. Not general path building: the authorities are a small set that the
//! caller trusts to be complete, each certified by exactly one key of the set.

use time::OffsetDateTime;
use x509_cert::ext::pkix::KeyUsages;

use crate::certificate::{Certificate, NotIssuedBy};
use crate::oid::{self, Oid};

/// Certificate, issuing authority, root, and one to spare.
const MAX_DEPTH: usize = 4;

/// Critical extensions that are understood here or checked by whoever uses the certificate.
const UNDERSTOOD: [Oid; 5] =
    [oid::KEY_USAGE, oid::BASIC_CONSTRAINTS, oid::EXTENDED_KEY_USAGE, oid::CERTIFICATE_POLICIES, oid::SUBJECT_ALT_NAME];

/// Why a certificate is not ours. Depth 0 is the certificate itself, 1 its issuer, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("no authority of this name and key is known (depth {depth})")]
    UnknownIssuer { depth: usize },
    #[error("the signature is not its issuer's (depth {depth})")]
    Signature { depth: usize },
    #[error("not yet valid (depth {depth})")]
    NotYetValid { depth: usize },
    #[error("expired (depth {depth})")]
    Expired { depth: usize },
    #[error("the issuer may not issue certificates (depth {depth})")]
    NotAnAuthority { depth: usize },
    #[error("the issuer may not issue to authorities (depth {depth})")]
    PathLength { depth: usize },
    #[error("a critical extension is not understood (depth {depth})")]
    UnknownCritical { depth: usize },
    #[error("the chain is too long")]
    TooLong,
}

/// The issuers of `certificate`, its own first and the self-signed root last; all from `authorities`. Checked are
/// names, key identifiers, signatures over the received bytes, validity at `now`, basic constraints, key usage and
/// critical extensions – not revocation, nor what the certificate is used for. A root of the set has no issuers.
pub fn verify<'a>(
    certificate: &Certificate,
    authorities: &'a [Certificate],
    now: OffsetDateTime,
) -> Result<Vec<&'a Certificate>, ChainError> {
    check_itself(certificate, 0, now)?;
    let mut path: Vec<&'a Certificate> = Vec::new();
    loop {
        let depth = path.len();
        let current = path.last().copied().unwrap_or(certificate);
        if authorities.contains(current) && current.verify_issued_by(current).is_ok() {
            return Ok(path);
        }
        if depth + 1 == MAX_DEPTH {
            return Err(ChainError::TooLong);
        }
        let issuer = find_issuer(current, authorities, depth)?;
        check_itself(issuer, depth + 1, now)?;
        check_authority(issuer, depth + 1)?;
        path.push(issuer);
    }
}

fn find_issuer<'a>(
    certificate: &Certificate,
    authorities: &'a [Certificate],
    depth: usize,
) -> Result<&'a Certificate, ChainError> {
    let mut error = ChainError::UnknownIssuer { depth };
    for authority in authorities {
        match certificate.verify_issued_by(authority) {
            Ok(()) => return Ok(authority),
            Err(NotIssuedBy::Signature(_)) => error = ChainError::Signature { depth },
            Err(NotIssuedBy::Name | NotIssuedBy::KeyIdentifier) => {}
        }
    }
    Err(error)
}

fn check_itself(certificate: &Certificate, depth: usize, now: OffsetDateTime) -> Result<(), ChainError> {
    if now < certificate.not_before() {
        return Err(ChainError::NotYetValid { depth });
    }
    if !certificate.is_within_validity(now) {
        return Err(ChainError::Expired { depth });
    }
    let understood = |(id, critical): &(Oid, bool)| !critical || UNDERSTOOD.contains(id);
    if !certificate.extensions().iter().all(understood) {
        return Err(ChainError::UnknownCritical { depth });
    }
    Ok(())
}

/// An issuer at `depth` has `depth - 1` authorities below it (RFC 5280 §4.2.1.9).
fn check_authority(issuer: &Certificate, depth: usize) -> Result<(), ChainError> {
    let signs = issuer.key_usage().is_some_and(|usage| usage.contains(KeyUsages::KeyCertSign));
    if !issuer.is_ca() || !signs {
        return Err(ChainError::NotAnAuthority { depth });
    }
    if issuer.path_length().is_some_and(|most| depth - 1 > usize::from(most)) {
        return Err(ChainError::PathLength { depth });
    }
    Ok(())
}
