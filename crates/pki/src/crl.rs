//! Certificate revocation lists (RFC 5280 §5): complete ones, of all certificates of a key or of one shard.

use der::{Decode, Encode, Tag};
use time::OffsetDateTime;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, IssuingDistributionPoint};

use crate::asn1::{self, ParseError, Parser};
use crate::certificate::{Certificate, NotIssuedBy};
use crate::key::SignatureAlgorithm;
use crate::oid;
use crate::serial::Serial;
use crate::signed;
use crate::to_be_certified::{BuildError, Issuer, authority_key_identifier, extension, full_name, is_http_url};

/// Two million entries and more; a list of ours is cut into shards long before.
const MAX_CRL: usize = 128 * 1024 * 1024;

/// Why a certificate is no longer good (RFC 5280 §5.3.1). `removeFromCRL` is for delta lists, which we do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevocationReason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    PrivilegeWithdrawn,
    AaCompromise,
}

impl RevocationReason {
    pub const ALL: [Self; 9] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The number of the ENUMERATED CRLReason.
    pub fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
        }
    }

    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    pub(crate) fn to_der(self) -> Vec<u8> {
        asn1::tlv(Tag::Enumerated, &[&[self.code()]])
    }

    pub(crate) fn from_element(value: &[u8]) -> Result<Self, ParseError> {
        match value {
            [code] => Self::from_code(*code),
            _ => None,
        }
        .ok_or(ParseError::Content("an unknown revocation reason"))
    }
}

/// One entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    pub serial: Serial,
    /// Whole seconds count.
    pub at: OffsetDateTime,
    pub reason: RevocationReason,
}

/// What a list shall say beside its entries.
#[derive(Debug, Clone)]
pub struct CrlToBeSigned {
    pub issuer: Issuer,
    /// Grows with every list of the same scope (RFC 5280 §5.2.3).
    pub number: u64,
    pub this_update: OffsetDateTime,
    pub next_update: OffsetDateTime,
    /// The URL in the certificates of this shard; it becomes the critical issuing distribution point, without which
    /// one shard could be passed off as another. `None`: the list covers all certificates of the key.
    pub shard_url: Option<String>,
}

impl CrlToBeSigned {
    /// The DER TBSCertList: the exact bytes to be signed with [`Issuer::signature_algorithm`]. Entries are written
    /// as they come, once each, with room for what [`assemble`] adds: a million take no more than their own bytes.
    pub fn to_tbs(&self, entries: impl IntoIterator<Item = Revoked>) -> Result<Vec<u8>, BuildError> {
        if self.next_update <= self.this_update {
            return Err(BuildError::Period);
        }
        let mut tbs = write_entries(entries)?;
        let mut head = [
            // RFC 5280 §5.1.2.1: version 2 is the value 1.
            asn1::unsigned(&[1]),
            self.issuer.signature_algorithm().identifier_der(),
            self.issuer.name_der.clone(),
            asn1::time(self.this_update)?,
            asn1::time(self.next_update)?,
        ]
        .concat();
        // RFC 5280 §5.1.2.6: absent, never empty.
        if !tbs.is_empty() {
            asn1::push_header(&mut head, Tag::Sequence, tbs.len());
        }
        let extensions = asn1::sequence(&[&self.extensions()?.concat()]);
        tbs.extend(asn1::tlv(asn1::context(0), &[&extensions]));
        asn1::enclose(&mut tbs, &head);
        Ok(tbs)
    }

    fn extensions(&self) -> Result<Vec<Vec<u8>>, BuildError> {
        let key_id = authority_key_identifier(self.issuer.key_id)?;
        let number = asn1::unsigned(&self.number.to_be_bytes());
        let mut list = vec![
            extension(false, "authority key identifier", &key_id)?,
            asn1::extension(oid::CRL_NUMBER, false, &number),
        ];
        if let Some(url) = &self.shard_url {
            list.push(issuing_distribution_point(url)?);
        }
        Ok(list)
    }
}

