//! OCSP answers that were signed in advance, and how far this process has followed the changes in the database.
//!
//! **Invariant:** an answer about a certificate leaves the cache before one about its new status can be asked for here,
//! and within half a second of its change by another process.

use crate::{App, StoreError, authorities::Generation, status::Cacheable};
use hashlink::LinkedHashMap;
use kaika_pki::ocsp::{CertId, IssuerHashes, Status};
use kaika_pki::{Certificate, Serial};
use kaika_wire::GenerationId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time::{Duration, OffsetDateTime};

/// How long another process's changes may go unseen.
const FOLLOW: Duration = Duration::milliseconds(500);
/// A database that does not answer in this time is taken for away.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
/// With more changes in one shard, all that is kept of the generation is forgotten instead.
const MOST_CHANGES: u32 = 1000;
/// What an entry takes beside its answers, about, in octets.
const ENTRY: usize = 256;

/// A generation, ready to know questions about its certificates.
pub(crate) struct Responder {
    pub(crate) generation: Generation,
    pub(crate) issuer: IssuerHashes,
}

/// An answer signed in advance.
#[derive(Clone)]
pub(crate) struct Ready {
    pub(crate) response: bytes::Bytes,
    /// Before it was signed it is not given out: the clock was set back.
    pub(crate) cacheable: Cacheable,
    /// From then on it is not given out any more.
    pub(crate) sign_again: OffsetDateTime,
}

pub(crate) struct StatusCache {
    known: Mutex<Known>,
    following: tokio::sync::Mutex<()>,
    limit: usize,
}

type Key = (GenerationId, Serial);

#[derive(Default)]
struct Known {
    responders: HashMap<String, Arc<Responder>>,
    /// Up to which revision of each generation the changes were followed.
    revisions: HashMap<GenerationId, i64>,
    followed: Option<Followed>,
    failed_at: Option<OffsetDateTime>,
    /// The least recently used first.
    entries: LinkedHashMap<Key, Entry>,
    size: usize,
}

#[derive(Clone, Copy)]
struct Followed {
    at: OffsetDateTime,
    /// [`crate::Store::status_changes`] before it was begun.
    changes: u64,
}

struct Entry {
    status: Status,
    /// By [`CertId::way`].
    answers: [Option<Ready>; CertId::WAYS],
}

impl Entry {
    fn size(&self) -> usize {
        ENTRY + self.answers.iter().flatten().map(|ready| ready.response.len()).sum::<usize>()
    }
}

