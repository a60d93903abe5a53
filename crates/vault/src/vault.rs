//! The vault: PUKs encrypted for one card and version, management keys and key agreements derived from masters, and the
//! key that signs the audit log's heads.

use crate::{KeyFile, KeyFileError, Passphrase, file, rng};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, PrivateKey};
use aws_lc_rs::cipher::{AES_256, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use kaika_app::{cards::CardSecrets, kernel::VaultError, mail::LetterSeal};
use kaika_domain::cards::PukVersion;
use kaika_wire::{CardId, CardNumber, JobId, KeyAlgorithm, MailId, ManagementKey, Puk, SecretBytes, Slot};
use pkcs8::SubjectPublicKeyInfoRef;
use pkcs8::der::Decode;
use pkcs8::der::pem::{self, LineEnding};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

const MASTERS: &str = "card-secrets.key";
const MASTERS_PURPOSE: &str = "kaika/card-secrets/1";
const AUDIT_KEY: &str = "audit.key";
const AUDIT_PUBLIC_KEY: &str = "audit.pub";
const PUBLIC_KEY: &str = "PUBLIC KEY";

const AES_BLOCK: usize = 16;

/// In front of every PUK's ciphertext.
const PUK_FORMAT: u8 = 1;

/// In front of every sealed letter.
const LETTER_FORMAT: u8 = 1;

/// Secrets of cards, and the audit key.
pub struct Vault {
    puks: LessSafeKey,
    management: Prk,
    agreement: Prk,
    letters: LessSafeKey,
    audit: AuditKey,
}

impl Vault {
    /// Opens the vault in this folder, or makes it: `card-secrets.key` and `audit.key`, sealed by the passphrase, and
    /// `audit.pub` in clear.
    ///
    /// # Errors
    /// The passphrase is another one, or a file is damaged or cannot be written.
    pub fn create_or_open(folder: &Path, passphrase: &Passphrase) -> Result<Self, KeyFileError> {
        let masters = masters(&KeyFile::at(folder.join(MASTERS)), passphrase)?;
        let audit = AuditKey::create_or_open(folder, passphrase)?;
        let [puks, management, agreement] = [0, 1, 2].map(|index| &masters[index * 32..][..32]);
        let prk = |master| Salt::new(HKDF_SHA256, &[]).extract(master);
        let aes =
            |key: &[u8]| LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("an AES-256 key is 32 bytes"));
        let (puks, management, agreement) = (aes(puks), prk(management), prk(agreement));
        let mut letters = Zeroizing::new([0; 32]);
        expand(&agreement, &[b"kaika/letters/1"], letters.as_mut()).expect("HKDF gives 32 bytes");
        Ok(Self { puks, management, agreement, letters: aes(letters.as_ref()), audit })
    }

    /// A file that should be there; a new one in its place would open nothing that the old one sealed.
    pub fn missing(folder: &Path) -> Option<PathBuf> {
        [MASTERS, AUDIT_KEY].map(|name| folder.join(name)).into_iter().find(|path| !path.exists())
    }

    pub fn audit_key(&self) -> AuditKey {
        self.audit.clone()
    }

    fn agreement_key(&self, job: JobId, slot: Slot, algorithm: KeyAlgorithm) -> Result<PrivateKey, VaultError> {
        let (curve, name, length): (_, &[u8], _) = match algorithm {
            KeyAlgorithm::P256 => (&ECDH_P256, b"p256", 32),
            KeyAlgorithm::P384 => (&ECDH_P384, b"p384", 48),
            KeyAlgorithm::Rsa2048 => return Err(VaultError::Failed),
        };
        let mut scalar = Zeroizing::new(vec![0; length]);
        // Below the curve's order all but never fails (P-256: once in 2^32); then the next candidate is taken.
        for counter in 0..=u8::MAX {
            let info = [b"kaika/agreement/1", job.as_bytes().as_slice(), &[slot.reference()], name, &[counter]];
            expand(&self.agreement, &info, &mut scalar)?;
            if let Ok(key) = PrivateKey::from_private_key(curve, &scalar) {
                return Ok(key);
            }
        }
        Err(VaultError::Failed)
    }
}

