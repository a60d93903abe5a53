//! Random signs for people to read and type.

use crate::kernel::Rng;

/// `count` signs of the alphabet, each equally likely.
pub(crate) fn draw(rng: &dyn Rng, count: usize, alphabet: &[u8]) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let [byte] = rng.bytes::<1>();
        if usize::from(byte) < fair {
            text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
        }
    }
    text
}
