//! Delegated OCSP responders (RFC 6960 §4.2.2.2): one per issuing key, with a certificate of one year that renews
//! itself. The renewed certificate is kept in memory and travels in every answer; each server makes its own.

use crate::core::{Core, pki_serial, responder_key};
use crate::key_ring::Key;
use crate::keys::Signer;
use crate::{error, template};
use kaika_app::{
    audit::{Action, Event},
    authorities::{Generation, IssueError},
};
use kaika_domain::audit::Actor;
use kaika_pki::lint::{Expected, lint};
use kaika_pki::name::Attribute;
use kaika_pki::to_be_certified::{DirectoryAttributes, Issuer, Policies, assemble};
use kaika_pki::{Certificate, DistinguishedName, KeyAlgorithm, Profile, PublicKey, ToBeCertified};
use std::sync::{Arc, PoisonError};
use time::{Duration, OffsetDateTime};

pub(crate) const RESPONDER_ALGORITHM: KeyAlgorithm = KeyAlgorithm::P256;
const RESPONDER_YEARS: u16 = 1;
/// A responder is believed by those too whose clocks are behind.
const BACKDATED: Duration = Duration::HOUR;
/// With less than this left, it is renewed.
const RENEWAL: Duration = Duration::days(30);
/// Certificates of authorities and responders lie on no card.
pub(crate) const MAX_AUTHORITY_CERTIFICATE: usize = 4096;

/// A responder ready to answer.
pub(crate) struct Responder {
    pub(crate) key: Key,
    pub(crate) certificate: Certificate,
}

impl Core {
    /// The generation's responder, renewed where its certificate is about to end.
    pub(crate) async fn responder(
        &self,
        generation: &Generation,
        now: OffsetDateTime,
    ) -> Result<Arc<Responder>, IssueError> {
        let opened = || self.responders.lock().unwrap_or_else(PoisonError::into_inner).get(&generation.id).cloned();
        if let Some(responder) = opened()
            && !ends_soon(&responder.certificate, now)
        {
            return Ok(responder);
        }
        let _alone = self.renewing.lock().await;
        let mut certificate = match opened() {
            Some(responder) => responder.certificate.clone(),
            None => Certificate::from_der(&generation.responder_certificate).map_err(error::unreadable)?,
        };
        if ends_soon(&certificate, now) {
            certificate = self.renew_responder(generation, certificate, now).await?;
        }
        let key = self.keys.responders.open(&responder_key(generation), certificate.public_key()).await?;
        let responder = Arc::new(Responder { key, certificate });
        let mut responders = self.responders.lock().unwrap_or_else(PoisonError::into_inner);
        responders.insert(generation.id, Arc::clone(&responder));
        Ok(responder)
    }

    async fn renew_responder(
        &self,
        generation: &Generation,
        old: Certificate,
        now: OffsetDateTime,
    ) -> Result<Certificate, IssueError> {
        let issuer = Certificate::from_der(&generation.certificate).map_err(error::unreadable)?;
        let not_after = template::last_second(now, RESPONDER_YEARS)?.min(issuer.not_after());
        if not_after <= old.not_after() {
            // The authority itself is at its end.
            return Ok(old);
        }
        let key = self.keys.of(generation).open(&generation.name(), issuer.public_key()).await?;
        let subject = old.subject().map_err(error::unreadable)?;
        let shall = self.responder_to_be_certified(&issuer, subject, old.public_key().clone(), now, not_after);
        let renewed = sign(shall, &issuer, &key).await?;
        let mut work = self.store.begin().await?;
        work.audit(Event {
            at: now,
            actor: Actor::Scheduler,
            action: Action::RenewResponder {
                generation: generation.name(),
                serial: renewed.serial().to_string(),
                not_after: renewed.not_after().unix_timestamp(),
                sha256: renewed.digest(),
            },
        });
        work.commit().await?;
        Ok(renewed)
    }

    /// The first certificate of a responder.
    pub(crate) async fn certify_responder(
        &self,
        generation: &Generation,
        authority_subject: &DistinguishedName,
        issuer: &Certificate,
        key: &Key,
        public_key: PublicKey,
        now: OffsetDateTime,
    ) -> Result<Certificate, IssueError> {
        let name = format!("OCSP {}", generation.name());
        let subject = template::below(authority_subject, Attribute::CommonName, &name)?;
        let not_after = template::last_second(now, RESPONDER_YEARS)?.min(issuer.not_after());
        sign(self.responder_to_be_certified(issuer, subject, public_key, now, not_after), issuer, key).await
    }

    fn responder_to_be_certified(
        &self,
        issuer: &Certificate,
        subject: kaika_pki::DistinguishedName,
        public_key: PublicKey,
        now: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> ToBeCertified {
        ToBeCertified {
            profile: Profile::OcspResponder,
            serial: pki_serial(&self.new_serial()),
            issuer: Issuer::of(issuer),
            subject,
            public_key,
            not_before: (now - BACKDATED).max(issuer.not_before()),
            not_after,
            policies: Policies::default(),
            directory: DirectoryAttributes::default(),
            email: None,
            // Nobody asks after a responder's own status: ocsp-nocheck.
            crl_url: None,
            ocsp_url: None,
            issuer_url: None,
        }
    }
}

fn ends_soon(certificate: &Certificate, now: OffsetDateTime) -> bool {
    certificate.not_after() - now < RENEWAL
}

/// Builds, lints, signs and verifies a certificate of an authority or responder.
pub(crate) async fn sign(shall: ToBeCertified, issuer: &Certificate, key: &Key) -> Result<Certificate, IssueError> {
    let issuer = issuer.clone();
    key.run(move |signer| sign_here(&shall, &issuer, signer)).await?
}

fn sign_here(shall: &ToBeCertified, issuer: &Certificate, signer: &dyn Signer) -> Result<Certificate, IssueError> {
    let tbs = shall.to_tbs().map_err(error::lint)?;
    let expected = Expected { profile: shall.profile, issuer: Some(issuer), max_len: MAX_AUTHORITY_CERTIFICATE };
    error::findings(&lint(&tbs, &expected))?;
    let signature = signer.sign(&tbs).map_err(error::unsigned)?;
    let der = assemble(&tbs, shall.issuer.signature_algorithm(), &signature);
    let certificate = Certificate::from_der(&der).map_err(error::signer)?;
    certificate.verify_issued_by(issuer).map_err(error::signer)?;
    Ok(certificate)
}
