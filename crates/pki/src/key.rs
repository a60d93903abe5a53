//! Public keys as received, and signatures made by their private halves.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use der::Tag;

use crate::asn1::{self, ParseError, Parser};
use crate::digest::KeyFingerprint;
use crate::oid::{self, Oid};

/// No key of ours is longer; RSA-4096 takes 550 bytes.
const MAX_SPKI: usize = 1024;

/// The base points of SEC 2 §2.4.2 and §2.5.1, uncompressed.
const P256_BASE_POINT: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03,
    0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
    0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];
const P384_BASE_POINT: [u8; 97] = [
    0x04, 0xaa, 0x87, 0xca, 0x22, 0xbe, 0x8b, 0x05, 0x37, 0x8e, 0xb1, 0xc7, 0x1e, 0xf3, 0x20, 0xad, 0x74, 0x6e, 0x1d,
    0x3b, 0x62, 0x8b, 0xa7, 0x9b, 0x98, 0x59, 0xf7, 0x41, 0xe0, 0x82, 0x54, 0x2a, 0x38, 0x55, 0x02, 0xf2, 0x5d, 0xbf,
    0x55, 0x29, 0x6c, 0x3a, 0x54, 0x5e, 0x38, 0x72, 0x76, 0x0a, 0xb7, 0x36, 0x17, 0xde, 0x4a, 0x96, 0x26, 0x2c, 0x6f,
    0x5d, 0x9e, 0x98, 0xbf, 0x92, 0x92, 0xdc, 0x29, 0xf8, 0xf4, 0x1d, 0xbd, 0x28, 0x9a, 0x14, 0x7c, 0xe9, 0xda, 0x31,
    0x13, 0xb5, 0xf0, 0xb8, 0xc0, 0x0a, 0x60, 0xb1, 0xce, 0x1d, 0x7e, 0x81, 0x9d, 0x7a, 0x43, 0x1d, 0x7c, 0x90, 0xea,
    0x0e, 0x5f,
];

/// The kinds of keys we certify and sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    Rsa2048,
    Rsa3072,
    Rsa4096,
    P256,
    P384,
}

impl KeyAlgorithm {
    pub const ALL: [Self; 5] = [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::P256, Self::P384];

    /// `rsa2048`, `rsa3072`, `rsa4096`, `p256`, `p384`; what `parse` reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::P256 => "p256",
            Self::P384 => "p384",
        }
    }

    pub fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// The longest signature such a key makes, in bytes; RSA's are all of this length.
    pub fn max_signature_len(self) -> usize {
        match self {
            Self::Rsa2048 => 256,
            Self::Rsa3072 => 384,
            Self::Rsa4096 => 512,
            Self::P256 => 72,
            Self::P384 => 104,
        }
    }

    /// A well-formed signature of the greatest length that verifies nothing: what is linted before anything is
    /// truly signed.
    pub fn dummy_signature(self) -> Vec<u8> {
        let ecdsa = |octets: usize| {
            let integer = asn1::unsigned(&vec![0xff; octets]);
            asn1::sequence(&[&integer, &integer])
        };
        match self {
            Self::P256 => ecdsa(32),
            Self::P384 => ecdsa(48),
            rsa => vec![0xff; rsa.max_signature_len()],
        }
    }

    /// A key whose SubjectPublicKeyInfo is as long as any of this kind, and which nobody should have: what is built before
    /// there is a key.
    pub fn dummy_key(self) -> PublicKey {
        let rsa = |bits: usize| PublicKey::from_rsa(&vec![0xff; bits / 8], &[1, 0, 1]);
        let key = match self {
            Self::Rsa2048 => rsa(2048),
            Self::Rsa3072 => rsa(3072),
            Self::Rsa4096 => rsa(4096),
            Self::P256 => PublicKey::from_point(self, &P256_BASE_POINT),
            Self::P384 => PublicKey::from_point(self, &P384_BASE_POINT),
        };
        key.expect("it has the form of a key")
    }

    fn rsa_of_bits(bits: usize) -> Option<Self> {
        match bits {
            2048 => Some(Self::Rsa2048),
            3072 => Some(Self::Rsa3072),
            4096 => Some(Self::Rsa4096),
            _ => None,
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeyAlgorithm {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == text).ok_or(KeyError::UnsupportedAlgorithm)
    }
}

