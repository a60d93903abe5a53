//! 憑證查詢及下載: certificates with their status, for whoever knows the card and its holder, or the serial number; where
//! the holder has not switched that off.

use crate::{App, Failure, store::holder_of};
use kaika_domain::{authorities::ProfileName, certificates::Certificate};
use kaika_wire::{AuthorityId, CardNumber, CertificateRole, CertificateStatus, Code, SerialNumber};
use time::OffsetDateTime;

/// What a certificate is asked for by.
#[derive(Clone, Debug)]
pub enum CertificateQuery {
    Card { number: CardNumber, name: String },
    Serial(SerialNumber),
}

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
    /// DER.
    pub certificate: Vec<u8>,
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

/// The newest first; the certificate by which the card itself proves who it is is found by its serial number only.
///
/// # Errors
/// [`Code::NotFound`], for an unknown card as for another holder's name or one that is not published: a stranger does not
/// learn who has a card.
#[crate::use_case]
pub async fn find_certificates(
    app: &App,
    authority: &AuthorityId,
    query: &CertificateQuery,
) -> Result<Vec<FoundCertificate>, Failure> {
    let found = match query {
        CertificateQuery::Card { number, name } => of_card(app, authority, number, name).await?,
        CertificateQuery::Serial(serial) => of_serial(app, authority, serial).await?,
    };
    let now = app.now();
    let found = found.iter().map(|(certificate, in_use)| shown(certificate, *in_use, now));
    let found = found.collect::<Result<Vec<_>, _>>()?;
    (!found.is_empty()).then_some(found).ok_or(Code::NotFound.into())
}

async fn of_card(
    app: &App,
    authority: &AuthorityId,
    number: &CardNumber,
    name: &str,
) -> Result<Vec<(Certificate, bool)>, Failure> {
    let mut reader = app.store.read().await?;
    let card = reader.card_by_number(number).await?.filter(|card| card.authority == *authority);
    let Some(card) = card else { return Ok(Vec::new()) };
    let holder = holder_of(reader.as_mut(), &card).await?;
    if !holder.is_called(name) || !reader.is_published(card.id).await? {
        return Ok(Vec::new());
    }
    let mut certificates = reader.certificates_of_card(card.id).await?;
    certificates.retain(|certificate| certificate.role != CertificateRole::CardAuthentication);
    Ok(certificates.into_iter().rev().map(|certificate| (certificate, card.state.is_activated())).collect())
}

/// Of whichever generation.
async fn of_serial(
    app: &App,
    authority: &AuthorityId,
    serial: &SerialNumber,
) -> Result<Vec<(Certificate, bool)>, Failure> {
    let mut reader = app.store.read().await?;
    let mut found = Vec::new();
    for generation in reader.generations().await? {
        if generation.owner == *authority {
            let Some(certificate) = reader.certificate_by_serial(generation.id, serial).await? else { continue };
            let (published, in_use) = match certificate.card {
                Some(card) => {
                    let in_use = reader.card(card).await?.is_some_and(|card| card.state.is_activated());
                    (reader.is_published(card).await?, in_use)
                }
                None => (true, false),
            };
            found.extend(published.then_some((certificate, in_use)));
        }
    }
    Ok(found)
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
        certificate: certificate.certificate.clone(),
    })
}
