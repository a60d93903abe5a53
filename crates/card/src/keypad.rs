//! What a reader's keypad is asked for, as PC/SC part 10 (v2.02.09 §2.5) has it: a command with a place for what is typed.
//! The digits go from the keypad into the command and to the card, past this program.

use kaika_wire::{CardFault, NotTyped, PinDigits};

/// Which of the reader's features is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeypadFeature {
    /// FEATURE_VERIFY_PIN_DIRECT
    Verify,
    /// FEATURE_MODIFY_PIN_DIRECT
    Modify,
}

impl KeypadFeature {
    /// The tag by which a reader tells that it has it (§2.3).
    pub fn tag(self) -> u8 {
        match self {
            Self::Verify => 0x06,
            Self::Modify => 0x07,
        }
    }
}

/// A feature and its PIN_VERIFY_STRUCTURE or PIN_MODIFY_STRUCTURE. There is no secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeypadRequest {
    pub feature: KeypadFeature,
    pub structure: Vec<u8>,
}

/// For so many seconds a reader waits for the first key, and from one key to the next.
const PATIENCE: u8 = 60;
/// The PIN stands at the begin of the command's data, left-justified, as ASCII digits.
const FORMAT: u8 = 0x82;
/// It has eight octets; what is not typed stays FF, as the command has it.
const BLOCK: u8 = 0x08;
/// An entry ends with the key that confirms it.
const CONFIRMED_BY_KEY: u8 = 0x02;
/// English: the one language of which all readers with a display know the words.
const LANGUAGE: u16 = 0x0409;
const PUK_DIGITS: u8 = 8;

impl KeypadRequest {
    /// VERIFY with a PIN of so many digits.
    pub(crate) fn verify(digits: PinDigits) -> Self {
        let command = [[0x00, 0x20, 0x00, 0x80, 0x08].as_slice(), &[0xff; 8]].concat();
        let mut structure = vec![PATIENCE, PATIENCE, FORMAT, BLOCK, 0];
        structure.extend(most_and_least(digits.min, digits.max));
        structure.extend([CONFIRMED_BY_KEY, 1]);
        structure.extend(LANGUAGE.to_le_bytes());
        structure.push(0);
        Self::new(KeypadFeature::Verify, structure, &command)
    }

    /// RESET RETRY COUNTER with the PUK and a new PIN, which is typed twice. One range is for both, since the structure
    /// has no other.
    pub(crate) fn reset_retry_counter(digits: PinDigits) -> Self {
        let command = [[0x00, 0x2c, 0x00, 0x80, 0x10].as_slice(), &[0xff; 16]].concat();
        let mut structure = vec![PATIENCE, PATIENCE, FORMAT, BLOCK, 0];
        // Where PUK and new PIN stand in the data.
        structure.extend([0, 8]);
        structure.extend(most_and_least(digits.min, PUK_DIGITS));
        // The PUK is asked for (02), and the new PIN a second time (01).
        structure.extend([0x03, CONFIRMED_BY_KEY, 3]);
        structure.extend(LANGUAGE.to_le_bytes());
        structure.extend([0, 1, 2]);
        Self::new(KeypadFeature::Modify, structure, &command)
    }

    fn new(feature: KeypadFeature, mut structure: Vec<u8>, command: &[u8]) -> Self {
        // bTeoPrologue is for T=1 blocks that nobody builds here.
        structure.extend([0; 3]);
        structure.extend(u32::try_from(command.len()).expect("a command is short").to_le_bytes());
        structure.extend_from_slice(command);
        Self { feature, structure }
    }
}

/// wPINMaxExtraDigit: the least in its high octet, the most in its low one, and those are little-endian.
fn most_and_least(least: u8, most: u8) -> [u8; 2] {
    [most, least]
}

/// What a status word of the reader says that the holder did, if it is one (§2.5.2).
pub(crate) fn not_typed(status: u16) -> Option<CardFault> {
    let why = match status {
        0x6400 => NotTyped::TimedOut,
        0x6401 => NotTyped::Cancelled,
        0x6402 => NotTyped::Differ,
        0x6403 => NotTyped::Form,
        _ => return None,
    };
    Some(CardFault::NotTyped { why })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Octet by octet as the standard has the structures, for a reader that is as strict about it.
    #[test]
    fn structures_are_as_the_standard_has_them() {
        let verify = KeypadRequest::verify(PinDigits { min: 6, max: 6 });
        let head = "3c3c 82 08 00 0606 02 01 0904 00 000000 0d000000".replace(' ', "");
        assert_eq!(hex::encode(&verify.structure), format!("{head}0020008008{}", "ff".repeat(8)));
        assert_eq!(verify.feature.tag(), 0x06);
        let modify = KeypadRequest::reset_retry_counter(PinDigits { min: 6, max: 6 });
        let head = "3c3c 82 08 00 0008 0806 03 02 03 0904 000102 000000 15000000".replace(' ', "");
        assert_eq!(hex::encode(&modify.structure), format!("{head}002c008010{}", "ff".repeat(16)));
        assert_eq!(modify.feature.tag(), 0x07);
    }
}
