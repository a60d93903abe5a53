//! Secrets in files, sealed by a passphrase: PBES2 (RFC 8018 §6.2) with scrypt (RFC 7914 §7) and AES-256-CBC.
//!
//! A private key is a PKCS #8 EncryptedPrivateKeyInfo (RFC 5958 §3) that `openssl pkey` opens too. Other secrets have
//! the same frame under a label of their own; their plaintext says what they are for and ends with its SHA-256.

use crate::{Passphrase, file, rng};
use aws_lc_rs::digest::{SHA256, digest};
use pkcs8::der::asn1::OctetString;
use pkcs8::der::pem::{self, LineEnding};
use pkcs8::der::{Decode, Encode};
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::pkcs5::scrypt;
use pkcs8::{EncryptedPrivateKeyInfoOwned, PrivateKeyInfoRef};
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
const SECRET: &str = "KAIKA SEALED SECRET";

/// scrypt with N = 2^14, r = 8, p = 1: 16 MiB and some 40 ms for each try of a passphrase.
const SCRYPT_LOG_N: u8 = 14;
const SCRYPT_R: u32 = 8;
const SCRYPT_P: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    #[error("the passphrase does not open {}: it is another one's, or the file was altered", .0.display())]
    Passphrase(PathBuf),
    #[error("{} is not a sealed key file: it is empty, damaged or another file; put it back from a backup", .0.display())]
    Form(PathBuf),
    #[error("{} is not a public key: it is empty, damaged or another file; where it lies beside the keys, remove it, and the next \
         start makes it again", .0.display())]
    PublicForm(PathBuf),
    #[error(
        "{} is not the public key of {}: one of them was replaced. Put back both from a backup; where {0} alone is wrong, \
         remove it, and it is made again",
        public.display(), key.display()
    )]
    Pair { key: PathBuf, public: PathBuf },
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
}

/// A file that holds one sealed secret.
#[derive(Clone, Debug)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a private key (DER PrivateKeyInfo), sealed, for its owner alone; whole or not at all.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`] where the file is there: a key is never overwritten.
    pub fn create_private_key(&self, passphrase: &Passphrase, pkcs8: &[u8]) -> Result<(), KeyFileError> {
        self.create(PRIVATE_KEY, passphrase, pkcs8)
    }

    /// The private key as DER PrivateKeyInfo.
    ///
    /// # Errors
    /// [`KeyFileError::Missing`], or the passphrase is another one.
    pub fn open_private_key(&self, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let der = self.open(PRIVATE_KEY, passphrase)?;
        // A wrong key leaves valid padding once in 256 times, but hardly ever valid DER.
        PrivateKeyInfoRef::from_der(&der).map_err(|_| self.wrong_passphrase())?;
        Ok(der)
    }

    /// As [`Self::create_private_key`], for any other secret; `purpose` comes back with it, or it does not open.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`] where the file is there.
    pub fn create_secret(&self, passphrase: &Passphrase, purpose: &str, secret: &[u8]) -> Result<(), KeyFileError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(purpose.len() + secret.len() + 40));
        plain.extend_from_slice(purpose.as_bytes());
        plain.push(0);
        plain.extend_from_slice(secret);
        let sum = digest(&SHA256, &plain);
        plain.extend_from_slice(sum.as_ref());
        self.create(SECRET, passphrase, &plain)
    }

    /// # Errors
    /// [`KeyFileError::Missing`], or the passphrase or the purpose is another one.
    pub fn open_secret(&self, passphrase: &Passphrase, purpose: &str) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let plain = self.open(SECRET, passphrase)?;
        let (text, sum) = plain.split_last_chunk::<32>().ok_or_else(|| self.wrong_passphrase())?;
        if digest(&SHA256, text).as_ref() != sum {
            return Err(self.wrong_passphrase());
        }
        let secret = text.strip_prefix(purpose.as_bytes()).and_then(|rest| rest.strip_prefix(&[0]));
        secret.map(|secret| Zeroizing::new(secret.to_vec())).ok_or_else(|| KeyFileError::Form(self.path.clone()))
    }

    fn create(&self, label: &str, passphrase: &Passphrase, plain: &[u8]) -> Result<(), KeyFileError> {
        let pem = seal(label, passphrase, plain);
        if let Some(folder) = self.path.parent() {
            file::create_folder(folder).map_err(|error| self.io(error))?;
        }
        file::create_secret(&self.path, pem.as_bytes()).map_err(|error| self.io(error))
    }

    fn open(&self, label: &str, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let form = || KeyFileError::Form(self.path.clone());
        let text = std::fs::read(&self.path).map_err(|error| self.io(error))?;
        let (found, der) = pem::decode_vec(&text).map_err(|_| form())?;
        if found != label {
            return Err(form());
        }
        let sealed = EncryptedPrivateKeyInfoOwned::from_der(&der).map_err(|_| form())?;
        let plain = sealed.encryption_algorithm.decrypt(passphrase.expose(), sealed.encrypted_data.as_bytes());
        plain.map(Zeroizing::new).map_err(|_| self.wrong_passphrase())
    }

    fn wrong_passphrase(&self) -> KeyFileError {
        KeyFileError::Passphrase(self.path.clone())
    }

    fn io(&self, error: io::Error) -> KeyFileError {
        match error.kind() {
            io::ErrorKind::AlreadyExists => KeyFileError::Exists(self.path.clone()),
            io::ErrorKind::NotFound => KeyFileError::Missing(self.path.clone()),
            _ => KeyFileError::Io { path: self.path.clone(), error },
        }
    }
}

fn seal(label: &str, passphrase: &Passphrase, plain: &[u8]) -> String {
    const INVARIANT: &str = "the parameters are constant and the contents small";
    let cost = scrypt::Params::new(SCRYPT_LOG_N, SCRYPT_R, SCRYPT_P).expect(INVARIANT);
    let parameters = Parameters::generate_scrypt_aes256cbc(cost, &rng::random::<16>(), rng::random()).expect(INVARIANT);
    let encrypted = parameters.encrypt(passphrase.expose(), plain).expect(INVARIANT);
    let sealed = EncryptedPrivateKeyInfoOwned {
        encryption_algorithm: parameters.into(),
        encrypted_data: OctetString::new(encrypted).expect(INVARIANT),
    };
    pem::encode_string(label, LineEnding::LF, &sealed.to_der().expect(INVARIANT)).expect(INVARIANT)
}
