//! Acceptance of a certificate that lies on no card.

use crate::{
    App, Failure,
    audit::{Action, Event},
    kernel::retried,
};
use kaika_domain::{
    audit::Actor,
    certificates::{Certificate, CertificateState},
};
use kaika_wire::{CertificateId, Code, Refusal};

/// What is held becomes valid; what is valid already stays as it is.
///
/// # Errors
/// [`Code::NotFound`]; [`Code::BadRequest`] for a certificate on a card, which is accepted with the card in hand;
/// [`Code::AlreadyRevoked`]; [`Code::AlreadySuspended`] where there is a hold on it.
#[crate::use_case]
pub async fn accept_certificate(app: &App, id: CertificateId, actor: &Actor) -> Result<Certificate, Failure> {
    retried(|| accept(app, id, actor)).await
}

async fn accept(app: &App, id: CertificateId, actor: &Actor) -> Result<Certificate, Failure> {
    let mut work = app.store.begin().await?;
    let mut certificate = work.certificate(id).await?.ok_or(Code::NotFound)?;
    if certificate.card.is_some() {
        let detail = "a certificate on a card is accepted with the card";
        return Err(Refusal::new(Code::BadRequest).detail(detail).into());
    }
    certificate.state = match certificate.state.clone() {
        CertificateState::Valid => return Ok(certificate),
        CertificateState::Revoked { .. } => return Err(Code::AlreadyRevoked.into()),
        held => held.accept().map_err(|_| Code::AlreadySuspended)?,
    };
    work.update_certificate(&mut certificate).await?;
    work.audit(Event {
        at: app.now(),
        actor: actor.clone(),
        action: Action::AcceptOfNoCard {
            certificate: certificate.id,
            authority: certificate.authority.clone(),
            serial: certificate.serial.clone(),
            role: certificate.role.clone(),
        },
    });
    work.commit().await?;
    Ok(certificate)
}