/// Joins the bytes that were signed with the signature over them, in the place where they are: the DER list.
pub fn assemble(tbs: Vec<u8>, algorithm: SignatureAlgorithm, signature: &[u8]) -> Vec<u8> {
    let mut list = tbs;
    list.extend(algorithm.identifier_der());
    list.extend(asn1::bits(signature));
    asn1::enclose(&mut list, &[]);
    list
}

fn issuing_distribution_point(url: &str) -> Result<Vec<u8>, BuildError> {
    if !is_http_url(url) {
        return Err(BuildError::Url(url.to_owned()));
    }
    let der = IssuingDistributionPoint {
        distribution_point: Some(full_name(url)?),
        only_contains_user_certs: false,
        only_contains_ca_certs: false,
        only_some_reasons: None,
        indirect_crl: false,
        only_contains_attribute_certs: false,
    }
    .to_der()
    .map_err(|error| BuildError::Value("issuing distribution point", error))?;
    Ok(asn1::extension(oid::ISSUING_DISTRIBUTION_POINT, true, &der))
}

/// The longest entry with a serial number of 16 octets and a time before 2050.
const ENTRY: usize = 50;
/// For what is before and after the entries.
const FRAME: usize = 2048;

fn write_entries(entries: impl IntoIterator<Item = Revoked>) -> Result<Vec<u8>, BuildError> {
    let entries = entries.into_iter();
    let mut out = Vec::with_capacity(entries.size_hint().0 * ENTRY + FRAME);
    let reasons = RevocationReason::ALL.map(reason_extension);
    for entry in entries {
        let serial = asn1::unsigned(entry.serial.as_bytes());
        let at = asn1::time(entry.at)?;
        let reason = &reasons[entry.reason as usize];
        asn1::push_header(&mut out, Tag::Sequence, serial.len() + at.len() + reason.len());
        out.extend_from_slice(&serial);
        out.extend_from_slice(&at);
        out.extend_from_slice(reason);
    }
    Ok(out)
}

/// RFC 5280 §5.3.1: `unspecified` is said by leaving the extension out.
fn reason_extension(reason: RevocationReason) -> Vec<u8> {
    if reason == RevocationReason::Unspecified {
        return Vec::new();
    }
    asn1::sequence(&[&asn1::extension(oid::CRL_REASON, false, &reason.to_der())])
}

/// A list as received.
#[derive(Debug, Clone)]
pub struct Crl {
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
    issuer_der: Vec<u8>,
    authority_key_id: Option<Vec<u8>>,
    this_update: OffsetDateTime,
    next_update: OffsetDateTime,
    number: u64,
    shard_urls: Vec<String>,
    entries: Vec<Revoked>,
}

