//! What every use case is handed: the ports and the authorities' policies.

use crate::status::{StatusCache, StatusSettings};
use crate::{CardSecrets, Clock, IssueError, Issuer, Rng, Store, StoreError, UserCodeHasher, VaultError};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kaika_domain::Policy;
use kaika_wire::{AuthorityId, Code, GenerationId, JobId, Refusal};
use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{Arc, Mutex},
};
use time::OffsetDateTime;

pub struct App {
    pub store: Arc<dyn Store>,
    pub issuer: Arc<dyn Issuer>,
    pub secrets: Arc<dyn CardSecrets>,
    pub user_codes: Arc<dyn UserCodeHasher>,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub policies: BTreeMap<AuthorityId, Policy>,
    /// The portal's origin, `https://host[:port]`: what cards sign for.
    pub origin: String,
    /// Names this process among the servers that share the database.
    pub(crate) process: String,
    /// A job whose report is worked on: one that is sent again meanwhile waits for its answer, instead of costing a
    /// second try.
    pub(crate) busy: Locks<JobId>,
    /// A revocation list that is looked at, and signed where it is due.
    pub(crate) signing: Locks<(GenerationId, Option<u32>)>,
    pub(crate) status: StatusCache,
    pub(crate) status_settings: StatusSettings,
}

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The person's affair; said in their language.
    #[error(transparent)]
    Refused(Refusal),
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Issue(IssueError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database holds what cannot be.
    #[error("inconsistent: {0}")]
    Inconsistent(String),
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Refused(Code::Stale.into()),
            // Whoever asks for it again gets it.
            StoreError::Conflict => Self::Refused(Code::Busy.into()),
            other => Self::Store(other),
        }
    }
}

impl From<IssueError> for Failure {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Store(error) => error.into(),
            IssueError::JobOver => Self::Refused(Code::Stale.into()),
            IssueError::Key(detail) => Self::Refused(Refusal::new(Code::CardUnsuitable).detail(detail)),
            other => Self::Issue(other),
        }
    }
}

impl App {
    #[expect(clippy::too_many_arguments, reason = "the ports are named here once, and nowhere else")]
    pub fn new(
        store: Arc<dyn Store>,
        issuer: Arc<dyn Issuer>,
        secrets: Arc<dyn CardSecrets>,
        user_codes: Arc<dyn UserCodeHasher>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        policies: BTreeMap<AuthorityId, Policy>,
        origin: String,
    ) -> Self {
        let process = URL_SAFE_NO_PAD.encode(rng.bytes::<16>());
        let status_settings = StatusSettings::default();
        Self {
            store,
            issuer,
            secrets,
            user_codes,
            clock,
            rng,
            policies,
            origin,
            process,
            busy: Locks::default(),
            signing: Locks::default(),
            status: StatusCache::new(status_settings.ocsp_cache),
            status_settings,
        }
    }

    #[must_use]
    pub fn with_status(self, settings: StatusSettings) -> Self {
        Self { status: StatusCache::new(settings.ocsp_cache), status_settings: settings, ..self }
    }

    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// # Errors
    /// The installation has no such authority.
    pub fn policy(&self, authority: &AuthorityId) -> Result<&Policy, Failure> {
        self.policies.get(authority).ok_or_else(|| Failure::Inconsistent(format!("no policy for {authority}")))
    }
}

/// One at a time, for each of many.
pub(crate) struct Locks<K>(Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>);

impl<K> Default for Locks<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Locks<K> {
    pub(crate) async fn lock(&self, key: K) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(key).or_default())
        };
        lock.lock_owned().await
    }
}