/// The signatures we make and accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    RsaPkcs1Sha256,
    EcdsaP256Sha256,
    EcdsaP384Sha384,
}

impl SignatureAlgorithm {
    pub const ALL: [Self; 3] = [Self::RsaPkcs1Sha256, Self::EcdsaP256Sha256, Self::EcdsaP384Sha384];

    /// The one algorithm that a key of this kind signs with.
    pub fn for_key(key: KeyAlgorithm) -> Self {
        match key {
            KeyAlgorithm::P256 => Self::EcdsaP256Sha256,
            KeyAlgorithm::P384 => Self::EcdsaP384Sha384,
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => Self::RsaPkcs1Sha256,
        }
    }

    /// DER of the AlgorithmIdentifier: NULL parameters for RSA (RFC 4055 §5), none for ECDSA (RFC 5758 §3.2).
    pub fn identifier_der(self) -> Vec<u8> {
        match self {
            Self::RsaPkcs1Sha256 => asn1::sequence(&[&asn1::oid(oid::SHA256_WITH_RSA), &asn1::NULL]),
            Self::EcdsaP256Sha256 => asn1::sequence(&[&asn1::oid(oid::ECDSA_WITH_SHA256)]),
            Self::EcdsaP384Sha384 => asn1::sequence(&[&asn1::oid(oid::ECDSA_WITH_SHA384)]),
        }
    }

    pub(crate) fn from_identifier_der(der: &[u8]) -> Result<Self, ParseError> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.identifier_der() == der)
            .ok_or(ParseError::Content("an unknown signature algorithm"))
    }

    pub(crate) fn digest_oid(self) -> Oid {
        match self {
            Self::RsaPkcs1Sha256 | Self::EcdsaP256Sha256 => oid::SHA256,
            Self::EcdsaP384Sha384 => oid::SHA384,
        }
    }
}

/// A public key, kept as the SubjectPublicKeyInfo that was received.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    spki: Vec<u8>,
    algorithm: KeyAlgorithm,
    /// Contents of the BIT STRING: an RSAPublicKey, or an uncompressed point.
    bits: Vec<u8>,
    rsa: Option<RsaNumbers>,
}

#[derive(Clone, PartialEq, Eq)]
struct RsaNumbers {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the public key cannot be read: {0}")]
    Malformed(#[from] ParseError),
    #[error("only RSA, P-256 and P-384 keys are known here")]
    UnsupportedAlgorithm,
    #[error("an RSA key of {bits} bits: 2048, 3072 and 4096 are known here")]
    RsaSize { bits: usize },
    #[error("the point is not an uncompressed point on the curve")]
    NotOnCurve,
}

/// The signature is not this key's over this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo. An EC point is checked to lie on its curve; how good an RSA key is, is
    /// asked of [`crate::weak::check`].
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        asn1::limit(der, MAX_SPKI)?;
        let mut outer = Parser::only(der, Tag::Sequence)?;
        let mut identifier = outer.enter(Tag::Sequence)?;
        let family = identifier.oid()?;
        let parameters = identifier.any()?;
        identifier.finish()?;
        let bits = outer.bits()?;
        outer.finish()?;

