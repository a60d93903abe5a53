//! Writes down: what a report shows before anything is decided on it, and what a batch will do before it is sent.

use super::{JobTransaction, Report, View};
use crate::{
    App, Failure, UnitOfWork,
    audit::{Action, Event, InJob},
    cards::{Ended, JobRecord, StoredPuk, Worker, making},
};
use kaika_domain::{
    audit::Actor,
    cards::{
        PukLedger, PukVersion,
        job::{Checked, Step},
    },
    certificates::{Certificate, Placement},
};
use kaika_wire::{Expectation, JobKind, Nonce, SecretKind};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// What the report shows about PUK and certificates goes on record, whatever is decided afterwards.
pub(crate) async fn record_report<'a>(
    app: &'a App,
    job: &mut JobRecord,
    open: &mut JobTransaction<'a>,
    report: &Report,
) -> Result<(), Failure> {
    let now = app.now();
    let JobTransaction { work, view } = open;
    // Of a report in which the card does not prove itself, as it was to, nothing is believed but that it failed.
    let believed = !is_unproved(&report.steps, &report.checked);
    for (step, checked) in report.steps.iter().zip(&report.checked).filter(|_| believed) {
        match (step, checked) {
            (Step::ProveCard, _) => {
                work.audit(event(app, job, view, |job| Action::StartJob { job }));
            }
            (Step::Attest { slot }, Checked::Attested(Some(right))) => {
                work.audit(event(app, job, view, |job| Action::AttestKey { job, slot: *slot, right: *right }));
            }
            (Step::PrepareObjects, Checked::Objects { grow }) => {
                making::find(work.as_mut(), &view.card, |found| found.objects_grow = Some(*grow)).await?;
                work.audit(event(app, job, view, |job| Action::PrepareCard { job, grow: *grow }));
            }
            // The last of the tests, each of which ends the batch where it fails.
            (Step::TestPinForgotten, Checked::Done) => {
                making::find(work.as_mut(), &view.card, |found| found.tested = true).await?;
                work.audit(event(app, job, view, |job| Action::TestCard { job }));
            }
            (Step::ReadCertificate { certificate }, Checked::Same(true)) => {
                read_back(work.as_mut(), view.certificate_mut(*certificate)?, now).await?;
            }
            // From now on the card is known by this one; a blank card, by its device.
            (Step::WriteIdentity { guid }, Checked::Done) => {
                if let Expectation::Identity(known) = &mut job.expectation {
                    *known = *guid;
                }
            }
            (Step::Inspect { role }, Checked::OnCard(Some(on_card))) => {
                let there =
                    |certificate: &&mut Certificate| certificate.role == *role && certificate.sha256 == on_card.sha256;
                if let Some(certificate) = view.certificates.iter_mut().find(there) {
                    read_back(work.as_mut(), certificate, now).await?;
                }
            }
            _ => {}
        }
    }
    if job.state.kind() == JobKind::Personalise {
        making::record_refusal(work.as_mut(), job, &view.card, report).await?;
    }
    if takes_card(job, report) {
        fence(app, work.as_mut(), job, view).await?;
        job.open = true;
    }
    settle_puks(&mut view.ledger, report);
    for record in view.changed_puks() {
        let (version, state) = (record.version, record.state);
        work.audit(event(app, job, view, |job| Action::SettlePuk { job, version, state }));
    }
    job.updated_at = now;
    job.worker = Some(Worker { sequence: job.sequence, process: app.process.clone() });
    work.update_job(job).await?;
    store_puks(app, work.as_mut(), view).await
}

/// The certificate lies on its card.
async fn read_back(
    work: &mut dyn UnitOfWork,
    certificate: &mut Certificate,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    if !certificate.is_written() {
        certificate.placement = Some(Placement::Written { read_back_at: now });
        work.update_certificate(certificate).await?;
    }
    Ok(())
}

/// Which PUK the card has, as far as the report shows it.
fn settle_puks(ledger: &mut PukLedger, report: &Report) {
    for (step, checked) in report.steps.iter().zip(&report.checked) {
        match (step, checked) {
            (Step::ResetRetryCounter { puk, .. }, Checked::Done) => ledger.confirmed(*puk),
            (Step::ChangePuk { to, .. }, Checked::Done) => ledger.confirmed(*to),
            (step, Checked::Refused { secret: SecretKind::Puk, .. }) if let Some(puk) = step.shows() => {
                ledger.mistyped(puk);
            }
            (
                Step::ResetRetryCounter { puk, .. } | Step::ChangePuk { from: puk, .. },
                Checked::Refused { secret: SecretKind::Puk, .. },
            ) => ledger.refused(*puk),
            _ => {}
        }
    }
    settle_replacement(ledger, report);
}

/// Which PUK a batch that stopped has left on the card: a replacement that was not reached, or was refused, is not there;
/// the one at which the card failed may be.
fn settle_replacement(ledger: &mut PukLedger, report: &Report) {
    let refused = matches!(report.checked.last(), Some(Checked::Refused { .. }));
    let stopped = report.checked.len() - usize::from(refused);
    for (index, step) in report.steps.iter().enumerate().skip(stopped) {
        match step {
            Step::ChangePuk { from, to } if from != to && index == stopped && !refused => ledger.unsettled(*from, *to),
            Step::ChangePuk { from, to } if from != to => ledger.never_sent(*to),
            _ => {}
        }
    }
}

