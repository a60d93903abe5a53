//! Public keys: from the card's template (SP 800-73-4 part 2 §3.3.2 table 11) to SubjectPublicKeyInfo (DER).

use crate::tlv::{self, Malformed};
use kaika_wire::KeyAlgorithm;
use zeroize::Zeroizing;

/// `SEQUENCE { OID rsaEncryption, NULL }` (RFC 3279 §2.3.1).
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// `SEQUENCE { OID id-ecPublicKey, OID secp256r1 }` (RFC 5480 §2.1.1).
const P256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07,
];
/// `SEQUENCE { OID id-ecPublicKey, OID secp384r1 }`.
const P384: &[u8] =
    &[0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];

/// The SubjectPublicKeyInfo of the key whose elements (81 modulus and 82 exponent, or 86 point) these are.
///
/// # Errors
/// They are not the elements of a key of this algorithm.
pub fn public_key_info(algorithm: KeyAlgorithm, elements: &[u8]) -> Result<Vec<u8>, Malformed> {
    let (identifier, key) = match algorithm {
        KeyAlgorithm::Rsa2048 => (RSA, rsa(elements)?),
        KeyAlgorithm::P256 => (P256, point(elements, 65)?),
        KeyAlgorithm::P384 => (P384, point(elements, 97)?),
    };
    let key = tlv::constructed(0x03, &[&[0], &key]);
    Ok(tlv::constructed(0x30, &[identifier, &key]).to_vec())
}

/// How many octets the x-coordinate of a point has; none for RSA.
pub(crate) fn coordinate_length(algorithm: KeyAlgorithm) -> Option<usize> {
    match algorithm {
        KeyAlgorithm::Rsa2048 => None,
        KeyAlgorithm::P256 => Some(32),
        KeyAlgorithm::P384 => Some(48),
    }
}

/// The algorithm's identifier in P1 and in templates (SP 800-78-4 table 6-2).
pub(crate) fn identifier(algorithm: KeyAlgorithm) -> u8 {
    match algorithm {
        KeyAlgorithm::Rsa2048 => 0x07,
        KeyAlgorithm::P256 => 0x11,
        KeyAlgorithm::P384 => 0x14,
    }
}

pub(crate) fn from_identifier(identifier: u8) -> Option<KeyAlgorithm> {
    match identifier {
        0x07 => Some(KeyAlgorithm::Rsa2048),
        0x11 => Some(KeyAlgorithm::P256),
        0x14 => Some(KeyAlgorithm::P384),
        _ => None,
    }
}

/// `RSAPublicKey` (RFC 8017 §A.1.1) with a modulus of exactly 2048 bits.
fn rsa(elements: &[u8]) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    let modulus = unsigned(tlv::require(elements, 0x81)?);
    let exponent = unsigned(tlv::require(elements, 0x82)?);
    if modulus.len() != 256 || modulus[0] < 0x80 || exponent.is_empty() || exponent.len() > 256 {
        return Err(Malformed);
    }
    Ok(tlv::constructed(0x30, &[&integer(modulus), &integer(exponent)]))
}

fn point(elements: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    let point = tlv::require(elements, 0x86)?;
    if point.len() != length || point[0] != 0x04 {
        return Err(Malformed);
    }
    Ok(Zeroizing::new(point.to_vec()))
}

fn unsigned(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len());
    &bytes[start..]
}

/// A positive DER INTEGER: a zero in front where the first bit is set.
fn integer(unsigned: &[u8]) -> Zeroizing<Vec<u8>> {
    let sign: &[u8] = match unsigned.first() {
        Some(first) if *first < 0x80 => &[],
        _ => &[0],
    };
    tlv::constructed(0x02, &[sign, unsigned])
}
