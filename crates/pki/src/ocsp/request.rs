//! Questions to an OCSP responder (RFC 6960 §4.1).

use der::Tag;

use super::{CertId, Nonce, Unsuccessful};
use crate::asn1::{self, ParseError, Parser};
use crate::oid;

/// A question about one certificate takes about 120 bytes.
const MAX_REQUEST: usize = 8 * 1024;
const MAX_CERTIFICATES: usize = 32;

/// A question; a signature on it is passed over, as RFC 6960 §4.1.2 leaves it to the responder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// At least one, 32 at most.
    pub certificates: Vec<CertId>,
    pub nonce: Option<Nonce>,
}

/// Why a question is not answered; [`RequestError::answer`] says what to send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error(transparent)]
    Malformed(#[from] ParseError),
    #[error("the certificate is named by hashes other than SHA-1 or SHA-256")]
    UnknownHash,
}

impl RequestError {
    pub fn answer(&self) -> Unsuccessful {
        match self {
            Self::Malformed(_) => Unsuccessful::MalformedRequest,
            // RFC 5019 §2.2.3: the responder has no authoritative record.
            Self::UnknownHash => Unsuccessful::Unauthorized,
        }
    }
}

impl Request {
    /// Reads the DER OCSPRequest: the body of a POST, or what a GET's path holds in base64.
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        asn1::limit(der, MAX_REQUEST)?;
        let mut outer = Parser::only(der, Tag::Sequence)?;
        let mut body = outer.enter(Tag::Sequence)?;
        outer.optional(asn1::context(0))?;
        outer.finish()?;

        if let Some(mut version) = body.enter_optional(asn1::context(0))? {
            if version.small()? != 0 {
                return Err(ParseError::Content("not a version 1 question").into());
            }
            version.finish()?;
        }
        body.optional(asn1::context(1))?;
        let mut list = body.enter(Tag::Sequence)?;
        let mut certificates = Vec::new();
        while !list.is_empty() {
            let mut one = list.enter(Tag::Sequence)?;
            let id = CertId::read(one.enter(Tag::Sequence)?)?;
            if let Some(extensions) = one.enter_optional(asn1::context(0))? {
                refuse_critical(extensions)?;
            }
            one.finish()?;
            if certificates.len() == MAX_CERTIFICATES {
                return Err(ParseError::Content("too many certificates in one question").into());
            }
            certificates.push(id.ok_or(RequestError::UnknownHash)?);
        }
        if certificates.is_empty() {
            return Err(ParseError::Content("a question about no certificate").into());
        }
        let nonce = match body.enter_optional(asn1::context(2))? {
            Some(extensions) => read_nonce(extensions)?,
            None => None,
        };
        body.finish()?;
        Ok(Self { certificates, nonce })
    }

    /// The DER of an unsigned question.
    pub fn to_der(&self) -> Vec<u8> {
        let list: Vec<Vec<u8>> = self.certificates.iter().map(|id| asn1::sequence(&[&id.to_der()])).collect();
        let list = asn1::sequence(&[&list.concat()]);
        let extensions = self
            .nonce
            .as_ref()
            .map_or_else(Vec::new, |nonce| asn1::tlv(asn1::context(2), &[&asn1::sequence(&[&nonce.extension()])]));
        asn1::sequence(&[&asn1::sequence(&[&list, &extensions])])
    }
}

fn read_nonce(mut wrapper: Parser<'_>) -> Result<Option<Nonce>, ParseError> {
    let mut nonce = None;
    for one in asn1::extensions(wrapper.enter(Tag::Sequence)?)? {
        if one.id == oid::OCSP_NONCE {
            nonce = Some(Nonce::read(one.value)?);
        } else if one.critical {
            return Err(ParseError::Content("an unknown critical extension"));
        }
    }
    wrapper.finish()?;
    Ok(nonce)
}

fn refuse_critical(mut wrapper: Parser<'_>) -> Result<(), ParseError> {
    let list = asn1::extensions(wrapper.enter(Tag::Sequence)?)?;
    wrapper.finish()?;
    if list.iter().any(|one| one.critical) {
        return Err(ParseError::Content("an unknown critical extension"));
    }
    Ok(())
}