impl Crl {
    /// Reads a complete version 2 list with `nextUpdate` and number; refuses critical extensions other than the
    /// issuing distribution point of a shard.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        asn1::limit(der, MAX_CRL)?;
        let signed = signed::split(der)?;
        let mut body = Parser::only(signed.tbs, Tag::Sequence)?;
        if body.small()? != 1 {
            return Err(ParseError::Content("not a version 2 list"));
        }
        if SignatureAlgorithm::from_identifier_der(body.element(Tag::Sequence)?.raw)? != signed.algorithm {
            return Err(ParseError::Content("two different signature algorithms"));
        }
        let mut crl = Self {
            tbs: signed.tbs.to_vec(),
            algorithm: signed.algorithm,
            signature: signed.signature.to_vec(),
            issuer_der: body.element(Tag::Sequence)?.raw.to_vec(),
            authority_key_id: None,
            this_update: body.time()?,
            next_update: body.time()?,
            number: 0,
            shard_urls: Vec::new(),
            entries: Vec::new(),
        };
        if let Some(mut list) = body.enter_optional(Tag::Sequence)? {
            while !list.is_empty() {
                crl.entries.push(read_entry(list.enter(Tag::Sequence)?)?);
            }
        }
        let mut wrapper = body.enter(asn1::context(0))?;
        crl.read_extensions(wrapper.enter(Tag::Sequence)?)?;
        wrapper.finish()?;
        body.finish()?;
        Ok(crl)
    }

    pub fn this_update(&self) -> OffsetDateTime {
        self.this_update
    }

    pub fn next_update(&self) -> OffsetDateTime {
        self.next_update
    }

    pub fn number(&self) -> u64 {
        self.number
    }

    /// The URLs of the issuing distribution point; empty for a list of all certificates.
    pub fn shard_urls(&self) -> &[String] {
        &self.shard_urls
    }

    pub fn entries(&self) -> &[Revoked] {
        &self.entries
    }

    pub fn entry(&self, serial: Serial) -> Option<Revoked> {
        self.entries.iter().find(|entry| entry.serial == serial).copied()
    }

    /// Name, key identifier and signature over the received bytes.
    pub fn verify_issued_by(&self, issuer: &Certificate) -> Result<(), NotIssuedBy> {
        if self.issuer_der != issuer.subject_der() {
            return Err(NotIssuedBy::Name);
        }
        if self.authority_key_id.as_deref() != issuer.subject_key_id() {
            return Err(NotIssuedBy::KeyIdentifier);
        }
        issuer.public_key().verify(self.algorithm, &self.tbs, &self.signature)?;
        Ok(())
    }

    fn read_extensions(&mut self, list: Parser<'_>) -> Result<(), ParseError> {
        let mut number = None;
        for one in asn1::extensions(list)? {
            match one.id {
                oid::AUTHORITY_KEY_IDENTIFIER => {
                    let id = AuthorityKeyIdentifier::from_der(one.value)?;
                    self.authority_key_id = id.key_identifier.map(|id| id.as_bytes().to_vec());
                }
                oid::CRL_NUMBER => {
                    let mut value = Parser::new(one.value)?;
                    number = Some(value.small()?);
                    value.finish()?;
                }
                oid::ISSUING_DISTRIBUTION_POINT => {
                    self.shard_urls = shard_urls(IssuingDistributionPoint::from_der(one.value)?)?;
                }
                _ if one.critical => {
                    return Err(ParseError::Content("an unknown critical extension"));
                }
                _ => {}
            }
        }
        self.number = number.ok_or(ParseError::Content("a list without a number"))?;
        Ok(())
    }
}

fn read_entry(mut entry: Parser<'_>) -> Result<Revoked, ParseError> {
    let serial = entry.serial()?;
    let at = entry.time()?;
    let mut reason = RevocationReason::Unspecified;
    if let Some(list) = entry.enter_optional(Tag::Sequence)? {
        for one in asn1::extensions(list)? {
            if one.id == oid::CRL_REASON {
                let mut value = Parser::new(one.value)?;
                reason = RevocationReason::from_element(value.element(Tag::Enumerated)?.value)?;
                value.finish()?;
            } else if one.critical {
                return Err(ParseError::Content("an unknown critical extension"));
            }
        }
    }
    entry.finish()?;
    Ok(Revoked { serial, at, reason })
}

fn shard_urls(point: IssuingDistributionPoint) -> Result<Vec<String>, ParseError> {
    let partial = point.only_contains_user_certs
        || point.only_contains_ca_certs
        || point.only_contains_attribute_certs
        || point.only_some_reasons.is_some()
        || point.indirect_crl;
    if partial {
        return Err(ParseError::Content("an indirect list, or one of some reasons or kinds only"));
    }
    let Some(DistributionPointName::FullName(names)) = point.distribution_point else {
        return Err(ParseError::Content("an issuing distribution point without a full name"));
    };
    Ok(names
        .into_iter()
        .filter_map(|name| match name {
            GeneralName::UniformResourceIdentifier(url) => Some(url.to_string()),
            _ => None,
        })
        .collect())
}
