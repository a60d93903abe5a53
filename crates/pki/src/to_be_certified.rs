//! From what a certificate shall say to the bytes to be signed, and with the signature to the certificate.

use const_oid::AssociatedOid;
use der::asn1::{Ia5String, OctetString, SetOfVec};
use der::{Any, Encode, Tag};
use time::OffsetDateTime;
use x509_cert::attr::Attribute as DirectoryAttribute;
use x509_cert::ext::pkix::certpolicy::{CertificatePolicies, PolicyInformation, PolicyQualifierInfo};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage, SubjectAltName, SubjectDirectoryAttributes, SubjectKeyIdentifier,
};

use crate::asn1::{self, TimeOutOfRange};
use crate::certificate::Certificate;
use crate::key::{KeyAlgorithm, PublicKey, SignatureAlgorithm};
use crate::name::{Attribute, DistinguishedName, is_printable};
use crate::oid::{self, Oid};
use crate::profile::Profile;
use crate::serial::Serial;
use crate::signed;

/// All that a certificate shall say.
#[derive(Debug, Clone)]
pub struct ToBeCertified {
    pub profile: Profile,
    pub serial: Serial,
    pub issuer: Issuer,
    pub subject: DistinguishedName,
    pub public_key: PublicKey,
    /// Whole seconds count.
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    pub policies: Policies,
    pub directory: DirectoryAttributes,
    /// An rfc822Name in ASCII.
    pub email: Option<String>,
    pub crl_url: Option<String>,
    pub ocsp_url: Option<String>,
    /// Where the issuer's certificate is (AIA caIssuers).
    pub issuer_url: Option<String>,
}

/// Who signs: the name's DER is copied as it stands in the issuer's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    pub name_der: Vec<u8>,
    pub key_id: [u8; 20],
    pub key_algorithm: KeyAlgorithm,
}

impl Issuer {
    pub fn of(certificate: &Certificate) -> Self {
        Self::named(certificate.subject_der(), certificate.public_key())
    }

    /// The issuer of a self-signed certificate.
    pub fn itself(subject: &DistinguishedName, key: &PublicKey) -> Self {
        Self::named(&subject.to_der(), key)
    }

    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::for_key(self.key_algorithm)
    }

    fn named(name_der: &[u8], key: &PublicKey) -> Self {
        Self { name_der: name_der.to_vec(), key_id: key.key_identifier(), key_algorithm: key.algorithm() }
    }
}

/// Certificate policies (RFC 5280 §4.2.1.4); none: the extension is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    pub oids: Vec<Oid>,
    /// The CPS pointer that qualifies each of them. RFC 5280 §4.2.1.4 recommends to leave qualifiers out.
    pub cps_uri: Option<String>,
}

/// Taiwan's subject directory attributes; all absent: the extension is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryAttributes {
    /// A value under 2.16.886.1.100.3, such as `.1.1` for a natural person.
    pub subject_type: Option<Oid>,
    pub rank: Option<Rank>,
    pub business_number: Option<String>,
    pub agency: Option<Oid>,
    pub card_number: Option<String>,
}

/// The rank of a card among those of its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    Primary,
    Secondary,
}

