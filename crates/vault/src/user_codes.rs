//! User codes, hashed with argon2id on a bounded pool: hashing is made to cost memory and time, and without a bound
//! whoever asks often enough could use up both.

use crate::rng;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use kaika_app::{access::UserCodeHasher, kernel::VaultError};
use kaika_wire::UserCode;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// OWASP's choice for argon2id: 19 MiB, two passes, one lane; some 20 ms.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// At most so many at once: 38 MiB.
const AT_ONCE: usize = 2;

/// Hashes and verifies user codes.
#[derive(Clone)]
pub struct UserCodes {
    pool: Pool,
}

impl UserCodes {
    pub fn new() -> Self {
        Self { pool: Pool::new(AT_ONCE) }
    }
}

impl Default for UserCodes {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl UserCodeHasher for UserCodes {
    async fn hash(&self, code: &UserCode) -> Result<String, VaultError> {
        let code = code.clone();
        self.pool.run(move || hash(&code)).await?
    }

    async fn verify(&self, hash: &str, code: &UserCode) -> Result<bool, VaultError> {
        let (hash, code) = (hash.to_owned(), code.clone());
        self.pool.run(move || verify(&hash, &code)).await?
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are constant and allowed");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(code: &UserCode) -> Result<String, VaultError> {
    let salt = rng::random::<16>();
    let hash: PasswordHash =
        argon2().hash_password_with_salt(code.expose().as_bytes(), &salt).map_err(|_| VaultError::Failed)?;
    Ok(hash.to_string())
}

/// A hash that cannot be read takes as long as one that can.
fn verify(text: &str, code: &UserCode) -> Result<bool, VaultError> {
    let Ok(expected) = PasswordHash::new(text) else {
        hash(code)?;
        return Err(VaultError::Sealed);
    };
    match argon2().verify_password(code.expose().as_bytes(), &expected) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(VaultError::Failed),
    }
}

/// Runs blocking work, at most so much at once.
#[derive(Clone)]
struct Pool {
    permits: Arc<Semaphore>,
}

impl Pool {
    fn new(at_once: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(at_once)) }
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, VaultError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| VaultError::Failed)?;
        // The permit goes along: work whose caller went away still counts until it ends.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(|_| VaultError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_than_two_run_at_once() {
        let pool = Pool::new(AT_ONCE);
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let (entered, entries) = mpsc::channel();
        let mut work = Vec::new();
        for _ in 0..12 {
            let (pool, running, most, entered) = (pool.clone(), running.clone(), most.clone(), entered.clone());
            work.push(tokio::spawn(async move {
                pool.run(move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    entered.send(()).unwrap();
                    hash(&UserCode::parse("abc123").unwrap()).unwrap();
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
        let pool = Pool::new(1);
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
}