        let (algorithm, rsa) = if family == oid::RSA_ENCRYPTION && parameters.raw == asn1::NULL {
            let numbers = RsaNumbers::from_der(bits)?;
            (numbers.algorithm()?, Some(numbers))
        } else if family == oid::EC_PUBLIC_KEY && parameters.raw == asn1::oid(oid::P256) {
            (KeyAlgorithm::P256, None)
        } else if family == oid::EC_PUBLIC_KEY && parameters.raw == asn1::oid(oid::P384) {
            (KeyAlgorithm::P384, None)
        } else {
            return Err(KeyError::UnsupportedAlgorithm);
        };
        if rsa.is_none() {
            on_curve(algorithm, bits)?;
        }
        Ok(Self { spki: der.to_vec(), algorithm, bits: bits.to_vec(), rsa })
    }

    /// From big-endian modulus and exponent, as a card's answer to GENERATE gives them.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let key = asn1::sequence(&[&asn1::unsigned(modulus), &asn1::unsigned(exponent)]);
        let identifier = asn1::sequence(&[&asn1::oid(oid::RSA_ENCRYPTION), &asn1::NULL]);
        Self::from_spki(&asn1::sequence(&[&identifier, &asn1::bits(&key)]))
    }

    /// From an uncompressed point (`04 ‖ x ‖ y`), as a card's answer to GENERATE gives it.
    pub fn from_point(algorithm: KeyAlgorithm, point: &[u8]) -> Result<Self, KeyError> {
        let curve = match algorithm {
            KeyAlgorithm::P256 => oid::P256,
            KeyAlgorithm::P384 => oid::P384,
            _ => return Err(KeyError::UnsupportedAlgorithm),
        };
        let identifier = asn1::sequence(&[&asn1::oid(oid::EC_PUBLIC_KEY), &asn1::oid(curve)]);
        Self::from_spki(&asn1::sequence(&[&identifier, &asn1::bits(point)]))
    }

    /// The SubjectPublicKeyInfo as received.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    pub fn fingerprint(&self) -> KeyFingerprint {
        KeyFingerprint::of(&self.spki)
    }

    /// SHA-1 of the BIT STRING's contents (RFC 5280 §4.2.1.2 (1)); OCSP's issuerKeyHash and byKey under SHA-1.
    pub fn key_identifier(&self) -> [u8; 20] {
        sha1(&self.bits)
    }

    /// Contents of the BIT STRING: the DER RSAPublicKey, or the uncompressed point.
    pub fn key_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// Big-endian, without leading zeros; `None` unless RSA.
    pub fn modulus(&self) -> Option<&[u8]> {
        self.rsa.as_ref().map(|rsa| rsa.modulus.as_slice())
    }

    /// Big-endian, without leading zeros; `None` unless RSA.
    pub fn exponent(&self) -> Option<&[u8]> {
        self.rsa.as_ref().map(|rsa| rsa.exponent.as_slice())
    }

    /// ECDSA signatures are DER `SEQUENCE { r, s }`. An algorithm that is not this key's is a bad signature.
    pub fn verify(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        if algorithm != SignatureAlgorithm::for_key(self.algorithm) {
            return Err(BadSignature);
        }
        let verified = match algorithm {
            SignatureAlgorithm::RsaPkcs1Sha256 => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.bits).verify(message, signature)
            }
            SignatureAlgorithm::EcdsaP256Sha256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.bits).verify(message, signature)
            }
            SignatureAlgorithm::EcdsaP384Sha384 => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, &self.bits).verify(message, signature)
            }
        };
        verified.map_err(|_| BadSignature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.algorithm, self.fingerprint())
    }
}

impl RsaNumbers {
    fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        let mut key = Parser::only(der, Tag::Sequence)?;
        let numbers = Self { modulus: key.unsigned()?.to_vec(), exponent: key.unsigned()?.to_vec() };
        key.finish()?;
        Ok(numbers)
    }

    fn algorithm(&self) -> Result<KeyAlgorithm, KeyError> {
        let leading = self.modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        let bits = self.modulus.len() * 8 - leading;
        KeyAlgorithm::rsa_of_bits(bits).ok_or(KeyError::RsaSize { bits })
    }
}

fn on_curve(algorithm: KeyAlgorithm, point: &[u8]) -> Result<(), KeyError> {
    let parsed = match (algorithm, point) {
        (KeyAlgorithm::P256, [4, ..]) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point),
        (KeyAlgorithm::P384, [4, ..]) => ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point),
        _ => return Err(KeyError::NotOnCurve),
    };
    parsed.map(|_| ()).map_err(|_| KeyError::NotOnCurve)
}

pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().try_into().expect("SHA-1 gives 20 bytes")
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().expect("SHA-256 gives 32 bytes")
}
