//! 停用, 復用, 廢止 of certificates: by the holder or by the authority, with the card or without it.
//!
//! [`apply_change`] is the one place where a status changes by somebody's will. A card job calls it when the card has
//! proved itself; the ways that need no card are here.

mod outcome;
mod without_card;

pub use outcome::{ChangeOutcome, change_outcome};
pub use without_card::{WithoutCard, change_status_without_card};

use crate::{
    App, Failure, UnitOfWork,
    audit::{Action, Event, StatusFacts},
    kernel::retried,
};
use kaika_domain::{
    audit::Actor,
    authorities::{Policy, ProfileName},
    cards::Card,
    certificates::{Certificate, HoldBy, Unchanged, changed, check_change_allowed, standing},
};
use kaika_wire::{CardNumber, CertificateStatus, Code, Refusal, SerialNumber, StatusChange, StatusChangeKind};
use serde::Serialize;
use time::OffsetDateTime;

/// Who asks for what, and how he was known.
#[derive(Clone, Debug)]
pub struct StatusChangeRequest {
    pub change: StatusChange,
    /// The side: whose hold is set or lifted.
    pub by: HoldBy,
    pub actor: Actor,
    /// How the actor was known, for the audit log: `without_card`, `card`, `operator`.
    pub way: &'static str,
    pub now: OffsetDateTime,
}

/// A certificate whose state is another one now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedCertificate {
    pub role: ProfileName,
    pub serial: SerialNumber,
    pub before: CertificateStatus,
    /// Still `suspended` where another side holds it as well.
    pub status: CertificateStatus,
}

/// Changes all of these certificates that the rules let change, in the transaction that they were read in, and audits
/// each. `certificates` are then as the database has them; the caller commits.
///
/// All certificates of the card are meant, also the one by which it proves itself: its key works without a PIN for
/// whoever has found the card. The card's own state stays as it is: 廢卡 is something else.
///
/// # Errors
/// [`Code::ChangedElsewhere`]; or none of them changes, and the refusal says why: nothing was written then.
#[crate::use_case]
pub async fn apply_change(
    work: &mut dyn UnitOfWork,
    policy: &Policy,
    asked: &StatusChangeRequest,
    card: Option<&Card>,
    certificates: &mut [Certificate],
) -> Result<Vec<ChangedCertificate>, Failure> {
    let StatusChangeRequest { change, by, now, .. } = *asked;
    check_change_allowed(policy, change, by)?;
    let mut done = Vec::new();
    let mut why_not: Option<Unchanged> = None;
    let told = standing(certificates, now);
    for certificate in certificates {
        let before = certificate.status(now);
        match changed(certificate, change, by, now) {
            Ok(state) => certificate.state = state,
            Err(why) => {
                why_not = why_not.max(Some(why));
                continue;
            }
        }
        work.update_certificate(certificate).await?;
        let (role, serial) = (certificate.role.clone(), certificate.serial.clone());
        let status = certificate.status(now);
        let facts = StatusFacts {
            card: card.map(|card| card.number.clone()),
            serial: serial.clone(),
            role: role.clone(),
            by,
            way: asked.way,
            reason: change.reason(),
            status,
        };
        work.audit(Event { at: now, actor: asked.actor.clone(), action: action(change.kind(), facts) });
        done.push(ChangedCertificate { role, serial, before, status });
    }
    if done.is_empty() {
        let code = why_not.map_or(Code::NotFound, Unchanged::code);
        return Err(helped_by(Refusal { certificates: told, ..code.into() }, policy).into());
    }
    Ok(done)
}

fn action(kind: StatusChangeKind, facts: StatusFacts) -> Action {
    match kind {
        StatusChangeKind::Suspend => Action::SuspendCertificate { facts },
        StatusChangeKind::Resume => Action::ResumeCertificate { facts },
        StatusChangeKind::Revoke => Action::RevokeCertificate { facts },
    }
}

/// Says who helps: the authority whose card it is.
fn helped_by(mut refusal: Refusal, policy: &Policy) -> Refusal {
    refusal.authority = Some(policy.id.clone());
    refusal.contact = Some(policy.contact.telephone.clone());
    refusal
}

/// Which certificates an operator means.
#[derive(Clone, Debug)]
pub enum Which {
    /// All of a card, in whatever state that is.
    Card(CardNumber),
    /// One, of whichever authority.
    Serial(SerialNumber),
}

/// What an operator has done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedStatus {
    /// None for a certificate whose key is not on a card.
    pub card: Option<CardNumber>,
    pub certificates: Vec<ChangedCertificate>,
}

/// By the authority itself: sets and lifts its own holds, or revokes.
///
/// # Errors
/// [`Code::NotFound`]; or the rules let none of the certificates change.
#[crate::use_case]
pub async fn change_status_by_authority(
    app: &App,
    which: &Which,
    change: StatusChange,
    by: &Actor,
) -> Result<ChangedStatus, Failure> {
    retried(|| by_authority(app, which, change, by)).await
}

async fn by_authority(app: &App, which: &Which, change: StatusChange, by: &Actor) -> Result<ChangedStatus, Failure> {
    let mut work = app.store.begin().await?;
    let (card, mut certificates) = match which {
        Which::Card(number) => {
            let none = || Refusal::new(Code::NotFound).detail(format!("no card {number}"));
            let card = work.card_by_number(number).await?.ok_or_else(none)?;
            let certificates = work.certificates_of_card(card.id).await?;
            (Some(card), certificates)
        }
        Which::Serial(serial) => {
            let mut found = None;
            for generation in work.generations().await? {
                found = found.or(work.certificate_by_serial(generation.id, serial).await?);
            }
            let none = || Refusal::new(Code::NotFound).detail(format!("no certificate {serial}"));
            let certificate = found.ok_or_else(none)?;
            let card = match certificate.card {
                Some(card) => work.card(card).await?,
                None => None,
            };
            (card, vec![certificate])
        }
    };
    let Some(first) = certificates.first() else {
        return Err(Refusal::new(Code::NotFound).detail("this card has no certificates yet").into());
    };
    let policy = app.policy(&first.authority.clone())?;
    let asked =
        StatusChangeRequest { change, by: HoldBy::Authority, actor: by.clone(), way: "operator", now: app.now() };
    let done = apply_change(work.as_mut(), policy, &asked, card.as_ref(), &mut certificates).await?;
    work.commit().await?;
    Ok(ChangedStatus { card: card.map(|card| card.number), certificates: done })
}
