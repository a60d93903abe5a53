//! A certificate as received: its bytes, and what they say.

use std::fmt;

use der::flagset::FlagSet;
use der::pem::{self, LineEnding};
use der::{Decode, Tag, Tagged};
use time::OffsetDateTime;
use x509_cert::ext::pkix::certpolicy::CertificatePolicies;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage,
    KeyUsage, KeyUsages, SubjectAltName, SubjectDirectoryAttributes, SubjectKeyIdentifier,
};

use crate::asn1::{self, ParseError, Parser};
use crate::digest::CertificateDigest;
use crate::key::{BadSignature, KeyError, PublicKey, SignatureAlgorithm};
use crate::name::{Attribute, DistinguishedName};
use crate::oid::{self, Oid};
use crate::profile::Profile;
use crate::serial::Serial;
use crate::signed;
use crate::to_be_certified::{DirectoryAttributes, Rank};

/// Far above what a PIV object or any CA certificate of ours holds.
const MAX_CERTIFICATE: usize = 16 * 1024;
const PEM_LABEL: &str = "CERTIFICATE";

/// An X.509 v3 certificate with a key and a signature of the kinds we know. All accessors speak of the bytes
/// received, none of which is ever encoded anew.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
    facts: Facts,
}

/// What a TBSCertificate says.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) serial: Serial,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) issuer_der: Vec<u8>,
    pub(crate) subject_der: Vec<u8>,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    pub(crate) public_key: PublicKey,
    pub(crate) extensions: Extensions,
}

/// The extensions by what they say; absent ones are `None` or empty.
#[derive(Clone, Default)]
pub(crate) struct Extensions {
    /// Every one in order, with its criticality.
    pub(crate) present: Vec<(Oid, bool)>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
    pub(crate) key_usage: Option<FlagSet<KeyUsages>>,
    pub(crate) extended_key_usage: Vec<Oid>,
    pub(crate) ca: Option<bool>,
    pub(crate) path_length: Option<u8>,
    pub(crate) policies: Vec<Oid>,
    pub(crate) emails: Vec<String>,
    /// The subject alternative name holds something other than e-mail addresses.
    pub(crate) other_names: bool,
    pub(crate) crl_urls: Vec<String>,
    pub(crate) ocsp_urls: Vec<String>,
    pub(crate) issuer_urls: Vec<String>,
    pub(crate) directory: DirectoryAttributes,
}

/// The certificate was not issued by this authority key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotIssuedBy {
    #[error("the issuer's name is another")]
    Name,
    #[error("the issuer's key is another")]
    KeyIdentifier,
    #[error(transparent)]
    Signature(#[from] BadSignature),
}

