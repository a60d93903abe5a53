//! User codes, hashed with argon2id on a bounded pool: hashing is made to cost memory and time, and without a bound
//! whoever asks often enough could use up both.

use crate::rng;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use kaika_app::{
    access::UserCodeHasher,
    kernel::{Pool, VaultError},
};
use kaika_wire::UserCode;
use std::num::NonZeroUsize;

/// OWASP's choice for argon2id: 19 MiB, two passes, one lane; some 20 ms.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The most that are hashed at once: 38 MiB.
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(2).unwrap();

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
