//! 憑證查詢及下載. Who knows the card and its holder finds the certificates; who knows a serial number, which lists enumerate,
//! learns the status alone; who has the hash of a certificate had it, or a link to it, and gets the file. Where the holder has
//! switched that off, nobody finds anything.

use crate::{App, Failure, Reader, store::holder_of};
use kaika_domain::{
    authorities::ProfileName,
    certificates::{Certificate, CertificateState},
};
use kaika_pki::CertificateDigest;
use kaika_wire::{AuthorityId, CardNumber, CertificateRole, CertificateStatus, Code, SerialNumber};
use time::OffsetDateTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCertificate {
    pub role: ProfileName,
    pub serial: SerialNumber,
    pub status: CertificateStatus,
    /// Its card is activated: what is held then is on its way onto it.
    pub card_in_use: bool,
    /// As on the screen, C first.
    pub subject: String,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    /// By which anybody gets the file; none of one that its holder has not accepted.
    pub file: Option<CertificateDigest>,
    /// DER.
    pub certificate: Vec<u8>,
}

/// What a serial number alone tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundStatus {
    pub serial: SerialNumber,
    pub status: CertificateStatus,
    pub card_in_use: bool,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
}

impl FoundCertificate {
    /// RFC 7468 §5.1.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn pem(&self) -> Result<String, Failure> {
        let unreadable = |error| Failure::Inconsistent(format!("certificate {} cannot be read: {error}", self.serial));
        Ok(kaika_pki::Certificate::from_der(&self.certificate).map_err(unreadable)?.to_pem())
    }
}

/// Of the card of this number and a holder of this name; the newest first, without the card's own.
///
/// # Errors
/// [`Code::NotFound`], for an unknown card as for another holder's name or one that is not published: a stranger does not
/// learn who has a card.
#[crate::use_case]
pub async fn find_certificates(
    app: &App,
    authority: &AuthorityId,
    number: &CardNumber,
    name: &str,
) -> Result<Vec<FoundCertificate>, Failure> {
    let mut reader = app.store.read().await?;
    let card = reader.card_by_number(number).await?.filter(|card| card.authority == *authority);
    let card = card.ok_or(Code::NotFound)?;
    let holder = holder_of(reader.as_mut(), &card).await?;
    if !holder.is_called(name) || !reader.is_published(card.id).await? {
        return Err(Code::NotFound.into());
    }
    let mut certificates = reader.certificates_of_card(card.id).await?;
    certificates.retain(|certificate| certificate.role != CertificateRole::CardAuthentication);
    if certificates.is_empty() {
        return Err(Code::NotFound.into());
    }
    let now = app.now();
    certificates.iter().rev().map(|certificate| shown(certificate, card.state.is_activated(), now)).collect()
}

/// Of the certificate of this number, of whichever generation.
///
/// # Errors
/// [`Code::NotFound`], for an unknown number as for one that strangers are told nothing of.
#[crate::use_case]
pub async fn certificate_status(
    app: &App,
    authority: &AuthorityId,
    serial: &SerialNumber,
) -> Result<FoundStatus, Failure> {
    let mut reader = app.store.read().await?;
    for generation in reader.generations().await? {
        if generation.owner != *authority {
            continue;
        }
        let Some(certificate) = reader.certificate_by_serial(generation.id, serial).await? else { continue };
        if let Some(card_in_use) = is_in_use_where_public(reader.as_mut(), &certificate).await? {
            let Certificate { serial, not_before, not_after, .. } = &certificate;
            return Ok(FoundStatus {
                serial: serial.clone(),
                status: certificate.status(app.now()),
                card_in_use,
                not_before: *not_before,
                not_after: *not_after,
            });
        }
    }
    Err(Code::NotFound.into())
}

/// The file with this hash (SHA-256, hexadecimal).
///
/// # Errors
/// [`Code::NotFound`], for an unknown one as for one that strangers are not given.
#[crate::use_case]
pub async fn certificate_file(app: &App, authority: &AuthorityId, hash: &str) -> Result<FoundCertificate, Failure> {
    let digest: CertificateDigest = hash.parse().map_err(|_| Code::NotFound)?;
    let mut reader = app.store.read().await?;
    let certificate = reader.certificate_by_digest(&digest).await?.filter(|found| found.authority == *authority);
    let certificate = certificate.ok_or(Code::NotFound)?;
    let in_use = is_in_use_where_public(reader.as_mut(), &certificate).await?.ok_or(Code::NotFound)?;
    shown(&certificate, in_use, app.now())
}

/// Whether its card is activated; none where strangers are told nothing of it: it is a card's own, was not accepted yet, or
/// its holder does not want to be found.
async fn is_in_use_where_public(reader: &mut dyn Reader, certificate: &Certificate) -> Result<Option<bool>, Failure> {
    if certificate.role == CertificateRole::CardAuthentication || is_held(certificate) {
        return Ok(None);
    }
    let Some(card) = certificate.card else { return Ok(Some(false)) };
    let in_use = reader.card(card).await?.is_some_and(|card| card.state.is_activated());
    Ok(reader.is_published(card).await?.then_some(in_use))
}

fn is_held(certificate: &Certificate) -> bool {
    matches!(certificate.state, CertificateState::Held { .. })
}

pub(crate) fn shown(
    certificate: &Certificate,
    card_in_use: bool,
    now: OffsetDateTime,
) -> Result<FoundCertificate, Failure> {
    let unreadable = |error| Failure::Inconsistent(format!("a certificate on record cannot be read: {error}"));
    let parsed = kaika_pki::Certificate::from_der(&certificate.certificate).map_err(unreadable)?;
    Ok(FoundCertificate {
        role: certificate.role.clone(),
        serial: certificate.serial.clone(),
        status: certificate.status(now),
        card_in_use,
        subject: parsed.subject().map_err(unreadable)?.to_string(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        file: (!is_held(certificate)).then_some(certificate.sha256),
        certificate: certificate.certificate.clone(),
    })
}
