//! The frame that certificates, lists and OCSP answers share: to-be-signed bytes, algorithm, signature.

use der::Tag;

use crate::asn1::{self, ParseError, Parser};
use crate::key::SignatureAlgorithm;

/// `SEQUENCE { tbs, AlgorithmIdentifier, BIT STRING signature }`.
pub(crate) fn assemble(tbs: &[u8], algorithm: SignatureAlgorithm, signature: &[u8]) -> Vec<u8> {
    asn1::sequence(&[tbs, &algorithm.identifier_der(), &asn1::bits(signature)])
}

/// The parts of such a frame, as received.
pub(crate) struct Signed<'a> {
    pub(crate) tbs: &'a [u8],
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) signature: &'a [u8],
}

pub(crate) fn split(der: &[u8]) -> Result<Signed<'_>, ParseError> {
    let mut outer = Parser::only(der, Tag::Sequence)?;
    let signed = Signed {
        tbs: outer.element(Tag::Sequence)?.raw,
        algorithm: SignatureAlgorithm::from_identifier_der(outer.element(Tag::Sequence)?.raw)?,
        signature: outer.bits()?,
    };
    outer.finish()?;
    Ok(signed)
}
