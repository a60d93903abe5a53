//! The last look at a certificate before it is signed: independent of the builder, it reads the bytes back and
//! holds them against what the profile requires.

use der::{Decode, Encode};
use x509_cert::TbsCertificate;

use crate::asn1::ParseError;
use crate::certificate::{Certificate, Facts};
use crate::key::{KeyAlgorithm, SignatureAlgorithm};
use crate::name::{Attribute, DistinguishedName, NameError};
use crate::oid::{self, Oid};
use crate::profile::Profile;
use crate::signed;
use crate::text;
use crate::to_be_certified::{is_email, is_http_url};

/// The longest certificate that a PIV data object holds, in bytes (SP 800-73-4 part 1, table 7).
pub const PIV_CERTIFICATE_LIMIT: usize = 1856;

/// What the certificate is to be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub profile: Profile,
    /// `None` for a root, which is its own.
    pub issuer: Option<&'a Certificate>,
    /// Bytes at most, signature included; [`PIV_CERTIFICATE_LIMIT`] for what goes on a card.
    pub max_len: usize,
}

/// Something that must not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    #[error("the bytes cannot be read back: {0}")]
    Unreadable(#[from] ParseError),
    #[error("not the DER that this content has")]
    NotCanonical,
    #[error("{len} bytes, {max} at most")]
    TooLong { len: usize, max: usize },
    #[error("a serial number of less than 64 bits")]
    ShortSerial,
    #[error("the signature algorithm is not that of the issuer's key")]
    Algorithm,
    #[error("the issuer's name is not the issuer's")]
    IssuerName,
    #[error("not_after lies before not_before")]
    Period,
    #[error("validity reaches beyond the issuer's")]
    OutlivesIssuer,
    #[error("the authority key identifier is not the issuer's")]
    AuthorityKeyId,
    #[error("the subject key identifier is not the key's")]
    SubjectKeyId,
    #[error("the issuer may not issue this")]
    IssuerConstraints,
    #[error("extension {0} is missing")]
    Missing(Oid),
    #[error("extension {0} does not belong here")]
    Unexpected(Oid),
    #[error("extension {0} has the wrong criticality")]
    Criticality(Oid),
    #[error("the key usage is not the profile's")]
    KeyUsage,
    #[error("the extended key usage is not the profile's")]
    ExtendedKeyUsage,
    #[error("the basic constraints are not the profile's")]
    BasicConstraints,
    #[error("not an http URL: {0}")]
    Url(String),
    #[error("the subject alternative name is not one e-mail address")]
    SubjectAltName,
    #[error("the subject has attributes or values that ours do not have")]
    Subject,
    #[error("the subject is not as others read it: {0}")]
    Name(NameError),
    #[error("a name that is not composed (NFC), or has blanks around it")]
    NotComposed,
    #[error("a directory attribute is not as others read it: {0}")]
    DirectoryText(text::Unreadable),
    #[error("no card number in the card's own certificate")]
    CardNumber,
}

/// Everything wrong with the bytes to be signed, judged as a certificate with a dummy signature of the greatest
/// length that the issuer's key makes.
pub fn lint(tbs: &[u8], expected: &Expected<'_>) -> Vec<Finding> {
    let facts = match Facts::from_tbs(tbs) {
        Ok(facts) => facts,
        Err(error) => return vec![Finding::Unreadable(error)],
    };
    let signer = expected.issuer.map_or(facts.public_key.algorithm(), |issuer| issuer.public_key().algorithm());
    let dummy = signed::assemble(tbs, SignatureAlgorithm::for_key(signer), &signer.dummy_signature());
    let mut findings = Vec::new();
    if dummy.len() > expected.max_len {
        findings.push(Finding::TooLong { len: dummy.len(), max: expected.max_len });
    }
    let encoded_again = TbsCertificate::from_der(tbs).and_then(|read| read.to_der());
    if encoded_again.as_deref() != Ok(tbs) {
        findings.push(Finding::NotCanonical);
    }
    check_frame(&facts, expected, signer, &mut findings);
    check_key_ids(&facts, expected, &mut findings);
    check_presence(&facts, expected.profile, &mut findings);
    check_usage(&facts, expected.profile, &mut findings);
    check_names(&facts, expected.profile, &mut findings);
    findings
}

fn check_frame(facts: &Facts, expected: &Expected<'_>, signer: KeyAlgorithm, findings: &mut Vec<Finding>) {
    if facts.serial.as_bytes().len() < 8 {
        findings.push(Finding::ShortSerial);
    }
    if facts.algorithm != SignatureAlgorithm::for_key(signer) {
        findings.push(Finding::Algorithm);
    }
    if facts.not_after < facts.not_before {
        findings.push(Finding::Period);
    }
    let Some(issuer) = expected.issuer else {
        if facts.issuer_der != facts.subject_der {
            findings.push(Finding::IssuerName);
        }
        return;
    };
    if facts.issuer_der != issuer.subject_der() {
        findings.push(Finding::IssuerName);
    }
    if facts.not_before < issuer.not_before() || facts.not_after > issuer.not_after() {
        findings.push(Finding::OutlivesIssuer);
    }
    let may_issue = issuer.is_ca()
        && issuer.key_usage() == Some(Profile::Issuing.key_usage(signer))
        && (!expected.profile.is_ca() || issuer.path_length() != Some(0));
    if !may_issue {
        findings.push(Finding::IssuerConstraints);
    }
}