impl Certificate {
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        asn1::limit(der, MAX_CERTIFICATE)?;
        let signed = signed::split(der)?;
        let facts = Facts::from_tbs(signed.tbs)?;
        // RFC 5280 §4.1.1.2: the algorithm outside must be the one that is signed.
        if facts.algorithm != signed.algorithm {
            return Err(ParseError::Content("two different signature algorithms"));
        }
        Ok(Self {
            der: der.to_vec(),
            tbs: signed.tbs.to_vec(),
            algorithm: signed.algorithm,
            signature: signed.signature.to_vec(),
            facts,
        })
    }

    /// Reads the one certificate in this PEM text.
    pub fn from_pem(text: &str) -> Result<Self, ParseError> {
        asn1::limit(text.as_bytes(), MAX_CERTIFICATE * 2)?;
        let (label, der) =
            pem::decode_vec(text.as_bytes()).map_err(|_| ParseError::Content("not the PEM of a certificate"))?;
        if label != PEM_LABEL {
            return Err(ParseError::Content("not the PEM of a certificate"));
        }
        Self::from_der(&der)
    }

    pub fn to_pem(&self) -> String {
        pem::encode_string(PEM_LABEL, LineEnding::LF, &self.der).expect("no certificate is too long for PEM")
    }

    /// The whole certificate as received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The bytes that are signed.
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub fn digest(&self) -> CertificateDigest {
        CertificateDigest::of(&self.der)
    }

    pub fn serial(&self) -> Serial {
        self.facts.serial
    }

    pub fn subject_der(&self) -> &[u8] {
        &self.facts.subject_der
    }

    pub fn issuer_der(&self) -> &[u8] {
        &self.facts.issuer_der
    }

    /// An error if the name has attributes that ours do not have.
    pub fn subject(&self) -> Result<DistinguishedName, ParseError> {
        DistinguishedName::from_der(&self.facts.subject_der)
    }

    pub fn issuer(&self) -> Result<DistinguishedName, ParseError> {
        DistinguishedName::from_der(&self.facts.issuer_der)
    }

    pub fn not_before(&self) -> OffsetDateTime {
        self.facts.not_before
    }

    /// The last second of validity, which is included (RFC 5280 §4.1.2.5).
    pub fn not_after(&self) -> OffsetDateTime {
        self.facts.not_after
    }

    pub fn is_within_validity(&self, now: OffsetDateTime) -> bool {
        let now = now.replace_nanosecond(0).expect("zero is a nanosecond");
        self.facts.not_before <= now && now <= self.facts.not_after
    }

    pub fn public_key(&self) -> &PublicKey {
        &self.facts.public_key
    }

    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.facts.extensions.subject_key_id.as_deref()
    }

    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.facts.extensions.authority_key_id.as_deref()
    }

    pub fn is_ca(&self) -> bool {
        self.facts.extensions.ca == Some(true)
    }

    pub fn path_length(&self) -> Option<u8> {
        self.facts.extensions.path_length
    }

    /// `None` where the extension is absent.
    pub fn key_usage(&self) -> Option<FlagSet<KeyUsages>> {
        self.facts.extensions.key_usage
    }

    pub fn extended_key_usage(&self) -> &[Oid] {
        &self.facts.extensions.extended_key_usage
    }

    pub fn policies(&self) -> &[Oid] {
        &self.facts.extensions.policies
    }

    pub fn emails(&self) -> &[String] {
        &self.facts.extensions.emails
    }

    pub fn crl_urls(&self) -> &[String] {
        &self.facts.extensions.crl_urls
    }

    pub fn ocsp_urls(&self) -> &[String] {
        &self.facts.extensions.ocsp_urls
    }

    pub fn issuer_urls(&self) -> &[String] {
        &self.facts.extensions.issuer_urls
    }

    pub fn directory(&self) -> &DirectoryAttributes {
        &self.facts.extensions.directory
    }

    /// Every extension in order, with its criticality.
    pub fn extensions(&self) -> &[(Oid, bool)] {
        &self.facts.extensions.present
    }

    /// The card that this card authentication certificate (9E) proves: its subject's serialNumber. `None` for any
    /// other kind of certificate.
    pub fn card_number(&self) -> Option<String> {
        if self.extended_key_usage() != Profile::CardAuthentication.extended_key_usage() {
            return None;
        }
        let subject = self.subject().ok()?;
        subject.value(Attribute::SerialNumber).map(str::to_owned)
    }

    /// Name, key identifiers and signature over the received bytes. Says nothing of what the issuer may do, nor of
    /// time: for that see [`crate::chain::verify`].
    pub fn verify_issued_by(&self, issuer: &Certificate) -> Result<(), NotIssuedBy> {
        if self.issuer_der() != issuer.subject_der() {
            return Err(NotIssuedBy::Name);
        }
        if let (Some(wanted), Some(found)) = (self.authority_key_id(), issuer.subject_key_id())
            && wanted != found
        {
            return Err(NotIssuedBy::KeyIdentifier);
        }
        issuer.public_key().verify(self.algorithm, &self.tbs, &self.signature)?;
        Ok(())
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.facts.serial)
    }
}

impl Facts {
    pub(crate) fn from_tbs(tbs: &[u8]) -> Result<Self, ParseError> {
        let mut body = Parser::only(tbs, Tag::Sequence)?;
        let mut version = body.enter(asn1::context(0))?;
        if version.small()? != 2 {
            return Err(ParseError::Content("not a version 3 certificate"));
        }
        version.finish()?;
        let serial = body.serial()?;
        let algorithm = SignatureAlgorithm::from_identifier_der(body.element(Tag::Sequence)?.raw)?;
        let issuer_der = body.element(Tag::Sequence)?.raw.to_vec();
        let mut validity = body.enter(Tag::Sequence)?;
        let not_before = validity.time()?;
        let not_after = validity.time()?;
        validity.finish()?;
        let subject_der = body.element(Tag::Sequence)?.raw.to_vec();
        let public_key = PublicKey::from_spki(body.element(Tag::Sequence)?.raw).map_err(|error| match error {
            KeyError::Malformed(error) => error,
            _ => ParseError::Content("a public key of a kind not known here"),
        })?;
        let mut wrapper = body.enter(asn1::context(3))?;
        let extensions = Extensions::read(wrapper.enter(Tag::Sequence)?)?;
        wrapper.finish()?;
        body.finish()?;
        Ok(Self { serial, algorithm, issuer_der, subject_der, not_before, not_after, public_key, extensions })
    }
}

