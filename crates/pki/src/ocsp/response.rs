//! Answers of an OCSP responder (RFC 6960 §4.2).

use der::Tag;
use time::OffsetDateTime;

use super::{CertId, Nonce};
use crate::asn1::{self, ParseError, Parser, TimeOutOfRange};
use crate::certificate::{Certificate, NotIssuedBy};
use crate::crl::RevocationReason;
use crate::key::{BadSignature, SignatureAlgorithm};
use crate::oid;

const MAX_RESPONSE: usize = 64 * 1024;

/// What a certificate is found to be. A held one is `Revoked` with [`RevocationReason::CertificateHold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Good,
    Revoked { at: OffsetDateTime, reason: RevocationReason },
    Unknown,
}

/// The answer about one certificate. Whole seconds count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleAnswer {
    pub certificate: CertId,
    pub status: Status,
    pub this_update: OffsetDateTime,
    pub next_update: Option<OffsetDateTime>,
}

/// What an answer shall say.
#[derive(Debug, Clone)]
pub struct ResponseToBeSigned {
    /// The key identifier of the responder's certificate: responderID byKey.
    pub responder_key_id: [u8; 20],
    pub produced_at: OffsetDateTime,
    pub answers: Vec<SingleAnswer>,
    /// The question's, echoed.
    pub nonce: Option<Nonce>,
}

impl ResponseToBeSigned {
    /// The DER ResponseData: the exact bytes to be signed.
    pub fn to_tbs(&self) -> Result<Vec<u8>, TimeOutOfRange> {
        let answers = self.answers.iter().map(SingleAnswer::to_der).collect::<Result<Vec<_>, _>>()?;
        let extensions = self
            .nonce
            .as_ref()
            .map_or_else(Vec::new, |nonce| asn1::tlv(asn1::context(1), &[&asn1::sequence(&[&nonce.extension()])]));
        Ok(asn1::sequence(&[
            &asn1::tlv(asn1::context(2), &[&asn1::octets(&self.responder_key_id)]),
            &asn1::generalized(self.produced_at)?,
            &asn1::sequence(&[&answers.concat()]),
            &extensions,
        ]))
    }
}

/// Joins the bytes that were signed with the signature over them, and the certificate of the responder, into the
/// DER OCSPResponse.
pub fn assemble(tbs: &[u8], algorithm: SignatureAlgorithm, signature: &[u8], responder: &Certificate) -> Vec<u8> {
    let certificates = asn1::sequence(&[responder.der()]);
    let basic = asn1::sequence(&[
        tbs,
        &algorithm.identifier_der(),
        &asn1::bits(signature),
        &asn1::tlv(asn1::context(0), &[&certificates]),
    ]);
    let bytes = asn1::sequence(&[&asn1::oid(oid::OCSP_BASIC), &asn1::octets(&basic)]);
    asn1::sequence(&[&asn1::tlv(Tag::Enumerated, &[&[0]]), &asn1::tlv(asn1::context(0), &[&bytes])])
}

/// The answers that carry no status and no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsuccessful {
    MalformedRequest,
    InternalError,
    TryLater,
    SigRequired,
    Unauthorized,
}

impl Unsuccessful {
    pub const ALL: [Self; 5] =
        [Self::MalformedRequest, Self::InternalError, Self::TryLater, Self::SigRequired, Self::Unauthorized];

    fn code(self) -> u8 {
        match self {
            Self::MalformedRequest => 1,
            Self::InternalError => 2,
            Self::TryLater => 3,
            Self::SigRequired => 5,
            Self::Unauthorized => 6,
        }
    }
}

/// The DER OCSPResponse of five bytes.
pub fn unsuccessful(status: Unsuccessful) -> Vec<u8> {
    asn1::sequence(&[&asn1::tlv(Tag::Enumerated, &[&[status.code()]])])
}

/// A responder's answer as received.
#[derive(Debug, Clone)]
pub enum Response {
    Answered(Box<Answer>),
    Unsuccessful(Unsuccessful),
}