fn check_key_ids(facts: &Facts, expected: &Expected<'_>, findings: &mut Vec<Finding>) {
    let own = facts.public_key.key_identifier();
    let extensions = &facts.extensions;
    if extensions.subject_key_id.as_deref() != Some(own.as_slice()) {
        findings.push(Finding::SubjectKeyId);
    }
    let wanted = expected.issuer.map(|issuer| issuer.public_key().key_identifier());
    if extensions.authority_key_id.as_deref() != wanted.as_ref().map(<[u8; 20]>::as_slice) {
        findings.push(Finding::AuthorityKeyId);
    }
}

/// Which extensions stand in a certificate of this profile: (id, critical, must be there).
fn rules(profile: Profile) -> Vec<(Oid, bool, bool)> {
    let root = profile == Profile::Root;
    let holder = profile.is_for_holders();
    let mut rules = vec![
        (oid::SUBJECT_KEY_IDENTIFIER, false, true),
        (oid::KEY_USAGE, true, true),
        (oid::CERTIFICATE_POLICIES, false, !root && profile != Profile::OcspResponder),
        (oid::SUBJECT_DIRECTORY_ATTRIBUTES, false, false),
    ];
    if !root {
        rules.push((oid::AUTHORITY_KEY_IDENTIFIER, false, true));
        let checkable = profile != Profile::OcspResponder;
        rules.push((oid::CRL_DISTRIBUTION_POINTS, false, checkable));
        rules.push((oid::AUTHORITY_INFO_ACCESS, false, checkable));
    }
    if profile.is_ca() {
        rules.push((oid::BASIC_CONSTRAINTS, true, true));
    } else {
        let critical = profile.extended_key_usage_is_critical();
        rules.push((oid::EXTENDED_KEY_USAGE, critical, true));
    }
    if holder && profile != Profile::CardAuthentication {
        rules.push((oid::SUBJECT_ALT_NAME, false, false));
    }
    if profile.has_ocsp_nocheck() {
        rules.push((oid::OCSP_NOCHECK, false, true));
    }
    rules
}

fn check_presence(facts: &Facts, profile: Profile, findings: &mut Vec<Finding>) {
    let present = &facts.extensions.present;
    let rules = rules(profile);
    for (id, critical) in present {
        match rules.iter().find(|(known, ..)| known == id) {
            None => findings.push(Finding::Unexpected(*id)),
            Some((_, wanted, _)) if wanted != critical => findings.push(Finding::Criticality(*id)),
            Some(_) => {}
        }
    }
    for (id, _, required) in rules {
        if required && !present.iter().any(|(found, _)| *found == id) {
            findings.push(Finding::Missing(id));
        }
    }
}

fn check_usage(facts: &Facts, profile: Profile, findings: &mut Vec<Finding>) {
    let extensions = &facts.extensions;
    if extensions.key_usage != Some(profile.key_usage(facts.public_key.algorithm())) {
        findings.push(Finding::KeyUsage);
    }
    if extensions.extended_key_usage != profile.extended_key_usage() {
        findings.push(Finding::ExtendedKeyUsage);
    }
    let ca = profile.is_ca().then_some(true);
    if extensions.ca != ca || extensions.path_length != profile.path_length() {
        findings.push(Finding::BasicConstraints);
    }
}

fn check_names(facts: &Facts, profile: Profile, findings: &mut Vec<Finding>) {
    let extensions = &facts.extensions;
    let urls = [&extensions.crl_urls, &extensions.ocsp_urls, &extensions.issuer_urls];
    for url in urls.into_iter().flatten() {
        // RFC 5280 §8: whoever follows an https URL here may run in circles.
        if !is_http_url(url) || !url.starts_with("http://") {
            findings.push(Finding::Url(url.clone()));
        }
    }
    let has = |id| extensions.present.iter().any(|(found, _)| *found == id);
    if has(oid::CRL_DISTRIBUTION_POINTS) && extensions.crl_urls.is_empty() {
        findings.push(Finding::Missing(oid::CRL_DISTRIBUTION_POINTS));
    }
    if profile.is_for_holders() && extensions.ocsp_urls.is_empty() {
        findings.push(Finding::Missing(oid::AD_OCSP));
    }
    let one_email = matches!(extensions.emails.as_slice(), [email] if is_email(email));
    if has(oid::SUBJECT_ALT_NAME) && (extensions.other_names || !one_email) {
        findings.push(Finding::SubjectAltName);
    }
    match DistinguishedName::from_der(&facts.subject_der) {
        Err(_) => findings.push(Finding::Subject),
        Ok(subject) => {
            let names_card = subject.value(Attribute::SerialNumber).is_some();
            if profile == Profile::CardAuthentication && !names_card {
                findings.push(Finding::CardNumber);
            }
            // These repeat what their authority has been called since it was founded.
            let is_known = matches!(profile, Profile::OcspResponder | Profile::CardAuthentication);
            match subject.readable() {
                _ if is_known => {}
                Ok(readable) if readable == subject => {}
                Ok(_) => findings.push(Finding::NotComposed),
                Err(error) => findings.push(Finding::Name(error)),
            }
        }
    }
    let directory = &extensions.directory;
    for text in [&directory.business_number, &directory.card_number].into_iter().flatten() {
        match text::readable(text) {
            Ok(readable) if readable == *text => {}
            Ok(_) => findings.push(Finding::NotComposed),
            Err(error) => findings.push(Finding::DirectoryText(error)),
        }
    }
}
