//! Whether a public key is good enough to be certified, as far as the key alone can tell.
//!
//! Whether another subject used it before, and whether it shares a prime with another key, only the holder of the
//! database can say.

use crate::key::{KeyAlgorithm, KeyError, PublicKey};

/// Why a key is not certified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    #[error(transparent)]
    Unreadable(#[from] KeyError),
    #[error("keys of the kind {0} are not certified here")]
    NotAllowed(KeyAlgorithm),
    #[error("the RSA exponent is not 65537")]
    Exponent,
    #[error("the RSA modulus is divisible by {0}")]
    SmallFactor(u32),
    #[error("the RSA modulus has the form of CVE-2017-15361 (ROCA)")]
    Roca,
}

/// Reads and checks the SubjectPublicKeyInfo of a key to be certified.
pub fn check(spki: &[u8], allowed: &[KeyAlgorithm]) -> Result<PublicKey, WeakKey> {
    let key = PublicKey::from_spki(spki)?;
    check_key(&key, allowed)?;
    Ok(key)
}

/// The same for a key already read. RSA exponents other than 65537 are refused: no card of ours makes them, and
/// FIPS 186-5 §5.4 allows nothing smaller.
pub fn check_key(key: &PublicKey, allowed: &[KeyAlgorithm]) -> Result<(), WeakKey> {
    if !allowed.contains(&key.algorithm()) {
        return Err(WeakKey::NotAllowed(key.algorithm()));
    }
    if let (Some(modulus), Some(exponent)) = (key.modulus(), key.exponent()) {
        if exponent != [0x01, 0x00, 0x01] {
            return Err(WeakKey::Exponent);
        }
        if let Some(prime) = small_factor(modulus) {
            return Err(WeakKey::SmallFactor(prime));
        }
        if is_roca(modulus) {
            return Err(WeakKey::Roca);
        }
    }
    Ok(())
}

/// The odd primes up to 167: they divide the primorial from which the faulty library built its primes at every
/// key length (Nemec et al., "The Return of Coppersmith's Attack", CCS 2017, §2).
const ROCA_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Trial division stops below this: every number up to 752, CA/Browser Forum's bound for RSA keys.
const TRIAL_BOUND: u32 = 752;

/// CVE-2017-15361: both primes are powers of 65537 modulo a primorial, so the modulus is one modulo each of its
/// primes. A random modulus is so for all 38 in about one of 2^27.
fn is_roca(modulus: &[u8]) -> bool {
    ROCA_PRIMES.into_iter().all(|prime| is_power_of_65537(remainder(modulus, prime), prime))
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    let generator = 65537 % prime;
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * generator % prime;
        if power == 1 {
            return false;
        }
    }
}

fn small_factor(modulus: &[u8]) -> Option<u32> {
    (2..TRIAL_BOUND).find(|divisor| remainder(modulus, *divisor) == 0)
}

/// Big-endian number modulo a small one (below 2^24, so that nothing overflows).
fn remainder(number: &[u8], divisor: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % divisor)
}
