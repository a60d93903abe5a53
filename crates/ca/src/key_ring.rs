//! Keys that were opened once: opening one takes memory and time, so it happens at first use, beside the other tasks.

use crate::error;
use crate::keys::{KeyStore, KeyStoreError, Signer};
use kaika_app::authorities::IssueError;
use kaika_pki::{KeyAlgorithm, PublicKey};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

type Opened = Arc<OnceCell<Arc<dyn Signer>>>;

pub(crate) struct KeyRing {
    store: Arc<dyn KeyStore>,
    opened: Mutex<HashMap<String, Opened>>,
}

impl KeyRing {
    pub(crate) fn new(store: Arc<dyn KeyStore>) -> Self {
        Self { store, opened: Mutex::default() }
    }

    /// # Errors
    /// The key cannot be opened, or is not the private half of `expected`.
    pub(crate) async fn open(&self, name: &str, expected: &PublicKey) -> Result<Arc<dyn Signer>, IssueError> {
        let signer = self.once(name, |store, name| store.open(name)).await?;
        if signer.public_key() != expected {
            return Err(error::signer(format!("the key {name} is not the one that was certified")));
        }
        Ok(signer)
    }

    pub(crate) async fn open_or_create(
        &self,
        name: &str,
        algorithm: KeyAlgorithm,
    ) -> Result<Arc<dyn Signer>, IssueError> {
        self.once(name, move |store, name| store.open_or_create(name, algorithm)).await
    }

    async fn once(
        &self,
        name: &str,
        open: impl FnOnce(&dyn KeyStore, &str) -> Result<Arc<dyn Signer>, KeyStoreError> + Send + 'static,
    ) -> Result<Arc<dyn Signer>, IssueError> {
        let cell = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(opened.entry(name.to_owned()).or_default())
        };
        let signer = cell.get_or_try_init(|| async {
            let (store, name) = (Arc::clone(&self.store), name.to_owned());
            tokio::task::spawn_blocking(move || open(store.as_ref(), &name))
                .await
                .map_err(error::signer)?
                .map_err(error::signer)
        });
        signer.await.cloned()
    }
}
