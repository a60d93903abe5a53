//! Founding: key, certificate and responder of a root or an authority.

use crate::{
    Ca, Signer,
    authority::{Authority, certify_responder, key_names, random_serial, sign},
};
use kaika_app::{Generation, IssueError, audit::Event, subject_name};
use kaika_domain::{Actor, policy::AuthorityKey};
use kaika_pki::{
    Certificate, KeyAlgorithm, Oid, Profile, ToBeCertified,
    to_be_certified::{DirectoryAttributes, Issuer, Policies},
};
use kaika_wire::{AuthorityId, GenerationId};
use serde_json::json;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// More than any certificate of an authority has.
const LENGTH_LIMIT: usize = 4096;

/// What is to be founded.
struct Plan {
    owner: AuthorityId,
    subject: Vec<(String, String)>,
    key: AuthorityKey,
    validity_years: u16,
    /// None for a root.
    root: Option<Arc<Authority>>,
    policies: Vec<String>,
}

impl Ca {
    pub(crate) async fn found_or_find(&self, owner: &AuthorityId) -> Result<Generation, IssueError> {
        let _one_at_a_time = self.founding.lock().await;
        if let Some(authority) = self.current(owner) {
            return Ok(authority.generation.clone());
        }
        if let Some(root) = self.roots.iter().find(|root| root.id == *owner) {
            return self.found_one(self.plan_root(root)).await;
        }
        let policy = self.policies.get(owner).ok_or(IssueError::UnknownAuthority)?;
        let root = match self.current(&policy.hierarchy.root) {
            Some(root) => root,
            None => {
                let root = self.roots.iter().find(|root| root.id == policy.hierarchy.root);
                self.found_one(self.plan_root(root.ok_or(IssueError::UnknownAuthority)?)).await?;
                self.current(&policy.hierarchy.root).ok_or(IssueError::UnknownAuthority)?
            }
        };
        self.found_one(Plan {
            owner: owner.clone(),
            subject: policy.hierarchy.subject.clone(),
            key: policy.hierarchy.key,
            validity_years: policy.hierarchy.validity_years,
            root: Some(root),
            policies: policy.certificates.policies.clone(),
        })
        .await
    }

    fn plan_root(&self, root: &kaika_domain::Root) -> Plan {
        Plan {
            owner: root.id.clone(),
            subject: root.subject.clone(),
            key: root.key,
            validity_years: root.validity_years,
            root: None,
            policies: Vec::new(),
        }
    }

    async fn found_one(&self, plan: Plan) -> Result<Generation, IssueError> {
        const ORDINAL: u32 = 1;
        let now = self.clock.now();
        let (key, responder_key) = key_names(&format!("{}-{ORDINAL}", plan.owner));
        let keys = Arc::clone(&self.keys);
        let algorithm = algorithm(plan.key);
        // Making an RSA key takes its time. A key that is there already was made before an interruption.
        let made = tokio::task::spawn_blocking(move || {
            let signer = keys.open_or_make(&key, algorithm)?;
            Ok::<_, crate::SignerError>((signer, keys.open_or_make(&responder_key, KeyAlgorithm::P256)?))
        });
        let (signer, responder) = made
            .await
            .map_err(|error| IssueError::Signer(error.to_string()))?
            .map_err(|error| IssueError::Signer(error.to_string()))?;
        let id = GenerationId::new(now, self.rng.bytes());
        let certificate = self.certify_authority(&plan, signer.as_ref(), now)?;
        let parsed = Certificate::from_der(&certificate).map_err(|error| IssueError::Lint(error.to_string()))?;
        let responder_certificate =
            certify_responder(&parsed, signer.as_ref(), responder.as_ref(), self.rng.as_ref(), now)?;
        let generation = Generation {
            id,
            owner: plan.owner.clone(),
            ordinal: ORDINAL,
            is_root: plan.root.is_none(),
            issuer: plan.root.as_ref().map_or(id, |root| root.generation.id),
            certificate,
            key_identifier: signer.public_key().key_identifier(),
            responder_certificate,
            base_url: self.base_url.clone(),
            founded_at: now,
            revision: 1,
        };
        let mut work = self.store.begin().await?;
        work.insert_generation(&generation).await?;
        work.audit(Event {
            at: now,
            actor: Actor::Operator,
            action: "authority.found",
            payload: json!({"authority": plan.owner, "generation": generation.name()}),
        });
        work.commit().await?;
        let authority = Authority::new(generation.clone(), signer, responder)
            .map_err(|error| IssueError::Signer(error.to_string()))?;
        self.add(authority);
        Ok(generation)
    }

    fn certify_authority(&self, plan: &Plan, signer: &dyn Signer, now: OffsetDateTime) -> Result<Vec<u8>, IssueError> {
        let lint = |error: &dyn std::fmt::Display| IssueError::Lint(format!("{}: {error}", plan.owner));
        let subject = subject_name(&plan.subject).map_err(|error| lint(&error))?;
        let end = years_later(now, plan.validity_years);
        let root = plan.root.as_deref();
        let to_be_certified = ToBeCertified {
            profile: if root.is_some() { Profile::Issuing } else { Profile::Root },
            serial: random_serial(self.rng.as_ref()),
            issuer: root.map_or_else(|| Issuer::itself(&subject, signer.public_key()), Authority::issuer),
            subject,
            public_key: signer.public_key().clone(),
            not_before: now,
            not_after: root.map_or(end, |root| end.min(root.certificate.not_after())),
            policies: Policies { oids: oids(&plan.policies)?, cps_uri: None },
            directory: DirectoryAttributes::default(),
            email: None,
            crl_url: root.map(|root| root.generation.crl_url()),
            ocsp_url: root.map(|root| root.generation.ocsp_url()),
            issuer_url: root.map(|root| root.generation.certificate_url()),
        };
        let issuer = root.map(|root| &root.certificate);
        let key = root.map_or(signer, |root| root.signer.as_ref());
        sign(&to_be_certified, issuer, key, LENGTH_LIMIT)
    }
}

fn algorithm(key: AuthorityKey) -> KeyAlgorithm {
    match key {
        AuthorityKey::P256 => KeyAlgorithm::P256,
        AuthorityKey::P384 => KeyAlgorithm::P384,
        AuthorityKey::Rsa2048 => KeyAlgorithm::Rsa2048,
        AuthorityKey::Rsa3072 => KeyAlgorithm::Rsa3072,
        AuthorityKey::Rsa4096 => KeyAlgorithm::Rsa4096,
    }
}

pub(crate) fn oids(texts: &[String]) -> Result<Vec<Oid>, IssueError> {
    texts.iter().map(|text| oid(text)).collect()
}

pub(crate) fn oid(text: &str) -> Result<Oid, IssueError> {
    text.parse().map_err(|_| IssueError::Lint(format!("{text} is not an OID")))
}

/// The same day of the year, so many years later, less a second; from 29 February on it is the 28th.
pub(crate) fn years_later(from: OffsetDateTime, years: u16) -> OffsetDateTime {
    let year = from.year() + i32::from(years);
    let later = from.replace_year(year).or_else(|_| from.replace_day(28).and_then(|from| from.replace_year(year)));
    later.unwrap_or(from) - Duration::SECOND
}
