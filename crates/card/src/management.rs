//! Opening the card for writing: mutual authentication with the management key (SP 800-73-4 part 2, appendix A.1),
//! and the change from the factory's key to the card's own.

use crate::{
    Random, apdu,
    metadata::Metadata,
    piv::{Card, Stop},
    tlv,
    yubico::MANAGEMENT_KEY,
};
use aes::{
    Aes128, Aes192, Aes256,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};
use des::TdesEde3;
use iso7816::Status;
use kaika_wire::{CardFault, Lack, ManagementAlgorithm, ManagementKey, SecretKind};
use zeroize::Zeroizing;

/// Of cards by Yubico and of those made like them; where the cipher's keys are shorter, its beginning.
const FACTORY_KEY: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];
const WITNESS: u32 = 0x80;
const CHALLENGE: u32 = 0x81;
const RESPONSE: u32 = 0x82;

/// The cipher of a management key (SP 800-78-4 table 6-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Tdes,
    Aes128,
    Aes192,
    Aes256,
}

/// Those that a factory's key may have, likeliest first: AES-192 from firmware 5.7, 3DES before.
const OF_FACTORIES: [Cipher; 3] = [Cipher::Aes192, Cipher::Tdes, Cipher::Aes128];

/// A key that a card may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Candidate {
    Ours,
    Factory(Cipher),
}

/// Authenticates with `key` (AES-256); where the card still has the factory's key, sets `key` first. Which of them it has
/// is found by trying; what the card tells is a hint where to begin, since some tell nothing, and some what is not so.
/// Whatever becomes of it, it can be done again.
pub(crate) fn open(card: &mut Card<'_>, key: &ManagementKey, random: &mut Random<'_>) -> Result<(), Stop> {
    for candidate in candidates(card)? {
        match candidate {
            Candidate::Ours => {
                if authenticate(card, Cipher::Aes256, key.expose(), random)? == Authenticated::Done {
                    return Ok(());
                }
            }
            Candidate::Factory(cipher) => {
                if authenticate(card, cipher, cipher.factory_key(), random)? == Authenticated::Done {
                    set(card, key)?;
                    return match authenticate(card, Cipher::Aes256, key.expose(), random)? {
                        Authenticated::Done => Ok(()),
                        Authenticated::OtherKey | Authenticated::OtherCipher => Err(refused()),
                    };
                }
            }
        }
    }
    Err(refused())
}

fn candidates(card: &mut Card<'_>) -> Result<Vec<Candidate>, CardFault> {
    let told = match card.metadata(MANAGEMENT_KEY) {
        Ok(told) => told.unwrap_or_default(),
        Err(CardFault::Status { .. } | CardFault::Malformed | CardFault::Unsupported) => Metadata::default(),
        Err(fault) => return Err(fault),
    };
    let cipher = told.algorithm.and_then(Cipher::from_identifier).filter(|cipher| OF_FACTORIES.contains(cipher));
    let hinted = cipher.map(Candidate::Factory);
    let mut candidates = vec![Candidate::Ours];
    match told.factory {
        Some(true) => candidates.splice(0..0, hinted).for_each(drop),
        Some(false) | None => candidates.extend(hinted),
    }
    let others = OF_FACTORIES.map(Candidate::Factory).into_iter().filter(|factory| Some(*factory) != hinted);
    candidates.extend(others);
    Ok(candidates)
}

/// The factory's key gives way to ours. A card that does not take it has none of AES: nothing has changed.
fn set(card: &mut Card<'_>, key: &ManagementKey) -> Result<(), CardFault> {
    match card.set_management_key(Cipher::Aes256.identifier(), key.expose())? {
        Status::Success => Ok(()),
        status if is_refusal(status) => Err(CardFault::Unsuitable { missing: vec![Lack::ManagementKeyAes] }),
        status => Err(apdu::fault(status)),
    }
}

/// Whether the key is the factory's; none where it is not of this cipher. No key of a factory is AES-256.
pub(crate) fn try_factory_key(
    card: &mut Card<'_>,
    cipher: Cipher,
    random: &mut Random<'_>,
) -> Result<Option<bool>, Stop> {
    if !OF_FACTORIES.contains(&cipher) {
        return Ok(witness(card, cipher)?.map(|_| false));
    }
    authenticate(card, cipher, cipher.factory_key(), random).map(|authenticated| match authenticated {
        Authenticated::Done => Some(true),
        Authenticated::OtherKey => Some(false),
        Authenticated::OtherCipher => None,
    })
}

/// How cards say that it is not this key, be it for its cipher or for its value.
fn is_refusal(status: Status) -> bool {
    matches!(
        status,
        Status::SecurityStatusNotSatisfied
            | Status::IncorrectDataParameter
            | Status::IncorrectP1OrP2Parameter
            | Status::WrongParameters
            | Status::FunctionNotSupported
            | Status::KeyReferenceNotFound
            | Status::ReferenceDataNotUsable
            | Status::WrongLength
            | Status::VerificationFailed
            | Status::RemainingRetries(_)
    )
}

/// The card's challenge to the management key (SP 800-73-4 part 2, appendix A.1.2): whoever has the key answers it next,
/// before any other command.
pub(crate) fn challenge(card: &mut Card<'_>) -> Result<Vec<u8>, Stop> {
    let request = tlv::object(CHALLENGE, &[]);
    let answer = card.authenticate(Cipher::Aes256.identifier(), MANAGEMENT_KEY, &[&request])?;
    if is_refusal(answer.status) {
        return Err(refused());
    }
    Ok(block(&answer.success()?, CHALLENGE, Cipher::Aes256)?.to_vec())
}