impl Rank {
    /// `primary` or `secondary`, as the attribute has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    #[error(transparent)]
    Time(#[from] TimeOutOfRange),
    #[error("not_after lies before not_before")]
    Period,
    #[error("the card's certificate names the card by serialNumber, beside C and O only, and nobody")]
    CardSubject,
    #[error("an e-mail address here is ASCII, local@domain, of at most 254 characters")]
    Email,
    #[error("not an http or https URL in ASCII: {0}")]
    Url(String),
    #[error("a root is its own issuer, and nothing else is")]
    SelfIssued,
    #[error("the {0} cannot be written: {1}")]
    Value(&'static str, der::Error),
}

impl ToBeCertified {
    /// The DER TBSCertificate: the exact bytes to be signed with [`Issuer::signature_algorithm`].
    pub fn to_tbs(&self) -> Result<Vec<u8>, BuildError> {
        self.check()?;
        let subject = self.subject.to_der();
        let validity = asn1::sequence(&[&asn1::time(self.not_before)?, &asn1::time(self.not_after)?]);
        let extensions = asn1::sequence(&[&self.extensions()?.concat()]);
        Ok(asn1::sequence(&[
            // RFC 5280 §4.1.2.1: version 3 is the value 2.
            &asn1::tlv(asn1::context(0), &[&asn1::unsigned(&[2])]),
            &asn1::unsigned(self.serial.as_bytes()),
            &self.issuer.signature_algorithm().identifier_der(),
            &self.issuer.name_der,
            &validity,
            &subject,
            self.public_key.spki_der(),
            &asn1::tlv(asn1::context(3), &[&extensions]),
        ]))
    }

    fn check(&self) -> Result<(), BuildError> {
        if self.not_after < self.not_before {
            return Err(BuildError::Period);
        }
        let own_key = self.issuer.key_id == self.public_key.key_identifier();
        if own_key != (self.profile == Profile::Root) || (own_key && self.issuer.name_der != self.subject.to_der()) {
            return Err(BuildError::SelfIssued);
        }
        if self.profile == Profile::CardAuthentication && !names_a_card_only(&self.subject) {
            return Err(BuildError::CardSubject);
        }
        if self.profile == Profile::CardAuthentication && self.email.is_some() {
            return Err(BuildError::CardSubject);
        }
        if self.email.as_deref().is_some_and(|email| !is_email(email)) {
            return Err(BuildError::Email);
        }
        let urls = [&self.crl_url, &self.ocsp_url, &self.issuer_url, &self.policies.cps_uri];
        for url in urls.into_iter().flatten() {
            if !is_http_url(url) {
                return Err(BuildError::Url(url.clone()));
            }
        }
        Ok(())
    }

    fn extensions(&self) -> Result<Vec<Vec<u8>>, BuildError> {
        let profile = self.profile;
        let mut list = Vec::new();
        // RFC 5280 §4.2.1.1: a self-signed certificate may leave it out.
        if profile != Profile::Root {
            list.push(extension(false, "authority key identifier", &authority_key_identifier(self.issuer.key_id)?)?);
        }
        list.push(extension(
            false,
            "subject key identifier",
            &SubjectKeyIdentifier(octets(&self.public_key.key_identifier())?),
        )?);
        let usage = KeyUsage(profile.key_usage(self.public_key.algorithm()));
        list.push(extension(true, "key usage", &usage)?);
        if profile.is_ca() {
            let constraints = BasicConstraints { ca: true, path_len_constraint: profile.path_length() };
            list.push(extension(true, "basic constraints", &constraints)?);
        }
        if !profile.extended_key_usage().is_empty() {
            let purposes = ExtendedKeyUsage(profile.extended_key_usage().to_vec());
            let critical = profile.extended_key_usage_is_critical();
            list.push(extension(critical, "extended key usage", &purposes)?);
        }
        if !self.policies.oids.is_empty() {
            list.push(extension(false, "certificate policies", &self.policies.extension()?)?);
        }
        if let Some(email) = &self.email {
            let name = GeneralName::Rfc822Name(ia5("e-mail address", email)?);
            list.push(extension(false, "subject alternative name", &SubjectAltName(vec![name]))?);
        }
        if let Some(attributes) = self.directory.extension()? {
            list.push(extension(false, "directory attributes", &attributes)?);
        }
        if let Some(url) = &self.crl_url {
            let points = CrlDistributionPoints(vec![DistributionPoint {
                distribution_point: Some(full_name(url)?),
                reasons: None,
                crl_issuer: None,
            }]);
            list.push(extension(false, "CRL distribution point", &points)?);
        }
        if let Some(access) = self.authority_info_access()? {
            list.push(extension(false, "authority information access", &access)?);
        }
        if profile.has_ocsp_nocheck() {
            list.push(asn1::extension(oid::OCSP_NOCHECK, false, &asn1::NULL));
        }
        Ok(list)
    }

    fn authority_info_access(&self) -> Result<Option<AuthorityInfoAccessSyntax>, BuildError> {
        let entries = [(oid::AD_OCSP, &self.ocsp_url), (oid::AD_CA_ISSUERS, &self.issuer_url)]
            .into_iter()
            .filter_map(|(method, url)| url.as_ref().map(|url| (method, url)))
            .map(|(access_method, url)| Ok(AccessDescription { access_method, access_location: uri(url)? }))
            .collect::<Result<Vec<_>, BuildError>>()?;
        Ok((!entries.is_empty()).then_some(AuthorityInfoAccessSyntax(entries)))
    }
}

/// Joins the bytes that were signed with the signature over them: the DER certificate.
pub fn assemble(tbs: &[u8], algorithm: SignatureAlgorithm, signature: &[u8]) -> Vec<u8> {
    signed::assemble(tbs, algorithm, signature)
}

impl Policies {
    fn extension(&self) -> Result<CertificatePolicies, BuildError> {
        let qualifiers = self
            .cps_uri
            .as_ref()
            .map(|cps| {
                let text = Any::encode_from(&ia5("CPS address", cps)?)
                    .map_err(|error| BuildError::Value("CPS address", error))?;
                Ok::<_, BuildError>(vec![PolicyQualifierInfo {
                    policy_qualifier_id: oid::CPS_QUALIFIER,
                    qualifier: Some(text),
                }])
            })
            .transpose()?;
        Ok(CertificatePolicies(
            self.oids
                .iter()
                .map(|oid| PolicyInformation { policy_identifier: *oid, policy_qualifiers: qualifiers.clone() })
                .collect(),
        ))
    }
}

impl DirectoryAttributes {
    fn extension(&self) -> Result<Option<SubjectDirectoryAttributes>, BuildError> {
        let object = |value: &Option<Oid>| value.map(|value| (Tag::ObjectIdentifier, value.as_bytes().to_vec()));
        let values = [
            (oid::SUBJECT_TYPE, object(&self.subject_type)),
            (oid::RANK, self.rank.map(|rank| text(rank.as_str()))),
            (oid::BUSINESS_NUMBER, self.business_number.as_deref().map(text)),
            (oid::AGENCY_OID, object(&self.agency)),
            (oid::CARD_NUMBER, self.card_number.as_deref().map(text)),
        ];
        let attributes = values
            .into_iter()
            .filter_map(|(oid, value)| value.map(|value| (oid, value)))
            .map(|(oid, (tag, bytes))| {
                let values = SetOfVec::from_iter([Any::new(tag, bytes)?])?;
                Ok(DirectoryAttribute { oid, values })
            })
            .collect::<der::Result<Vec<_>>>()
            .map_err(|error| BuildError::Value("directory attributes", error))?;
        Ok((!attributes.is_empty()).then_some(SubjectDirectoryAttributes(attributes)))
    }
}

/// PrintableString where it can be, UTF8String else.
fn text(value: &str) -> (Tag, Vec<u8>) {
    let tag = if value.chars().all(is_printable) { Tag::PrintableString } else { Tag::Utf8String };
    (tag, value.as_bytes().to_vec())
}

fn names_a_card_only(subject: &DistinguishedName) -> bool {
    subject.value(Attribute::SerialNumber).is_some()
        && subject.attributes().iter().all(|(attribute, _)| {
            matches!(attribute, Attribute::Country | Attribute::Organization | Attribute::SerialNumber)
        })
}

/// What an rfc822Name can hold (RFC 5280 §4.2.1.6): an ASCII mailbox without a phrase or comment.
pub fn is_email(text: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let dotted = |part: &str| part.split('.').all(|label| !label.is_empty());
    text.len() <= 254
        && text.split_once('@').is_some_and(|(local, domain)| {
            (1..=64).contains(&local.len())
                && dotted(local)
                && dotted(domain)
                && local.bytes().all(atom)
                && domain.split('.').all(|label| label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'))
                && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        })
}

/// An absolute http or https URL as it may stand in a certificate: printable ASCII, with a host.
pub(crate) fn is_http_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    text.len() <= 1024
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte))
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':', '?', '#']))
}