impl CardSecrets for Vault {
    fn new_puk(&self, card: CardId, version: PukVersion) -> Result<Vec<u8>, VaultError> {
        let puk = loop {
            if let Some(puk) = Puk::from_random(&*rng::secret::<32>()) {
                break puk;
            }
        };
        let nonce = rng::random::<NONCE_LEN>();
        let mut sealed = puk.expose().to_vec();
        self.puks
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), puk_aad(card, version), &mut sealed)
            .map_err(|_| VaultError::Failed)?;
        Ok([&[PUK_FORMAT], nonce.as_slice(), &sealed].concat())
    }

    fn open_puk(&self, card: CardId, version: PukVersion, ciphertext: &[u8]) -> Result<Puk, VaultError> {
        let Some((&PUK_FORMAT, rest)) = ciphertext.split_first() else {
            return Err(VaultError::Sealed);
        };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Sealed)?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let digits = self
            .puks
            .open_in_place(Nonce::assume_unique_for_key(*nonce), puk_aad(card, version), &mut sealed)
            .map_err(|_| VaultError::Sealed)?;
        let text = std::str::from_utf8(digits).map_err(|_| VaultError::Sealed)?;
        Puk::parse(text).map_err(|_| VaultError::Sealed)
    }

    fn answer_management(&self, number: &CardNumber, version: u32, challenge: &[u8]) -> Result<Vec<u8>, VaultError> {
        if challenge.len() != AES_BLOCK {
            return Err(VaultError::Failed);
        }
        let key = self.management_key(number, version)?;
        let key = UnboundCipherKey::new(&AES_256, key.expose()).map_err(|_| VaultError::Failed)?;
        let mut block = challenge.to_vec();
        // SP 800-73-4 part 2, appendix A.1: the block alone.
        EncryptingKey::ecb(key).and_then(|key| key.encrypt(&mut block)).map_err(|_| VaultError::Failed)?;
        Ok(block)
    }

    fn management_key(&self, number: &CardNumber, version: u32) -> Result<ManagementKey, VaultError> {
        let mut key = SecretBytes::<32>::of(0);
        let info = [b"kaika/management-key/1", number.as_str().as_bytes(), &version.to_be_bytes()];
        expand(&self.management, &info, &mut *key)?;
        Ok(key.into())
    }

    fn agreement_peer(&self, job: JobId, slot: Slot, algorithm: KeyAlgorithm) -> Result<Vec<u8>, VaultError> {
        let key = self.agreement_key(job, slot, algorithm)?;
        let public = key.compute_public_key().map_err(|_| VaultError::Failed)?;
        Ok(public.as_ref().to_vec())
    }

    fn agreement_secret(
        &self,
        job: JobId,
        slot: Slot,
        algorithm: KeyAlgorithm,
        card_point: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.agreement_key(job, slot, algorithm)?;
        let card = agreement::UnparsedPublicKey::new(key.algorithm(), card_point);
        agreement::agree(&key, card, VaultError::Failed, |secret| Ok(secret.to_vec()))
    }

    /// HMAC-SHA256 under a key of its own for each purpose. It is derived from the master of key agreements, so that a
    /// vault that was made before there were seals needs no other.
    fn seal(&self, purpose: &str, message: &[u8]) -> Result<[u8; 32], VaultError> {
        let mut key = Zeroizing::new([0; 32]);
        expand(&self.agreement, &[b"kaika/seal/1", purpose.as_bytes()], key.as_mut())?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()), message);
        tag.as_ref().try_into().map_err(|_| VaultError::Failed)
    }
}

impl LetterSeal for Vault {
    fn seal_letter(&self, mail: MailId, letter: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce = rng::random::<NONCE_LEN>();
        let mut sealed = letter.to_vec();
        self.letters
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(*mail.as_bytes()), &mut sealed)
            .map_err(|_| VaultError::Failed)?;
        Ok([&[LETTER_FORMAT], nonce.as_slice(), &sealed].concat())
    }

    fn open_letter(&self, mail: MailId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let Some((&LETTER_FORMAT, rest)) = sealed.split_first() else { return Err(VaultError::Sealed) };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Sealed)?;
        let mut letter = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.letters.open_in_place(nonce, Aad::from(*mail.as_bytes()), &mut letter);
        let length = opened.map_err(|_| VaultError::Sealed)?.len();
        letter.truncate(length);
        Ok(letter)
    }
}

/// Three independent keys of 32 bytes: for PUKs, management keys and key agreements.
fn masters(file: &KeyFile, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let opened = match file.open_secret(passphrase, MASTERS_PURPOSE) {
        Err(KeyFileError::Missing(_)) => {
            match file.create_secret(passphrase, MASTERS_PURPOSE, &*rng::secret::<96>()) {
                // Another process was quicker.
                Ok(()) | Err(KeyFileError::Exists(_)) => file.open_secret(passphrase, MASTERS_PURPOSE),
                Err(error) => Err(error),
            }
        }
        opened => opened,
    }?;
    if opened.len() != 96 {
        return Err(KeyFileError::Form(file.path().to_owned()));
    }
    Ok(opened)
}

