//! What a card can do, found out without a secret of anybody's, without changing it and without spending a try.

use crate::{
    Random, Transport, detect, key,
    management::{self, Cipher},
    piv::{Card, Stop},
    tlv,
};
use kaika_wire::{Capabilities, CardFault, Device, KeyAlgorithm, ManagementKeyFound, PresentedCard};

/// Algorithms in the application property template (SP 800-73-4 part 2 table 3).
const PROPERTIES: u32 = 0x61;
const ALGORITHMS: u32 = 0xac;
const ALGORITHM: u32 = 0x80;

/// Selects PIV and looks at what it has. A session with the management key may be open afterwards, where that is the
/// factory's, which everybody knows: reset the card. What a card answers to a command that it does not know, or answers
/// wrongly, counts as not told.
///
/// # Errors
/// The card is gone, or the reader failed.
pub fn probe(transport: &mut dyn Transport, random: &mut Random<'_>) -> Result<Capabilities, CardFault> {
    let mut card = Card::new(transport);
    match told(card.select())? {
        Some(properties) => capabilities(&mut card, &properties, random),
        None => Ok(Capabilities::default()),
    }
}

/// What a station wants to know of a card before anything is put to it: as [`recognise`](crate::recognise), with its device
/// and what it can do. Afterwards as after [`probe`].
///
/// # Errors
/// As [`recognise`](crate::recognise).
pub fn survey(transport: &mut dyn Transport, random: &mut Random<'_>) -> Result<PresentedCard, CardFault> {
    let mut card = Card::new(transport);
    let properties = card.select()?;
    let presented = detect::identity(&mut card)?;
    let capabilities = capabilities(&mut card, &properties, random)?;
    let device = capabilities.serial.zip(capabilities.version.clone());
    let device = device.map(|(serial, version)| Device { serial, version });
    Ok(PresentedCard { device, capabilities: Some(capabilities), ..presented })
}

/// Of a card on which PIV is selected.
fn capabilities(card: &mut Card<'_>, properties: &[u8], random: &mut Random<'_>) -> Result<Capabilities, CardFault> {
    let version = told(card.version())?.flatten();
    let serial = told(card.serial())?.flatten();
    let tries = told(detect::tries(card))?;
    Ok(Capabilities {
        piv: true,
        yubico_extensions: version.is_some() && serial.is_some(),
        version: version.map(|[major, minor, patch]| format!("{major}.{minor}.{patch}")),
        management_key: management_key(card, random)?,
        algorithms: algorithms(properties, version),
        pin_tries: tries.and_then(|tries| tries.pin),
        puk_tries: tries.and_then(|tries| tries.puk),
        serial,
    })
}

/// None where the card itself said what nobody expected.
fn told<T>(answer: Result<T, CardFault>) -> Result<Option<T>, CardFault> {
    match answer {
        Ok(told) => Ok(Some(told)),
        Err(CardFault::Status { .. } | CardFault::Unsupported | CardFault::Malformed) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// By trying: what the card says of it may not be so.
fn management_key(card: &mut Card<'_>, random: &mut Random<'_>) -> Result<ManagementKeyFound, CardFault> {
    for cipher in Cipher::ALL {
        let tried = match management::try_factory_key(card, cipher, random) {
            Ok(tried) => tried,
            Err(Stop::Refused { .. }) => None,
            Err(Stop::Fault(fault)) => told(Err(fault))?,
        };
        if let Some(factory) = tried {
            return Ok(ManagementKeyFound { algorithm: Some(cipher.into()), factory: Some(factory) });
        }
    }
    Ok(ManagementKeyFound::default())
}

/// Those that the card lists, or that go with its firmware.
fn algorithms(properties: &[u8], version: Option<[u8; 3]>) -> Vec<KeyAlgorithm> {
    let inside = tlv::find(properties, PROPERTIES).ok().flatten().unwrap_or(properties);
    let mut listed: Vec<KeyAlgorithm> = tlv::objects(inside)
        .filter_map(Result::ok)
        .filter(|(tag, _)| *tag == ALGORITHMS)
        .flat_map(|(_, list)| tlv::objects(list).filter_map(Result::ok))
        .filter_map(|(tag, value)| match (tag, value) {
            (ALGORITHM, [identifier]) => key::from_identifier(*identifier),
            _ => None,
        })
        .collect();
    if listed.is_empty() {
        listed = match version {
            Some([4..=u8::MAX, _, _]) => vec![KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384],
            Some(_) => vec![KeyAlgorithm::Rsa2048, KeyAlgorithm::P256],
            None => Vec::new(),
        };
    }
    listed
}
