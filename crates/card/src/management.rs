//! Opening the card for writing: mutual authentication with the management key (SP 800-73-4 part 2, appendix A.1),
//! and the change from the factory's key to the card's own.

use crate::{
    Random,
    piv::{Card, Stop},
    tlv,
    yubico::MANAGEMENT_KEY,
};
use aes::{
    Aes192, Aes256,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};
use des::TdesEde3;
use iso7816::Status;
use kaika_wire::{CardFault, ManagementKey, SecretKind};
use zeroize::Zeroizing;

/// Of every card by Yubico: as AES-192 from firmware 5.7, as 3DES before.
const FACTORY_KEY: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];
const WITNESS: u32 = 0x80;
const CHALLENGE: u32 = 0x81;
const RESPONSE: u32 = 0x82;

/// The cipher of a management key (SP 800-78-4 table 6-2): the factory's, with keys of 24 octets, and ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cipher {
    Tdes,
    Aes192,
    Aes256,
}

/// Authenticates with `key` (AES-256); where the card still has the factory's key, sets `key` first. Whatever becomes
/// of it, it can be done again: the card has either key, and tells which.
pub(crate) fn open(card: &mut Card<'_>, key: &ManagementKey, random: &mut Random<'_>) -> Result<(), Stop> {
    let metadata = card.metadata(MANAGEMENT_KEY)?;
    let (algorithm, factory) = match &metadata {
        Some(metadata) => (metadata.algorithm, metadata.factory == Some(true)),
        // Before firmware 5.3 a card cannot tell. Its key is 3DES then, so that it cannot be ours.
        None => (Some(Cipher::Tdes.identifier()), true),
    };
    if factory {
        let cipher = algorithm
            .and_then(Cipher::from_identifier)
            .filter(|cipher| *cipher != Cipher::Aes256)
            .ok_or(CardFault::Unsupported)?;
        authenticate(card, cipher, &FACTORY_KEY, random)?;
        card.set_management_key(Cipher::Aes256.identifier(), key.expose())?;
    } else if algorithm != Some(Cipher::Aes256.identifier()) {
        return Err(refused());
    }
    authenticate(card, Cipher::Aes256, key.expose(), random)
}

/// The card's challenge to the management key (SP 800-73-4 part 2, appendix A.1.2): whoever has the key answers it in
/// this session.
pub(crate) fn challenge(card: &mut Card<'_>) -> Result<Vec<u8>, Stop> {
    let request = tlv::object(CHALLENGE, &[]);
    let answer = card.authenticate(Cipher::Aes256.identifier(), MANAGEMENT_KEY, &[&request])?.success()?;
    Ok(block(&answer, CHALLENGE, Cipher::Aes256)?.to_vec())
}

pub(crate) fn answer(card: &mut Card<'_>, response: &[u8]) -> Result<(), Stop> {
    let response = tlv::object(RESPONSE, response);
    let answer = card.authenticate(Cipher::Aes256.identifier(), MANAGEMENT_KEY, &[&response])?;
    match answer.status {
        Status::SecurityStatusNotSatisfied => Err(refused()),
        _ => Ok(answer.success().map(drop)?),
    }
}

/// Both sides show that they have the key: the card decrypts ours, we decrypt the card's.
fn authenticate(card: &mut Card<'_>, cipher: Cipher, key: &[u8], random: &mut Random<'_>) -> Result<(), Stop> {
    let algorithm = cipher.identifier();
    let request = tlv::object(WITNESS, &[]);
    let answer = card.authenticate(algorithm, MANAGEMENT_KEY, &[&request])?.success()?;
    let mut witness = block(&answer, WITNESS, cipher)?;
    cipher.decrypt(key, &mut witness);
    let mut challenge = Zeroizing::new(vec![0; cipher.block_length()]);
    random(&mut challenge);
    let response = card.authenticate(
        algorithm,
        MANAGEMENT_KEY,
        &[&tlv::object(WITNESS, &witness), &tlv::object(CHALLENGE, &challenge)],
    )?;
    if response.status == Status::SecurityStatusNotSatisfied {
        return Err(refused());
    }
    let answered = block(&response.success()?, RESPONSE, cipher)?;
    cipher.encrypt(key, &mut challenge);
    if *answered != *challenge {
        // It took our key without having it: this is not the card we take it for.
        return Err(CardFault::OtherCard.into());
    }
    Ok(())
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
    fn identifier(self) -> u8 {
        match self {
            Self::Tdes => 0x03,
            Self::Aes192 => 0x0a,
            Self::Aes256 => 0x0c,
        }
    }

    fn from_identifier(identifier: u8) -> Option<Self> {
        [Self::Tdes, Self::Aes192, Self::Aes256].into_iter().find(|cipher| cipher.identifier() == identifier)
    }

    fn block_length(self) -> usize {
        match self {
            Self::Tdes => 8,
            Self::Aes192 | Self::Aes256 => 16,
        }
    }

    /// One block in place.
    fn encrypt(self, key: &[u8], block: &mut [u8]) {
        match self {
            Self::Tdes => encrypt::<TdesEde3>(key, block),
            Self::Aes192 => encrypt::<Aes192>(key, block),
            Self::Aes256 => encrypt::<Aes256>(key, block),
        }
    }

    fn decrypt(self, key: &[u8], block: &mut [u8]) {
        match self {
            Self::Tdes => decrypt::<TdesEde3>(key, block),
            Self::Aes192 => decrypt::<Aes192>(key, block),
            Self::Aes256 => decrypt::<Aes256>(key, block),
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