/// The signed part of an answer. Nothing in it is to be believed before [`Answer::verify`].
#[derive(Debug, Clone)]
pub struct Answer {
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
    responder_key_id: Vec<u8>,
    responder: Option<Certificate>,
    pub produced_at: OffsetDateTime,
    pub answers: Vec<SingleAnswer>,
    pub nonce: Option<Nonce>,
}

/// Why an answer is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnswered {
    #[error("the responder is neither the issuer nor certified by it to answer")]
    Responder,
    #[error("the responder's certificate: {0}")]
    ResponderCertificate(#[from] NotIssuedBy),
    #[error("the responder's certificate is not valid now")]
    ResponderExpired,
    #[error(transparent)]
    Signature(#[from] BadSignature),
}

impl Response {
    /// Reads an OCSPResponse with a responder named by key.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        asn1::limit(der, MAX_RESPONSE)?;
        let mut outer = Parser::only(der, Tag::Sequence)?;
        let status = outer.element(Tag::Enumerated)?.value;
        if status != [0] {
            outer.finish()?;
            return Unsuccessful::ALL
                .into_iter()
                .find(|known| status == [known.code()])
                .map(Self::Unsuccessful)
                .ok_or(ParseError::Content("an unknown response status"));
        }
        let mut wrapper = outer.enter(asn1::context(0))?;
        outer.finish()?;
        let mut bytes = wrapper.enter(Tag::Sequence)?;
        wrapper.finish()?;
        if bytes.oid()? != oid::OCSP_BASIC {
            return Err(ParseError::Content("not a basic OCSP response"));
        }
        let basic = bytes.element(Tag::OctetString)?.value;
        bytes.finish()?;
        Ok(Self::Answered(Box::new(Answer::from_basic(basic)?)))
    }
}

impl Answer {
    /// The answer about this certificate, however it is written there.
    pub fn about(&self, certificate: &CertId) -> Option<&SingleAnswer> {
        self.answers.iter().find(|answer| answer.certificate.is_same(certificate))
    }

    /// RFC 6960 §3.2: signed by the issuer itself, or by a responder that this issuer certified for it and that is
    /// valid now. Whether the answer is fresh is the caller's to judge, by its times or its nonce.
    pub fn verify(&self, issuer: &Certificate, now: OffsetDateTime) -> Result<(), NotAnswered> {
        let key = match &self.responder {
            Some(responder) if responder != issuer => {
                responder.verify_issued_by(issuer)?;
                if !responder.extended_key_usage().contains(&oid::KP_OCSP_SIGNING) {
                    return Err(NotAnswered::Responder);
                }
                if !responder.is_within_validity(now) {
                    return Err(NotAnswered::ResponderExpired);
                }
                responder.public_key()
            }
            _ => issuer.public_key(),
        };
        if key.key_identifier() != self.responder_key_id.as_slice() {
            return Err(NotAnswered::Responder);
        }
        key.verify(self.algorithm, &self.tbs, &self.signature)?;
        Ok(())
    }

