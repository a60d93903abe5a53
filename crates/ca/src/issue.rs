//! Issuing: reserve the serial → build → lint → record the bytes → sign them → record the certificate.
//!
//! A run that was cut off is taken up where it was: recorded bytes are signed, a serial without bytes is void for ever.

use crate::{
    Ca,
    authority::{Authority, prepare, sign_prepared},
    found::{oid, oids, years_later},
};
use kaika_app::{Issuance, IssuanceState, IssueError, IssueOrder, StoreError, UnitOfWork, audit::Event, subject_name};
use kaika_domain::{Actor, CardRank, Certificate, CertificateState, Placement, Policy};
use kaika_pki::{
    DistinguishedName, KeyAlgorithm, Profile, PublicKey, Serial, ToBeCertified,
    lint::PIV_CERTIFICATE_LIMIT,
    name::Attribute,
    to_be_certified::{DirectoryAttributes, Policies, Rank},
    weak,
};
use kaika_wire::{CertificateId, CertificateRole, SerialNumber};
use serde_json::json;

/// How often a serial number or a certificate that somebody else made at the same moment is looked for again.
const TRIES: usize = 4;

impl Ca {
    pub(crate) async fn issue_certificate(&self, order: &IssueOrder) -> Result<Certificate, IssueError> {
        let authority = self.current(&order.card.authority).ok_or(IssueError::UnknownAuthority)?;
        let policy = self.policies.get(&order.card.authority).ok_or(IssueError::UnknownAuthority)?;
        let key = weak::check(&order.public_key, &[card_key(policy.card.key)])
            .map_err(|error| IssueError::Key(error.to_string()))?;
        for _ in 0..TRIES {
            match self.issue_once(order, policy, &authority, &key).await {
                // Somebody else is at the same order, or a serial number was taken: look again.
                Err(IssueError::Store(StoreError::Stale)) => {}
                done => return done,
            }
        }
        Err(StoreError::Stale.into())
    }

    async fn issue_once(
        &self,
        order: &IssueOrder,
        policy: &Policy,
        authority: &Authority,
        key: &PublicKey,
    ) -> Result<Certificate, IssueError> {
        let mut reader = self.store.read().await?;
        if let Some(begun) = reader.issuance(order.job, order.role, &key.fingerprint()).await? {
            match begun.state.clone() {
                IssuanceState::Issued => {
                    let issued = reader.certificate(begun.certificate).await?;
                    return issued.ok_or_else(|| StoreError::Row("an issued certificate is gone".into()).into());
                }
                IssuanceState::Recorded { to_be_signed } => {
                    drop(reader);
                    let issuer = self.authority(begun.generation)?;
                    return self.finish(order, &issuer, begun, &to_be_signed).await;
                }
                IssuanceState::Reserved => {
                    drop(reader);
                    self.void(begun).await?;
                    reader = self.store.read().await?;
                }
                IssuanceState::Void => {}
            }
        }
        if reader.key_used_by_another(&key.fingerprint(), order.holder.id).await? {
            return Err(IssueError::Key("it was certified for somebody else before".into()));
        }
        drop(reader);
        let mut issuance = self.reserve(order, authority, key).await?;
        let to_be_signed = self.build(order, policy, authority, key, &issuance)?;
        let reserved =
            std::mem::replace(&mut issuance.state, IssuanceState::Recorded { to_be_signed: to_be_signed.clone() });
        let mut work = self.store.begin().await?;
        work.update_issuance(&issuance, &reserved).await?;
        work.commit().await?;
        self.finish(order, authority, issuance, &to_be_signed).await
    }

    async fn reserve(
        &self,
        order: &IssueOrder,
        authority: &Authority,
        key: &PublicKey,
    ) -> Result<Issuance, IssueError> {
        let now = self.clock.now();
        let issuance = Issuance {
            certificate: CertificateId::new(now, self.rng.bytes()),
            generation: authority.generation.id,
            serial: SerialNumber::from_random(self.rng.bytes()),
            job: Some(order.job),
            role: order.role,
            key_fingerprint: key.fingerprint(),
            state: IssuanceState::Reserved,
            at: now,
        };
        let mut work = self.store.begin().await?;
        work.insert_issuance(&issuance).await?;
        work.commit().await?;
        Ok(issuance)
    }

    async fn void(&self, mut issuance: Issuance) -> Result<(), IssueError> {
        let before = std::mem::replace(&mut issuance.state, IssuanceState::Void);
        let mut work = self.store.begin().await?;
        work.update_issuance(&issuance, &before).await?;
        work.commit().await?;
        Ok(())
    }