pub(crate) fn full_name(url: &str) -> Result<DistributionPointName, BuildError> {
    Ok(DistributionPointName::FullName(vec![uri(url)?]))
}

pub(crate) fn authority_key_identifier(key_id: [u8; 20]) -> Result<AuthorityKeyIdentifier, BuildError> {
    Ok(AuthorityKeyIdentifier { key_identifier: Some(octets(&key_id)?), ..AuthorityKeyIdentifier::default() })
}

pub(crate) fn extension<T: Encode + AssociatedOid>(
    critical: bool,
    what: &'static str,
    value: &T,
) -> Result<Vec<u8>, BuildError> {
    let der = value.to_der().map_err(|error| BuildError::Value(what, error))?;
    Ok(asn1::extension(T::OID, critical, &der))
}

fn uri(url: &str) -> Result<GeneralName, BuildError> {
    Ok(GeneralName::UniformResourceIdentifier(ia5("URL", url)?))
}

fn ia5(what: &'static str, text: &str) -> Result<Ia5String, BuildError> {
    Ia5String::new(text).map_err(|error| BuildError::Value(what, error))
}

fn octets(bytes: &[u8]) -> Result<OctetString, BuildError> {
    OctetString::new(bytes).map_err(|error| BuildError::Value("key identifier", error))
}
