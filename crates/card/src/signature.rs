//! From a document's octets to what the card signs: hashed, and for RSA padded too, since a PIV card does the bare
//! private-key operation.

use kaika_wire::KeyAlgorithm;
use sha2::{Digest, Sha256, Sha384};

/// DigestInfo of SHA-256 up to the hash (RFC 8017 §9.2, note 1).
const SHA256_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
const RSA_2048_OCTETS: usize = 256;

/// The challenge for GENERAL AUTHENTICATE: SHA-256 for RSA-2048 (PKCS #1 v1.5) and P-256, SHA-384 for P-384.
pub(crate) fn challenge(algorithm: KeyAlgorithm, document: &[u8]) -> Vec<u8> {
    match algorithm {
        KeyAlgorithm::Rsa2048 => pkcs1(&Sha256::digest(document)),
        KeyAlgorithm::P256 => Sha256::digest(document).to_vec(),
        KeyAlgorithm::P384 => Sha384::digest(document).to_vec(),
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2) of a SHA-256 hash: 00 01 FF … FF 00 DigestInfo.
fn pkcs1(hash: &[u8]) -> Vec<u8> {
    let mut block = vec![0xff; RSA_2048_OCTETS];
    let info = RSA_2048_OCTETS - SHA256_INFO.len() - hash.len();
    block[..2].copy_from_slice(&[0, 1]);
    block[info - 1] = 0;
    block[info..info + SHA256_INFO.len()].copy_from_slice(&SHA256_INFO);
    block[info + SHA256_INFO.len()..].copy_from_slice(hash);
    block
}