    fn build(
        &self,
        order: &IssueOrder,
        policy: &Policy,
        authority: &Authority,
        key: &PublicKey,
        issuance: &Issuance,
    ) -> Result<Vec<u8>, IssueError> {
        let now = issuance.at;
        let years = match order.role {
            CertificateRole::CardAuthentication => policy.card.identity_years,
            _ => policy.certificates.validity_years,
        };
        let (subject, directory, email) = match order.role {
            CertificateRole::CardAuthentication => {
                (card_subject(authority, order)?, DirectoryAttributes::default(), None)
            }
            _ => {
                let subject =
                    subject_name(&order.holder.subject).map_err(|error| IssueError::Lint(error.to_string()))?;
                (subject, directory(order, policy)?, order.holder.email.clone())
            }
        };
        let generation = &authority.generation;
        let to_be_certified = ToBeCertified {
            profile: profile(order.role),
            serial: Serial::new(issuance.serial.as_be_bytes()).map_err(|error| IssueError::Lint(error.to_string()))?,
            issuer: authority.issuer(),
            subject,
            public_key: key.clone(),
            not_before: now,
            not_after: years_later(now, years).min(authority.certificate.not_after()),
            policies: Policies { oids: oids(&policy.certificates.policies)?, cps_uri: policy.certificates.cps.clone() },
            directory,
            email,
            crl_url: Some(generation.crl_url()),
            ocsp_url: Some(generation.ocsp_url()),
            issuer_url: Some(generation.certificate_url()),
        };
        prepare(&to_be_certified, Some(&authority.certificate), PIV_CERTIFICATE_LIMIT)
    }

    /// Signs exactly the recorded bytes; certificate, issuance and audit event in one transaction.
    async fn finish(
        &self,
        order: &IssueOrder,
        authority: &Authority,
        mut issuance: Issuance,
        to_be_signed: &[u8],
    ) -> Result<Certificate, IssueError> {
        let der = sign_prepared(to_be_signed, authority.signer.as_ref())?;
        let parsed = kaika_pki::Certificate::from_der(&der).map_err(|error| IssueError::Lint(error.to_string()))?;
        let certificate = Certificate {
            id: issuance.certificate,
            authority: authority.generation.owner.clone(),
            generation: authority.generation.id,
            holder: order.holder.id,
            card: Some(order.card.id),
            role: order.role,
            serial: issuance.serial.clone(),
            sha256: parsed.fingerprint(),
            key_fingerprint: issuance.key_fingerprint,
            not_before: parsed.not_before(),
            not_after: parsed.not_after(),
            certificate: der,
            issued_at: self.clock.now(),
            job: Some(order.job),
            placement: Some(Placement::Pending),
            state: CertificateState::Held { holds: Vec::new() },
            version: 1,
        };
        let before = std::mem::replace(&mut issuance.state, IssuanceState::Issued);
        let mut work = self.store.begin().await?;
        work.update_issuance(&issuance, &before).await?;
        work.insert_certificate(&certificate).await?;
        audit(work.as_mut(), order, &certificate);
        work.commit().await?;
        Ok(certificate)
    }
}

fn audit(work: &mut dyn UnitOfWork, order: &IssueOrder, certificate: &Certificate) {
    work.audit(Event {
        at: certificate.issued_at,
        actor: Actor::Authority(certificate.authority.clone()),
        action: "certificate.issue",
        payload: json!({
            "serial": certificate.serial,
            "role": certificate.role,
            "card": order.card.number,
            "job": order.job.to_string(),
        }),
    });
}

/// The card itself: whose it is stays out of it, since it can be read without a PIN.
fn card_subject(authority: &Authority, order: &IssueOrder) -> Result<DistinguishedName, IssueError> {
    let lint = |error: &dyn std::fmt::Display| IssueError::Lint(error.to_string());
    let issuer = authority.certificate.subject().map_err(|error| lint(&error))?;
    let kept = |attribute: &Attribute| matches!(attribute, Attribute::Country | Attribute::Organization);
    let number = (Attribute::SerialNumber, order.card.number.as_str().to_owned());
    let attributes = issuer.attributes().iter().filter(|(attribute, _)| kept(attribute)).cloned().chain([number]);
    DistinguishedName::new(attributes).map_err(|error| lint(&error))
}

fn directory(order: &IssueOrder, policy: &Policy) -> Result<DirectoryAttributes, IssueError> {
    let organisation = &order.holder.organisation;
    let subject_type = organisation.subject_type.as_ref().unwrap_or(&policy.certificates.subject_type);
    Ok(DirectoryAttributes {
        subject_type: Some(oid(subject_type)?),
        rank: Some(match order.card.rank {
            CardRank::Primary => Rank::Primary,
            CardRank::Supplementary => Rank::Secondary,
        }),
        business_number: organisation.business_number.clone(),
        agency: organisation.agency_oid.as_deref().map(oid).transpose()?,
        card_number: Some(order.card.number.as_str().to_owned()),
    })
}

fn profile(role: CertificateRole) -> Profile {
    match role {
        CertificateRole::Signature => Profile::Signature,
        CertificateRole::Encryption => Profile::Encryption,
        CertificateRole::Login => Profile::Login,
        CertificateRole::CardAuthentication => Profile::CardAuthentication,
    }
}

fn card_key(algorithm: kaika_wire::KeyAlgorithm) -> KeyAlgorithm {
    match algorithm {
        kaika_wire::KeyAlgorithm::Rsa2048 => KeyAlgorithm::Rsa2048,
        kaika_wire::KeyAlgorithm::P256 => KeyAlgorithm::P256,
        kaika_wire::KeyAlgorithm::P384 => KeyAlgorithm::P384,
    }
}
