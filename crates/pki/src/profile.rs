//! The kinds of certificates we issue, and what each may be used for.

use der::flagset::FlagSet;
pub use x509_cert::ext::pkix::KeyUsages;

use crate::key::KeyAlgorithm;
use crate::oid::{self, Oid};

/// A kind of certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// A self-signed authority over issuing authorities.
    Root,
    /// An authority that issues to cardholders and to its OCSP responder; path length 0.
    Issuing,
    /// Signs OCSP answers for one issuing key (RFC 6960 §4.2.2.2).
    OcspResponder,
    /// What the holder signs with; on a card in slot 9C.
    Signature,
    /// What others encrypt to the holder with; on a card in slot 9D.
    Encryption,
    /// Client authentication; on a card in slot 9A.
    Login,
    /// Slot 9E: proves the card, names no person (FIPS 201-3 §4.2.2.2).
    CardAuthentication,
}

impl Profile {
    pub const ALL: [Self; 7] = [
        Self::Root,
        Self::Issuing,
        Self::OcspResponder,
        Self::Signature,
        Self::Encryption,
        Self::Login,
        Self::CardAuthentication,
    ];

    pub fn is_ca(self) -> bool {
        matches!(self, Self::Root | Self::Issuing)
    }

    /// Issued by an issuing authority to a holder, or to a holder's card.
    pub fn is_for_holders(self) -> bool {
        matches!(self, Self::Signature | Self::Encryption | Self::Login | Self::CardAuthentication)
    }

    /// What the key may do; the extension is always critical. An RSA key is encrypted to, an EC key agrees
    /// (RFC 3279 §2.3.1, RFC 5480 §3).
    pub fn key_usage(self, key: KeyAlgorithm) -> FlagSet<KeyUsages> {
        match self {
            Self::Root | Self::Issuing => KeyUsages::KeyCertSign | KeyUsages::CRLSign,
            Self::Signature => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
            Self::Encryption if key.is_rsa() => KeyUsages::KeyEncipherment | KeyUsages::DataEncipherment,
            Self::Encryption => KeyUsages::KeyAgreement.into(),
            Self::OcspResponder | Self::Login | Self::CardAuthentication => KeyUsages::DigitalSignature.into(),
        }
    }

    /// The extended key usages, empty where the extension is left out.
    pub fn extended_key_usage(self) -> &'static [Oid] {
        match self {
            Self::Root | Self::Issuing => &[],
            Self::OcspResponder => &[oid::KP_OCSP_SIGNING],
            Self::Signature => &[oid::KP_EMAIL_PROTECTION, oid::KP_DOCUMENT_SIGNING],
            Self::Encryption => &[oid::KP_EMAIL_PROTECTION],
            Self::Login => &[oid::KP_CLIENT_AUTH],
            Self::CardAuthentication => &[oid::KP_PIV_CARD_AUTH],
        }
    }

    /// FIPS 201's card authentication certificates alone mark it critical.
    pub fn extended_key_usage_is_critical(self) -> bool {
        self == Self::CardAuthentication
    }

    /// RFC 6960 §4.2.2.2.1: nobody asks after the responder's own status.
    pub fn has_ocsp_nocheck(self) -> bool {
        self == Self::OcspResponder
    }

    /// `Some(length)` where the path length is constrained.
    pub fn path_length(self) -> Option<u8> {
        (self == Self::Issuing).then_some(0)
    }
}
