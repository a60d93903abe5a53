//! Keys that sign, wherever they lie: files now, PKCS #11 tokens by the same port.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        KeyPair as _, RSA_PKCS1_SHA256,
    },
};
use kaika_pki::{KeyAlgorithm, PublicKey};
use kaika_vault::{KeyFile, KeyFileError, Passphrase};
use std::path::PathBuf;
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    #[error(transparent)]
    File(#[from] KeyFileError),
    #[error("the key {0} is of another kind than is asked for")]
    Kind(String),
    #[error("cryptography failed")]
    Failed,
}

/// A private key; there is no way to see it.
pub trait Signer: Send + Sync {
    fn public_key(&self) -> &PublicKey;

    /// By the one signature algorithm of its kind of key (`SignatureAlgorithm::for_key`).
    ///
    /// # Errors
    /// The token or the library failed.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// Where keys lie, by name.
pub trait KeyStore: Send + Sync {
    /// # Errors
    /// It is missing, or cannot be opened.
    fn open(&self, name: &str) -> Result<Box<dyn Signer>, SignerError>;

    /// Opens the key, or makes it where it is missing.
    ///
    /// # Errors
    /// The one that is there is of another kind; it cannot be made.
    fn open_or_make(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Box<dyn Signer>, SignerError>;
}

/// Sealed files `NAME.key` in one folder.
pub struct FileKeyStore {
    folder: PathBuf,
    passphrase: Passphrase,
}

impl FileKeyStore {
    pub fn new(folder: impl Into<PathBuf>, passphrase: Passphrase) -> Self {
        Self { folder: folder.into(), passphrase }
    }

    fn file(&self, name: &str) -> KeyFile {
        KeyFile::at(self.folder.join(format!("{name}.key")))
    }
}

impl KeyStore for FileKeyStore {
    fn open(&self, name: &str) -> Result<Box<dyn Signer>, SignerError> {
        let pkcs8 = self.file(name).open_private_key(&self.passphrase)?;
        Ok(Box::new(SoftwareKey::from_pkcs8(&pkcs8)?))
    }

    fn open_or_make(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Box<dyn Signer>, SignerError> {
        let file = self.file(name);
        if !file.path().exists() {
            let (key, pkcs8) = SoftwareKey::generate(algorithm)?;
            file.create_private_key(&self.passphrase, &pkcs8)?;
            return Ok(Box::new(key));
        }
        let key = self.open(name)?;
        match key.public_key().algorithm() == algorithm {
            true => Ok(key),
            false => Err(SignerError::Kind(name.to_owned())),
        }
    }
}

/// A key in this process's memory.
struct SoftwareKey {
    key: Pair,
    public_key: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

impl SoftwareKey {
    fn generate(algorithm: KeyAlgorithm) -> Result<(Self, Zeroizing<Vec<u8>>), SignerError> {
        let rsa = |size| RsaKeyPair::generate(size).map(Pair::Rsa);
        let ecdsa = |curve| EcdsaKeyPair::generate(curve).map(Pair::Ecdsa);
        let key = match algorithm {
            KeyAlgorithm::Rsa2048 => rsa(KeySize::Rsa2048),
            KeyAlgorithm::Rsa3072 => rsa(KeySize::Rsa3072),
            KeyAlgorithm::Rsa4096 => rsa(KeySize::Rsa4096),
            KeyAlgorithm::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyAlgorithm::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        }
        .map_err(|_| SignerError::Failed)?;
        let pkcs8 = match &key {
            Pair::Rsa(key) => AsDer::<Pkcs8V1Der>::as_der(key).map(|der| der.as_ref().to_vec()),
            Pair::Ecdsa(key) => key.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
        }
        .map_err(|_| SignerError::Failed)?;
        Ok((Self::new(key)?, Zeroizing::new(pkcs8)))
    }

    fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, SignerError> {
        let ecdsa = |curve: &'static EcdsaSigningAlgorithm| EcdsaKeyPair::from_pkcs8(curve, pkcs8).map(Pair::Ecdsa);
        let key = ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .or_else(|_| ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING))
            .or_else(|_| RsaKeyPair::from_pkcs8(pkcs8).map(Pair::Rsa))
            .map_err(|_| SignerError::Failed)?;
        Self::new(key)
    }

    fn new(key: Pair) -> Result<Self, SignerError> {
        let spki = match &key {
            Pair::Rsa(key) => key.public_key().as_der(),
            Pair::Ecdsa(key) => key.public_key().as_der(),
        }
        .map_err(|_| SignerError::Failed)?;
        let public_key = PublicKey::from_spki(spki.as_ref()).map_err(|_| SignerError::Failed)?;
        Ok(Self { key, public_key })
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let random = SystemRandom::new();
        match &self.key {
            Pair::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| SignerError::Failed)?;
                Ok(signature)
            }
            Pair::Ecdsa(key) => {
                key.sign(&random, message).map(|signature| signature.as_ref().to_vec()).map_err(|_| SignerError::Failed)
            }
        }
    }
}
