//! OCSP (RFC 6960, RFC 9654 for nonces): what both sides share. Questions are read in [`request`], answers written
//! and read in [`response`].

pub mod request;
pub mod response;

use der::Tag;

use crate::asn1::{self, ParseError, Parser};
use crate::certificate::Certificate;
use crate::key;
use crate::oid;
use crate::serial::Serial;

pub use request::{Request, RequestError};
pub use response::{
    Answer, NotAnswered, Response, ResponseToBeSigned, SingleAnswer, Status, Unsuccessful, assemble, unsuccessful,
};

/// The hashes that a certificate may be asked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    Sha1,
    Sha256,
}

impl HashAlgorithm {
    pub const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    fn hash(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => key::sha1(bytes).to_vec(),
            Self::Sha256 => key::sha256(bytes).to_vec(),
        }
    }

    fn oid(self) -> oid::Oid {
        match self {
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// How a certificate is named in OCSP: by hashes of its issuer's name and key, and its serial number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CertId {
    pub hash: HashAlgorithm,
    pub issuer_name_hash: Vec<u8>,
    pub issuer_key_hash: Vec<u8>,
    pub serial: Serial,
    /// How the hash algorithm's parameters are written: NULL, as most have it, or left out.
    pub null_parameters: bool,
}

impl CertId {
    /// In how many ways one certificate can be asked for.
    pub const WAYS: usize = 2 * HashAlgorithm::ALL.len();

    /// Which of them this is: an answer names the certificate as the question did, and so is one of its own for each.
    pub fn way(&self) -> usize {
        2 * self.hash as usize + usize::from(self.null_parameters)
    }

    /// Whether both name the same certificate, however they are written.
    pub fn is_same(&self, other: &Self) -> bool {
        Self { null_parameters: other.null_parameters, ..self.clone() } == *other
    }

    pub fn new(hash: HashAlgorithm, issuer: &Certificate, serial: Serial) -> Self {
        Self {
            hash,
            issuer_name_hash: hash.hash(issuer.subject_der()),
            issuer_key_hash: hash.hash(issuer.public_key().key_bytes()),
            serial,
            null_parameters: true,
        }
    }

    fn to_der(&self) -> Vec<u8> {
        let parameters: &[u8] = if self.null_parameters { &asn1::NULL } else { &[] };
        asn1::sequence(&[
            &asn1::sequence(&[&asn1::oid(self.hash.oid()), parameters]),
            &asn1::octets(&self.issuer_name_hash),
            &asn1::octets(&self.issuer_key_hash),
            &asn1::unsigned(self.serial.as_bytes()),
        ])
    }

    /// `None` for a hash algorithm that is not known here.
    fn read(mut id: Parser<'_>) -> Result<Option<Self>, ParseError> {
        let mut algorithm = id.enter(Tag::Sequence)?;
        let wanted = algorithm.oid()?;
        let null_parameters = algorithm.optional(Tag::Null)?.is_some();
        algorithm.finish()?;
        let issuer_name_hash = id.element(Tag::OctetString)?.value;
        let issuer_key_hash = id.element(Tag::OctetString)?.value;
        let serial = id.serial()?;
        id.finish()?;
        let Some(hash) = HashAlgorithm::ALL.into_iter().find(|hash| hash.oid() == wanted) else {
            return Ok(None);
        };
        if issuer_name_hash.len() != hash.len() || issuer_key_hash.len() != hash.len() {
            return Err(ParseError::Content("a hash of the wrong length"));
        }
        Ok(Some(Self {
            hash,
            issuer_name_hash: issuer_name_hash.to_vec(),
            issuer_key_hash: issuer_key_hash.to_vec(),
            serial,
            null_parameters,
        }))
    }
}

/// The hashes that questions name an issuer by, made once.
#[derive(Debug, Clone)]
pub struct IssuerHashes([(Vec<u8>, Vec<u8>); HashAlgorithm::ALL.len()]);

impl IssuerHashes {
    pub fn of(issuer: &Certificate) -> Self {
        Self(
            HashAlgorithm::ALL
                .map(|hash| (hash.hash(issuer.subject_der()), hash.hash(issuer.public_key().key_bytes()))),
        )
    }

    /// Both hashes are this issuer's; keys of other generations under the same name do not match.
    pub fn are_of(&self, asked: &CertId) -> bool {
        let (name, key) = &self.0[asked.hash as usize];
        asked.issuer_name_hash == *name && asked.issuer_key_hash == *key
    }
}

/// A nonce as its extension's value was received, to be echoed byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(Vec<u8>);

impl Nonce {
    /// RFC 9654 §2.1: 1 to 128 octets, in an OCTET STRING of its own; some clients leave that inner wrapping out.
    fn read(extension_value: &[u8]) -> Result<Self, ParseError> {
        let wrapped = Parser::only_octets(extension_value);
        let nonce = wrapped.unwrap_or(extension_value);
        if !(1..=128).contains(&nonce.len()) {
            return Err(ParseError::Content("a nonce is 1 to 128 octets long"));
        }
        Ok(Self(extension_value.to_vec()))
    }

    /// A nonce of one's own to ask with; `None` unless 1 to 128 octets.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (1..=128).contains(&bytes.len()).then(|| Self(asn1::octets(bytes)))
    }

    fn extension(&self) -> Vec<u8> {
        asn1::extension(oid::OCSP_NONCE, false, &self.0)
    }
}
