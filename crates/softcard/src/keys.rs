//! Asymmetric keys: made, imported, used.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384};
use aws_lc_rs::digest::{Digest, SHA256, SHA384};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use iso7816::Status;
use rsa::hazmat::rsa_decrypt_and_check;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::state::{Slot, hexed};
use crate::tlv::{self, Tlv};

const RSA_BYTES: usize = 256;
const RSA_EXPONENT: u32 = 65_537;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "RSA-2048")]
    Rsa2048,
    #[serde(rename = "P-256")]
    P256,
    #[serde(rename = "P-384")]
    P384,
}

impl Algorithm {
    /// By its identifier (SP 800-78-4 table 6-2).
    pub(crate) fn from_id(id: u8) -> Option<Algorithm> {
        match id {
            0x07 => Some(Algorithm::Rsa2048),
            0x11 => Some(Algorithm::P256),
            0x14 => Some(Algorithm::P384),
            _ => None,
        }
    }

    pub(crate) fn id(self) -> u8 {
        match self {
            Algorithm::Rsa2048 => 0x07,
            Algorithm::P256 => 0x11,
            Algorithm::P384 => 0x14,
        }
    }
}

/// When a PIN is asked for (Yubico's numbers, as in tag AA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PinPolicy {
    Never = 1,
    Once = 2,
    Always = 3,
}

impl PinPolicy {
    /// `None` for a number without meaning; absent and 0 give what SP 800-73-4 part 1 table 4b says of the slot.
    pub(crate) fn from_id(id: Option<u8>, slot: Slot) -> Option<PinPolicy> {
        match id {
            None | Some(0) => Some(match slot {
                Slot::SIGNATURE => PinPolicy::Always,
                Slot::CARD_AUTHENTICATION => PinPolicy::Never,
                _ => PinPolicy::Once,
            }),
            Some(1) => Some(PinPolicy::Never),
            Some(2) => Some(PinPolicy::Once),
            Some(3) => Some(PinPolicy::Always),
            Some(_) => None,
        }
    }
}

/// When a touch is asked for (Yubico's numbers, as in tag AB). Remembered and told; there is nothing to touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TouchPolicy {
    Never = 1,
    Always = 2,
    Cached = 3,
}

impl TouchPolicy {
    pub(crate) fn from_id(id: Option<u8>) -> Option<TouchPolicy> {
        match id {
            None | Some(0 | 1) => Some(TouchPolicy::Never),
            Some(2) => Some(TouchPolicy::Always),
            Some(3) => Some(TouchPolicy::Cached),
            Some(_) => None,
        }
    }
}

/// Where a key came from (Yubico's numbers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    Generated = 1,
    Imported = 2,
}

#[derive(Clone, Copy)]
pub(crate) struct Policies {
    pub(crate) pin: PinPolicy,
    pub(crate) touch: TouchPolicy,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pub(crate) origin: Origin,
    pub(crate) pin_policy: PinPolicy,
    pub(crate) touch_policy: TouchPolicy,
    /// The objects inside 7F49 (SP 800-73-4 part 2 table 10): 81 modulus and 82 exponent, or 86 point.
    #[serde(with = "hexed")]
    pub(crate) public: Vec<u8>,
    /// PKCS#8, in DER.
    #[serde(with = "hexed")]
    private: Zeroizing<Vec<u8>>,
}

