//! What every use case is handed: the ports and the authorities' policies.

use crate::{
    Failure, Store,
    access::UserCodeHasher,
    authorities::Issuer,
    cards::CardSecrets,
    kernel::{Clock, Locks, Rng},
    status::{StatusCache, StatusSettings, Unsigned},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kaika_domain::authorities::{Policies, Policy};
use kaika_wire::{AuthorityId, GenerationId, JobId};
use std::sync::Arc;
use time::OffsetDateTime;

pub struct App {
    pub store: Arc<dyn Store>,
    pub issuer: Arc<dyn Issuer>,
    pub secrets: Arc<dyn CardSecrets>,
    pub user_codes: Arc<dyn UserCodeHasher>,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub policies: Policies,
    /// The portal's origin, `https://host[:port]`: what cards sign for.
    pub origin: String,
    /// Names this process among the servers that share the database.
    pub(crate) process: String,
    /// A job whose report is worked on: one that is sent again meanwhile waits for its answer, instead of costing a
    /// second try.
    pub(crate) busy: Locks<JobId>,
    /// A revocation list that is looked at, and signed where it is due.
    pub(crate) signing: Locks<(GenerationId, Option<u32>)>,
    pub(crate) unsigned: Unsigned,
    pub(crate) status: StatusCache,
    pub(crate) status_settings: StatusSettings,
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
        policies: Policies,
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
            unsigned: Unsigned::default(),
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
        let policy = self.policies.get(authority);
        policy.map(Arc::as_ref).ok_or_else(|| Failure::Inconsistent(format!("no policy for {authority}")))
    }
}