/// A ciphertext opens only for the card and version that it was made for.
fn puk_aad(card: CardId, version: PukVersion) -> Aad<[u8; 20]> {
    let mut aad = [0; 20];
    aad[..16].copy_from_slice(card.as_bytes());
    aad[16..].copy_from_slice(&version.0.to_be_bytes());
    Aad::from(aad)
}

fn expand(prk: &Prk, info: &[&[u8]], out: &mut [u8]) -> Result<(), VaultError> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let length = Length(out.len());
    prk.expand(info, length).and_then(|key| key.fill(out)).map_err(|_| VaultError::Failed)
}

/// Signs the audit log's heads: ECDSA on P-256 with SHA-256.
#[derive(Clone)]
pub struct AuditKey {
    key: Arc<EcdsaKeyPair>,
    public: AuditPublicKey,
}

/// Checks what the audit key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPublicKey {
    /// Uncompressed point.
    point: Vec<u8>,
}

impl AuditKey {
    fn create_or_open(folder: &Path, passphrase: &Passphrase) -> Result<Self, KeyFileError> {
        let file = KeyFile::at(folder.join(AUDIT_KEY));
        let pkcs8 = match file.open_private_key(passphrase) {
            Err(KeyFileError::Missing(_)) => {
                let new = new_p256_key();
                match file.create_private_key(passphrase, &new) {
                    Ok(()) | Err(KeyFileError::Exists(_)) => file.open_private_key(passphrase)?,
                    Err(error) => return Err(error),
                }
            }
            opened => opened?,
        };
        let Self { key, public } = Self::from_pkcs8(&file, &pkcs8)?;
        let spki = key.public_key().as_der().expect("a public key has an encoding");
        let pem = pem::encode_string(PUBLIC_KEY, LineEnding::LF, spki.as_ref()).expect("a public key is short");
        let beside = folder.join(AUDIT_PUBLIC_KEY);
        match file::create_public(&beside, pem.as_bytes()) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(KeyFileError::Io { path: beside, error });
            }
            _ => {}
        }
        // Whoever checks the log without the passphrase trusts this file.
        if AuditPublicKey::read(folder)? != public {
            return Err(KeyFileError::Pair { key: file.path().to_owned(), public: beside });
        }
        Ok(Self { key, public })
    }

    /// The sealed key of this folder, whatever `audit.pub` beside it says; nothing is made.
    ///
    /// # Errors
    /// It is missing or damaged, or the passphrase is another one.
    pub fn open(folder: &Path, passphrase: &Passphrase) -> Result<Self, KeyFileError> {
        let file = KeyFile::at(folder.join(AUDIT_KEY));
        Self::from_pkcs8(&file, &file.open_private_key(passphrase)?)
    }

    fn from_pkcs8(file: &KeyFile, pkcs8: &[u8]) -> Result<Self, KeyFileError> {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8)
            .map_err(|_| KeyFileError::Form(file.path().to_owned()))?;
        let public = AuditPublicKey { point: key.public_key().as_ref().to_vec() };
        Ok(Self { key: Arc::new(key), public })
    }

    pub fn public(&self) -> &AuditPublicKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, VaultError> {
        let signature = self.key.sign(&SystemRandom::new(), message).map_err(|_| VaultError::Failed)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl AuditPublicKey {
    /// From `audit.pub` in the vault's folder; needs no passphrase.
    ///
    /// # Errors
    /// It is missing or not a public key.
    pub fn read(folder: &Path) -> Result<Self, KeyFileError> {
        Self::read_file(&folder.join(AUDIT_PUBLIC_KEY))
    }

    /// From a copy of that file.
    ///
    /// # Errors
    /// It is missing or not a public key.
    pub fn read_file(path: &Path) -> Result<Self, KeyFileError> {
        let form = || KeyFileError::PublicForm(path.to_owned());
        let text = std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
            _ => KeyFileError::Io { path: path.to_owned(), error },
        })?;
        let (label, der) = pem::decode_vec(&text).map_err(|_| form())?;
        let key = SubjectPublicKeyInfoRef::from_der(&der).map_err(|_| form())?;
        let point = key.subject_public_key.as_bytes().filter(|_| label == PUBLIC_KEY).ok_or_else(form)?;
        Ok(Self { point: point.to_vec() })
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.point).verify(message, signature).is_ok()
    }
}

fn new_p256_key() -> Zeroizing<Vec<u8>> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
        .expect("a P-256 key can always be made");
    Zeroizing::new(key.as_ref().to_vec())
}
