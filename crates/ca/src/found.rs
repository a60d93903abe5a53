//! Founding: key, certificate and responder of a root or an issuing authority.

use crate::core::{Core, pki_serial, responder_key};
use crate::key_ring::Key;
use crate::keys::Signer;
use crate::responder::{self, MAX_AUTHORITY_CERTIFICATE, RESPONDER_ALGORITHM};
use crate::{error, template};
use kaika_app::{
    StoreError,
    audit::{Action, Event},
    authorities::{Generation, IssueError},
};
use kaika_domain::authorities::AuthorityKey;
use kaika_domain::kernel::BACKDATED;
use kaika_domain::{
    audit::Actor,
    authorities::{Policy, Root},
};
use kaika_pki::lint::{Expected, lint};
use kaika_pki::to_be_certified::{DirectoryAttributes, Issuer, Policies, assemble};
use kaika_pki::{Certificate, DistinguishedName, KeyAlgorithm, Profile, ToBeCertified, weak};
use kaika_wire::{AuthorityId, GenerationId};
use time::OffsetDateTime;

/// What a policy or `roots.toml` says of an authority itself.
struct Plan<'a> {
    owner: &'a AuthorityId,
    subject: &'a DistinguishedName,
    key: AuthorityKey,
    validity_years: u16,
    /// None for a root.
    policy: Option<&'a Policy>,
    by: &'a Actor,
}

impl Core {
    /// The owner's newest generation; founded, after its root, where there is none. A key that a broken-off founding
    /// left behind is used.
    pub(crate) async fn found_authority(&self, owner: &AuthorityId, by: &Actor) -> Result<Generation, IssueError> {
        let _alone = self.founding.lock().await;
        if let Some(root) = self.roots.iter().find(|root| root.id == *owner) {
            return self.found_root(root, by).await;
        }
        if let Some(generation) = self.newest_generation(owner).await? {
            return Ok(generation);
        }
        let policy = self.policies.get(owner).ok_or(IssueError::UnknownAuthority)?;
        let root = self.roots.iter().find(|root| root.id == policy.hierarchy.root);
        let parent = self.found_root(root.ok_or(IssueError::UnknownAuthority)?, by).await?;
        let plan = Plan {
            owner,
            subject: &policy.hierarchy.subject,
            key: policy.hierarchy.key,
            validity_years: policy.hierarchy.validity_years,
            policy: Some(policy),
            by,
        };
        self.found_by(&plan, Some(&parent)).await
    }

    async fn found_root(&self, root: &Root, by: &Actor) -> Result<Generation, IssueError> {
        if let Some(generation) = self.newest_generation(&root.id).await? {
            return Ok(generation);
        }
        let plan = Plan {
            owner: &root.id,
            subject: &root.subject,
            key: root.key,
            validity_years: root.validity_years,
            policy: None,
            by,
        };
        self.found_by(&plan, None).await
    }

    async fn found_by(&self, plan: &Plan<'_>, parent: Option<&Generation>) -> Result<Generation, IssueError> {
        let now = self.now();
        let id = GenerationId::new(now, self.rng.bytes());
        let mut generation = Generation {
            id,
            owner: plan.owner.clone(),
            ordinal: 1,
            is_root: parent.is_none(),
            issuer: parent.map_or(id, |parent| parent.id),
            certificate: Vec::new(),
            key_identifier: [0; 20],
            responder_certificate: Vec::new(),
            base_url: self.base_url.clone(),
            founded_at: now,
            shards: plan.policy.map_or(1, |policy| policy.hierarchy.crl_shards),
            revision: 0,
        };
        let algorithm = template::authority_algorithm(plan.key);
        let key = self.keys.of(&generation).open_or_create(&generation.name(), algorithm).await?;
        let responder = responder_key(&generation);
        let responder = self.keys.responders.open_or_create(&responder, RESPONDER_ALGORITHM).await?;
        for key in [&key, &responder] {
            weak::check_key(key.public_key(), &KeyAlgorithm::ALL)
                .map_err(|weakness| IssueError::Key(weakness.to_string()))?;
        }
        let certificate = match parent {
            None => self.certify_root(plan, &key, now).await?,
            Some(parent) => self.certify_authority(plan, parent, &key, now).await?,
        };
        let responder = responder.public_key().clone();
        let responder_certificate =
            self.certify_responder(&generation, plan.subject, &certificate, &key, responder, now).await?;
        generation.certificate = certificate.der().to_vec();
        generation.key_identifier = key.public_key().key_identifier();
        generation.responder_certificate = responder_certificate.der().to_vec();
        self.record_founding(generation, &certificate, plan.by).await
    }

