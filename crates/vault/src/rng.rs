//! Randomness from the operating system.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use kaika_app::kernel::Rng;
use kaika_wire::SecretBytes;

/// aws-lc's generator, seeded by the operating system.
#[derive(Clone, Debug)]
pub struct SystemRng(SystemRandom);

impl SystemRng {
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemRng {
    fn default() -> Self {
        Self::new()
    }
}

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the operating system gives randomness once it has started");
    }
}

/// Fresh random bytes that nobody is to see.
pub(crate) fn secret<const N: usize>() -> SecretBytes<N> {
    let mut bytes = SecretBytes::of(0);
    SystemRng::new().fill(&mut *bytes);
    bytes
}

/// Fresh random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRng::new().fill(&mut bytes);
    bytes
}