    fn from_basic(der: &[u8]) -> Result<Self, ParseError> {
        let mut basic = Parser::only(der, Tag::Sequence)?;
        let tbs = basic.element(Tag::Sequence)?.raw;
        let algorithm = SignatureAlgorithm::from_identifier_der(basic.element(Tag::Sequence)?.raw)?;
        let signature = basic.bits()?.to_vec();
        let mut responder = None;
        if let Some(mut wrapper) = basic.enter_optional(asn1::context(0))? {
            let mut list = wrapper.enter(Tag::Sequence)?;
            wrapper.finish()?;
            if !list.is_empty() {
                responder = Some(Certificate::from_der(list.any()?.raw)?);
            }
        }
        basic.finish()?;

        let mut body = Parser::only(tbs, Tag::Sequence)?;
        let mut by_key = body.enter(asn1::context(2))?;
        let responder_key_id = by_key.element(Tag::OctetString)?.value.to_vec();
        by_key.finish()?;
        let produced_at = body.generalized()?;
        let mut list = body.enter(Tag::Sequence)?;
        let mut answers = Vec::new();
        while !list.is_empty() {
            answers.push(SingleAnswer::read(list.enter(Tag::Sequence)?)?);
        }
        let mut nonce = None;
        if let Some(mut wrapper) = body.enter_optional(asn1::context(1))? {
            for one in asn1::extensions(wrapper.enter(Tag::Sequence)?)? {
                if one.id == oid::OCSP_NONCE {
                    nonce = Some(Nonce::read(one.value)?);
                } else if one.critical {
                    return Err(ParseError::Content("an unknown critical extension"));
                }
            }
            wrapper.finish()?;
        }
        body.finish()?;
        Ok(Self { tbs: tbs.to_vec(), algorithm, signature, responder_key_id, responder, produced_at, answers, nonce })
    }
}

impl SingleAnswer {
    fn to_der(&self) -> Result<Vec<u8>, TimeOutOfRange> {
        let next_update = match self.next_update {
            Some(at) => asn1::tlv(asn1::context(0), &[&asn1::generalized(at)?]),
            None => Vec::new(),
        };
        Ok(asn1::sequence(&[
            &self.certificate.to_der(),
            &self.status.to_der()?,
            &asn1::generalized(self.this_update)?,
            &next_update,
        ]))
    }

    fn read(mut answer: Parser<'_>) -> Result<Self, ParseError> {
        let certificate =
            CertId::read(answer.enter(Tag::Sequence)?)?.ok_or(ParseError::Content("an unknown hash algorithm"))?;
        let status = Status::read(&mut answer)?;
        let this_update = answer.generalized()?;
        let next_update = match answer.enter_optional(asn1::context(0))? {
            Some(mut wrapper) => {
                let at = wrapper.generalized()?;
                wrapper.finish()?;
                Some(at)
            }
            None => None,
        };
        if let Some(mut wrapper) = answer.enter_optional(asn1::context(1))? {
            let list = asn1::extensions(wrapper.enter(Tag::Sequence)?)?;
            wrapper.finish()?;
            if list.iter().any(|one| one.critical) {
                return Err(ParseError::Content("an unknown critical extension"));
            }
        }
        answer.finish()?;
        Ok(Self { certificate, status, this_update, next_update })
    }
}

impl Status {
    fn to_der(self) -> Result<Vec<u8>, TimeOutOfRange> {
        Ok(match self {
            Self::Good => asn1::tlv(asn1::context_primitive(0), &[]),
            Self::Unknown => asn1::tlv(asn1::context_primitive(2), &[]),
            Self::Revoked { at, reason } => {
                let reason = if reason == RevocationReason::Unspecified {
                    Vec::new()
                } else {
                    asn1::tlv(asn1::context(0), &[&reason.to_der()])
                };
                asn1::tlv(asn1::context(1), &[&asn1::generalized(at)?, &reason])
            }
        })
    }

    fn read(answer: &mut Parser<'_>) -> Result<Self, ParseError> {
        let element = answer.any()?;
        if element.tag == asn1::context_primitive(0) && element.value.is_empty() {
            Ok(Self::Good)
        } else if element.tag == asn1::context_primitive(2) && element.value.is_empty() {
            Ok(Self::Unknown)
        } else if element.tag == asn1::context(1) {
            let mut revoked = Parser::new(element.value)?;
            let at = revoked.generalized()?;
            let reason = match revoked.enter_optional(asn1::context(0))? {
                Some(mut wrapper) => {
                    let value = wrapper.element(Tag::Enumerated)?.value;
                    wrapper.finish()?;
                    RevocationReason::from_element(value)?
                }
                None => RevocationReason::Unspecified,
            };
            revoked.finish()?;
            Ok(Self::Revoked { at, reason })
        } else {
            Err(ParseError::Content("an unknown certificate status"))
        }
    }
}
