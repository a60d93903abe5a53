//! PIN and PUK: their form, and the counter of tries.

use iso7816::Status;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::state::hexed;

pub(crate) const DEFAULT_PIN: &str = "123456";
pub(crate) const DEFAULT_PUK: &str = "12345678";

/// Reference data are 8 bytes on the wire, padded with FF (SP 800-73-4 part 2 §2.4.3).
pub(crate) const LENGTH: usize = 8;
const SHORTEST: usize = 6;
const PADDING: u8 = 0xFF;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reference {
    #[serde(with = "hexed")]
    value: Zeroizing<Vec<u8>>,
    pub(crate) tries: u8,
    pub(crate) tries_left: u8,
}

impl Reference {
    pub(crate) fn new(value: &str, tries: u8) -> Reference {
        Reference { value: padded(value), tries, tries_left: tries }
    }

    pub(crate) fn factory_pin(tries: u8) -> Reference {
        Reference::new(DEFAULT_PIN, tries)
    }

    pub(crate) fn factory_puk(tries: u8) -> Reference {
        Reference::new(DEFAULT_PUK, tries)
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.tries_left == 0
    }

    /// Whether this is the value; spends no try.
    pub(crate) fn is(&self, value: &str) -> bool {
        value.len() <= LENGTH && *self.value == *padded(value)
    }

    /// Spends a try, and gives all of them back if `offered` is the value.
    ///
    /// # Errors
    /// 63Cx with the tries left, 6983 when there are none to spend.
    pub(crate) fn verify(&mut self, offered: &[u8]) -> Result<(), Status> {
        self.tries_left = self.tries_left.checked_sub(1).ok_or(Status::OperationBlocked)?;
        if *offered != **self.value {
            return Err(self.status());
        }
        self.tries_left = self.tries;
        Ok(())
    }

    /// Sets a new value, with all tries.
    pub(crate) fn set(&mut self, value: &[u8]) {
        self.value = Zeroizing::new(value.to_vec());
        self.tries_left = self.tries;
    }

    /// 63Cx with the tries left; x is a single digit, F when there are more.
    pub(crate) fn status(&self) -> Status {
        Status::RemainingRetries(self.tries_left.min(0x0F))
    }
}

/// Whether these bytes may be a PIN: 6–8 decimal digits (SP 800-73-4 part 2 §2.4.3).
pub(crate) fn is_pin(bytes: &[u8]) -> bool {
    unpadded(bytes).is_some_and(|pin| pin.iter().all(u8::is_ascii_digit))
}

/// Whether these bytes may be a PUK: 6–8 bytes of any kind.
pub(crate) fn is_puk(bytes: &[u8]) -> bool {
    unpadded(bytes).is_some_and(|puk| !puk.contains(&PADDING))
}

/// What many people take, beside runs.
const COMMON: [&[u8]; 7] = [b"112233", b"121212", b"123123", b"123321", b"123654", b"159753", b"520520"];

/// Whether a value is one that is guessed first: one character repeated, a run up or down, or one that many people take.
pub(crate) fn is_simple(bytes: &[u8]) -> bool {
    let Some(value) = unpadded(bytes) else { return false };
    let mut steps = value.windows(2).map(|two| two[1].wrapping_sub(two[0]));
    let one_step = match steps.next() {
        Some(first @ (0 | 1 | u8::MAX)) => steps.all(|step| step == first),
        _ => false,
    };
    one_step || COMMON.contains(&value)
}

fn unpadded(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.len() != LENGTH {
        return None;
    }
    let end = bytes.iter().rposition(|&b| b != PADDING)? + 1;
    (end >= SHORTEST).then_some(&bytes[..end])
}

fn padded(value: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(value.as_bytes().to_vec());
    let length = LENGTH.max(bytes.len());
    bytes.resize(length, PADDING);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let check = |bytes: &[u8], pin: bool, puk: bool| {
            assert_eq!(is_pin(bytes), pin, "{bytes:02X?} as a PIN");
            assert_eq!(is_puk(bytes), puk, "{bytes:02X?} as a PUK");
        };
        check(b"123456\xFF\xFF", true, true);
        check(b"12345678", true, true);
        check(b"12345\xFF\xFF\xFF", false, false);
        check(b"1234567a", false, true);
        check(b"1234\xFF678", false, false);
        check(b"123456", false, false);
        check(b"123456789", false, false);
        check(b"", false, false);
        check(&[0xFF; 8], false, false);
    }

    #[test]
    fn simple_values() {
        for simple in [b"111111\xFF\xFF", b"123456\xFF\xFF", b"87654321", b"112233\xFF\xFF"] {
            assert!(is_simple(simple), "{simple:02X?}");
        }
        for other in [b"223344\xFF\xFF", b"123457\xFF\xFF", b"135791\xFF\xFF"] {
            assert!(!is_simple(other), "{other:02X?}");
        }
    }
}
