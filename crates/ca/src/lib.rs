//! The issuer port: holds the keys of roots, authorities and responders; checks, lints, records, signs.
//!
//! **Invariant:** nobody else opens an issuing key, and nothing is signed that was not linted and recorded before.

mod authority;
mod found;
mod issue;
mod publish;
mod signer;

pub use signer::{FileKeyStore, KeyStore, Signer, SignerError};

use async_trait::async_trait;
use authority::Authority;
use kaika_app::{Clock, Generation, IssueError, IssueOrder, Issuer, Revocation, Rng, Store, StoreError};
use kaika_domain::{Certificate, Policy, Root};
use kaika_pki::ocsp::{Nonce, SingleAnswer};
use kaika_wire::{AuthorityId, GenerationId};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};
use time::OffsetDateTime;

pub struct CaConfig {
    pub store: Arc<dyn Store>,
    pub keys: Box<dyn KeyStore>,
    pub policies: BTreeMap<AuthorityId, Policy>,
    pub roots: Vec<Root>,
    /// What the addresses in certificates of newly founded authorities begin with: `http://host[:port]`.
    pub base_url: String,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
}

pub struct Ca {
    store: Arc<dyn Store>,
    keys: Arc<dyn KeyStore>,
    policies: BTreeMap<AuthorityId, Policy>,
    roots: Vec<Root>,
    base_url: String,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    authorities: RwLock<HashMap<GenerationId, Arc<Authority>>>,
    /// One is founded at a time.
    founding: tokio::sync::Mutex<()>,
}

/// Why the authorities could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Signer(#[from] SignerError),
    #[error("the certificate of {0} cannot be read or is not its key's")]
    Certificate(String),
}

impl Ca {
    /// Opens the keys of all authorities that were founded.
    ///
    /// # Errors
    /// A key is missing, or the passphrase is another one.
    pub async fn open(config: CaConfig) -> Result<Self, OpenError> {
        let CaConfig { store, keys, policies, roots, base_url, clock, rng } = config;
        let keys: Arc<dyn KeyStore> = keys.into();
        let generations = store.read().await?.generations().await?;
        let opener = Arc::clone(&keys);
        let opened = tokio::task::spawn_blocking(move || open_all(opener.as_ref(), generations))
            .await
            .map_err(|_| SignerError::Failed)??;
        let authorities = opened.into_iter().map(|authority| (authority.generation.id, Arc::new(authority))).collect();
        Ok(Self {
            store,
            keys,
            policies,
            roots,
            base_url,
            clock,
            rng,
            authorities: RwLock::new(authorities),
            founding: tokio::sync::Mutex::default(),
        })
    }

    fn authority(&self, generation: GenerationId) -> Result<Arc<Authority>, IssueError> {
        let authorities = self.authorities.read().unwrap_or_else(PoisonError::into_inner);
        authorities.get(&generation).cloned().ok_or(IssueError::UnknownAuthority)
    }

    /// The newest generation of a root or an authority.
    fn current(&self, owner: &AuthorityId) -> Option<Arc<Authority>> {
        let authorities = self.authorities.read().unwrap_or_else(PoisonError::into_inner);
        let own = authorities.values().filter(|authority| authority.generation.owner == *owner);
        own.max_by_key(|authority| authority.generation.ordinal).cloned()
    }

    fn add(&self, authority: Authority) {
        let mut authorities = self.authorities.write().unwrap_or_else(PoisonError::into_inner);
        authorities.insert(authority.generation.id, Arc::new(authority));
    }
}

/// Unsealing a key takes a while; two at a time.
fn open_all(keys: &dyn KeyStore, generations: Vec<Generation>) -> Result<Vec<Authority>, OpenError> {
    let half = generations.len().div_ceil(2);
    let (first, second) = generations.split_at(half);
    let open = |part: &[Generation]| {
        part.iter().map(|generation| Authority::open(keys, generation.clone())).collect::<Result<Vec<_>, _>>()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| open(second));
        let mut authorities = open(first)?;
        authorities.extend(other.join().map_err(|_| SignerError::Failed)??);
        Ok(authorities)
    })
}

#[async_trait]
impl Issuer for Ca {
    async fn found(&self, owner: &AuthorityId) -> Result<Generation, IssueError> {
        self.found_or_find(owner).await
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
        publish::sign_crl(self.authority(generation.id)?.as_ref(), number, entries, this_update, next_update)
    }

    async fn sign_ocsp(
        &self,
        generation: &Generation,
        answers: Vec<SingleAnswer>,
        nonce: Option<Nonce>,
        produced_at: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError> {
        let authority = self.authority(generation.id)?;
        publish::sign_ocsp(authority.as_ref(), self.rng.as_ref(), answers, nonce, produced_at)
    }
}
