//! What can be learnt from a card without any secret: what lies in the reader, and how many tries are left.

use crate::{Transport, piv::Card, yubico};
use kaika_wire::{CardFault, PresentedCard, Slot};

/// Tries left; none where the card does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    pub pin: Option<u8>,
    pub puk: Option<u8>,
}

/// Selects PIV and reads the CHUID and the 9E certificate: all that tells one personalised card from another. A CHUID or
/// certificate that cannot be read counts as absent: this is then a card of somebody else's.
///
/// # Errors
/// [`CardFault::Unsupported`] where this is no PIV card; else what the card or the reader did.
pub fn recognise(transport: &mut dyn Transport) -> Result<PresentedCard, CardFault> {
    let mut card = Card::new(transport);
    card.select()?;
    identity(&mut card)
}

/// Of a card on which PIV is selected.
pub(crate) fn identity(card: &mut Card<'_>) -> Result<PresentedCard, CardFault> {
    let guid = card.guid()?;
    let certificate = match card.certificate(Slot::CardAuthentication.certificate_tag()) {
        Err(CardFault::Malformed) => None,
        read => read?,
    };
    Ok(PresentedCard { guid, certificate: certificate.map(Into::into), device: None, capabilities: None })
}

/// Selects PIV and reads the tries left of PIN and PUK, spending none. Of a PIN that is verified at the moment plain
/// PIV does not tell: reset the card before.
///
/// # Errors
/// What the card or the reader did.
pub fn retries(transport: &mut dyn Transport) -> Result<Retries, CardFault> {
    let mut card = Card::new(transport);
    card.select()?;
    tries(&mut card)
}

/// Takes back that the PIN was verified (VERIFY with P1 = FF, SP 800-73-4 part 2 §3.2.1), which some cards keep over a reset.
/// A card that does not know the command has nothing of the kind to forget.
///
/// # Errors
/// What the card or the reader did.
pub fn forget_pin(transport: &mut dyn Transport) -> Result<(), CardFault> {
    Card::new(transport).forget_pin()
}

/// What a card holds, and what is left.
pub struct Contents {
    pub retries: Retries,
    /// In DER, by slot.
    pub certificates: Vec<(Slot, Vec<u8>)>,
}

/// Selects PIV and reads the tries left, as [`retries`], and the certificates of these slots. What is not a
/// certificate's object counts as absent: somebody else's idea of one.
///
/// # Errors
/// What the card or the reader did.
pub fn contents(transport: &mut dyn Transport, slots: &[Slot]) -> Result<Contents, CardFault> {
    let mut card = Card::new(transport);
    card.select()?;
    let retries = tries(&mut card)?;
    let mut certificates = Vec::new();
    for slot in slots {
        match card.certificate(slot.certificate_tag()) {
            Ok(certificate) => certificates.extend(certificate.map(|der| (*slot, der))),
            Err(CardFault::Malformed) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(Contents { retries, certificates })
}

/// Selects PIV and reads the certificate of a slot (DER); none where there is none.
///
/// # Errors
/// [`CardFault::Malformed`] where the object is not a certificate's or is compressed; else what the card or the reader
/// did.
pub fn read_certificate(transport: &mut dyn Transport, slot: Slot) -> Result<Option<Vec<u8>>, CardFault> {
    let mut card = Card::new(transport);
    card.select()?;
    card.certificate(slot.certificate_tag())
}

/// VERIFY without data tells the PIN's tries on any card, the PUK's are known only by GET METADATA.
pub(crate) fn tries(card: &mut Card<'_>) -> Result<Retries, CardFault> {
    let pin = match card.pin_tries()? {
        Some(tries) => Some(tries),
        None => card.metadata(yubico::PIN)?.and_then(|metadata| metadata.tries_left),
    };
    let puk = card.metadata(yubico::PUK)?.and_then(|metadata| metadata.tries_left);
    Ok(Retries { pin, puk })
}