impl StatusCache {
    pub(crate) fn new(limit: usize) -> Self {
        Self { known: Mutex::default(), following: tokio::sync::Mutex::default(), limit }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what has changed. Own changes are followed at once, others' every half second; nobody is answered from
    /// what is older.
    ///
    /// # Errors
    /// The database is away: what is still in the cache was true half a second ago.
    pub(crate) async fn follow(&self, app: &App) -> Result<(), StoreError> {
        if self.known().is_current(app) {
            return Ok(());
        }
        let _alone = self.following.lock().await;
        {
            let known = self.known();
            if known.is_current(app) {
                return Ok(());
            }
            if known.failed_at.is_some_and(|at| is_recent(at, app.now())) {
                return Err(away());
            }
        }
        let followed = Followed { at: app.now(), changes: app.store.status_changes() };
        let done = tokio::time::timeout(PATIENCE, self.read_changes(app)).await.unwrap_or_else(|_| Err(away()));
        let mut known = self.known();
        match done {
            Ok(()) => (known.followed, known.failed_at) = (Some(followed), None),
            Err(_) => known.failed_at = Some(app.now()),
        }
        done
    }

    async fn read_changes(&self, app: &App) -> Result<(), StoreError> {
        let mut reader = app.store.read().await?;
        for generation in reader.generations().await? {
            let id = generation.id;
            let before = self.known().revisions.get(&id).copied();
            let mut changed = Vec::new();
            match before {
                Some(revision) if revision == generation.revision => continue,
                Some(revision) => {
                    for shard in 0..generation.shards {
                        changed.push(reader.changed_since(id, shard, revision, MOST_CHANGES).await?);
                    }
                }
                None => self.known().add(&generation)?,
            }
            let mut known = self.known();
            // From here on nothing enters the cache that was read before.
            known.revisions.insert(id, generation.revision);
            changed.iter().for_each(|changed| known.forget(id, changed));
        }
        Ok(())
    }

    pub(crate) fn responder(&self, name: &str) -> Option<Arc<Responder>> {
        self.known().responders.get(name).cloned()
    }

    pub(crate) fn ready(&self, generation: GenerationId, asked: &CertId, now: OffsetDateTime) -> Option<Ready> {
        let mut known = self.known();
        let entry = known.entries.to_back(&(generation, asked.serial))?;
        let ready = entry.answers[asked.way()].as_ref()?;
        (ready.cacheable.signed_at <= now && now < ready.sign_again).then(|| ready.clone())
    }

    pub(crate) fn status(&self, generation: GenerationId, serial: Serial) -> Option<Status> {
        self.known().entries.get(&(generation, serial)).map(|entry| entry.status)
    }

    /// Takes in what was found at the generation's revision `read_at`, unless changes were followed past it since.
    pub(crate) fn keep_status(&self, generation: GenerationId, serial: Serial, status: Status, read_at: i64) {
        let mut known = self.known();
        if known.revisions.get(&generation).is_some_and(|followed| *followed <= read_at) {
            known.put((generation, serial), Entry { status, answers: Default::default() }, self.limit);
        }
    }

    /// Takes in an answer, where the status that it tells is still the one that is known.
    pub(crate) fn keep_answer(&self, generation: GenerationId, asked: &CertId, status: Status, ready: Ready) {
        let key = (generation, asked.serial);
        let mut known = self.known();
        if let Some(mut entry) = known.take(&key) {
            if entry.status == status {
                entry.answers[asked.way()] = Some(ready);
            }
            known.put(key, entry, self.limit);
        }
    }
}

impl Known {
    fn is_current(&self, app: &App) -> bool {
        self.followed
            .is_some_and(|followed| followed.changes == app.store.status_changes() && is_recent(followed.at, app.now()))
    }

    fn add(&mut self, generation: &Generation) -> Result<(), StoreError> {
        let unreadable = |error| StoreError::Row(format!("the certificate of {}: {error}", generation.name()));
        let issuer = IssuerHashes::of(&Certificate::from_der(&generation.certificate).map_err(unreadable)?);
        let responder = Responder { generation: generation.clone(), issuer };
        self.responders.insert(generation.name(), Arc::new(responder));
        Ok(())
    }

    fn forget(&mut self, generation: GenerationId, changed: &[kaika_wire::SerialNumber]) {
        if changed.len() == MOST_CHANGES as usize {
            self.entries.retain(|(of, _), _| *of != generation);
            self.size = self.entries.values().map(Entry::size).sum();
            return;
        }
        for serial in changed.iter().filter_map(|serial| Serial::new(serial.as_be_bytes()).ok()) {
            self.take(&(generation, serial));
        }
    }

    fn take(&mut self, key: &Key) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.size -= entry.size();
        Some(entry)
    }

    fn put(&mut self, key: Key, entry: Entry, limit: usize) {
        self.take(&key);
        self.size += entry.size();
        self.entries.insert(key, entry);
        while self.size > limit {
            let Some((_, oldest)) = self.entries.pop_front() else { break };
            self.size -= oldest.size();
        }
    }
}

/// A clock that was set back does not count as recent.
fn is_recent(at: OffsetDateTime, now: OffsetDateTime) -> bool {
    at <= now && now - at < FOLLOW
}

fn away() -> StoreError {
    StoreError::Database("the database does not answer".into())
}
