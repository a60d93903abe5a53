//! Private keys of authorities and responders: what signs, and where such keys are kept. Files today; a store on
//! PKCS #11 has the same two traits, and says that its signers wait for a device.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use kaika_pki::{KeyAlgorithm, PublicKey};
use kaika_vault::{KeyFile, KeyFileError, Passphrase};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A private key that can be used, not seen.
pub trait Signer: Send + Sync {
    fn public_key(&self) -> &PublicKey;
    /// By the one algorithm of the key's kind ([`kaika_pki::SignatureAlgorithm::for_key`]); ECDSA as DER.
    ///
    /// One that waits for a device gives up by itself.
    ///
    /// # Errors
    /// The key cannot be used, or not now.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    #[error("the key does not sign: {0}")]
    Failed(String),
    /// What holds the key is not within reach: later it may sign.
    #[error("{0}")]
    Away(String),
}

/// What a signature waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// For a processor alone: it is made where it is called for.
    Computes,
    /// For a device, or for a network: it is made beside all other work, at most so many at once.
    Waits { at_once: NonZeroUsize },
}

/// Keys by name (`gca-1`, `gca-1-ocsp`). All methods but [`KeyStore::signing`] may block.
pub trait KeyStore: Send + Sync {
    /// Of all signers of this store.
    fn signing(&self) -> Signing;

    /// # Errors
    /// It cannot be told: [`KeyStoreError::Away`] where later it may be.
    fn has(&self, name: &str) -> Result<bool, KeyStoreError>;

    /// # Errors
    /// [`KeyStoreError::Missing`] only where it is certain that there is no such key; [`KeyStoreError::Away`] where it
    /// cannot be told now; or the key cannot be opened.
    fn open(&self, name: &str) -> Result<Arc<dyn Signer>, KeyStoreError>;

    /// A new key.
    ///
    /// # Errors
    /// [`KeyStoreError::Exists`]: a key is never replaced; or none can be made.
    fn create(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Arc<dyn Signer>, KeyStoreError>;
}

#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    #[error("the key {0} is missing")]
    Missing(String),
    #[error("there is a key {0} already")]
    Exists(String),
    /// Neither that there is such a key nor that there is none.
    #[error("the key {name} cannot be reached at the moment: {why}")]
    Away { name: String, why: String },
    #[error("the key {name} is of the kind {found}, wanted is {wanted}")]
    Kind { name: String, found: KeyAlgorithm, wanted: KeyAlgorithm },
    #[error("the key {0} is of no kind that is known here")]
    Unknown(String),
    #[error("a key could not be made")]
    Generation,
    /// It panicked.
    #[error("the store of keys did not come to an end")]
    Unfinished,
    #[error(transparent)]
    File(KeyFileError),
}

/// Keys in sealed files, `<folder>/<name>.key`.
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
    fn signing(&self) -> Signing {
        Signing::Computes
    }

    fn has(&self, name: &str) -> Result<bool, KeyStoreError> {
        let file = self.file(name);
        let unreadable = |error| KeyFileError::Io { path: file.path().to_owned(), error };
        file.path().try_exists().map_err(|error| KeyStoreError::File(unreadable(error)))
    }

    fn open(&self, name: &str) -> Result<Arc<dyn Signer>, KeyStoreError> {
        let pkcs8 = self.file(name).open_private_key(&self.passphrase).map_err(|error| match error {
            KeyFileError::Missing(_) => KeyStoreError::Missing(name.to_owned()),
            other => KeyStoreError::File(other),
        })?;
        let signer = FileSigner::from_pkcs8(&pkcs8).ok_or_else(|| KeyStoreError::Unknown(name.to_owned()))?;
        Ok(Arc::new(signer))
    }

    fn create(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Arc<dyn Signer>, KeyStoreError> {
        let pkcs8 = generate(algorithm)?;
        match self.file(name).create_private_key(&self.passphrase, &pkcs8) {
            Ok(()) => self.open(name),
            Err(KeyFileError::Exists(_)) => Err(KeyStoreError::Exists(name.to_owned())),
            Err(error) => Err(KeyStoreError::File(error)),
        }
    }
}

/// A key in this process's memory.
pub struct FileSigner {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl FileSigner {
    /// From a DER PrivateKeyInfo; none where it is not RSA of 2048, 3072 or 4096 bits, P-256 or P-384.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        let curve = |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).ok();
        let (pair, spki) = if let Some(pair) =
            curve(&ECDSA_P256_SHA256_ASN1_SIGNING).or_else(|| curve(&ECDSA_P384_SHA384_ASN1_SIGNING))
        {
            let spki = pair.public_key().as_der().ok()?;
            (Pair::Ec(pair), spki)
        } else {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
            let spki = pair.public_key().as_der().ok()?;
            (Pair::Rsa(pair), spki)
        };
        Some(Self { pair, public: PublicKey::from_spki(spki.as_ref()).ok()? })
    }
}

impl Signer for FileSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let rng = SystemRandom::new();
        let failed = |_| SignerError::Failed("the cryptographic library refused".into());
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &rng, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Ec(pair) => Ok(pair.sign(&rng, message).map_err(failed)?.as_ref().to_vec()),
        }
    }
}

fn generate(algorithm: KeyAlgorithm) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
    let failed = |_| KeyStoreError::Generation;
    let rng = SystemRandom::new();
    let size = match algorithm {
        KeyAlgorithm::P256 | KeyAlgorithm::P384 => {
            let curve = match algorithm {
                KeyAlgorithm::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
                _ => &ECDSA_P384_SHA384_ASN1_SIGNING,
            };
            let key = EcdsaKeyPair::generate_pkcs8(curve, &rng).map_err(failed)?;
            return Ok(Zeroizing::new(key.as_ref().to_vec()));
        }
        KeyAlgorithm::Rsa2048 => KeySize::Rsa2048,
        KeyAlgorithm::Rsa3072 => KeySize::Rsa3072,
        KeyAlgorithm::Rsa4096 => KeySize::Rsa4096,
    };
    let pair = RsaKeyPair::generate(size).map_err(failed)?;
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(failed)?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}
