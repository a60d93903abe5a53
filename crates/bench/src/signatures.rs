//! What a key alone can sign, in one thread: the peer of whatever is signed.

use crate::Setting;
use crate::cpu::{Cpu, median};
use anyhow::Result;
use kaika_ca::{FileKeyStore, KeyStore};
use kaika_pki::KeyAlgorithm;
use kaika_vault::Passphrase;
use std::time::{Duration, Instant};

/// As long as what is signed for a certificate.
const MESSAGE: [u8; 700] = [0x30; 700];

/// Signatures a second of CPU, by the signer that certificates are signed with.
pub(crate) fn rate(algorithm: KeyAlgorithm, setting: &Setting) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let signer = FileKeyStore::new(folder.path(), Passphrase::new("measured")).create("raw", algorithm)?;
    let time = setting.size(Duration::from_millis(300), Duration::from_millis(30));
    let mut rates = Vec::new();
    for _ in 0..3 {
        let (count, spent) = Cpu::THREAD.spent(|| {
            let until = Instant::now() + time;
            let mut count = 0;
            while Instant::now() < until {
                signer.sign(&MESSAGE)?;
                count += 1;
            }
            Ok(count)
        })?;
        rates.push(spent.rate(count));
    }
    Ok(median(rates))
}