impl Key {
    pub(crate) fn generate(algorithm: Algorithm, policies: Policies) -> Result<Key, Status> {
        let (private, public) = match algorithm {
            Algorithm::Rsa2048 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(internal)?;
                let public = pair.public_key();
                let public = rsa_public(
                    public.modulus().big_endian_without_leading_zero(),
                    public.exponent().big_endian_without_leading_zero(),
                );
                (pkcs8(&pair)?, public)
            }
            curve => {
                let key = agreement::PrivateKey::generate(agreement_of(curve)?);
                curve_parts(&key.map_err(internal)?)?
            }
        };
        Ok(Key::new(algorithm, Origin::Generated, policies, public, private))
    }

    /// From the objects of Yubico's IMPORT KEY: 01 and 02 are the primes, 06 is the scalar.
    pub(crate) fn import(algorithm: Algorithm, parts: &[Tlv<'_>], policies: Policies) -> Result<Key, Status> {
        let part = |tag| tlv::find(parts, tag).ok_or(Status::IncorrectDataParameter);
        let (private, public) = match algorithm {
            Algorithm::Rsa2048 => rsa_from_primes(part(0x01)?, part(0x02)?)?,
            curve => {
                let key = agreement::PrivateKey::from_private_key(agreement_of(curve)?, part(0x06)?);
                curve_parts(&key.map_err(wrong_data)?)?
            }
        };
        Ok(Key::new(algorithm, Origin::Imported, policies, public, private))
    }

    fn new(
        algorithm: Algorithm,
        origin: Origin,
        policies: Policies,
        public: Vec<u8>,
        private: Zeroizing<Vec<u8>>,
    ) -> Key {
        Key { algorithm, origin, pin_policy: policies.pin, touch_policy: policies.touch, public, private }
    }

    /// GENERAL AUTHENTICATE with a challenge: RSA's private operation on a block that the terminal has padded (signing
    /// and decrypting are the same), or an ECDSA signature of a digest.
    pub(crate) fn apply(&self, input: &[u8]) -> Result<Vec<u8>, Status> {
        match self.algorithm {
            Algorithm::Rsa2048 => rsa_private(&self.private, input),
            Algorithm::P256 => self.ecdsa(input, &ECDSA_P256_SHA256_ASN1_SIGNING, &SHA256),
            Algorithm::P384 => self.ecdsa(input, &ECDSA_P384_SHA384_ASN1_SIGNING, &SHA384),
        }
    }

    fn ecdsa(
        &self,
        input: &[u8],
        signing: &'static aws_lc_rs::signature::EcdsaSigningAlgorithm,
        hash: &'static aws_lc_rs::digest::Algorithm,
    ) -> Result<Vec<u8>, Status> {
        let length = hash.output_len();
        if input.is_empty() || input.len() > length {
            return Err(Status::IncorrectDataParameter);
        }
        // A digest shorter than the curve's order is the same number with zeros before it (FIPS 186-5 §6.4.1).
        let mut digest = vec![0; length - input.len()];
        digest.extend_from_slice(input);
        let digest = Digest::import_less_safe(&digest, hash).map_err(internal)?;
        let pair = EcdsaKeyPair::from_pkcs8(signing, &self.private).map_err(internal)?;
        let signature = pair.sign_digest(&digest).map_err(internal)?;
        Ok(signature.as_ref().to_vec())
    }

    /// GENERAL AUTHENTICATE with an exponentiation: the shared secret of ECDH with this point, uncompressed.
    pub(crate) fn agree(&self, point: &[u8]) -> Result<Vec<u8>, Status> {
        let curve = agreement_of(self.algorithm)?;
        let key = agreement::PrivateKey::from_private_key_der(curve, &self.private).map_err(internal)?;
        let point = agreement::UnparsedPublicKey::new(curve, point);
        agreement::agree(&key, point, Status::IncorrectDataParameter, |secret| Ok(secret.to_vec()))
    }

    /// SubjectPublicKeyInfo, in DER (RFC 3279 §2.3).
    pub(crate) fn spki(&self) -> Vec<u8> {
        const RSA_ENCRYPTION: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01\x05\x00";
        const EC_P256: &[u8] = b"\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07";
        const EC_P384: &[u8] = b"\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x05\x2B\x81\x04\x00\x22";

        let parts = tlv::parse(&self.public).unwrap_or_default();
        let part = |tag| tlv::find(&parts, tag).unwrap_or_default();
        let (algorithm, key) = match self.algorithm {
            Algorithm::Rsa2048 => {
                let numbers = [unsigned(part(0x81)), unsigned(part(0x82))];
                (RSA_ENCRYPTION, tlv::nest(0x30, numbers))
            }
            Algorithm::P256 => (EC_P256, part(0x86).to_vec()),
            Algorithm::P384 => (EC_P384, part(0x86).to_vec()),
        };
        let bits = tlv::nest(0x03, [&[0][..], &key]);
        tlv::nest(0x30, [tlv::write(0x30, algorithm), bits])
    }
}

