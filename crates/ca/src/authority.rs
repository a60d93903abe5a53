//! One generation of a root or an authority with its keys opened, and its delegated OCSP responder.

use crate::{KeyStore, OpenError, Signer};
use kaika_app::{Generation, IssueError, Rng};
use kaika_pki::{
    Certificate, DistinguishedName, Profile, Serial, ToBeCertified,
    lint::{Expected, lint},
    name::Attribute,
    to_be_certified::{DirectoryAttributes, Issuer, Policies, assemble},
};
use std::sync::{Mutex, PoisonError};
use time::{Duration, OffsetDateTime};

/// A responder's certificate lives this long …
const RESPONDER_VALIDITY: Duration = Duration::days(365);
/// … and is made anew when less than this is left.
const RESPONDER_RENEWAL: Duration = Duration::days(30);
/// More than any certificate of an authority or a responder has.
const LENGTH_LIMIT: usize = 4096;

pub(crate) struct Authority {
    pub(crate) generation: Generation,
    pub(crate) certificate: Certificate,
    pub(crate) signer: Box<dyn Signer>,
    responder_signer: Box<dyn Signer>,
    /// As founded, or as renewed since this process started.
    responder: Mutex<Certificate>,
}

/// The names of a generation's keys.
pub(crate) fn key_names(generation: &str) -> (String, String) {
    (generation.to_owned(), format!("{generation}-ocsp"))
}

impl Authority {
    pub(crate) fn open(keys: &dyn KeyStore, generation: Generation) -> Result<Self, OpenError> {
        let (key, responder_key) = key_names(&generation.name());
        Self::new(generation, keys.open(&key)?, keys.open(&responder_key)?)
    }

    pub(crate) fn new(
        generation: Generation,
        signer: Box<dyn Signer>,
        responder_signer: Box<dyn Signer>,
    ) -> Result<Self, OpenError> {
        let unreadable = || OpenError::Certificate(generation.name());
        let certificate = Certificate::from_der(&generation.certificate).map_err(|_| unreadable())?;
        let responder = Certificate::from_der(&generation.responder_certificate).map_err(|_| unreadable())?;
        let same = |certificate: &Certificate, signer: &dyn Signer| certificate.public_key() == signer.public_key();
        if !same(&certificate, signer.as_ref()) || !same(&responder, responder_signer.as_ref()) {
            return Err(unreadable());
        }
        Ok(Self { generation, certificate, signer, responder_signer, responder: Mutex::new(responder) })
    }

    pub(crate) fn issuer(&self) -> Issuer {
        Issuer::of(&self.certificate)
    }

    /// The responder's certificate, good at `now`, and its key.
    pub(crate) fn responder(
        &self,
        rng: &dyn Rng,
        now: OffsetDateTime,
    ) -> Result<(Certificate, &dyn Signer), IssueError> {
        let mut responder = self.responder.lock().unwrap_or_else(PoisonError::into_inner);
        if now < responder.not_before() || now > responder.not_after() - RESPONDER_RENEWAL {
            let der =
                certify_responder(&self.certificate, self.signer.as_ref(), self.responder_signer.as_ref(), rng, now)?;
            *responder = Certificate::from_der(&der).map_err(|error| IssueError::Lint(error.to_string()))?;
        }
        Ok((responder.clone(), self.responder_signer.as_ref()))
    }
}

/// A certificate for the delegated responder (RFC 6960 §4.2.2.2) under the authority's name.
pub(crate) fn certify_responder(
    authority: &Certificate,
    signer: &dyn Signer,
    responder: &dyn Signer,
    rng: &dyn Rng,
    now: OffsetDateTime,
) -> Result<Vec<u8>, IssueError> {
    let issuer_name = authority.subject().map_err(|error| IssueError::Lint(error.to_string()))?;
    let kept = |attribute: &Attribute| matches!(attribute, Attribute::Country | Attribute::Organization);
    let subject = issuer_name
        .attributes()
        .iter()
        .filter(|(attribute, _)| kept(attribute))
        .cloned()
        .chain([(Attribute::CommonName, "OCSP Responder TEST".to_owned())]);
    let to_be_certified = ToBeCertified {
        profile: Profile::OcspResponder,
        serial: random_serial(rng),
        issuer: Issuer::of(authority),
        subject: DistinguishedName::new(subject).map_err(|error| IssueError::Lint(error.to_string()))?,
        public_key: responder.public_key().clone(),
        not_before: now,
        not_after: (now + RESPONDER_VALIDITY).min(authority.not_after()),
        policies: Policies::default(),
        directory: DirectoryAttributes::default(),
        email: None,
        crl_url: None,
        ocsp_url: None,
        issuer_url: None,
    };
    sign(&to_be_certified, Some(authority), signer, LENGTH_LIMIT)
}

/// Lints, signs, and checks what was signed.
pub(crate) fn sign(
    to_be_certified: &ToBeCertified,
    issuer: Option<&Certificate>,
    signer: &dyn Signer,
    max_len: usize,
) -> Result<Vec<u8>, IssueError> {
    let tbs = prepare(to_be_certified, issuer, max_len)?;
    sign_prepared(&tbs, signer)
}

/// The bytes to be signed, linted.
pub(crate) fn prepare(
    to_be_certified: &ToBeCertified,
    issuer: Option<&Certificate>,
    max_len: usize,
) -> Result<Vec<u8>, IssueError> {
    let tbs = to_be_certified.to_tbs().map_err(|error| IssueError::Lint(error.to_string()))?;
    let findings = lint(&tbs, &Expected { profile: to_be_certified.profile, issuer, max_len });
    match findings.is_empty() {
        true => Ok(tbs),
        false => {
            let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
            Err(IssueError::Lint(findings.join("; ")))
        }
    }
}

/// A signature that does not verify never leaves: a faulty one can give the key away.
pub(crate) fn sign_prepared(tbs: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, IssueError> {
    let algorithm = kaika_pki::SignatureAlgorithm::for_key(signer.public_key().algorithm());
    let signature = signer.sign(tbs).map_err(|error| IssueError::Signer(error.to_string()))?;
    signer
        .public_key()
        .verify(algorithm, tbs, &signature)
        .map_err(|_| IssueError::Signer("the signature does not verify".into()))?;
    Ok(assemble(tbs, algorithm, &signature))
}

pub(crate) fn random_serial(rng: &dyn Rng) -> Serial {
    let serial = kaika_wire::SerialNumber::from_random(rng.bytes());
    Serial::new(serial.as_be_bytes()).expect("16 octets, the first bit clear and the second set, are a serial number")
}
