//! Attempts at making an ordered card, and how they end: the card is made, or the device is set aside. One that was changed
//! is spoilt, and what was issued for it is revoked; one that was not is released. Either way the order waits for another
//! device, under the same number, until it is withdrawn.

use super::{Ended, JobRecord, StoredPuk, jobs::Report};
use crate::{
    App, Failure, UnitOfWork,
    audit::{Action, Event},
    kernel::retried,
};
use kaika_domain::{
    audit::Actor,
    cards::{
        Card, CardState, Findings, Making, MakingEnd, Order, PukLedger, TerminationReason,
        job::{Checked, Step},
    },
    certificates::{Certificate, CertificateState, RevocationReason},
};
use kaika_wire::{Capabilities, CardFault, CardNumber, Code, JobId, MakingId, Refusal, Slot};

/// Puts a device to an order.
pub(super) async fn begin(
    app: &App,
    work: &mut dyn UnitOfWork,
    card: &mut Card,
    device: u32,
    capabilities: Capabilities,
    actor: Actor,
) -> Result<(), Failure> {
    let now = app.now();
    card.device = Some(device);
    work.update_card(card).await?;
    let mut making = Making::begin(MakingId::new(now, app.rng.bytes()), card.id, Some(device), now);
    making.found.capabilities = Some(capabilities);
    work.insert_making(&making).await?;
    work.audit(Event { at: now, actor, action: Action::TakeDevice { card: card.number.clone(), device } });
    Ok(())
}

/// Before these steps leave: the device is about to be another one than it was.
pub(super) async fn record(work: &mut dyn UnitOfWork, job: JobId, card: &Card, steps: &[Step]) -> Result<(), Failure> {
    if !steps.iter().any(Step::changes_card) {
        return Ok(());
    }
    let guid = steps.iter().find_map(|step| match step {
        Step::WriteIdentity { guid } => Some(*guid),
        _ => None,
    });
    let mut making = under_way(work, card).await?;
    if making.changed_by.is_none() || guid.is_some_and(|guid| making.guid != Some(guid)) {
        making.changed_by = making.changed_by.or(Some(job));
        making.guid = guid.or(making.guid);
        work.update_making(&making).await?;
    }
    Ok(())
}

/// What has been found out about the device goes on record.
pub(super) async fn find(
    work: &mut dyn UnitOfWork,
    card: &Card,
    found: impl FnOnce(&mut Findings) + Send,
) -> Result<(), Failure> {
    let mut making = under_way(work, card).await?;
    found(&mut making.found);
    work.update_making(&making).await?;
    Ok(())
}

/// After the first batch that changes a device: one that has refused the first step that would have changed it is as it was,
/// where no earlier job has changed it.
pub(super) async fn record_refusal(
    work: &mut dyn UnitOfWork,
    job: &JobRecord,
    card: &Card,
    report: &Report,
) -> Result<(), Failure> {
    let first = report.steps.iter().position(Step::changes_card);
    let stopped = match (report.checked.last(), &report.fault) {
        (Some(Checked::Refused { .. }), _) => report.checked.len().checked_sub(1),
        // It said so instead of doing it.
        (_, Some(CardFault::Unsuitable { .. })) => Some(report.checked.len()),
        _ => return Ok(()),
    };
    if job.sequence > 2 || first != stopped {
        return Ok(());
    }
    let mut making = under_way(work, card).await?;
    if making.changed_by == Some(job.id) {
        making.changed_by = None;
        work.update_making(&making).await?;
    }
    Ok(())
}

/// The device is the card, as ordered.
pub(super) async fn made(app: &App, work: &mut dyn UnitOfWork, card: &Card) -> Result<(), Failure> {
    let mut making = under_way(work, card).await?;
    making.end(MakingEnd::Made, app.now())?;
    work.update_making(&making).await?;
    let order = work.order_of_card(card.id).await?;
    let mut order = order.ok_or_else(|| Failure::Inconsistent(format!("card {} has no order", card.number)))?;
    order.state = order.state.make(app.now())?;
    work.update_order(&mut order).await?;
    Ok(())
}