impl Extensions {
    fn read(list: Parser<'_>) -> Result<Self, ParseError> {
        let mut out = Self::default();
        for one in asn1::extensions(list)? {
            out.present.push((one.id, one.critical));
            out.take(one.id, one.value)?;
        }
        Ok(out)
    }

    fn take(&mut self, id: Oid, value: &[u8]) -> Result<(), ParseError> {
        match id {
            oid::SUBJECT_KEY_IDENTIFIER => {
                let id = SubjectKeyIdentifier::from_der(value)?;
                self.subject_key_id = Some(id.0.as_bytes().to_vec());
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                let id = AuthorityKeyIdentifier::from_der(value)?;
                self.authority_key_id = id.key_identifier.map(|id| id.as_bytes().to_vec());
            }
            oid::KEY_USAGE => self.key_usage = Some(KeyUsage::from_der(value)?.0),
            oid::EXTENDED_KEY_USAGE => {
                self.extended_key_usage = ExtendedKeyUsage::from_der(value)?.0;
            }
            oid::BASIC_CONSTRAINTS => {
                let constraints = BasicConstraints::from_der(value)?;
                self.ca = Some(constraints.ca);
                self.path_length = constraints.path_len_constraint;
            }
            oid::CERTIFICATE_POLICIES => {
                let policies = CertificatePolicies::from_der(value)?;
                self.policies = policies.0.iter().map(|one| one.policy_identifier).collect();
            }
            oid::SUBJECT_ALT_NAME => {
                for name in SubjectAltName::from_der(value)?.0 {
                    match name {
                        GeneralName::Rfc822Name(email) => self.emails.push(email.to_string()),
                        _ => self.other_names = true,
                    }
                }
            }
            oid::CRL_DISTRIBUTION_POINTS => {
                for point in CrlDistributionPoints::from_der(value)?.0 {
                    if let Some(DistributionPointName::FullName(names)) = point.distribution_point {
                        self.crl_urls.extend(names.iter().filter_map(url));
                    }
                }
            }
            oid::AUTHORITY_INFO_ACCESS => {
                for access in AuthorityInfoAccessSyntax::from_der(value)?.0 {
                    let urls = match access.access_method {
                        oid::AD_OCSP => &mut self.ocsp_urls,
                        oid::AD_CA_ISSUERS => &mut self.issuer_urls,
                        _ => continue,
                    };
                    urls.extend(url(&access.access_location));
                }
            }
            oid::SUBJECT_DIRECTORY_ATTRIBUTES => self.directory = directory(value)?,
            _ => {}
        }
        Ok(())
    }
}

fn url(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(url) => Some(url.to_string()),
        _ => None,
    }
}

/// Reads Taiwan's attributes and passes over all others.
fn directory(der: &[u8]) -> Result<DirectoryAttributes, ParseError> {
    let mut found = DirectoryAttributes::default();
    for attribute in SubjectDirectoryAttributes::from_der(der)?.0 {
        let Some(value) = attribute.values.as_slice().first() else {
            continue;
        };
        let text = || match value.tag() {
            Tag::PrintableString | Tag::Utf8String => String::from_utf8(value.value().to_vec()).ok(),
            _ => None,
        };
        let object = || value.decode_as::<Oid>().ok();
        match attribute.oid {
            oid::SUBJECT_TYPE => found.subject_type = object(),
            oid::RANK => {
                found.rank =
                    [Rank::Primary, Rank::Secondary].into_iter().find(|rank| text().as_deref() == Some(rank.as_str()));
            }
            oid::BUSINESS_NUMBER => found.business_number = text(),
            oid::AGENCY_OID => found.agency = object(),
            oid::CARD_NUMBER => found.card_number = text(),
            _ => {}
        }
    }
    Ok(found)
}