/// Whether the card was to prove itself, and has not.
pub(crate) fn is_unproved(steps: &[Step], checked: &[Checked]) -> bool {
    let proof =
        |(step, checked): (&Step, &Checked)| matches!((step, checked), (Step::ProveCard, Checked::Signature(Some(_))));
    steps.contains(&Step::ProveCard) && !steps.iter().zip(checked).any(proof)
}

/// The card has just proved itself to a job that changes it: from here on the card is this job's.
fn takes_card(job: &JobRecord, report: &Report) -> bool {
    let proves = report.steps.contains(&Step::ProveCard) && !is_unproved(&report.steps, &report.checked);
    job.state.kind().changes_card() && !job.open && proves
}

/// Ends the older job that changes this card, if there is one, and looks at the card anew: what was issued for that job
/// until this moment is seen.
pub(crate) async fn fence<'a>(
    app: &'a App,
    work: &mut dyn UnitOfWork,
    job: &JobRecord,
    view: &mut View<'a>,
) -> Result<(), Failure> {
    if let Some(mut older) = work.open_job(job.card).await? {
        older.open = false;
        older.ended = Some(Ended::Fenced);
        older.updated_at = app.now();
        work.update_job(&mut older).await?;
        work.audit(event(app, job, view, |job| Action::FenceJob { job, older: older.id }));
        *view = View::load(app, work, job.card).await?;
    }
    Ok(())
}

/// The job goes on with these steps: secrets about to be sent are recorded as released, a new PUK is made and stored;
/// when this is committed the batch may leave.
///
/// # Errors
/// A secret is not due: nothing was written.
pub(crate) async fn record_batch(
    app: &App,
    job: &mut JobRecord,
    open: &mut JobTransaction<'_>,
    steps: Vec<Step>,
) -> Result<(), Failure> {
    let JobTransaction { work, view } = open;
    job.state.check_secrets_allowed(&steps, &view.facts())?;
    if job.state.kind() == JobKind::Personalise {
        making::record(work.as_mut(), job.id, &view.card, &steps).await?;
        let slots: Vec<_> = steps.iter().filter_map(Step::generates_in).collect();
        if !slots.is_empty() {
            let actor = actor(job, view);
            making::replace_keys(app, work.as_mut(), &view.card, &actor, &slots).await?;
            view.certificates = work.certificates_of_card(view.card.id).await?;
        }
    }
    // A batch stops at the first refusal: what it sends twice is wrong once at most, and what it has set itself is right.
    let mut tried = BTreeSet::new();
    for step in &steps {
        if let Step::ChangePuk { from, to } = step {
            view.ledger.replacing(*from, *to);
        }
        if let Some(puk) = step.tries() {
            if tried.insert(puk) {
                view.ledger.trying(puk);
            }
            work.audit(event(app, job, view, |job| Action::ReleasePuk { job, version: puk }));
        }
        if let Step::ChangePuk { to, .. } = step {
            tried.insert(*to);
        }
        if let Some(puk) = step.shows() {
            view.ledger.showing(puk);
            work.audit(event(app, job, view, |job| Action::ShowPuk { job, version: puk }));
        }
        match step {
            Step::OpenManagement => work.audit(event(app, job, view, |job| Action::ReleaseManagementKey { job })),
            Step::AnswerManagement { .. } => {
                work.audit(event(app, job, view, |job| Action::AnswerManagement { job }));
            }
            Step::WriteIdentity { guid } if view.card.guid != Some(*guid) => {
                view.card.guid = Some(*guid);
                work.update_card(&mut view.card).await?;
            }
            _ => {}
        }
    }
    job.sequence += 1;
    job.nonce = Nonce(app.rng.bytes());
    job.steps = steps;
    job.updated_at = app.now();
    work.update_job(job).await?;
    store_puks(app, work.as_mut(), view).await
}

async fn store_puks(app: &App, work: &mut dyn UnitOfWork, view: &mut View<'_>) -> Result<(), Failure> {
    for record in view.changed_puks() {
        let known = view.puks.iter_mut().find(|puk| puk.record.version == record.version);
        let stored = match known {
            Some(puk) => {
                puk.record = record;
                puk
            }
            None => {
                let ciphertext = match record.version {
                    PukVersion::FACTORY => Vec::new(),
                    version => app.secrets.new_puk(view.card.id, version)?,
                };
                view.puks.push(StoredPuk { record, ciphertext });
                view.puks.last_mut().expect("it was just put there")
            }
        };
        work.upsert_puk(view.card.id, stored).await?;
    }
    Ok(())
}

/// By whoever has the job done.
pub(crate) fn event(app: &App, job: &JobRecord, view: &View<'_>, action: impl FnOnce(InJob) -> Action) -> Event {
    let in_job = InJob { card: view.card.number.clone(), job: job.id, kind: job.state.kind() };
    Event { at: app.now(), actor: actor(job, view), action: action(in_job) }
}

pub(crate) fn actor(job: &JobRecord, view: &View<'_>) -> Actor {
    match job.station {
        Some(station) => Actor::Station(station),
        None => Actor::Holder(view.card.number.clone()),
    }
}
