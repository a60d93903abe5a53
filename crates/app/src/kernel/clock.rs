//! Time and randomness, which use cases are handed.

use time::OffsetDateTime;

pub trait Clock: Send + Sync {
    fn now(&self) -> OffsetDateTime;
}

pub trait Rng: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Rng + '_ {
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}
