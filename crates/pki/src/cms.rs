//! A document and a card's signature over it as CMS SignedData (RFC 5652): id-data, no signed attributes, the
//! signer's certificate inside. The card signs the document itself, so such a receipt can be made of what it
//! answered, and be judged by anyone's CMS tool (`openssl cms -verify -inform DER`).

use der::Tag;

use crate::asn1::{self, ParseError, Parser};
use crate::certificate::Certificate;
use crate::key::{BadSignature, SignatureAlgorithm};
use crate::oid;

const MAX_SIGNED_DATA: usize = 1024 * 1024;
const MAX_CERTIFICATES: usize = 8;

/// The DER ContentInfo. `signature` is the signer's over `document`, by the one algorithm of its kind of key;
/// nothing is verified here.
pub fn wrap(document: &[u8], signer: &Certificate, signature: &[u8]) -> Vec<u8> {
    wrap_with_issuers(document, signer, &[], signature)
}

/// The same with certificates of authorities inside, so that whoever verifies needs the root alone.
pub fn wrap_with_issuers(document: &[u8], signer: &Certificate, issuers: &[&Certificate], signature: &[u8]) -> Vec<u8> {
    let algorithm = SignatureAlgorithm::for_key(signer.public_key().algorithm());
    let digest = digest_identifier(algorithm);
    // RFC 5652 §5.1 and §5.3: version 1, as the signer is named by issuer and serial number and the content is data.
    let version = asn1::unsigned(&[1]);
    let signer_info = asn1::sequence(&[
        &version,
        &signer_identifier(signer),
        &digest,
        &algorithm.identifier_der(),
        &asn1::octets(signature),
    ]);
    let content = asn1::tlv(asn1::context(0), &[&asn1::octets(document)]);
    let mut certificates: Vec<&[u8]> = issuers.iter().map(|issuer| issuer.der()).collect();
    certificates.push(signer.der());
    // X.690 §11.6: the members of a SET OF in the order of their encodings.
    certificates.sort_unstable();
    certificates.dedup();
    let signed_data = asn1::sequence(&[
        &version,
        &asn1::tlv(Tag::Set, &[&digest]),
        &asn1::sequence(&[&asn1::oid(oid::DATA), &content]),
        &asn1::tlv(asn1::context(0), &certificates),
        &asn1::tlv(Tag::Set, &[&signer_info]),
    ]);
    asn1::sequence(&[&asn1::oid(oid::SIGNED_DATA), &asn1::tlv(asn1::context(0), &[&signed_data])])
}

/// What [`wrap`] made, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDocument {
    pub document: Vec<u8>,
    pub signer: Certificate,
    pub signature: Vec<u8>,
    /// The other certificates inside; nothing is verified of them here.
    pub issuers: Vec<Certificate>,
}

impl SignedDocument {
    /// Reads exactly the form of [`wrap_with_issuers`]: one signer, its certificate, no attributes.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        asn1::limit(der, MAX_SIGNED_DATA)?;
        let mut outer = Parser::only(der, Tag::Sequence)?;
        if outer.oid()? != oid::SIGNED_DATA {
            return Err(ParseError::Content("not CMS SignedData"));
        }
        let mut wrapper = outer.enter(asn1::context(0))?;
        outer.finish()?;
        let mut data = wrapper.enter(Tag::Sequence)?;
        wrapper.finish()?;

        version_1(&mut data)?;
        let digests = data.element(Tag::Set)?.value;
        let document = read_content(data.enter(Tag::Sequence)?)?;
        let mut set = data.enter(asn1::context(0))?;
        let mut certificates = Vec::new();
        while !set.is_empty() {
            if certificates.len() == MAX_CERTIFICATES {
                return Err(ParseError::Content("too many certificates"));
            }
            certificates.push(Certificate::from_der(set.any()?.raw)?);
        }
        let mut signers = data.enter(Tag::Set)?;
        data.finish()?;

        let mut info = signers.enter(Tag::Sequence)?;
        signers.finish()?;
        version_1(&mut info)?;
        let named = info.element(Tag::Sequence)?.raw;
        let digest_used = info.element(Tag::Sequence)?.raw;
        let algorithm_used = info.element(Tag::Sequence)?.raw;
        let signature = info.element(Tag::OctetString)?.value;
        info.finish()?;
        let at = certificates
            .iter()
            .position(|certificate| signer_identifier(certificate) == named)
            .ok_or(ParseError::Content("the signer's certificate is not inside"))?;
        let signer = certificates.swap_remove(at);
        let algorithm = SignatureAlgorithm::for_key(signer.public_key().algorithm());
        let digest = digest_identifier(algorithm);
        if digest_used != digest || digests != digest || algorithm_used != algorithm.identifier_der() {
            return Err(ParseError::Content("algorithms that are not those of the signer's key"));
        }
        Ok(Self { document: document.to_vec(), signer, signature: signature.to_vec(), issuers: certificates })
    }

    /// The signature over the document, by the key of the certificate inside; whose that is and whether it was
    /// valid, [`crate::chain::verify`] says.
    pub fn verify(&self) -> Result<(), BadSignature> {
        let key = self.signer.public_key();
        key.verify(SignatureAlgorithm::for_key(key.algorithm()), &self.document, &self.signature)
    }
}

/// RFC 5754 §2: written without parameters.
fn digest_identifier(algorithm: SignatureAlgorithm) -> Vec<u8> {
    asn1::sequence(&[&asn1::oid(algorithm.digest_oid())])
}

fn signer_identifier(signer: &Certificate) -> Vec<u8> {
    asn1::sequence(&[signer.issuer_der(), &asn1::unsigned(signer.serial().as_bytes())])
}

fn version_1(parser: &mut Parser<'_>) -> Result<(), ParseError> {
    if parser.small()? != 1 {
        return Err(ParseError::Content("not CMS version 1"));
    }
    Ok(())
}

fn read_content(mut content: Parser<'_>) -> Result<&[u8], ParseError> {
    if content.oid()? != oid::DATA {
        return Err(ParseError::Content("not id-data inside"));
    }
    let mut wrapper = content.enter(asn1::context(0))?;
    content.finish()?;
    let document = wrapper.element(Tag::OctetString)?.value;
    wrapper.finish()?;
    Ok(document)
}