/// A card that knows of no challenge any more says so in one way or another; it is asked for another then.
pub(crate) fn answer(card: &mut Card<'_>, response: &[u8]) -> Result<(), Stop> {
    let response = tlv::object(RESPONSE, response);
    let answer = card.authenticate(Cipher::Aes256.identifier(), MANAGEMENT_KEY, &[&response])?;
    match answer.status {
        Status::ConditionsOfUseNotSatisfied => Err(refused()),
        status if is_refusal(status) => Err(refused()),
        _ => Ok(answer.success().map(drop)?),
    }
}

/// What came of trying a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Authenticated {
    Done,
    OtherKey,
    OtherCipher,
}

/// What the card has encrypted with its key; none where that is of another cipher.
fn witness(card: &mut Card<'_>, cipher: Cipher) -> Result<Option<Zeroizing<Vec<u8>>>, Stop> {
    let request = tlv::object(WITNESS, &[]);
    let answer = card.authenticate(cipher.identifier(), MANAGEMENT_KEY, &[&request])?;
    if is_refusal(answer.status) {
        return Ok(None);
    }
    let answer = answer.success()?;
    let witness = tlv::require(&answer, WITNESS).map_err(CardFault::from)?;
    Ok((witness.len() == cipher.block_length()).then(|| Zeroizing::new(witness.to_vec())))
}

/// Both sides show that they have the key: the card decrypts ours, we decrypt the card's.
fn authenticate(
    card: &mut Card<'_>,
    cipher: Cipher,
    key: &[u8],
    random: &mut Random<'_>,
) -> Result<Authenticated, Stop> {
    let Some(mut witness) = witness(card, cipher)? else {
        return Ok(Authenticated::OtherCipher);
    };
    let algorithm = cipher.identifier();
    cipher.decrypt(key, &mut witness);
    let mut challenge = Zeroizing::new(vec![0; cipher.block_length()]);
    random(&mut challenge);
    let response = card.authenticate(
        algorithm,
        MANAGEMENT_KEY,
        &[&tlv::object(WITNESS, &witness), &tlv::object(CHALLENGE, &challenge)],
    )?;
    if is_refusal(response.status) {
        return Ok(Authenticated::OtherKey);
    }
    let answered = block(&response.success()?, RESPONSE, cipher)?;
    cipher.encrypt(key, &mut challenge);
    if *answered != *challenge {
        // It took our key without having it: this is not the card we take it for.
        return Err(CardFault::OtherCard.into());
    }
    Ok(Authenticated::Done)
}

fn block(template: &[u8], tag: u32, cipher: Cipher) -> Result<Zeroizing<Vec<u8>>, CardFault> {
    let block = tlv::require(template, tag)?;
    if block.len() != cipher.block_length() {
        return Err(CardFault::Malformed);
    }
    Ok(Zeroizing::new(block.to_vec()))
}

fn refused() -> Stop {
    Stop::Refused { secret: SecretKind::ManagementKey, tries_left: None }
}

impl Cipher {
    /// Those of factories first.
    pub(crate) const ALL: [Self; 4] = [Self::Aes192, Self::Tdes, Self::Aes128, Self::Aes256];

    fn identifier(self) -> u8 {
        match self {
            Self::Tdes => 0x03,
            Self::Aes128 => 0x08,
            Self::Aes192 => 0x0a,
            Self::Aes256 => 0x0c,
        }
    }

    fn from_identifier(identifier: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|cipher| cipher.identifier() == identifier)
    }

    fn block_length(self) -> usize {
        match self {
            Self::Tdes => 8,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
        }
    }

    /// Of a cipher that a factory's key may have.
    fn factory_key(self) -> &'static [u8] {
        match self {
            Self::Aes128 => &FACTORY_KEY[..16],
            Self::Tdes | Self::Aes192 | Self::Aes256 => &FACTORY_KEY,
        }
    }

    /// One block in place.
    fn encrypt(self, key: &[u8], block: &mut [u8]) {
        match self {
            Self::Tdes => encrypt::<TdesEde3>(key, block),
            Self::Aes128 => encrypt::<Aes128>(key, block),
            Self::Aes192 => encrypt::<Aes192>(key, block),
            Self::Aes256 => encrypt::<Aes256>(key, block),
        }
    }

    fn decrypt(self, key: &[u8], block: &mut [u8]) {
        match self {
            Self::Tdes => decrypt::<TdesEde3>(key, block),
            Self::Aes128 => decrypt::<Aes128>(key, block),
            Self::Aes192 => decrypt::<Aes192>(key, block),
            Self::Aes256 => decrypt::<Aes256>(key, block),
        }
    }
}

impl From<Cipher> for ManagementAlgorithm {
    fn from(cipher: Cipher) -> Self {
        match cipher {
            Cipher::Tdes => Self::TripleDes,
            Cipher::Aes128 => Self::Aes128,
            Cipher::Aes192 => Self::Aes192,
            Cipher::Aes256 => Self::Aes256,
        }
    }
}

fn encrypt<C: KeyInit + BlockCipherEncrypt>(key: &[u8], block: &mut [u8]) {
    let cipher = C::new_from_slice(key).expect("the key is of the cipher's length");
    let block = block.try_into().expect("the block is of the cipher's length");
    cipher.encrypt_block(block);
}

fn decrypt<C: KeyInit + BlockCipherDecrypt>(key: &[u8], block: &mut [u8]) {
    let cipher = C::new_from_slice(key).expect("the key is of the cipher's length");
    let block = block.try_into().expect("the block is of the cipher's length");
    cipher.decrypt_block(block);
}
