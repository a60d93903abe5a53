//! What every use case is handed: the ports and the authorities' policies.

use crate::{CardSecrets, Clock, IssueError, Issuer, Rng, Store, StoreError, UserCodeHasher, VaultError};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kaika_domain::Policy;
use kaika_wire::{AuthorityId, Code, JobId, Refusal};
use std::{
    collections::{BTreeMap, HashMap},
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
    pub(crate) busy: JobLocks,
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
            other => Self::Store(other),
        }
    }
}

impl From<IssueError> for Failure {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Store(error) => error.into(),
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
        Self { store, issuer, secrets, user_codes, clock, rng, policies, origin, process, busy: JobLocks::default() }
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

/// One report of a job at a time: a report that is sent again while the first is still worked on waits for its answer,
/// instead of costing a second try.
#[derive(Default)]
pub(crate) struct JobLocks(Mutex<HashMap<JobId, Arc<tokio::sync::Mutex<()>>>>);

impl JobLocks {
    pub(crate) async fn lock(&self, job: JobId) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(job).or_default())
        };
        lock.lock_owned().await
    }
}
