//! The authorities of one installation, behind the port.

use crate::core::{Core, responder_key};
use crate::groups::Groups;
use crate::key_ring::Keys;
use crate::keys::KeyStoreError;
use crate::template;
use async_trait::async_trait;
use kaika_app::{
    Store, StoreError,
    authorities::{Applicant, Foreseen, Generation, IssueError, IssueOrder, Issuer},
    kernel::{Clock, Rng},
};
use kaika_domain::{
    audit::Actor,
    authorities::{Policies, Root},
    cards::Card,
    certificates::Certificate,
};
use kaika_pki::crl::Revoked;
use kaika_pki::ocsp::{Nonce, SingleAnswer};
use kaika_wire::AuthorityId;
use std::sync::Arc;
use time::OffsetDateTime;

pub struct CaConfig {
    pub store: Arc<dyn Store>,
    pub keys: Keys,
    pub policies: Policies,
    pub roots: Vec<Root>,
    /// Stands before every address in certificates of authorities that are founded from now on: `http://host[:port]`.
    pub base_url: String,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
}

/// Why the authorities cannot go to work.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the key {0} is not the one that its certificate names: another was put in its place. Put it back from a backup"
    )]
    Swapped(String),
    #[error("the key {name} cannot be opened: {error}")]
    Unopened { name: String, error: String },
    #[error("the certificate of {0} in the database cannot be read")]
    Certificate(String),
    #[error("the policy of {authority} is not right: {what}")]
    Policy { authority: AuthorityId, what: String },
}

/// Roots and issuing authorities with their keys.
pub struct Ca {
    core: Arc<Core>,
    groups: Groups,
}

impl Ca {
    /// Keys are opened when they are first used; that they are there is checked now. Where that cannot be told now, what
    /// needs the key waits for it.
    ///
    /// # Errors
    /// A policy or a root cannot stand in certificates, a key of an authority on record is missing, or the store failed.
    pub async fn open(config: CaConfig) -> Result<Self, OpenError> {
        check_rules(&config.policies, &config.roots)?;
        let generations = config.store.read().await?.generations().await?;
        for generation in generations {
            let keys = &config.keys;
            let own = (keys.of(&generation), generation.name());
            for (ring, name) in [own, (keys.responders.as_ref(), responder_key(&generation))] {
                match ring.has(name.clone()).await {
                    Ok(true) => {}
                    Ok(false) => return Err(KeyStoreError::Missing(name).into()),
                    Err(away @ KeyStoreError::Away { .. }) => tracing::warn!(%away, "a key was not looked for"),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let core = Arc::new(Core::new(config));
        Ok(Self { groups: Groups::start(Arc::clone(&core)), core })
    }

    /// Opens every key, and holds it against the certificate that names it: before a server serves, since whatever a wrong
    /// key would sign fails. One that cannot be reached now is looked at when it is used.
    ///
    /// # Errors
    /// A key is another one than was certified, or cannot be opened; or the store failed.
    pub async fn check_keys(&self) -> Result<(), OpenError> {
        let Core { store, keys, .. } = self.core.as_ref();
        let generations = store.read().await?.generations().await?;
        let named = generations.iter().flat_map(|generation| {
            let own = (keys.of(generation), generation.name(), &generation.certificate);
            [own, (keys.responders.as_ref(), responder_key(generation), &generation.responder_certificate)]
        });
        let checks = named.map(async |(ring, name, certificate)| {
            let certificate = kaika_pki::Certificate::from_der(certificate);
            let certificate = certificate.map_err(|_| OpenError::Certificate(name.clone()))?;
            match ring.public_key(&name).await {
                Ok(key) if key == *certificate.public_key() => Ok(()),
                Ok(_) => Err(OpenError::Swapped(name)),
                Err(IssueError::KeyAway(why)) => {
                    tracing::warn!(key = name, why, "a key was not looked at");
                    Ok(())
                }
                Err(error) => Err(OpenError::Unopened { name, error: error.to_string() }),
            }
        });
        futures_util::future::try_join_all(checks).await.map(drop)
    }
}

/// What would make every certificate fail is told at the start.
fn check_rules(policies: &Policies, roots: &[Root]) -> Result<(), OpenError> {
    let wrong = |authority: &AuthorityId, what: &dyn std::fmt::Display| OpenError::Policy {
        authority: authority.clone(),
        what: what.to_string(),
    };
    for (id, policy) in policies {
        template::check(policy).map_err(|error| wrong(id, &error))?;
        if !roots.iter().any(|root| root.id == policy.hierarchy.root) {
            return Err(wrong(id, &format!("there is no root {}", policy.hierarchy.root)));
        }
    }
    Ok(())
}

#[async_trait]
impl Issuer for Ca {
    async fn found(&self, owner: &AuthorityId, by: &Actor) -> Result<Generation, IssueError> {
        self.core.found_authority(owner, by).await
    }

    async fn foresee(&self, applicant: &Applicant, card: &Card) -> Result<Foreseen, IssueError> {
        self.core.foresee(applicant, card).await
    }

    async fn issue(&self, order: &IssueOrder) -> Result<Certificate, IssueError> {
        self.groups.issue(self.core.wanted(order)?).await
    }

    async fn sign_crl(
        &self,
        generation: &Generation,
        shard: Option<u32>,
        number: i64,
        entries: Vec<Revoked>,
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError> {
        self.core.sign_list(generation, shard, number, entries, this_update, next_update).await
    }

    async fn sign_ocsp(
        &self,
        generation: &Generation,
        answers: Vec<SingleAnswer>,
        nonce: Option<Nonce>,
        produced_at: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError> {
        self.core.sign_answer(generation, answers, nonce, produced_at).await
    }
}