async fn under_way(work: &mut dyn UnitOfWork, card: &Card) -> Result<Making, Failure> {
    let making = work.making_under_way(card.id).await?;
    making.ok_or_else(|| Failure::Inconsistent(format!("no device is put to card {}", card.number)))
}

/// Ends the attempt under way, if there is one, without a card. The caller has locked the card and read it afterwards.
pub(super) async fn set_aside(
    app: &App,
    work: &mut dyn UnitOfWork,
    card: &mut Card,
    actor: &Actor,
) -> Result<Option<MakingEnd>, Failure> {
    let Some(mut making) = work.making_under_way(card.id).await? else { return Ok(None) };
    let (now, how) = (app.now(), making.set_aside());
    if let Some(mut job) = work.open_job(card.id).await? {
        (job.open, job.ended, job.updated_at) = (false, Some(Ended::Fenced), now);
        work.update_job(&mut job).await?;
        let action = Action::FenceJobOfDevice { card: card.number.clone(), older: job.id };
        work.audit(Event { at: now, actor: actor.clone(), action });
    }
    if how == MakingEnd::Spoilt {
        forget_device(app, work, card, actor).await?;
    }
    (card.device, card.guid) = (None, None);
    work.update_card(card).await?;
    making.end(how, now)?;
    work.update_making(&making).await?;
    let (number, device) = (card.number.clone(), making.device);
    let action = match how {
        MakingEnd::Spoilt => Action::SpoilDevice { card: number, device },
        MakingEnd::Released | MakingEnd::Made => Action::ReleaseDevice { card: number, device },
    };
    work.audit(Event { at: now, actor: actor.clone(), action });
    Ok(Some(how))
}

/// What was issued for this device is good for no other, and a new one has the factory's PUK.
async fn forget_device(app: &App, work: &mut dyn UnitOfWork, card: &Card, actor: &Actor) -> Result<(), Failure> {
    revoke(app, work, card, actor, |_| true).await?;
    let puks = work.puks(card.id).await?;
    let mut ledger = PukLedger::from_records(puks.iter().map(|puk| puk.record).collect());
    ledger.another_device();
    for (StoredPuk { record: before, ciphertext }, record) in puks.into_iter().zip(ledger.records()) {
        if before != *record {
            work.upsert_puk(card.id, &StoredPuk { record: *record, ciphertext }).await?;
        }
    }
    Ok(())
}

/// The certificates of an attempt whose keys the device has no more.
async fn revoke(
    app: &App,
    work: &mut dyn UnitOfWork,
    card: &Card,
    actor: &Actor,
    is_gone: impl Fn(&Certificate) -> bool,
) -> Result<(), Failure> {
    let now = app.now();
    for mut certificate in work.certificates_of_card(card.id).await? {
        if matches!(certificate.state, CertificateState::Revoked { .. }) || !is_gone(&certificate) {
            continue;
        }
        let reason = RevocationReason::CessationOfOperation;
        certificate.state = certificate.state.clone().revoke(reason, now)?;
        work.update_certificate(&mut certificate).await?;
        let (serial, role) = (certificate.serial.clone(), certificate.role.clone());
        let action = Action::RevokeOfDevice { card: card.number.clone(), serial, role, reason };
        work.audit(Event { at: now, actor: actor.clone(), action });
    }
    Ok(())
}

/// Before new keys are made in these slots: what was certified for the ones there is good for nothing. So a certificate of
/// a card that is being made always has the key that the card has, be it that the card can tell its keys or not.
pub(super) async fn replace_keys(
    app: &App,
    work: &mut dyn UnitOfWork,
    card: &Card,
    actor: &Actor,
    slots: &[Slot],
) -> Result<(), Failure> {
    let replaced = |certificate: &Certificate| certificate.card_role().is_some_and(|role| slots.contains(&role.slot()));
    revoke(app, work, card, actor, replaced).await
}

