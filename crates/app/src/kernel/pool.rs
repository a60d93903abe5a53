//! Work that waits for a device, a disk or a long computation, done beside the tasks that share the workers.

use super::VaultError;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Runs such work, at most so much at once; the rest waits in the order in which it came.
#[derive(Clone)]
pub struct Pool {
    permits: Arc<Semaphore>,
}

/// The work panicked.
#[derive(Debug, thiserror::Error)]
#[error("work ended without a result")]
pub struct Unfinished;

impl From<Unfinished> for VaultError {
    fn from(_: Unfinished) -> Self {
        Self::Failed
    }
}

impl From<Unfinished> for std::io::Error {
    fn from(error: Unfinished) -> Self {
        Self::other(error)
    }
}

impl Pool {
    pub fn new(at_once: NonZeroUsize) -> Self {
        Self { permits: Arc::new(Semaphore::new(at_once.get())) }
    }

    /// One after another.
    pub fn of_one() -> Self {
        Self::new(NonZeroUsize::MIN)
    }

    /// # Errors
    /// The work panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unfinished> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Unfinished)?;
        // The permit goes along: work whose caller went away still counts until it ends.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(|_| Unfinished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_run_at_once_than_may() {
        let pool = Pool::new(NonZeroUsize::new(2).unwrap());
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let (entered, entries) = mpsc::channel();
        // The first two go on together, once both are there: so there is a moment at which two run.
        let both = Arc::new(std::sync::Barrier::new(2));
        let mut work = Vec::new();
        for _ in 0..12 {
            let (pool, running, most) = (pool.clone(), Arc::clone(&running), Arc::clone(&most));
            let (entered, both) = (entered.clone(), Arc::clone(&both));
            work.push(tokio::spawn(async move {
                pool.run(move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    entered.send(()).unwrap();
                    both.wait();
                    running.fetch_sub(1, Ordering::SeqCst);
                })
                .await
            }));
        }
        for one in work {
            one.await.unwrap().unwrap();
        }
        assert_eq!(entries.try_iter().count(), 12);
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn work_that_is_given_up_keeps_its_permit_until_it_ends() {
        let pool = Pool::of_one();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move {
                pool.run(move || {
                    started.send(()).unwrap();
                    released.recv().unwrap();
                })
                .await
            }
        });
        has_started.await.unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        assert_eq!(pool.permits.available_permits(), 0);
        release.send(()).unwrap();
        pool.run(|| ()).await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_told_and_leaves_the_place() {
        let pool = Pool::of_one();
        pool.run(|| panic!("as it should")).await.unwrap_err();
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }
}
