//! What a handle notes of the database while it is used.

use kaika_app::StoreError;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Mutex as Turn, time::timeout};

/// After a commit nobody has to ask for so long whether one can be made.
const FRESH: Duration = Duration::from_secs(30);
/// How long one waits for others that write.
const PATIENCE: Duration = Duration::from_secs(2);
/// Others that write for longer leave no room for us.
const BUSY_FOR_LONG: Duration = Duration::from_secs(60);
/// Those who ask while one finds it busy need not find it out again.
const BUSY_STILL: Duration = Duration::from_secs(5);

pub(crate) struct Noted {
    /// Transactions that may have changed a certificate's status.
    status_changes: AtomicU64,
    written: Mutex<Written>,
    /// One asks at a time.
    asking: Turn<()>,
}

struct Written {
    /// Of a transaction; at first when the database was opened.
    last: Instant,
    /// None was committed yet, or something has failed since.
    in_doubt: bool,
    /// When others kept it from being written.
    busy: Option<Instant>,
}

impl Default for Noted {
    fn default() -> Self {
        let written = Written { last: Instant::now(), in_doubt: true, busy: None };
        Self { status_changes: AtomicU64::new(0), written: Mutex::new(written), asking: Turn::default() }
    }
}

impl Noted {
    pub(crate) fn status_changes(&self) -> u64 {
        self.status_changes.load(Ordering::SeqCst)
    }

    pub(crate) fn status_changed(&self) {
        self.status_changes.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn committed(&self) {
        *self.written() = Written { last: Instant::now(), in_doubt: false, busy: None };
    }

    pub(crate) fn failed(&self) {
        self.written().in_doubt = true;
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self) -> bool {
        let written = self.written();
        let busy_still = written.busy.is_some_and(|busy| busy.elapsed() < BUSY_STILL);
        !written.in_doubt && written.last.elapsed() < FRESH || busy_still
    }

    /// Whether the database can be written, by `write`, where that was not seen a moment ago. One that is busy with others
    /// can be.
    ///
    /// # Errors
    /// Nothing can be written, or nothing could be for long.
    pub(crate) async fn check_writable(
        &self,
        write: impl Future<Output = Result<(), StoreError>>,
    ) -> Result<(), StoreError> {
        if self.is_fresh() {
            return Ok(());
        }
        let _turn = self.asking.lock().await;
        if self.is_fresh() {
            return Ok(());
        }
        match timeout(PATIENCE, write).await {
            Ok(done) => {
                if done.is_ok() {
                    self.committed();
                }
                done
            }
            Err(_) if self.written().last.elapsed() < BUSY_FOR_LONG => {
                self.written().busy = Some(Instant::now());
                Ok(())
            }
            Err(_) => Err(StoreError::Database("others have kept it from being written for more than a minute".into())),
        }
    }
}
