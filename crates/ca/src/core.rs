//! What the parts of the issuer share: the store, the keys, the policies.

use crate::ca::CaConfig;
use crate::error;
use crate::key_ring::{Key, Keys};
use kaika_app::{
    Store,
    authorities::{Generation, IssueError},
    kernel::{Clock, Rng},
};
use kaika_domain::authorities::{Policies, Root};
use kaika_pki::{Certificate, Serial};
use kaika_wire::{AuthorityId, GenerationId, SerialNumber};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;

/// Roots and issuing authorities with their keys.
pub(crate) struct Core {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Keys,
    pub(crate) policies: Policies,
    pub(crate) roots: Vec<Root>,
    pub(crate) base_url: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    /// One authority is founded at a time.
    pub(crate) founding: tokio::sync::Mutex<()>,
    pub(crate) renewing: tokio::sync::Mutex<()>,
    /// Keys that have issued since the start.
    issuing: Mutex<HashMap<GenerationId, Arc<IssuingKey>>>,
    /// Responders that have answered since the start, with their latest certificates.
    pub(crate) responders: Mutex<HashMap<GenerationId, Arc<crate::responder::Responder>>>,
}

/// A generation ready to issue.
pub(crate) struct IssuingKey {
    /// As it was when the key was opened.
    pub(crate) generation: Generation,
    pub(crate) certificate: Certificate,
    pub(crate) key: Key,
}

impl Core {
    pub(crate) fn new(config: CaConfig) -> Self {
        Self {
            store: config.store,
            keys: config.keys,
            policies: config.policies,
            roots: config.roots,
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            clock: config.clock,
            rng: config.rng,
            founding: tokio::sync::Mutex::default(),
            renewing: tokio::sync::Mutex::default(),
            issuing: Mutex::default(),
            responders: Mutex::default(),
        }
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

    /// Its certificate read and its key opened, once.
    pub(crate) async fn issuing_key(&self, generation: &Generation) -> Result<Arc<IssuingKey>, IssueError> {
        let opened = |issuing: &Mutex<HashMap<_, Arc<_>>>| {
            issuing.lock().unwrap_or_else(PoisonError::into_inner).get(&generation.id).cloned()
        };
        if let Some(key) = opened(&self.issuing) {
            return Ok(key);
        }
        let certificate = Certificate::from_der(&generation.certificate).map_err(error::unreadable)?;
        let key = self.keys.of(generation).open(&generation.name(), certificate.public_key()).await?;
        let key = Arc::new(IssuingKey { generation: generation.clone(), certificate, key });
        self.issuing.lock().unwrap_or_else(PoisonError::into_inner).insert(generation.id, Arc::clone(&key));
        Ok(key)
    }
}

/// The name of a generation's responder's key.
pub(crate) fn responder_key(generation: &Generation) -> String {
    format!("{}-ocsp", generation.name())
}

pub(crate) fn pki_serial(serial: &SerialNumber) -> Serial {
    Serial::new(serial.as_be_bytes()).expect("a serial number of ours is positive and short enough")
}