    async fn record_founding(
        &self,
        generation: Generation,
        certificate: &Certificate,
        by: &Actor,
    ) -> Result<Generation, IssueError> {
        let mut work = self.store.begin().await?;
        match work.insert_generation(&generation).await {
            Ok(()) => {}
            // Another process founded it meanwhile, with the same key: its certificate is the certificate.
            Err(StoreError::Stale) => {
                drop(work);
                let founded = self.newest_generation(&generation.owner).await?;
                return founded.ok_or(IssueError::Store(StoreError::Stale));
            }
            Err(error) => return Err(error.into()),
        }
        work.audit(Event {
            at: generation.founded_at,
            actor: by.clone(),
            action: Action::FoundAuthority {
                authority: generation.owner.clone(),
                generation: generation.name(),
                serial: certificate.serial().to_string(),
                not_after: certificate.not_after().unix_timestamp(),
                sha256: certificate.digest(),
            },
        });
        work.commit().await?;
        Ok(generation)
    }

    async fn certify_root(&self, plan: &Plan<'_>, key: &Key, now: OffsetDateTime) -> Result<Certificate, IssueError> {
        let subject = plan.subject.clone();
        let issuer = Issuer::itself(&subject, key.public_key());
        let algorithm = issuer.signature_algorithm();
        let shall = ToBeCertified {
            profile: Profile::Root,
            serial: pki_serial(&self.new_serial()),
            issuer,
            subject,
            public_key: key.public_key().clone(),
            not_before: now - BACKDATED,
            not_after: template::last_second(now, plan.validity_years)?,
            policies: Policies::default(),
            directory: DirectoryAttributes::default(),
            email: None,
            crl_url: None,
            ocsp_url: None,
            issuer_url: None,
        };
        let tbs = shall.to_tbs().map_err(error::lint)?;
        let expected = Expected { profile: Profile::Root, issuer: None, max_len: MAX_AUTHORITY_CERTIFICATE };
        error::findings(&lint(&tbs, &expected))?;
        let sign = move |signer: &dyn Signer| {
            let signature = signer.sign(&tbs).map_err(error::unsigned)?;
            let root = Certificate::from_der(&assemble(&tbs, algorithm, &signature)).map_err(error::signer)?;
            root.verify_issued_by(&root).map_err(error::signer)?;
            Ok(root)
        };
        key.run(sign).await?
    }

    async fn certify_authority(
        &self,
        plan: &Plan<'_>,
        parent: &Generation,
        key: &Key,
        now: OffsetDateTime,
    ) -> Result<Certificate, IssueError> {
        let root = Certificate::from_der(&parent.certificate).map_err(error::unreadable)?;
        let root_key = self.keys.of(parent).open(&parent.name(), root.public_key()).await?;
        let shall = ToBeCertified {
            profile: Profile::Issuing,
            serial: pki_serial(&self.new_serial()),
            issuer: Issuer::of(&root),
            subject: plan.subject.clone(),
            public_key: key.public_key().clone(),
            not_before: (now - BACKDATED).max(root.not_before()),
            not_after: template::last_second(now, plan.validity_years)?.min(root.not_after()),
            policies: plan.policy.map_or_else(|| Ok(Policies::default()), |it| template::policies(&it.certificates))?,
            directory: DirectoryAttributes::default(),
            email: None,
            // A root certifies few, and has no shards.
            crl_url: Some(parent.crl_url(None)),
            // The certificate table has those of cards only: for authorities there is the list.
            ocsp_url: None,
            issuer_url: Some(parent.certificate_url()),
        };
        responder::sign(shall, &root, &root_key).await
    }
}
