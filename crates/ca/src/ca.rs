//! The authorities of one installation, behind the port.

use crate::key_ring::KeyRing;
use crate::keys::{KeyStore, KeyStoreError};
use crate::template;
use async_trait::async_trait;
use kaika_app::{Clock, Generation, IssueError, IssueOrder, Issuer, Revocation, Rng, Store, StoreError, subject_name};
use kaika_domain::{Certificate, Policy, Root};
use kaika_pki::Serial;
use kaika_pki::ocsp::{Nonce, SingleAnswer};
use kaika_wire::{AuthorityId, GenerationId, SerialNumber};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use time::OffsetDateTime;

pub struct CaConfig {
    pub store: Arc<dyn Store>,
    pub keys: Box<dyn KeyStore>,
    pub policies: BTreeMap<AuthorityId, Policy>,
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
    #[error("the policy of {authority} is not right: {what}")]
    Policy { authority: AuthorityId, what: String },
}

/// Roots and issuing authorities with their keys.
pub struct Ca {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: KeyRing,
    pub(crate) policies: BTreeMap<AuthorityId, Policy>,
    pub(crate) roots: Vec<Root>,
    pub(crate) base_url: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    /// One authority is founded at a time.
    pub(crate) founding: tokio::sync::Mutex<()>,
    /// One order at a time, by the first octet of its key's fingerprint: a reservation that is found was left behind.
    pub(crate) orders: Vec<tokio::sync::Mutex<()>>,
    pub(crate) renewing: tokio::sync::Mutex<()>,
    /// Responders' certificates that were renewed since the start.
    pub(crate) responders: Mutex<HashMap<GenerationId, kaika_pki::Certificate>>,
}

impl Ca {
    /// Keys are opened when they are first used; that they are there is checked now.
    ///
    /// # Errors
    /// A policy or a root cannot stand in certificates, a key of an authority on record is missing, or the store failed.
    pub async fn open(config: CaConfig) -> Result<Self, OpenError> {
        check_rules(&config.policies, &config.roots)?;
        let generations = config.store.read().await?.generations().await?;
        for generation in generations {
            for name in [generation.name(), responder_key(&generation)] {
                if !config.keys.has(&name) {
                    return Err(KeyStoreError::Missing(name).into());
                }
            }
        }
        Ok(Self {
            store: config.store,
            keys: KeyRing::new(Arc::from(config.keys)),
            policies: config.policies,
            roots: config.roots,
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            clock: config.clock,
            rng: config.rng,
            founding: tokio::sync::Mutex::default(),
            orders: (0..=u8::MAX).map(|_| tokio::sync::Mutex::default()).collect(),
            renewing: tokio::sync::Mutex::default(),
            responders: Mutex::default(),
        })
    }

    /// In whole seconds, as certificates have it.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now().replace_nanosecond(0).expect("zero is a nanosecond")
    }

    pub(crate) fn new_serial(&self) -> SerialNumber {
        SerialNumber::from_random(self.rng.bytes())
    }

    pub(crate) async fn newest_generation(&self, owner: &AuthorityId) -> Result<Option<Generation>, IssueError> {
        let generations = self.store.read().await?.generations().await?;
        let own = generations.into_iter().filter(|generation| generation.owner == *owner);
        Ok(own.max_by_key(|generation| generation.ordinal))
    }

    pub(crate) async fn generation(&self, id: GenerationId) -> Result<Generation, IssueError> {
        let generations = self.store.read().await?.generations().await?;
        generations.into_iter().find(|generation| generation.id == id).ok_or(IssueError::UnknownAuthority)
    }
}

/// What would make every certificate fail is told at the start.
fn check_rules(policies: &BTreeMap<AuthorityId, Policy>, roots: &[Root]) -> Result<(), OpenError> {
    let wrong = |authority: &AuthorityId, what: &dyn std::fmt::Display| OpenError::Policy {
        authority: authority.clone(),
        what: what.to_string(),
    };
    for root in roots {
        subject_name(&root.subject).map_err(|error| wrong(&root.id, &error))?;
    }
    for (id, policy) in policies {
        template::check(policy).map_err(|error| wrong(id, &error))?;
        if !roots.iter().any(|root| root.id == policy.hierarchy.root) {
            return Err(wrong(id, &format!("there is no root {}", policy.hierarchy.root)));
        }
    }
    Ok(())
}

/// The name of a generation's responder's key.
pub(crate) fn responder_key(generation: &Generation) -> String {
    format!("{}-ocsp", generation.name())
}

pub(crate) fn pki_serial(serial: &SerialNumber) -> Serial {
    Serial::new(serial.as_be_bytes()).expect("a serial number of ours is positive and short enough")
}

#[async_trait]
impl Issuer for Ca {
    async fn found(&self, owner: &AuthorityId) -> Result<Generation, IssueError> {
        self.found_authority(owner).await
    }

    async fn issue(&self, order: &IssueOrder) -> Result<Certificate, IssueError> {
        self.issue_certificate(order).await
    }

    async fn sign_crl(
        &self,
        generation: &Generation,
        number: i64,
        entries: &[Revocation],
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError> {
        self.sign_list(generation, number, entries, this_update, next_update).await
    }

    async fn sign_ocsp(
        &self,
        generation: &Generation,
        answers: Vec<SingleAnswer>,
        nonce: Option<Nonce>,
        produced_at: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError> {
        self.sign_answer(generation, answers, nonce, produced_at).await
    }
}