/// A personalisation has failed: a device that it did not change is as free as before, and so is the order.
pub(super) async fn release_unchanged(
    app: &App,
    work: &mut dyn UnitOfWork,
    card: &mut Card,
    actor: &Actor,
) -> Result<(), Failure> {
    match work.making_under_way(card.id).await? {
        Some(making) if making.changed_by.is_none() => set_aside(app, work, card, actor).await.map(drop),
        _ => Ok(()),
    }
}

/// A card as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Production {
    pub card: Card,
    pub order: Order,
    /// Oldest first.
    pub makings: Vec<Making>,
}

/// # Errors
/// [`Code::NotFound`] for an unknown number.
#[crate::use_case]
pub async fn production(app: &App, number: &CardNumber) -> Result<Production, Failure> {
    let mut reader = app.store.read().await?;
    let card = reader.card_by_number(number).await?.ok_or_else(|| unknown(number))?;
    let order = reader.order_of_card(card.id).await?;
    let order = order.ok_or_else(|| Failure::Inconsistent(format!("card {number} has no order")))?;
    let makings = reader.makings(card.id).await?;
    Ok(Production { card, order, makings })
}

fn unknown(number: &CardNumber) -> Refusal {
    Refusal::new(Code::NotFound).detail(format!("no card {number}"))
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderChanged {
    pub card: Card,
    /// How the attempt ended that was under way.
    pub making: Option<MakingEnd>,
}

/// The device that was put to this order, if there is one, never becomes its card: the order waits for another.
///
/// # Errors
/// [`Code::NotFound`] for an unknown number; [`Code::OrderOver`].
#[crate::use_case]
pub async fn set_device_aside(app: &App, number: &CardNumber, by: &Actor) -> Result<OrderChanged, Failure> {
    retried(|| async {
        let (mut work, mut card) = ordered(app, number).await?;
        let making = set_aside(app, work.as_mut(), &mut card, by).await?;
        work.commit().await?;
        Ok(OrderChanged { card, making })
    })
    .await
}

/// The card will not be made; a device that was put to its order is set aside.
///
/// # Errors
/// [`Code::NotFound`] for an unknown number; [`Code::OrderOver`].
#[crate::use_case]
pub async fn withdraw_order(app: &App, number: &CardNumber, by: &Actor) -> Result<OrderChanged, Failure> {
    retried(|| async {
        let now = app.now();
        let (mut work, mut card) = ordered(app, number).await?;
        let making = set_aside(app, work.as_mut(), &mut card, by).await?;
        let order = work.order_of_card(card.id).await?;
        let mut order = order.ok_or_else(|| Failure::Inconsistent(format!("card {number} has no order")))?;
        order.state = order.state.withdraw(now)?;
        work.update_order(&mut order).await?;
        card.state = card.state.terminate(TerminationReason::NoLongerNeeded, now)?;
        work.update_card(&mut card).await?;
        let action = Action::WithdrawOrder { card: card.number.clone() };
        work.audit(Event { at: now, actor: by.clone(), action });
        work.commit().await?;
        Ok(OrderChanged { card, making })
    })
    .await
}

/// The card of an open order, locked.
async fn ordered(app: &App, number: &CardNumber) -> Result<(Box<dyn UnitOfWork>, Card), Failure> {
    let mut work = app.store.begin().await?;
    let mut card = work.card_by_number(number).await?.ok_or_else(|| unknown(number))?;
    if work.lock_card(card.id).await? {
        card = work.card(card.id).await?.ok_or_else(|| unknown(number))?;
    }
    match card.state {
        CardState::Ordered => Ok((work, card)),
        state => Err(Refusal::new(Code::OrderOver).detail(format!("card {number} is {}", state.name())).into()),
    }
}
