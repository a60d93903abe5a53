//! What somebody who has logged in sees of the card, and whether strangers find its certificates.

use crate::{
    App, Failure,
    access::CardPrincipal,
    audit::{Action, Event},
    certificates::{FoundCertificate, shown},
};
use kaika_domain::{
    audit::Actor,
    cards::Card,
    holders::{Holder, organisation_name},
};
use kaika_wire::CertificateRole;

pub struct MyCard {
    pub card: Card,
    pub holder: Holder,
    /// The newest first, without the card's own.
    pub certificates: Vec<FoundCertificate>,
    /// Whether strangers find them.
    pub published: bool,
    /// Whose list of certificates the authority has for the holder.
    pub organisation: Option<String>,
}

/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn my_card(app: &App, who: &CardPrincipal) -> Result<MyCard, Failure> {
    let CardPrincipal { card, holder } = who;
    let mut reader = app.store.read().await?;
    let mut certificates = reader.certificates_of_card(card.id).await?;
    certificates.retain(|certificate| certificate.role != CertificateRole::CardAuthentication);
    certificates.reverse();
    Ok(MyCard {
        card: card.clone(),
        holder: holder.clone(),
        certificates: certificates
            .iter()
            .map(|one| shown(one, card.state.is_activated(), app.now()))
            .collect::<Result<_, _>>()?,
        published: reader.is_published(card.id).await?,
        organisation: organisation_name(app.policy(&card.authority)?, &holder.subject),
    })
}

/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn set_publication(app: &App, who: &CardPrincipal, published: bool) -> Result<(), Failure> {
    let (card, now) = (&who.card, app.now());
    let mut work = app.store.begin().await?;
    if !work.set_published(card.id, published, now).await? {
        return Ok(());
    }
    work.audit(Event {
        at: now,
        actor: Actor::Holder(card.number.clone()),
        action: Action::SetPublication { card: card.number.clone(), published },
    });
    work.commit().await?;
    Ok(())
}
