//! Keys that were opened once: opening one takes memory and time, so it happens at first use. Opening, and signing where
//! a signature waits, are done beside the other tasks and in bounded numbers.

use crate::error;
use crate::keys::{KeyStore, KeyStoreError, Signer, Signing};
use kaika_app::authorities::{Generation, IssueError};
use kaika_app::kernel::Pool;
use kaika_pki::{KeyAlgorithm, PublicKey};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OnceCell, Semaphore};

/// Files that are opened at the same time: each takes 16 MiB.
const OPENED_AT_ONCE: NonZeroUsize = NonZeroUsize::new(2).unwrap();
/// More signatures than these do not wait for the keys of one store: whoever asks is told to come again.
const MOST_WAITING: usize = 1000;

/// Which store has the keys of which kind: roots may lie elsewhere than what signs every day.
pub struct Keys {
    pub roots: Arc<KeyRing>,
    pub issuers: Arc<KeyRing>,
    /// Of roots too.
    pub responders: Arc<KeyRing>,
}

impl Keys {
    /// All in one store.
    pub fn in_one(store: Arc<dyn KeyStore>) -> Self {
        let ring = Arc::new(KeyRing::new(store));
        Self { roots: Arc::clone(&ring), issuers: Arc::clone(&ring), responders: ring }
    }

    /// Where a generation's own key is.
    pub(crate) fn of(&self, generation: &Generation) -> &KeyRing {
        if generation.is_root { &self.roots } else { &self.issuers }
    }
}

type Opened = Arc<OnceCell<Key>>;

/// The keys of one store.
pub struct KeyRing {
    store: Arc<dyn KeyStore>,
    opened: Mutex<HashMap<String, Opened>>,
    opening: Pool,
    /// None: signatures wait for nothing.
    queue: Option<Queue>,
}

/// For what waits.
#[derive(Clone)]
struct Queue {
    pool: Pool,
    places: Arc<Semaphore>,
}

impl KeyRing {
    pub fn new(store: Arc<dyn KeyStore>) -> Self {
        let (opening, queue) = match store.signing() {
            Signing::Computes => (Pool::new(OPENED_AT_ONCE), None),
            Signing::Waits { at_once } => {
                let pool = Pool::new(at_once);
                (pool.clone(), Some(Queue { pool, places: Arc::new(Semaphore::new(MOST_WAITING)) }))
            }
        };
        Self { store, opened: Mutex::default(), opening, queue }
    }

    /// # Errors
    /// As [`KeyStore::has`].
    pub(crate) async fn has(&self, name: String) -> Result<bool, KeyStoreError> {
        let store = Arc::clone(&self.store);
        let tried = self.opening.run(move || store.has(&name)).await;
        tried.map_err(|_| KeyStoreError::Unfinished)?
    }

    /// # Errors
    /// The key cannot be opened.
    pub(crate) async fn public_key(&self, name: &str) -> Result<PublicKey, IssueError> {
        let key = self.once(name, |store, name| store.open(name)).await?;
        Ok(key.public_key().clone())
    }

    /// # Errors
    /// The key cannot be opened, or is not the private half of `expected`.
    pub(crate) async fn open(&self, name: &str, expected: &PublicKey) -> Result<Key, IssueError> {
        let key = self.once(name, |store, name| store.open(name)).await?;
        if key.public_key() != expected {
            return Err(error::signer(format!("the key {name} is not the one that was certified")));
        }
        Ok(key)
    }

    /// The key of this name; a new one only where it is certain that there is none.
    ///
    /// # Errors
    /// The key that is there is of another kind; it cannot be told whether there is one; or none can be made.
    pub(crate) async fn open_or_create(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Key, IssueError> {
        let key = self.once(name, move |store, name| match store.open(name) {
            Err(KeyStoreError::Missing(_)) => match store.create(name, algorithm) {
                // Another process was quicker: its key is the key.
                Err(KeyStoreError::Exists(_)) => store.open(name),
                created => created,
            },
            opened => opened,
        });
        let key = key.await?;
        let found = key.public_key().algorithm();
        if found != algorithm {
            return Err(error::signer(KeyStoreError::Kind { name: name.to_owned(), found, wanted: algorithm }));
        }
        Ok(key)
    }

    async fn once(
        &self,
        name: &str,
        open: impl FnOnce(&dyn KeyStore, &str) -> Result<Arc<dyn Signer>, KeyStoreError> + Send + 'static,
    ) -> Result<Key, IssueError> {
        let cell = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(opened.entry(name.to_owned()).or_default())
        };
        let key = cell.get_or_try_init(|| async {
            let (store, name) = (Arc::clone(&self.store), name.to_owned());
            let signer = self.opening.run(move || open(store.as_ref(), &name)).await.map_err(error::signer)?;
            let signer = signer.map_err(error::unopened)?;
            Ok(Key { signer, queue: self.queue.clone() })
        });
        key.await.cloned()
    }
}

/// A key that was opened.
#[derive(Clone)]
pub(crate) struct Key {
    signer: Arc<dyn Signer>,
    queue: Option<Queue>,
}

impl Key {
    pub(crate) fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    /// Whether [`Key::run`] does not work here, but beside the other tasks.
    pub(crate) fn waits(&self) -> bool {
        self.queue.is_some()
    }

    /// For work that is beside the other tasks already.
    pub(crate) fn signer(&self) -> &dyn Signer {
        self.signer.as_ref()
    }

    /// Work that signs with this key.
    ///
    /// # Errors
    /// [`IssueError::KeyAway`] where too much waits for the key.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Signer) -> T + Send + 'static,
    ) -> Result<T, IssueError> {
        let Some(queue) = &self.queue else { return Ok(work(self.signer())) };
        let full = |_| IssueError::KeyAway("too much waits to be signed".to_owned());
        let _place = queue.places.try_acquire().map_err(full)?;
        let signer = Arc::clone(&self.signer);
        queue.pool.run(move || work(signer.as_ref())).await.map_err(error::signer)
    }
}
