//! Serial numbers of certificates: positive, at most 20 octets (RFC 5280 §4.1.2.2).

use std::fmt;
use std::str::FromStr;

use crate::asn1::strip_zeros;

/// A certificate's serial number. Ordered by value; displayed as lower-case hexadecimal of whole octets without
/// leading zero octets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial([u8; Serial::MAX_OCTETS]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a serial number is a positive integer of at most 20 octets")]
pub struct SerialError;

impl Serial {
    /// Octets of the longest serial number, the sign octet counted.
    pub const MAX_OCTETS: usize = 20;

    /// From unsigned big-endian bytes; leading zeros are fine.
    pub fn new(bytes: &[u8]) -> Result<Self, SerialError> {
        let digits = strip_zeros(bytes);
        let sign_octet = usize::from(digits.first().is_some_and(|first| *first >= 0x80));
        if digits.is_empty() || digits.len() + sign_octet > Self::MAX_OCTETS {
            return Err(SerialError);
        }
        let mut padded = [0; Self::MAX_OCTETS];
        padded[Self::MAX_OCTETS - digits.len()..].copy_from_slice(digits);
        Ok(Self(padded))
    }

    /// Unsigned big-endian, without leading zeros; never empty.
    pub fn as_bytes(&self) -> &[u8] {
        strip_zeros(&self.0)
    }

    /// The 16 octets a serial of ours is drawn as; `None` for one above 128 bits.
    pub fn to_16(&self) -> Option<[u8; 16]> {
        let (high, low) = self.0.split_at(Self::MAX_OCTETS - 16);
        (high.iter().all(|byte| *byte == 0)).then(|| low.try_into().expect("the rest is 16 long"))
    }
}

impl TryFrom<[u8; 16]> for Serial {
    type Error = SerialError;

    fn try_from(bytes: [u8; 16]) -> Result<Self, SerialError> {
        Self::new(&bytes)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

impl FromStr for Serial {
    type Err = SerialError;

    fn from_str(text: &str) -> Result<Self, SerialError> {
        Self::new(&hex::decode(text).map_err(|_| SerialError)?)
    }
}