/// A DER INTEGER of a number without sign.
pub(crate) fn unsigned(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|&&b| b == 0).count();
    let number = &number[zeros..];
    match number.first() {
        Some(0..=0x7F) => tlv::write(0x02, number),
        _ => tlv::nest(0x02, [&[0][..], number]),
    }
}

fn agreement_of(algorithm: Algorithm) -> Result<&'static agreement::Algorithm, Status> {
    match algorithm {
        Algorithm::P256 => Ok(&ECDH_P256),
        Algorithm::P384 => Ok(&ECDH_P384),
        Algorithm::Rsa2048 => Err(Status::IncorrectDataParameter),
    }
}

type Parts = (Zeroizing<Vec<u8>>, Vec<u8>);

fn curve_parts(key: &agreement::PrivateKey) -> Result<Parts, Status> {
    let point = key.compute_public_key().map_err(internal)?;
    Ok((pkcs8(key)?, tlv::write(0x86, point.as_ref())))
}

fn rsa_from_primes(p: &[u8], q: &[u8]) -> Result<Parts, Status> {
    // Odd numbers of full length; the crate does not expect others.
    let may_be_prime = |bytes: &[u8]| {
        let ends = (bytes.first().unwrap_or(&0), bytes.last().unwrap_or(&0));
        bytes.len() == RSA_BYTES / 2 && ends.0 & 0x80 != 0 && ends.1 & 1 != 0
    };
    if !may_be_prime(p) || !may_be_prime(q) {
        return Err(Status::IncorrectDataParameter);
    }
    let prime = |bytes| BoxedUint::from_be_slice(bytes, RSA_BYTES as u32 * 4).map_err(wrong_data);
    let key = RsaPrivateKey::from_p_q(prime(p)?, prime(q)?, RSA_EXPONENT.into());
    let key = key.map_err(wrong_data)?;
    let modulus = key.n_bytes();
    if modulus.len() != RSA_BYTES {
        return Err(Status::IncorrectDataParameter);
    }
    // Fails for numbers that are no primes.
    let der = key.to_pkcs8_der().map_err(wrong_data)?;
    Ok((Zeroizing::new(der.as_bytes().to_vec()), rsa_public(&modulus, &key.e_bytes())))
}

fn rsa_private(pkcs8: &[u8], block: &[u8]) -> Result<Vec<u8>, Status> {
    if block.len() != RSA_BYTES {
        return Err(Status::IncorrectDataParameter);
    }
    let key = RsaPrivateKey::from_pkcs8_der(pkcs8).map_err(internal)?;
    let block = BoxedUint::from_be_slice(block, RSA_BYTES as u32 * 8).map_err(wrong_data)?;
    // A number beyond the modulus is the only one refused here.
    let result = rsa_decrypt_and_check(&key, Some(&mut SystemRng), &block).map_err(wrong_data)?;
    let bytes = result.to_be_bytes();
    let start = bytes.len().saturating_sub(RSA_BYTES);
    Ok(bytes[start..].to_vec())
}

fn rsa_public(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    [tlv::write(0x81, modulus), tlv::write(0x82, exponent)].concat()
}

fn pkcs8(key: &impl AsDer<Pkcs8V1Der<'static>>) -> Result<Zeroizing<Vec<u8>>, Status> {
    let der = key.as_der().map_err(internal)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

fn internal<E>(_: E) -> Status {
    Status::UnspecifiedCheckingError
}

fn wrong_data<E>(_: E) -> Status {
    Status::IncorrectDataParameter
}

/// The system's randomness, for RSA's blinding.
struct SystemRng;

impl TryRng for SystemRng {
    type Error = std::io::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| std::io::Error::other("no randomness"))
    }
}

impl TryCryptoRng for SystemRng {}
